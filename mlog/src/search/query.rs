//! `Query`: what is asked, and what a block of whole lines has of it.

use std::sync::Arc;

use memchr::memchr;
use tai64tools::Label;

use crate::pattern::Patterns;
use crate::show::Painter;
use crate::stamp::Stamps;

use super::Selected;

/// What is passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Lines as they are shown.
    Lines,
    /// Their number.
    Count,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Query {
    /// Which lines.
    pub patterns: Arc<Patterns>,
    /// How many lines before and after each are wanted with it.
    pub context: Option<(usize, usize)>,
    /// What of them.
    pub wanted: Wanted,
    /// Whether lines have to be known by their keys.
    pub keys: bool,
    /// Whether lines have to be told apart.
    pub index: bool,
}

/// A line among others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The greatest stamp of its part up to its own, if keys are wanted.
    pub key: Option<Label>,
    /// Where it begins in the bytes.
    pub begin: usize,
    /// Where it ends there.
    pub end: usize,
    /// The number of the line in its part.
    pub number: u64,
    /// Whether it is wanted itself, and not as context.
    pub hit: bool,
}

/// Lines as they are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// All of them.
    pub bytes: Vec<u8>,
    /// Each of them, if they have to be told apart.
    pub entries: Vec<Entry>,
    /// How many are wanted themselves; at least whether any is.
    pub hits: u64,
    /// How many lines there were; only with context.
    pub count: u64,
    /// The greatest stamp of all lines, if keys are wanted.
    pub greatest: Option<Label>,
}

impl Lines {
    /// How much memory they take.
    pub fn size(&self) -> usize {
        self.bytes.len() + self.entries.len() * size_of::<Entry>()
    }
}

impl Query {
    /// Searches whole lines, and adds what was found, until that takes so much memory. How much of the block that was.
    pub fn search(&self, block: &[u8], painter: &mut Painter, lines: &mut Lines, full: usize) -> usize {
        if block.is_empty() {
            return 0;
        }
        match (self.context, self.index) {
            (Some(around), _) => {
                let few = few_lines(block, full);
                self.with_context(few, painter, lines, around);
                few.len()
            }
            (None, true) if self.patterns.is_empty() && self.wanted == Wanted::Lines => {
                self.every_line(block, painter, lines, full)
            }
            (None, true) => self.told_apart(block, painter, lines, full),
            (None, false) => self.together(block, painter, lines, full),
        }
    }

    fn together(&self, block: &[u8], painter: &mut Painter, lines: &mut Lines, full: usize) -> usize {
        if self.patterns.is_empty() {
            let taken = match self.wanted {
                Wanted::Lines => painter.block(block, &mut lines.bytes, full),
                Wanted::Count => block.len(),
            };
            lines.hits += self.number_of(&block[..taken]);
            return taken;
        }
        let mut selected = Selected::new(&self.patterns, block);
        while let Some(line) = selected.next(painter.stamps()) {
            let end = line.end;
            lines.hits += 1;
            if self.wanted == Wanted::Lines {
                painter.line(&block[line], &mut lines.bytes);
                if lines.bytes.len() >= full {
                    return end;
                }
            }
        }
        block.len()
    }

    fn number_of(&self, block: &[u8]) -> u64 {
        match self.wanted {
            Wanted::Lines => 1,
            Wanted::Count => {
                let whole = memchr::memchr_iter(b'\n', block).count() as u64;
                whole + u64::from(block.last() != Some(&b'\n'))
            }
        }
    }

