//! What a worker does: reads a piece of a segment, and has it searched.

use std::sync::Arc;

use memchr::{memchr, memrchr};

use crate::archive::{Damage, Segment, Stream};
use crate::show::Painter;

use super::{Lines, Query};

/// Longer lines are taken in pieces of this size, each a line.
pub const LONGEST: usize = 1 << 20;
/// So much is read before it is searched: it stays in the cache of a core.
const FILL: usize = 256 << 10;
/// A part with so much in it is passed on.
const MUCH: usize = 1 << 20;
/// The same of each where lines of some directories wait for each other.
const SOME: usize = 256 << 10;
/// The same where they are many.
const LITTLE: usize = 128 << 10;
/// More directories are many.
pub const FEW: usize = 8;
/// And at most this many lines.
const MANY: usize = 32 << 10;
/// A part of so much text is passed on, whatever was found.
const LONG: usize = 64 << 20;

/// What came of a piece of a segment.
#[derive(Debug, Default)]
pub struct Part {
    /// The rest of the line that began before the segment.
    pub head: Option<Vec<u8>>,
    /// Whether that line goes on behind the segment.
    pub open: bool,
    /// Whole lines.
    pub lines: Lines,
    /// The start of the line that goes on behind the segment.
    pub tail: Vec<u8>,
    /// Whether this is the last part of the segment.
    pub over: bool,
    /// What of the segment can't be read, in its last part.
    pub damage: Option<Damage>,
    /// How much text there was.
    pub text: u64,
}

/// How far a segment was read.
pub struct Reading {
    stream: Stream,
    rest: Vec<u8>,
    /// Whether the start of the first line was found.
    begun: bool,
    /// Whether the rest has whole lines.
    has_lines: bool,
    /// Whether nothing is read any more.
    over: bool,
    /// What of the segment can't be read.
    damage: Option<Damage>,
}

impl Reading {
    /// Nothing of it. `allowed` is the largest window that may be kept in memory.
    pub fn new(segment: &Segment, allowed: u64) -> Reading {
        Reading {
            stream: Stream::new(segment, allowed),
            rest: Vec::new(),
            begun: segment.first,
            has_lines: false,
            over: false,
            damage: None,
        }
    }
}

/// Reads and searches.
pub struct Worker {
    query: Arc<Query>,
    buffer: Vec<u8>,
    filled: usize,
    /// So much is read at once, and a part with so much in it is passed on.
    fill: usize,
    much: usize,
}

impl Worker {
    /// For a query of this number of directories.
    pub fn new(query: Arc<Query>, directories: usize) -> Worker {
        let (fill, much) = match directories {
            1 => (FILL, MUCH),
            2..=FEW => (FILL, SOME),
            _ => (LITTLE, LITTLE),
        };
        Worker { query, buffer: Vec::new(), filled: 0, fill, much }
    }

    /// Reads on, and says what was there.
    pub fn step(&mut self, reading: &mut Reading, painter: &mut Painter) -> Part {
        if self.buffer.is_empty() {
            // One more for the end of a line that is not there.
            self.buffer = vec![0; LONGEST + 2 * FILL + 1];
        }
        let mut part = Part::default();
        self.filled = reading.rest.len();
        self.buffer[..self.filled].copy_from_slice(&reading.rest);
        reading.rest.clear();
        loop {
            if !reading.has_lines && !reading.over {
                reading.over = self.fill(reading, &mut part);
            }
            let from = self.take(reading, painter, &mut part);
            self.buffer.copy_within(from..self.filled, 0);
            self.filled -= from;
            if reading.over && !reading.has_lines {
                self.finish(reading, &mut part);
                return part;
            }
            if self.is_enough(&part) {
                reading.rest.extend_from_slice(&self.buffer[..self.filled]);
                return part;
            }
        }
    }

    fn is_enough(&self, part: &Part) -> bool {
        let Lines { entries, .. } = &part.lines;
        let much = part.lines.size() >= self.much || entries.len() >= MANY || part.text >= LONG as u64;
        much || self.query.context.is_some()
    }

    /// Reads text behind what is there. True: there is no more.
    fn fill(&mut self, reading: &mut Reading, part: &mut Part) -> bool {
        let until = self.filled + self.fill;
        while self.filled < until {
            match reading.stream.read(&mut self.buffer[self.filled..until]) {
                Ok(0) => return true,
                Ok(got) => {
                    self.filled += got;
                    part.text += got as u64;
                }
                Err(damage) => {
                    reading.damage.get_or_insert(damage);
                    self.end_line(reading, part);
                }
            }
        }
        false
    }

    /// A line ends where text is missing.
    fn end_line(&mut self, reading: &mut Reading, part: &mut Part) {
        if self.filled == 0 && !reading.begun {
            (part.head, reading.begun) = (Some(Vec::new()), true);
        } else if self.filled > 0 && self.buffer[self.filled - 1] != b'\n' {
            self.buffer[self.filled] = b'\n';
            self.filled += 1;
        }
    }

    /// Takes what is complete. Where the rest begins.
    fn take(&mut self, reading: &mut Reading, painter: &mut Painter, part: &mut Part) -> usize {
        let text = &self.buffer[..self.filled];
        let mut from = 0;
        if !reading.begun {
            from = match memchr(b'\n', text) {
                Some(newline) => newline + 1,
                None if text.len() >= LONGEST => text.len(),
                None => return 0,
            };
            part.head = Some(text[..from].to_vec());
            reading.begun = true;
        }
        let whole = memrchr(b'\n', &text[from..]).map_or(from, |newline| from + newline + 1);
        while from < whole {
            if part.lines.size() >= self.much {
                reading.has_lines = true;
                return from;
            }
            from += self.query.search(&text[from..whole], painter, &mut part.lines, self.much);
        }
        reading.has_lines = false;
        while text.len() - from >= LONGEST {
            self.query.search(&text[from..from + LONGEST], painter, &mut part.lines, usize::MAX);
            from += LONGEST;
        }
        from
    }

    fn finish(&mut self, reading: &mut Reading, part: &mut Part) {
        part.over = true;
        part.damage = reading.damage.take();
        let rest = self.buffer[..self.filled].to_vec();
        if reading.begun {
            part.tail = rest;
        } else {
            (part.head, part.open) = (Some(rest), true);
        }
    }
}
