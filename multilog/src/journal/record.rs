//! The record: what the batch in hand is going to do, so that the next multilog can bring it to its end.

use tai64tools::Label;

use crate::logfs::{Identity, Place};

/// How many bytes are kept of the beginning of a batch, and of what follows its split, to know it again.
pub const SIGHT: usize = 8;
/// The text that names this run of the machine.
pub type Boot = [u8; 36];

/// What is between two batches: the line that is partly written, and what was taken out of the pipe
/// and is not written yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Whether the head of the input belongs to a line of which a part is written.
    pub midline: bool,
    /// The bytes `from..to` of [`Record::held`] come before the head of the input.
    pub held: (u16, u16),
    /// With `maxline=`, how many bytes of the piece in hand are written. Otherwise 0.
    pub piece: u64,
}

/// What a batch does to one directory, or to standard output, which has no `current` and no labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which directory.
    pub place: Place,
    /// The inode of its `current`.
    pub current: u64,
    /// The length of `current` before the batch.
    pub start: u64,
    /// How many bytes the batch adds.
    pub adds: u64,
    /// The last label given to a file there.
    pub last_label: Label,
    /// Unsealed files with later labels were still to be sealed.
    pub settled: Label,
    /// Whether the line that is in hand before the batch goes there.
    pub takes_before: bool,
    /// Whether the line that is in hand after it does.
    pub takes_after: bool,
    /// With `limit=`, how many lines were dropped before the batch, and how many are dropped after it, which the
    /// log does not say yet. Otherwise 0 and 0.
    pub unsaid: (u64, u64),
}

impl Share {
    /// The directory as it is `now`; what the batch in hand does with its lines stays as it is.
    pub fn updated(&self, now: Share) -> Share {
        let Share { takes_before, takes_after, unsaid, .. } = *self;
        Share { takes_before, takes_after, unsaid, ..now }
    }

    /// The length of `current` after the batch.
    pub fn end(&self) -> u64 {
        self.start + self.adds
    }
}

/// A batch: what it takes out of the input and what it adds to the directories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// This run of the machine.
    pub boot: Boot,
    /// Which input.
    pub input: Identity,
    /// Where the batch begins in an input that is a file. None for a pipe.
    pub offset: Option<u64>,
    /// Bytes of the input.
    pub taken: u64,
    /// How many of them are thrown away before the rest goes to the tail.
    pub split: u64,
    /// How many bytes after the batch are in the directories as well.
    pub more: u64,
    /// What the batch begins with, as far as it goes.
    pub first: [u8; SIGHT],
    /// What it goes on with at the split.
    pub second: [u8; SIGHT],
    /// Its last byte.
    pub last: u8,
    /// The last stamp given.
    pub last_stamp: Label,
    /// How things are before the batch.
    pub before: Moment,
    /// How they are after it.
    pub after: Moment,
    /// What was taken out of the pipe before it was written.
    pub held: Vec<u8>,
    /// One for each directory, in the order of the script, and one for standard output if lines go there.
    pub shares: Vec<Share>,
}

impl Record {
    /// Nothing in flight.
    pub fn idle(boot: Boot, input: Identity, shares: Vec<Share>) -> Record {
        Record {
            boot,
            input,
            offset: None,
            taken: 0,
            split: 0,
            more: 0,
            first: [0; SIGHT],
            second: [0; SIGHT],
            last: 0,
            last_stamp: Label::MIN,
            before: Moment::default(),
            after: Moment::default(),
            held: Vec::new(),
            shares,
        }
    }

    /// The share of standard output, if lines go there.
    pub fn output(&self) -> Option<&Share> {
        self.shares.iter().find(|share| share.place == Place::OUTPUT)
    }

    /// What the flag is before the batch was consumed.
    pub fn unset_flag(&self) -> u8 {
        !self.last
    }

    /// Whether the numbers can be true together. Nothing that reads a record has to ask again.
    pub(super) fn is_sound(&self) -> bool {
        let holds =
            |moment: Moment| moment.held.0 <= moment.held.1 && usize::from(moment.held.1) <= self.held.len();
        let ends = self.taken.checked_add(self.more).and_then(|n| n.checked_add(self.offset.unwrap_or(0)));
        self.split <= self.taken
            && ends.is_some()
            && holds(self.before)
            && holds(self.after)
            && self.shares.iter().all(|share| share.start.checked_add(share.adds).is_some())
    }

    /// What of `held` comes before the head of the input at that moment.
    pub fn held_at(&self, moment: Moment) -> &[u8] {
        &self.held[usize::from(moment.held.0)..usize::from(moment.held.1)]
    }
}
