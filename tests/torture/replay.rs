//! The device as it was at a point of the recording.

use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::process::Command;

use harness::{Random, Scratch};

use crate::recording::{Recording, run};

const SECTOR: u64 = 512;
/// Flags of an entry.
const FLUSH: u64 = 1;
const FUA: u64 = 2;
const DISCARD: u64 = 4;

/// A write, a flush, or both.
pub(crate) struct Entry {
    offset: u64,
    flags: u64,
    data: Vec<u8>,
}

/// A recording that was read.
pub(crate) struct Log {
    pub(crate) entries: Vec<Entry>,
}

/// Which writes reach the device.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// All up to the point.
    Prefix,
    /// All up to the last flush, and some of the others.
    Subset(u64),
}

/// A device.
pub(crate) struct Image {
    pub(crate) path: PathBuf,
    /// Lines up to this one were sealed. None: no line was.
    pub(crate) sealed: Option<u64>,
}

fn number(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(bytes[..8].try_into().unwrap())
}

impl Log {
    /// Superblock: magic, version, number of entries. Then for each entry a sector with place, length and
    /// flags, and its data.
    pub(crate) fn read(recording: &Recording) -> Log {
        let bytes = std::fs::read(&recording.log).unwrap();
        let count = number(&bytes[16..]);
        let mut at = usize::try_from(SECTOR).unwrap();
        let mut entries = Vec::new();
        for _ in 0..count {
            let [sector, sectors, flags] = [0, 8, 16].map(|field| number(&bytes[at + field..]));
            at += usize::try_from(SECTOR).unwrap();
            let length = if flags & DISCARD == 0 { usize::try_from(sectors * SECTOR).unwrap() } else { 0 };
            let data = bytes[at..at + length].to_vec();
            at += length;
            entries.push(Entry { offset: sector * SECTOR, flags, data });
        }
        Log { entries }
    }

    /// Puts the device together after the first `end` entries.
    pub(crate) fn image(&self, recording: &Recording, end: usize, mode: Mode, place: &Scratch) -> Image {
        let path = place.path("image");
        run(Command::new("cp").arg("--sparse=always").arg(&recording.base).arg(&path));
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        let entries = &self.entries[..end];
        let flushed = entries.iter().rposition(|entry| entry.flags & FLUSH != 0).map_or(0, |at| at + 1);
        let mut random = match mode {
            Mode::Prefix => None,
            Mode::Subset(seed) => Some(Random::new(seed)),
        };
        let mut sealed = None;
        for (at, entry) in entries.iter().enumerate() {
            let chosen = random.as_mut().is_none_or(|random| random.below(2) == 0);
            let reaches = chosen || at < flushed || entry.flags & FUA != 0;
            if reaches && !entry.data.is_empty() {
                file.write_all_at(&entry.data, entry.offset).unwrap();
            }
            // What was sealed before the mark was flushed before it, whatever became of the mark.
            if entry.offset == recording.mark && !entry.data.is_empty() {
                sealed = Some(number(&entry.data));
            }
        }
        Image { path, sealed }
    }
}
