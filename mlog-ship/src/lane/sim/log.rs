//! The log directory of the simulation: lines that are numbered, of which the oldest may be deleted, and which a processor
//! may change.

use std::cell::RefCell;
use std::io;
use std::rc::Rc;

use mlog::follow::{Gap, Meant, Place};
use mlog::stamp::Stamps;
use tai64tools::leap::Offset;

use super::chance::Chance;
use crate::bound::Bound;
use crate::cut;
use crate::source::{Amount, Cut, Said, Source};

/// What was written.
#[derive(Default)]
pub(super) struct Written {
    pub(super) text: Vec<u8>,
    /// What is before this was deleted.
    pub(super) gone: usize,
    /// What was deleted before it was looked at for the first time. Nobody knows of it.
    pub(super) unseen: usize,
    lines: usize,
    /// So often of a hundred it can't be read.
    pub(super) failing: u64,
    /// A second reading of a batch goes as far as a first one would.
    pub(super) greedy: bool,
}

impl Written {
    /// A line, which has its number at its start and at its end.
    pub(super) fn write(&mut self, length: usize) {
        let number = self.lines;
        self.lines += 1;
        self.text.extend_from_slice(format!("{number:06} {} {number:06}\n", "x".repeat(length)).as_bytes());
    }

    /// The oldest lines are deleted, up to the first one that begins at or behind this.
    pub(super) fn delete(&mut self, to: usize) {
        let to = to.min(self.text.len());
        let line = memchr::memrchr(b'\n', &self.text[..to]).map_or(0, |newline| newline + 1);
        self.gone = self.gone.max(line);
    }

    /// A processor changes lines from here on, without changing their lengths or numbers.
    pub(super) fn change(&mut self, from: usize) {
        let from = from.min(self.text.len());
        for byte in &mut self.text[from..] {
            if *byte == b'x' {
                *byte = b'y';
            }
        }
    }
}

/// A follower of it.
#[derive(Clone)]
pub(super) struct Log {
    pub(super) written: Rc<RefCell<Written>>,
    at: usize,
    within: usize,
    part: u32,
    gap: bool,
    changed: bool,
    chance: Chance,
}

impl Log {
    pub(super) fn new(written: Rc<RefCell<Written>>, chance: Chance) -> Log {
        Log { written, at: 0, within: 0, part: 0, gap: false, changed: false, chance }
    }

    fn bound(&self, text: &[u8]) -> Bound {
        let place =
            Place { label: None, meant: Meant::After, offset: self.at as u64, length: 0, crc: 0, last: None };
        let before = &text[self.at..self.at + self.within];
        Bound { place, within: self.within as u32, part: self.part, crc: crc32fast::hash(before) }
    }

    fn fails(&self) -> io::Result<()> {
        let failing = self.written.borrow().failing;
        if self.chance.of_hundred(failing) { Err(io::ErrorKind::PermissionDenied.into()) } else { Ok(()) }
    }

    fn advance(&mut self, taken: &[u8]) {
        match memchr::memrchr(b'\n', taken) {
            Some(newline) => {
                self.at += self.within + newline + 1;
                self.within = taken.len() - newline - 1;
                self.part = u32::from(self.within > 0);
            }
            None => {
                self.within += taken.len();
                self.part += 1;
            }
        }
    }
}

impl Source for Log {
    fn go_to(&mut self, bound: Option<&Bound>) -> io::Result<bool> {
        self.fails()?;
        let gone = self.written.borrow().gone;
        (self.at, self.within, self.part, self.gap, self.changed) = (0, 0, 0, false, false);
        if let Some(bound) = bound {
            (self.at, self.within, self.part) =
                (bound.place.offset as usize, bound.within as usize, bound.part);
            let written = self.written.borrow();
            let before = written.text.get(self.at..self.at + self.within).unwrap_or_default();
            if crc32fast::hash(before) != bound.crc {
                (self.within, self.part) = (0, 0);
                self.changed = true;
            }
        }
        self.gap = self.at < gone && bound.is_some();
        if bound.is_none() {
            self.written.borrow_mut().unseen = gone;
        }
        if self.at < gone {
            (self.at, self.within, self.part) = (gone, 0, 0);
        }
        Ok(!self.gap)
    }

    fn take(&mut self, amount: Amount) -> io::Result<Option<Cut>> {
        self.fails()?;
        let written = self.written.clone();
        let written = written.borrow();
        if self.at < written.gone {
            (self.at, self.within, self.part, self.gap) = (written.gone, 0, 0, true);
        }
        let rest = &written.text[self.at + self.within..];
        let length = match amount {
            Amount::UpTo(most) => cut::lines(rest, most),
            Amount::Exactly(exactly) if written.greedy => cut::lines(rest, exactly.max(300)),
            Amount::Exactly(exactly) if rest.len() < exactly => return Ok(None),
            Amount::Exactly(exactly) => exactly,
        };
        if length == 0 {
            return Ok(None);
        }
        let gap = Gap { after: None, before: None, certain: true };
        let mut said = if std::mem::take(&mut self.gap) { vec![Said::Gap(gap)] } else { Vec::new() };
        if std::mem::take(&mut self.changed) {
            said.push(Said::Changed);
        }
        let first = Some(self.bound(&written.text));
        let lines = rest[..length].to_vec();
        let more = length < rest.len();
        self.advance(&lines);
        Ok(Some(Cut { lines, first, end: Some(self.bound(&written.text)), last: None, said, more }))
    }

    fn place(&self) -> Option<Bound> {
        Some(self.bound(&self.written.borrow().text))
    }

    fn stamps(&self) -> Stamps {
        Stamps::new(Offset::Fixed)
    }
}
