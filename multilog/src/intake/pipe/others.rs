//! Other readers of the same pipe: what comes out of it is not always what was seen at its head.
//!
//! A process cannot see whether there are others. So what is taken out goes through the side pipe, and both of its ends
//! are compared with what was seen before it is thrown away. If the lines of the input differ, the ends tell for all that
//! is between them; if they are all the same, it does not matter which reader got which. Bytes that came out and were not seen are input
//! that was taken out. From then on the pipe is read as it comes, for as long as the others may be there.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use unix::pipe;

use super::{PAGE, PipeIntake};
use crate::intake::{Taken, Visible};

/// How much of each end is compared.
const SAMPLE: usize = 1024;
/// How long the pipe is read as it comes after others were seen there first, and how long at most.
pub(super) const FIRST_TRUCE: Duration = Duration::from_secs(60);
const LONGEST_TRUCE: Duration = Duration::from_secs(24 * 3600);

/// Who reads the pipe.
#[derive(Clone, Copy, Debug)]
pub(super) enum Readers {
    /// Nobody else, as far as is known.
    Alone,
    /// Others were there at this moment.
    Others(Instant),
}

/// What was taken out since the last confirmation.
#[derive(Debug, Default)]
pub(super) struct Unconfirmed {
    /// How many bytes were consumed: they are the last ones before what is visible.
    consumed: usize,
    /// The first of them are known to be what was seen.
    known: usize,
    /// The next ones are what came out in their place: read already, and in the side pipe.
    read: Vec<u8>,
    bytes: usize,
    /// Whether fewer came out than were seen.
    short: bool,
    /// Whether what came out was put in the place of what was seen.
    astray: bool,
}

/// How much of what came out is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Sample,
    All,
}

impl PipeIntake<'_> {
    pub(super) fn is_alone(&self) -> bool {
        matches!(self.readers, Readers::Alone)
    }

    /// Takes visible bytes out, for now into the side pipe.
    pub(super) fn take_out(&mut self, count: usize, held: usize) -> io::Result<()> {
        self.unconfirmed.consumed += count + held;
        self.unconfirmed.known += held;
        let mut left = count;
        while left > 0 && !self.unconfirmed.short {
            match pipe::remove(self.source, &self.side.1, left) {
                Ok(0) => self.unconfirmed.short = true,
                Ok(removed) => {
                    self.unconfirmed.bytes += removed;
                    left -= removed;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.unconfirmed.short = true,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What is visible moves: what was consumed is not asked for again.
    pub(super) fn forget_consumed(&mut self) {
        (self.unconfirmed.consumed, self.unconfirmed.known) = (0, 0);
    }

    /// The next `tail.len()` visible bytes were taken out, and `tail` is what came. False: another reader was there.
    pub(super) fn is_next(&mut self, tail: &[u8]) -> io::Result<bool> {
        let as_seen = !tail.is_empty() && self.visible.in_source().starts_with(tail);
        if as_seen && self.is_as_seen(Extent::Sample)? {
            return Ok(true);
        }
        self.replace(tail)?;
        Ok(false)
    }

    /// Another `count` visible bytes are consumed, and all that was consumed is known to be what was seen.
    pub(super) fn note_consumed(&mut self, count: usize) {
        self.unconfirmed.consumed += count;
        self.unconfirmed.known = self.unconfirmed.consumed;
    }

    /// Takes visible bytes out that stay visible.
    pub(super) fn hold_next(&mut self, count: usize) -> io::Result<()> {
        let held = self.visible.held();
        self.visible.consume(held + count);
        self.take_out(count, held)?;
        if self.confirm_all()? == Taken::Otherwise {
            self.unconfirmed.astray = true;
        } else {
            self.visible.take_back(held + count);
        }
        Ok(())
    }

    /// Whether everything since the last confirmation was what was seen.
    pub(super) fn confirm_all(&mut self) -> io::Result<Taken> {
        let unknown = self.unconfirmed.bytes > 0 || self.unconfirmed.short;
        if unknown && !self.is_as_seen(Extent::All)? {
            self.replace(&[])?;
        }
        let astray = std::mem::take(&mut self.unconfirmed.astray);
        self.forget_consumed();
        Ok(if astray { Taken::Otherwise } else { Taken::AsSeen })
    }

    /// Compares what is in the side pipe with what was seen, and throws it away if it is the same.
    fn is_as_seen(&mut self, extent: Extent) -> io::Result<bool> {
        if self.unconfirmed.bytes == 0 {
            return Ok(!self.unconfirmed.short);
        }
        let length = match extent {
            Extent::Sample => self.unconfirmed.bytes.min(SAMPLE),
            Extent::All => self.unconfirmed.bytes,
        };
        self.read_out(length)?;
        let unknown = self.visible.consumed(self.unconfirmed.consumed - self.unconfirmed.known);
        if self.unconfirmed.short || !unknown.starts_with(&self.unconfirmed.read) {
            return Ok(false);
        }
        while self.unconfirmed.bytes > 0 {
            match pipe::remove(&self.side.0, &self.null, self.unconfirmed.bytes) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(removed) => self.unconfirmed.bytes -= removed,
                // What can't be thrown away can still be read.
                Err(_) => self.read_out(self.unconfirmed.bytes)?,
            }
        }
        self.unconfirmed.read.clear();
        self.unconfirmed.known = self.unconfirmed.consumed;
        Ok(true)
    }

    /// Reads `length` bytes, or what is left of a packet more: in packet mode the rest of one that is read in part is
    /// thrown away.
    fn read_out(&mut self, length: usize) -> io::Result<()> {
        let mut at = self.unconfirmed.read.len();
        let enough = at + length;
        self.unconfirmed.read.resize(at + self.unconfirmed.bytes.min(length + PAGE), 0);
        while at < enough {
            match pipe::read(&self.side.0, &mut self.unconfirmed.read[at..])? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                got => {
                    at += got;
                    self.unconfirmed.bytes -= got;
                }
            }
        }
        self.unconfirmed.read.truncate(at);
        Ok(())
    }

    /// Puts what came out, `tail` last, in the place of what was seen, and behind it what is in the pipe: it may end
    /// within a line, and the others are after the rest of it. That is all that is visible.
    fn replace(&mut self, tail: &[u8]) -> io::Result<()> {
        let rest = pipe::remove(self.source, &self.side.1, self.capacity.bytes()).unwrap_or(0);
        self.read_out(self.unconfirmed.bytes)?;
        let before = self.unconfirmed.read.len();
        self.unconfirmed.bytes = rest;
        self.read_out(rest)?;
        let (came, rest) = self.unconfirmed.read.split_at(before);
        let known = &self.visible.consumed(self.unconfirmed.consumed)[..self.unconfirmed.known];
        let held = &self.visible.bytes()[..self.visible.held()];
        self.visible = Visible::held_only([known, held, came, tail, rest].concat());
        self.unconfirmed = Unconfirmed { astray: true, ..Unconfirmed::default() };
        self.watch = None;
        self.readers = Readers::Others(Instant::now());
        Ok(())
    }

    /// Looks into the pipe again instead of reading it, when the others may have gone. They are given more time after
    /// each time that they were still there.
    pub(super) fn suspect_nobody(&mut self) {
        if let Readers::Others(since) = self.readers {
            if self.visible.is_empty() && since.elapsed() >= self.truce {
                self.readers = Readers::Alone;
                self.truce = (self.truce * 2).min(LONGEST_TRUCE);
            }
        }
    }
}

#[cfg(test)]
#[path = "others_tests.rs"]
mod tests;
