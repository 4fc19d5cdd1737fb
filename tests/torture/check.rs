//! What a reader finds on a device after a power cut.

use std::path::Path;
use std::process::Command;

use harness::{LogView, Scratch};

use crate::recording::{FileSystem, run};

/// What is wrong, over all points.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Damage {
    /// Points at which something was sealed.
    pub(crate) looked_at: u64,
    /// Lines that were sealed and are not there.
    pub(crate) lost: u64,
    /// Archives that are not whole lines in order.
    pub(crate) torn: u64,
}

impl Damage {
    pub(crate) fn add(&mut self, other: Damage) {
        self.looked_at += other.looked_at;
        self.lost += other.lost;
        self.torn += other.torn;
    }
}

/// Mounts the image, as a machine that comes up would, and compares.
pub(crate) fn look(file_system: FileSystem, image: &Path, place: &Scratch, sealed: Option<u64>) -> Damage {
    let mounted = place.path("looked");
    std::fs::create_dir_all(&mounted).unwrap();
    if file_system == FileSystem::Ext4NoJournal {
        // Its exit code says that there was something to repair.
        Command::new("e2fsck").args(["-f", "-y"]).arg(image).output().unwrap();
    }
    let options = if file_system == FileSystem::Xfs { "loop,nouuid" } else { "loop" };
    run(Command::new("mount").args(["-o", options]).arg(image).arg(&mounted));
    let view = LogView::of(mounted.join("main"));
    // Where the original is with a file between the two names.
    let previous = std::fs::read(mounted.join("main/previous")).unwrap_or_default();
    run(Command::new("umount").arg(&mounted));
    let archives = view.archives.iter().filter(|(name, ..)| name.ends_with(".s"));
    let torn = archives.filter(|(_, _, bytes)| !is_whole(bytes)).count() as u64;
    let all = [view.bytes(), previous].concat();
    let mut found: Vec<u64> = all.split(|&b| b == b'\n').filter_map(line).collect();
    found.sort_unstable();
    found.dedup();
    let lost = sealed
        .map_or(0, |last| (last + 1).saturating_sub(found.iter().filter(|&&n| n <= last).count() as u64));
    Damage { looked_at: sealed.is_some().into(), lost, torn }
}

/// The number of a line that is as it was written.
fn line(line: &[u8]) -> Option<u64> {
    let (number, filling) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    let number: u64 = number.parse().ok()?;
    (filling.len() as u64 == number % 90 && filling.bytes().all(|b| b == b'x')).then_some(number)
}

fn is_whole(bytes: &[u8]) -> bool {
    let Some(text) = bytes.strip_suffix(b"\n") else { return false };
    let numbers: Vec<Option<u64>> = text.split(|&b| b == b'\n').map(line).collect();
    numbers[0].is_some()
        && numbers.windows(2).all(|pair| pair[1].is_some() && pair[1] == pair[0].map(|n| n + 1))
}
