//! What a logger counts of its own work. Pure.
//!
//! Lines and bytes are counted by the batch: the newlines in what a batch takes and in what it adds to each directory.
//! A batch counts when every directory has it and it has left the input, so that one that is taken back does not count
//! twice. Counters begin at 0 with each run.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Lines and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Newlines.
    pub lines: u64,
    /// All bytes, newlines included.
    pub bytes: u64,
}

impl Flow {
    fn of(bytes: &[u8]) -> Flow {
        Flow { lines: unix::bytes::count(b'\n', bytes) as u64, bytes: bytes.len() as u64 }
    }

    fn add(&mut self, more: Flow) {
        self.lines += more.lines;
        self.bytes += more.bytes;
    }
}

/// What can fail and is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// A write to `current`.
    Write,
    /// `current` to the disk.
    Sync,
    /// `current` gets a label, or a new one is made.
    Rotate,
    /// A full file becomes an archive, or an archive goes.
    Seal,
    /// A write to the journal, which is in the first directory.
    Journal,
}

impl Trouble {
    /// All of them.
    pub const ALL: [Trouble; 5] =
        [Trouble::Write, Trouble::Sync, Trouble::Rotate, Trouble::Seal, Trouble::Journal];

    /// What it is called.
    pub fn word(self) -> &'static str {
        match self {
            Trouble::Write => "write",
            Trouble::Sync => "sync",
            Trouble::Rotate => "rotate",
            Trouble::Seal => "seal",
            Trouble::Journal => "journal",
        }
    }
}

/// What is counted where it happens, also in the thread of a sealer: rotations and failures of one directory, and what
/// it holds.
#[derive(Debug, Default)]
pub struct Account {
    rotations: AtomicU64,
    troubles: [AtomicU64; Trouble::ALL.len()],
    pending: AtomicU64,
    held: AtomicU64,
}

impl Account {
    /// `current` has got a label.
    pub fn rotated(&self) {
        self.rotations.fetch_add(1, Ordering::Relaxed);
    }

    /// Something has failed.
    pub fn failed(&self, trouble: Trouble) {
        self.troubles[trouble as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How many files are on their way to an archive.
    pub fn note_pending(&self, files: usize) {
        self.pending.store(files as u64, Ordering::Relaxed);
    }

    /// How many bytes the files of the directory have.
    pub fn note_held(&self, bytes: u64) {
        self.held.store(bytes, Ordering::Relaxed);
    }

    /// How often `current` has got a label.
    pub fn rotations(&self) -> u64 {
        self.rotations.load(Ordering::Relaxed)
    }

    /// How often this has failed.
    pub fn failures(&self, trouble: Trouble) -> u64 {
        self.troubles[trouble as usize].load(Ordering::Relaxed)
    }

    /// How many files were on their way at the last look.
    pub fn pending(&self) -> u64 {
        self.pending.load(Ordering::Relaxed)
    }

    /// How many bytes there were at the last look.
    pub fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    fn changes(&self) -> u64 {
        Trouble::ALL.iter().map(|&trouble| self.failures(trouble)).sum::<u64>() + self.rotations()
    }
}

/// What a logger has done since its start.
#[derive(Debug, Default)]
pub struct Tally {
    /// Batches that count.
    batches: u64,
    /// What has left the input.
    input: Flow,
    /// Whether the input so far ends within a line.
    midline: bool,
    /// What each directory has got.
    outlets: Vec<Flow>,
    /// How many lines a limit has dropped there.
    dropped: Vec<u64>,
    /// The second since 1970 in which a directory last got something. 0: none yet.
    written: Vec<u64>,
    /// What else is counted of each directory.
    accounts: Vec<Arc<Account>>,
    batch: Batch,
}

/// The batch in hand, which does not count yet.
#[derive(Debug, Default)]
struct Batch {
    input: Flow,
    midline: bool,
    outlets: Vec<Flow>,
    /// Empty: none.
    dropped: Vec<u64>,
}

impl Tally {
    /// Nothing was done yet in this number of directories.
    pub fn new(directories: usize) -> Tally {
        Tally {
            outlets: vec![Flow::default(); directories],
            dropped: vec![0; directories],
            written: vec![0; directories],
            accounts: (0..directories).map(|_| Arc::default()).collect(),
            ..Tally::default()
        }
    }

    /// The accounts of the directories, in the order of the script.
    pub fn accounts(&self) -> &[Arc<Account>] {
        &self.accounts
    }

    /// A batch is put together: what it takes from the input, and what it adds to each directory.
    pub fn look<'a>(&mut self, input: &[u8], outputs: impl Iterator<Item = &'a [u8]>) {
        self.batch.input = Flow::of(input);
        self.batch.midline = input.last().map_or(self.midline, |&last| last != b'\n');
        self.batch.outlets.clear();
        let whole = self.batch.input;
        // Lines that all go out as they are need not be counted again.
        let of = |output: &'a [u8]| if std::ptr::eq(output, input) { whole } else { Flow::of(output) };
        self.batch.outlets.extend(outputs.map(of));
        self.batch.dropped.clear();
    }

    /// Takes note of how many lines the last batch drops, with a number for each directory.
    pub fn look_at_dropped(&mut self, lines: impl Iterator<Item = u64>) {
        self.batch.dropped.extend(lines);
    }

    /// Every directory has the batch in hand, and it has left the input, in this second since 1970.
    pub fn keep(&mut self, second: u64) {
        self.input.add(self.batch.input);
        self.midline = self.batch.midline;
        (0..self.outlets.len()).for_each(|outlet| self.keep_of(outlet, second));
        self.batches += 1;
    }

    /// The batch was taken back, except out of these directories.
    pub fn keep_only(&mut self, outlets: &[usize], second: u64) {
        outlets.iter().for_each(|&outlet| self.keep_of(outlet, second));
        self.batches += 1;
    }

    fn keep_of(&mut self, outlet: usize, second: u64) {
        self.dropped[outlet] += self.batch.dropped.get(outlet).copied().unwrap_or(0);
        let Some(&added) = self.batch.outlets.get(outlet).filter(|added| added.bytes > 0) else { return };
        self.outlets[outlet].add(added);
        self.written[outlet] = second;
    }

    /// The input is at its end, which ends the last line where it has no newline.
    pub fn end_of_input(&mut self) {
        self.input.lines += u64::from(std::mem::take(&mut self.midline));
    }

    /// The journal could not be written.
    pub fn journal_failed(&self) {
        if let Some(first) = self.accounts.first() {
            first.failed(Trouble::Journal);
        }
    }

    /// What has left the input. A line that has no newline yet is not among the lines.
    pub fn input(&self) -> Flow {
        self.input
    }

    /// What a directory has got, stamps included.
    pub fn outlet(&self, outlet: usize) -> Flow {
        self.outlets[outlet]
    }

    /// How many lines a limit has dropped there.
    pub fn dropped(&self, outlet: usize) -> u64 {
        self.dropped[outlet]
    }

    /// The second since 1970 in which a directory last got something; 0 if it has got nothing.
    pub fn written(&self, outlet: usize) -> u64 {
        self.written[outlet]
    }

    /// A number that grows whenever something was counted.
    pub fn changes(&self) -> u64 {
        self.accounts.iter().map(|account| account.changes()).sum::<u64>() + self.batches
    }

    /// How many files of all directories were on their way to an archive at the last look.
    pub fn pending(&self) -> u64 {
        self.accounts.iter().map(|account| account.pending()).sum()
    }
}

#[cfg(test)]
#[path = "tally_tests.rs"]
mod tests;