    /// Every line is wanted, so its stamp is read once for its key and for what is shown.
    fn every_line(&self, block: &[u8], painter: &mut Painter, lines: &mut Lines, full: usize) -> usize {
        let mut at = 0;
        while at < block.len() && lines.size() < full {
            let rest = &block[at..];
            let line = &rest[..memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1)];
            at += line.len();
            let stamp = painter.stamps().read(line, lines.greatest);
            lines.greatest = lines.greatest.max(stamp.map(|stamp| stamp.moment));
            let begin = lines.bytes.len();
            painter.stamped(line, stamp, &mut lines.bytes);
            let (key, end) = (lines.greatest, lines.bytes.len());
            lines.entries.push(Entry { key, begin, end, number: 0, hit: true });
            lines.hits += 1;
        }
        at
    }

    fn told_apart(&self, block: &[u8], painter: &mut Painter, lines: &mut Lines, full: usize) -> usize {
        let mut selected = Selected::new(&self.patterns, block);
        let mut tracker = Tracker { greatest: lines.greatest };
        let (mut tracked, mut taken) = (0, block.len());
        while let Some(line) = selected.next(painter.stamps()) {
            if self.keys {
                tracker.see(&block[tracked..line.end], painter.stamps());
                tracked = line.end;
            }
            lines.hits += 1;
            let entry = Entry { key: tracker.greatest, begin: 0, end: 0, number: 0, hit: true };
            let end = line.end;
            self.paint(&block[line], painter, lines, entry);
            if lines.size() >= full {
                taken = end;
                break;
            }
        }
        if self.keys {
            tracker.see(&block[tracked..taken], painter.stamps());
        }
        lines.greatest = tracker.greatest;
        taken
    }

    fn paint(&self, line: &[u8], painter: &mut Painter, lines: &mut Lines, entry: Entry) {
        let begin = lines.bytes.len();
        if self.wanted == Wanted::Lines {
            painter.line(line, &mut lines.bytes);
        }
        lines.entries.push(Entry { begin, end: lines.bytes.len(), ..entry });
    }

    /// Every line that may be context of another one, also of one before or behind the block.
    fn with_context(&self, block: &[u8], painter: &mut Painter, lines: &mut Lines, around: (usize, usize)) {
        let mut hits = Vec::new();
        let mut selected = Selected::new(&self.patterns, block);
        while let Some(line) = selected.next(painter.stamps()) {
            hits.push(line.start);
        }
        let starts: Vec<usize> = starts(block).collect();
        let near = near(&starts, &hits, around);
        let mut tracker = Tracker { greatest: lines.greatest };
        for (number, &start) in starts.iter().enumerate() {
            let line = &block[start..starts.get(number + 1).copied().unwrap_or(block.len())];
            if self.keys {
                tracker.see(line, painter.stamps());
            }
            if near[number] {
                let hit = hits.binary_search(&start).is_ok();
                lines.hits += u64::from(hit);
                let number = lines.count + number as u64;
                self.paint(
                    line,
                    painter,
                    lines,
                    Entry { key: tracker.greatest, begin: 0, end: 0, number, hit },
                );
            }
        }
        lines.greatest = tracker.greatest;
        lines.count += starts.len() as u64;
    }
}

/// The first lines of a block, so few that what is known of each of them has room; one at least.
fn few_lines(block: &[u8], full: usize) -> &[u8] {
    let most = full / (2 * size_of::<Entry>());
    if block.len() <= most {
        return block;
    }
    let end = memchr::memchr_iter(b'\n', block).nth(most.saturating_sub(1));
    end.map_or(block, |newline| &block[..=newline])
}

/// Where lines begin.
fn starts(block: &[u8]) -> impl Iterator<Item = usize> + '_ {
    let behind = memchr::memchr_iter(b'\n', block).map(|newline| newline + 1);
    std::iter::once(0).chain(behind.filter(|&start| start < block.len()))
}

/// Which lines are near one that was found, or near the start or end of the block.
fn near(starts: &[usize], hits: &[usize], (before, after): (usize, usize)) -> Vec<bool> {
    let count = starts.len();
    let mut near = vec![false; count];
    let mut mark = |from: usize, to: usize| near[from.min(count)..to.min(count)].fill(true);
    mark(0, after);
    mark(count.saturating_sub(before), count);
    let mut at = 0;
    for hit in hits {
        while starts[at] < *hit {
            at += 1;
        }
        mark(at.saturating_sub(before), at.saturating_add(after).saturating_add(1));
    }
    near
}

/// The greatest stamp so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tracker {
    /// It.
    pub greatest: Option<Label>,
}

impl Tracker {
    /// Sees lines.
    pub fn see(&mut self, block: &[u8], stamps: &mut Stamps) {
        let mut at = 0;
        while at < block.len() {
            let line = &block[at..];
            if let Some(stamp) = stamps.read(line, self.greatest) {
                self.greatest = self.greatest.max(Some(stamp.moment));
            }
            at += memchr(b'\n', line).map_or(line.len(), |newline| newline + 1);
        }
    }
}
