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
/// The same of each where lines of many directories wait for each other.
const LITTLE: usize = 128 << 10;
/// More directories are many.
const FEW: usize = 8;
/// So many lines of it, too.
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
    /// Why what follows can't be read.
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
}

impl Reading {
    /// Nothing of it.
    pub fn new(segment: &Segment) -> Reading {
        Reading { stream: Stream::new(segment), rest: Vec::new(), begun: segment.first }
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
        let (fill, much) = if directories > FEW { (LITTLE, LITTLE) } else { (FILL, MUCH) };
        Worker { query, buffer: Vec::new(), filled: 0, fill, much }
    }

    /// Reads on, and says what was there.
    pub fn step(&mut self, reading: &mut Reading, painter: &mut Painter) -> Part {
        if self.buffer.is_empty() {
            self.buffer = vec![0; LONGEST + 2 * FILL];
        }
        let mut part = Part::default();
        self.filled = reading.rest.len();
        self.buffer[..self.filled].copy_from_slice(&reading.rest);
        reading.rest.clear();
        loop {
            let over = self.fill(&mut reading.stream, &mut part);
            let from = self.take(reading, painter, &mut part);
            self.buffer.copy_within(from..self.filled, 0);
            self.filled -= from;
            if over {
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
        let Lines { bytes, entries, .. } = &part.lines;
        let much = bytes.len() >= self.much || entries.len() >= MANY || part.text >= LONG as u64;
        much || self.query.context.is_some()
    }

    /// Reads text behind what is there. True: there is no more.
    fn fill(&mut self, stream: &mut Stream, part: &mut Part) -> bool {
        let until = self.filled + self.fill;
        while self.filled < until {
            match stream.read(&mut self.buffer[self.filled..until]) {
                Ok(0) => return true,
                Ok(got) => {
                    self.filled += got;
                    part.text += got as u64;
                }
                Err(damage) => {
                    part.damage = Some(damage);
                    return true;
                }
            }
        }
        false
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
        self.query.search(&text[from..whole], painter, &mut part.lines);
        from = whole;
        while text.len() - from >= LONGEST {
            self.query.search(&text[from..from + LONGEST], painter, &mut part.lines);
            from += LONGEST;
        }
        from
    }

    fn finish(&mut self, reading: &mut Reading, part: &mut Part) {
        part.over = true;
        let rest = self.buffer[..self.filled].to_vec();
        if reading.begun {
            part.tail = rest;
        } else {
            (part.head, part.open) = (Some(rest), true);
        }
    }
}
