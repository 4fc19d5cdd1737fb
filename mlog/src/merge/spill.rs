//! What waits and has no room in memory waits in a file without a name.
//!
//! The file is in the directory that `TMPDIR` names, `/tmp` without one. Where it can't be written, what waits stays in memory.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use tai64tools::Label;
use unix::diag::{self, Message};

use crate::search::Entry;
use crate::unnamed::unnamed;

use super::Batch;

/// The file is given out in pages.
const PAGE: usize = 64 << 10;
/// What an entry takes in the file.
const ENTRY: usize = 33;

/// The file of all piles of a run.
#[derive(Clone, Debug, Default)]
pub struct Spill(Rc<RefCell<Pages>>);

#[derive(Debug, Default)]
struct Pages {
    file: Option<File>,
    /// Pages that are not used any more.
    free: Vec<u64>,
    /// How many pages the file has.
    count: u64,
    /// It can't be written.
    is_full: bool,
    /// Something was written and can't be read.
    has_lost: bool,
}

/// A batch that waits.
#[derive(Debug)]
pub enum Kept {
    /// In memory.
    Here(Batch),
    /// In the file.
    There(Stored),
}

/// Where a batch is in the file.
#[derive(Debug)]
pub struct Stored {
    spill: Spill,
    pages: Vec<u64>,
    bytes: usize,
    entries: usize,
    /// How many of its first lines are forgotten.
    forgotten: usize,
}

impl Spill {
    /// Whether something was lost.
    pub fn has_lost(&self) -> bool {
        self.0.borrow().has_lost
    }

    /// Puts a batch of which nothing was passed on into the file, or leaves it in memory where that can't be written.
    pub(super) fn keep(&self, batch: Batch) -> Kept {
        if self.0.borrow().is_full {
            return Kept::Here(batch);
        }
        let bytes = packed(&batch);
        let mut stored = Stored {
            spill: self.clone(),
            pages: Vec::new(),
            bytes: bytes.len(),
            entries: batch.entries.len(),
            forgotten: 0,
        };
        match self.0.borrow_mut().write(&bytes, &mut stored.pages) {
            Ok(()) => return Kept::There(stored),
            Err(error) => {
                let what = Message::new("unable to write a temporary file, so what waits stays in memory");
                diag::warn("mlog", &what.because(&error));
            }
        }
        self.0.borrow_mut().is_full = true;
        Kept::Here(batch)
    }
}

impl Pages {
    fn write(&mut self, bytes: &[u8], pages: &mut Vec<u64>) -> io::Result<()> {
        if self.file.is_none() {
            self.file = Some(unnamed()?);
        }
        let Some(file) = &self.file else { return Ok(()) };
        for piece in bytes.chunks(PAGE) {
            let page = self.free.pop().unwrap_or_else(|| {
                self.count += 1;
                self.count - 1
            });
            pages.push(page);
            file.write_all_at(piece, page * PAGE as u64)?;
        }
        Ok(())
    }
}

impl Drop for Stored {
    fn drop(&mut self) {
        self.spill.0.borrow_mut().free.append(&mut self.pages);
    }
}

impl Stored {
    fn read(&self) -> io::Result<Batch> {
        let pages = self.spill.0.borrow();
        let mut bytes = vec![0; self.bytes];
        let Some(file) = &pages.file else { return Ok(Batch::default()) };
        for (piece, page) in bytes.chunks_mut(PAGE).zip(&self.pages) {
            file.read_exact_at(piece, page * PAGE as u64)?;
        }
        let mut batch = unpacked(&bytes, self.entries);
        batch.forget_first(self.forgotten);
        Ok(batch)
    }
}

impl Kept {
    /// How many lines are left.
    pub fn left(&self) -> usize {
        match self {
            Kept::Here(batch) => batch.left(),
            Kept::There(stored) => stored.entries - stored.forgotten,
        }
    }

