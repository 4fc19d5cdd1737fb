//! The journal: `.journal` in the first directory tells the next multilog what a killed one was doing.
//!
//! Before a batch is written, a record says what it is going to do (`record`, and in bytes `form`). Then the
//! directories get it. Then it is taken out of the input by a system call that leaves a trace in the same file:
//! splice(2) moves the last bytes of the batch there, so that its last byte lands on the flag. At the next start
//! `judge` says from the record and the files whether to roll the batch forward or back.
//!
//! Invariants: a record is written before its batch is, and a batch is consumed only when every directory has it.
//! The file is written with pwrite(2) and never needs to be on the disk, since it is of use only on the same run of
//! the machine. It is removed when nothing is in hand at the end.

mod error;
mod form;
pub mod judge;
pub mod record;
mod split;

use std::io::{self, ErrorKind};
use std::sync::Arc;

use crate::intake::{Fate, Intake};
use crate::logfs::{How, LogFs, Name, read_part};
pub use error::{JournalError, is_foreign};
pub use form::Reach;
use form::{FLAG, LENGTH, TAIL};
use record::{Moment, Record, SIGHT};
pub use split::Piece;
use split::first_piece;

/// An open `.journal`.
#[derive(Debug)]
pub struct Journal<F: LogFs> {
    fs: Arc<F>,
    file: F::File,
    /// The next record: what the last one says until it is changed, and on its way into the file with `write`.
    pub record: Record,
    buffer: Vec<u8>,
}

/// What was found in a `.journal`.
#[derive(Clone, Debug)]
pub struct Found {
    /// The byte at the flag.
    pub flag: u8,
    /// The record.
    pub record: Record,
}

impl<F: LogFs> Journal<F> {
    /// Reads what the last run left. None: nothing that can be understood.
    pub fn read(fs: &F) -> io::Result<Option<Found>> {
        let file = match fs.open(&Name::Journal, How::Read) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        let mut page = [0; LENGTH];
        let length = read_part(fs, &file, &mut page, 0)?;
        Ok(Record::decode(&page[TAIL..length.max(TAIL)]).map(|record| Found { flag: page[TAIL - 1], record }))
    }

    /// Opens or makes the file and puts `record` into it, which has nothing in flight.
    pub fn begin(fs: Arc<F>, record: Record) -> Result<Journal<F>, JournalError> {
        let made = match fs.open(&Name::Journal, How::New) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => None,
            opened => Some(opened?),
        };
        let is_new = made.is_some();
        // One that is there is opened again in any case: the new one is open for appending.
        let opened = fs.open(&Name::Journal, How::Update);
        if is_new && opened.is_err() {
            // The file system shows another owner or mode than what it was made with.
            fs.remove(&Name::Journal).ok();
        }
        let file = opened?;
        let mut journal = Journal { fs, file, record, buffer: Vec::with_capacity(LENGTH) };
        let written = journal.allocate().map_err(JournalError::from).and_then(|()| journal.write());
        if is_new && written.is_err() {
            journal.fs.remove(&Name::Journal).ok();
        }
        written.map(|()| journal)
    }

    /// Takes the room for every record to come.
    fn allocate(&self) -> io::Result<()> {
        if self.fs.stat(&self.file)?.size >= LENGTH as u64 {
            return Ok(());
        }
        write_at(&*self.fs, &self.file, &[0; LENGTH], 0)
    }

    /// Writes the record.
    pub fn write(&mut self) -> Result<(), JournalError> {
        let bytes = self.record.encode(&mut self.buffer).ok_or(JournalError::TooManyDirectories)?;
        Ok(write_at(&*self.fs, &self.file, bytes, FLAG)?)
    }

    /// Describes in the next record how the first piece of `bytes`, the visible part of a pipe, is consumed. What is
    /// behind the piece is in the directories too, once they have what the shares say.
    pub fn describe(&mut self, bytes: &[u8]) -> Piece {
        let piece = first_piece(bytes, TAIL);
        let record = &mut self.record;
        (record.taken, record.split) = (piece.length as u64, piece.split as u64);
        record.more = (bytes.len() - piece.length) as u64;
        record.first = sight(&bytes[..piece.length]);
        record.second = sight(&bytes[piece.split..piece.length]);
        record.last = bytes.get(piece.length.wrapping_sub(1)).copied().unwrap_or(0);
        piece
    }

    /// Takes the last `count` bytes of a piece out of the input, into the tail; how many it got.
    pub fn swallow(
        &self,
        intake: &mut (impl Intake<Trace = F::File> + ?Sized),
        count: usize,
        fate: Fate,
    ) -> Result<usize, JournalError> {
        Ok(intake.pipe()?.move_into(count, fate, &self.file, (TAIL - count) as u64)?)
    }

    /// Finds out whether the tail can be used at all on this file system, with a byte of our own.
    pub fn rehearse(&self, intake: &mut (impl Intake<Trace = F::File> + ?Sized)) -> Result<(), JournalError> {
        let expected = self.record.last ^ 1;
        intake.pipe()?.rehearse(expected, &self.file, FLAG)?;
        let mut found = [0];
        let got = self.fs.read_at(&self.file, &mut found, FLAG)?;
        if (got, found) == (1, [expected]) { Ok(()) } else { Err(JournalError::NoTrace) }
    }

    /// The batch is consumed: the next record begins where this one ends.
    pub fn advance(&mut self) {
        let record = &mut self.record;
        record.before = record.after;
        for share in &mut record.shares {
            share.start = share.end();
            share.adds = 0;
            share.takes_before = share.takes_after;
            share.unsaid.0 = share.unsaid.1;
        }
        if record.after == Moment::default() {
            record.held.clear();
        }
        (record.taken, record.split, record.more) = (0, 0, 0);
    }

    /// Whether the next multilog would have to know what the record says.
    pub fn is_idle(&self) -> bool {
        let record = &self.record;
        record.taken == 0
            && record.after == Moment::default()
            && record.shares.iter().all(|share| share.adds == 0 && share.unsaid.1 == 0)
    }
}

/// Removes a journal, if it is one of ours.
pub fn remove<F: LogFs>(fs: &F) -> io::Result<()> {
    match fs.open(&Name::Journal, How::Read) {
        Ok(_) => fs.remove(&Name::Journal),
        Err(error) if error.kind() == ErrorKind::NotFound || is_foreign(&error) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Changes the record in the page of a journal, if it is one: a program with a defect.
#[cfg(test)]
pub(crate) fn rewrite(page: &mut [u8], change: impl FnOnce(&mut Record)) {
    let Some(mut record) = page.get(TAIL..).and_then(Record::decode) else { return };
    change(&mut record);
    if let Some(bytes) = record.encode(&mut Vec::new()) {
        page[TAIL..TAIL + bytes.len() - 1].copy_from_slice(&bytes[1..]);
    }
}

fn sight(bytes: &[u8]) -> [u8; SIGHT] {
    let mut seen = [0; SIGHT];
    let length = bytes.len().min(SIGHT);
    seen[..length].copy_from_slice(&bytes[..length]);
    seen
}

/// Writes all of it. A part that was written before a failure does no harm, as it is not a whole record.
fn write_at<F: LogFs>(fs: &F, file: &F::File, bytes: &[u8], offset: u64) -> io::Result<()> {
    match fs.write_at(file, bytes, offset)? {
        written if written == bytes.len() => Ok(()),
        // Why the rest was not written is known from trying.
        written => {
            fs.write_at(file, &bytes[written..], offset + written as u64)?;
            Err(ErrorKind::StorageFull.into())
        }
    }
}
