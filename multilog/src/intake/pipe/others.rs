//! Other readers of the same pipe: what comes out of it is not always what was seen at its head.
//!
//! A process cannot see whether there are others. So what is taken out goes through the side pipe, and both of its ends
//! are compared with what was seen before it is thrown away. If the lines of the input differ, the ends tell for all that
//! is between them; if they are all the same, it does not matter which reader got which. Bytes that came out and were not seen are input
//! that was taken out. From then on the pipe is read as it comes, for as long as the others may be there.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use unix::pipe;

use super::PipeIntake;
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
pub(super) struct Aside {
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
    pub(super) fn put_aside(&mut self, count: usize, held: usize) -> io::Result<()> {
        self.aside.consumed += count + held;
        self.aside.known += held;
        let mut left = count;
        while left > 0 && !self.aside.short {
            match pipe::remove(self.source, &self.side.1, left) {
                Ok(0) => self.aside.short = true,
                Ok(removed) => {
                    self.aside.bytes += removed;
                    left -= removed;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => self.aside.short = true,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What is visible moves: what was consumed is not asked for again.
    pub(super) fn forget_consumed(&mut self) {
        (self.aside.consumed, self.aside.known) = (0, 0);
    }

    /// The next `tail.len()` visible bytes were taken out, and `tail` is what came. False: another reader was there.
    pub(super) fn is_next(&mut self, tail: &[u8]) -> io::Result<bool> {
        let as_seen = !tail.is_empty() && self.visible.in_source().starts_with(tail);
        if as_seen && self.is_aside_as_seen(Extent::Sample)? {
            return Ok(true);
        }
        self.replace(tail)?;
        Ok(false)
    }

    /// Another `count` visible bytes are consumed, and all that was consumed is known to be what was seen.
    pub(super) fn note_consumed(&mut self, count: usize) {
        self.aside.consumed += count;
        self.aside.known = self.aside.consumed;
    }

    /// Takes visible bytes out that stay visible.
    pub(super) fn take_aside(&mut self, count: usize) -> io::Result<()> {
        let held = self.visible.held();
        self.visible.consume(held + count);
        self.put_aside(count, held)?;
        if self.confirm_all()? == Taken::Otherwise {
            self.aside.astray = true;
        } else {
            self.visible.take_back(held + count);
        }
        Ok(())
    }

    /// Whether everything since the last confirmation was what was seen.
    pub(super) fn confirm_all(&mut self) -> io::Result<Taken> {
        let unknown = self.aside.bytes > 0 || self.aside.short;
        if unknown && !self.is_aside_as_seen(Extent::All)? {
            self.replace(&[])?;
        }
        let astray = std::mem::take(&mut self.aside.astray);
        self.forget_consumed();
        Ok(if astray { Taken::Otherwise } else { Taken::AsSeen })
    }

    /// Compares what is in the side pipe with what was seen, and throws it away if it is the same.
    fn is_aside_as_seen(&mut self, extent: Extent) -> io::Result<bool> {
        if self.aside.bytes == 0 {
            return Ok(!self.aside.short);
        }
        let length = match extent {
            Extent::Sample => self.aside.bytes.min(SAMPLE),
            Extent::All => self.aside.bytes,
        };
        self.read_aside(length)?;
        let unknown = self.visible.consumed(self.aside.consumed - self.aside.known);
        if self.aside.short || !unknown.starts_with(&self.aside.read) {
            return Ok(false);
        }
        while self.aside.bytes > 0 {
            match pipe::remove(&self.side.0, &self.null, self.aside.bytes)? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                removed => self.aside.bytes -= removed,
            }
        }
        self.aside.read.clear();
        self.aside.known = self.aside.consumed;
        Ok(true)
    }

    fn read_aside(&mut self, length: usize) -> io::Result<()> {
        let mut at = self.aside.read.len();
        self.aside.read.resize(at + length, 0);
        while at < self.aside.read.len() {
            match pipe::read(&self.side.0, &mut self.aside.read[at..])? {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                got => {
                    at += got;
                    self.aside.bytes -= got;
                }
            }
        }
        Ok(())
    }

    /// Puts what came out, `tail` last, in the place of what was seen, and behind it what is in the pipe: it may end
    /// within a line, and the others are after the rest of it. That is all that is visible.
    fn replace(&mut self, tail: &[u8]) -> io::Result<()> {
        let rest = pipe::remove(self.source, &self.side.1, self.capacity.bytes()).unwrap_or(0);
        self.read_aside(self.aside.bytes)?;
        let before = self.aside.read.len();
        self.aside.bytes = rest;
        self.read_aside(rest)?;
        let (came, rest) = self.aside.read.split_at(before);
        let known = &self.visible.consumed(self.aside.consumed)[..self.aside.known];
        let held = &self.visible.bytes()[..self.visible.held()];
        self.visible = Visible::held_only([known, held, came, tail, rest].concat());
        self.aside = Aside { astray: true, ..Aside::default() };
        self.watch = None;
        self.readers = Readers::Others(Instant::now());
        Ok(())
    }

    /// Looks into the pipe again instead of reading it, when the others may have gone. They are given more time after
    /// each time that they were still there.
    pub(super) fn suspect_nobody(&mut self) {
        if let Readers::Others(since) = self.readers
            && self.visible.is_empty()
            && since.elapsed() >= self.truce
        {
            self.readers = Readers::Alone;
            self.truce = (self.truce * 2).min(LONGEST_TRUCE);
        }
    }
}

#[cfg(test)]
#[path = "others_tests.rs"]
mod tests;
