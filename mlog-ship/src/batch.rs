//! `Batch`: lines of one directory that are delivered together, with an identity that a second delivery has as well.
//!
//! The bounds of a batch are on the disk before it is sent for the first time. So a delivery after a kill has the same
//! bytes and the same identity as the one before, whatever has been written to the directory meanwhile.

use std::ops::Range;

use crate::bound::Bound;
use crate::identity::{Instance, Origin};

/// Which batch it is. Two batches with the same identity have the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    /// Who ships.
    pub instance: Instance,
    /// Which batch of this lane it is, from 1. A batch that was never taken may be cut anew under its number.
    pub number: u64,
    /// Where it begins.
    pub first: Bound,
    /// Where it ends.
    pub end: Bound,
    /// The CRC-32 of its lines.
    pub crc: u32,
}

/// Lines of one directory, in its order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Which it is.
    pub id: Id,
    /// Where the lines are from.
    pub origin: Origin,
    /// The lines as they are in the log, stamps included, each with its newline. A line that is too long for a batch is in
    /// several: then the first one of the lines has no start, or the last one has no end and no newline.
    pub lines: Vec<u8>,
    /// The records in `lines`, in order: a line, or a piece of one that is longer than the sink takes. Empty for a sink
    /// that wants none.
    pub records: Vec<Record>,
}

/// A line or a piece of one: what an engine takes as one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its bytes in the batch, without the newline.
    pub bytes: Range<usize>,
    /// How much of that is the stamp and the blank behind it. 0: there is none.
    pub stamp: usize,
    /// When it was written: of its stamp, else of the line before it, in nanoseconds since 1970. None: nobody knows.
    pub at: Option<u64>,
    /// Which piece of a line it is.
    pub piece: Piece,
}

/// Which part of a line a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// All of it.
    Whole,
    /// A piece: its number from 0.
    Part(u32),
    /// The last piece: its number.
    Last(u32),
}

impl Batch {
    /// How many lines it has. What is a part of a line counts as one.
    pub fn count(&self) -> usize {
        let newlines = memchr::memchr_iter(b'\n', &self.lines).count();
        newlines + usize::from(self.lines.last().is_some_and(|&last| last != b'\n'))
    }
}
