//! `Batch`: lines of one directory in their order.

use crate::search::Entry;

/// Which way lines are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The oldest first.
    Forward,
    /// The newest first.
    Backward,
}

/// Lines of one directory in their order: a part of its output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// All of them as they are shown.
    pub bytes: Vec<u8>,
    /// Each of them; none where they need not be told apart.
    pub entries: Vec<Entry>,
    /// How many were passed on.
    passed: usize,
}

impl Batch {
    /// A batch of which nothing was passed on.
    pub fn new(bytes: Vec<u8>, entries: Vec<Entry>) -> Batch {
        Batch { bytes, entries, passed: 0 }
    }

    /// Adds a line behind the others.
    pub fn push(&mut self, entry: Entry, bytes: &[u8]) {
        let begin = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        self.entries.push(Entry { begin, end: self.bytes.len(), ..entry });
    }

    /// How many lines are left.
    pub fn left(&self) -> usize {
        self.entries.len() - self.passed
    }

    /// How much memory it takes.
    pub fn size(&self) -> usize {
        self.bytes.capacity() + self.entries.capacity() * size_of::<Entry>()
    }

    /// Forgets the first lines of a batch that is going to be read backwards.
    pub fn forget_first(&mut self, count: usize) {
        self.entries.drain(..count.min(self.left()));
    }

    /// It was passed on.
    pub(super) fn pass(&mut self) {
        self.passed += 1;
    }

    /// The next line in a direction.
    pub(super) fn next(&self, direction: Direction) -> Option<&Entry> {
        let at = match direction {
            Direction::Forward => self.passed,
            Direction::Backward => self.entries.len().checked_sub(self.passed + 1)?,
        };
        self.entries.get(at)
    }
}
