//! `Batch`: lines of one directory that are delivered together, with an identity that a second delivery has as well.
//!
//! The bounds of a batch are on the disk before it is sent for the first time. So a delivery after a kill has the same
//! bytes and the same identity as the one before, whatever has been written to the directory meanwhile.

use mlog::follow::Place;

use crate::identity::{Instance, Origin};

/// Which batch it is. Two batches with the same identity have the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Id {
    /// Who ships.
    pub instance: Instance,
    /// How many batches of this lane were cut before it, since the instance began. It only grows.
    pub number: u64,
    /// Where its first line begins.
    pub first: Place,
    /// Where its last line ends.
    pub end: Place,
    /// The CRC-32 of its lines.
    pub crc: u32,
}

/// Whole lines of one directory, in its order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Which it is.
    pub id: Id,
    /// Where the lines are from.
    pub origin: Origin,
    /// The lines as they are in the log, stamps included, each with its newline.
    pub lines: Vec<u8>,
    /// The records in `lines`, in order: a line, or a piece of one that is longer than the sink takes.
    pub records: Vec<Record>,
}

/// A line or a piece of one: what an engine takes as one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its bytes in the batch, without the newline.
    pub bytes: std::ops::Range<usize>,
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
