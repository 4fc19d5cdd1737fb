//! Power cuts on real file systems. A logger runs on a block device whose writes and flushes are recorded. Then the
//! device is put together again as it was at any point, with any of the writes that were not flushed.
//!
//! `make torture` runs it. It needs root, qemu-storage-daemon, FUSE, loop devices and the mkfs of each file system,
//! and says what it skips.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "tests fail by panicking and say what they skip"
)]

mod check;
mod recording;
mod replay;

use std::path::{Path, PathBuf};

use harness::{Scratch, original, tool};

use check::Damage;
use recording::{FileSystem, record};
use replay::{Log, Mode};

/// How many points of each recording are looked at.
fn points() -> usize {
    std::env::var("TORTURE_POINTS").map_or(500, |points| points.parse().unwrap())
}

/// What this machine lacks for it.
fn missing(file_system: FileSystem) -> Option<String> {
    let has = |name: &str| {
        ["/usr/bin", "/usr/sbin", "/sbin", "/bin"].iter().any(|p| Path::new(p).join(name).exists())
    };
    if std::env::var_os("TORTURE").is_none() {
        return Some("TORTURE is not set".to_string());
    }
    if !rustix::process::geteuid().is_root() || !Path::new("/dev/fuse").exists() {
        return Some("needs root and /dev/fuse".to_string());
    }
    let tools = ["qemu-storage-daemon", "losetup", file_system.maker()];
    tools.into_iter().find(|tool| !has(tool)).map(|tool| format!("there is no {tool}"))
}

/// The damage over all points, half of them prefixes of what was written, half with a random choice of what
/// was not flushed.
fn torture(file_system: FileSystem, multilog: &Path) -> Damage {
    let place = Scratch::new();
    let recording = record(file_system, multilog, &place);
    let log = Log::read(&recording);
    let images = Scratch::in_memory();
    let mut damage = Damage::default();
    let points = points();
    for point in 0..points {
        let mode = if point % 2 == 0 { Mode::Prefix } else { Mode::Subset(point as u64) };
        let end = log.entries.len() * (point + 1) / points;
        let image = log.image(&recording, end, mode, &images);
        let found = check::look(file_system, &image.path, &images, image.sealed);
        if found.lost + found.torn > 0 {
            println!("{file_system:?}: after {end} writes ({mode:?}), sealed {:?}: {found:?}", image.sealed);
        }
        damage.add(found);
    }
    println!(
        "{file_system:?}, {}: {points} points of {} writes: {damage:?}",
        multilog.display(),
        log.entries.len()
    );
    damage
}

fn ours(file_system: FileSystem) {
    if let Some(what) = missing(file_system) {
        eprintln!("skipped: {what}");
        return;
    }
    let damage = torture(file_system, &tool("multilog"));
    assert_eq!((damage.lost, damage.torn), (0, 0), "{damage:?}");
    assert!(damage.looked_at > 0);
}

#[test]
fn ext4() {
    ours(FileSystem::Ext4);
}

#[test]
fn ext4_without_a_journal() {
    ours(FileSystem::Ext4NoJournal);
}

#[test]
fn xfs() {
    ours(FileSystem::Xfs);
}

#[test]
fn btrfs() {
    ours(FileSystem::Btrfs);
}

/// The control: the rig finds what the original loses, as it never brings a directory to the disk.
#[test]
fn the_original_loses_synced_lines_on_ext4_without_a_journal() {
    let Some(original): Option<PathBuf> = original("multilog") else { return };
    if let Some(what) = missing(FileSystem::Ext4NoJournal) {
        eprintln!("skipped: {what}");
        return;
    }
    assert!(torture(FileSystem::Ext4NoJournal, &original).lost > 0);
}