    /// How much memory it takes.
    pub fn memory(&self) -> usize {
        match self {
            Kept::Here(batch) => batch.size(),
            Kept::There(stored) => size_of_val(&*stored.pages) + size_of::<Stored>(),
        }
    }

    /// Forgets the first lines.
    pub fn forget_first(&mut self, count: usize) {
        match self {
            Kept::Here(batch) => batch.forget_first(count),
            Kept::There(stored) => stored.forgotten += count.min(stored.entries - stored.forgotten),
        }
    }

    /// The batch. Empty: it can't be read any more, and that is said.
    pub fn batch(self) -> Batch {
        let stored = match self {
            Kept::Here(batch) => return batch,
            Kept::There(stored) => stored,
        };
        stored.read().unwrap_or_else(|error| {
            let what = Message::new("unable to read a temporary file, so lines are missing");
            diag::warn("mlog", &what.because(&error));
            stored.spill.0.borrow_mut().has_lost = true;
            Batch::default()
        })
    }
}

/// The lines of a batch without what is between them, behind what is known of each.
fn packed(batch: &Batch) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(batch.entries.len() * ENTRY + batch.bytes.len());
    for entry in &batch.entries {
        let (seconds, nanos) = entry.key.map_or((0, 0), |key| (key.seconds(), key.nanos()));
        bytes.push(u8::from(entry.key.is_some()) | u8::from(entry.hit) << 1);
        bytes.extend_from_slice(&seconds.to_le_bytes());
        bytes.extend_from_slice(&u64::from(nanos).to_le_bytes());
        bytes.extend_from_slice(&entry.number.to_le_bytes());
        bytes.extend_from_slice(&((entry.end - entry.begin) as u64).to_le_bytes());
    }
    for entry in &batch.entries {
        bytes.extend_from_slice(&batch.bytes[entry.begin..entry.end]);
    }
    bytes
}

fn unpacked(packed: &[u8], count: usize) -> Batch {
    let (known, bytes) = packed.split_at(count * ENTRY);
    let number =
        |known: &[u8], at: usize| known[at..].first_chunk().map_or(0, |eight| u64::from_le_bytes(*eight));
    let mut end = 0;
    let entries = known.chunks_exact(ENTRY).map(|known| {
        let key = Label::new(number(known, 1), u32::try_from(number(known, 9)).unwrap_or(0));
        let begin = end;
        end += usize::try_from(number(known, 25)).unwrap_or(0);
        let key = key.filter(|_| known[0] & 1 != 0);
        Entry { key, begin, end, number: number(known, 17), hit: known[0] & 2 != 0 }
    });
    let entries = entries.collect();
    Batch::new(bytes.to_vec(), entries)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::merge) fn batch(numbers: std::ops::Range<u64>) -> Batch {
        let (mut bytes, mut entries) = (b"a gap".to_vec(), Vec::new());
        for number in numbers {
            let begin = bytes.len();
            bytes.extend(format!("line {number}\n").bytes());
            let key = if number % 3 == 0 { None } else { Label::new((1 << 62) + number, 7) };
            entries.push(Entry { key, begin, end: bytes.len(), number, hit: number % 2 == 0 });
            bytes.extend(b"another gap");
        }
        Batch::new(bytes, entries)
    }

    pub(in crate::merge) fn lines(batch: &Batch) -> Vec<(Option<Label>, u64, bool, Vec<u8>)> {
        let line = |entry: &Entry| {
            (entry.key, entry.number, entry.hit, batch.bytes[entry.begin..entry.end].to_vec())
        };
        batch.entries.iter().map(line).collect()
    }

    #[test]
    fn what_comes_back_from_the_file_is_what_went_into_it() {
        let spill = Spill::default();
        let kept = spill.keep(batch(0..9000));
        assert!(matches!(kept, Kept::There(_)));
        assert_eq!(lines(&kept.batch()), lines(&batch(0..9000)));
        assert!(!spill.0.borrow().free.is_empty() && !spill.has_lost());
    }
}
