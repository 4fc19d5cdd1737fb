//! The parts of one directory in order become batches of lines: lines that were cut are joined, keys are carried on, the
//! range and the context are applied.

use std::collections::VecDeque;
use std::sync::Arc;

use tai64tools::Label;

use crate::merge::{Batch, Direction, Kept, Pile};
use crate::plan::Range;
use crate::search::{Entry, LONGEST, Lines, Part, Query};
use crate::show::Painter;

/// What a part belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The segment is the first of its file.
    pub(super) first: bool,
    /// The segment is the last of its file.
    pub(super) last: bool,
    /// The moment of the label of the generation before.
    pub(super) floor: Option<Label>,
    /// The moment of its own label, if it has one.
    pub(super) ceiling: Option<Label>,
}

/// How the segments of a directory come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// From the first to the last.
    Forward,
    /// Files from the last to the first, and each from its first segment to its last.
    Files,
    /// From the last to the first.
    Segments,
}

impl Order {
    /// Which way the lines go.
    pub(super) fn direction(self) -> Direction {
        if self == Order::Forward { Direction::Forward } else { Direction::Backward }
    }
}

pub(super) struct Assembly {
    query: Arc<Query>,
    painter: Painter,
    order: Order,
    range: Range,
    /// The most lines that are wanted of the directory; they are its last ones where lines come backwards.
    most: Option<usize>,
    /// The start of a line that goes on; backwards by segments, the rest of one that began before.
    partial: Vec<u8>,
    /// The key of the last line, without its ceiling.
    key: Option<Label>,
    /// No key of the file is greater.
    ceiling: Option<Label>,
    /// The lines of a unit that will be passed on backwards.
    unit: Pile,
    context: Context,
    /// The start of a segment, while segments are read backwards.
    head: Vec<u8>,
    /// Lines in order.
    pub(super) ready: Vec<Kept>,
    /// Lines that need not be told apart.
    pub(super) plain: Vec<Vec<u8>>,
    pub(super) hits: u64,
    /// What follows is behind the range.
    pub(super) done: bool,
}

impl Assembly {
    /// `pile` is where lines wait that come backwards.
    pub(super) fn new(
        query: Arc<Query>,
        painter: Painter,
        order: Order,
        range: Range,
        pile: Pile,
    ) -> Assembly {
        let context = Context::default();
        Assembly {
            query,
            painter,
            order,
            range,
            most: None,
            partial: Vec::new(),
            key: None,
            ceiling: None,
            unit: pile,
            context,
            head: Vec::new(),
            ready: Vec::new(),
            plain: Vec::new(),
            hits: 0,
            done: false,
        }
    }

    pub(super) fn at_most(self, most: Option<usize>) -> Assembly {
        Assembly { most, ..self }
    }

    /// Takes the next part. `begins`: it is the first of its segment.
    pub(super) fn take(&mut self, part: Part, place: Place, begins: bool) {
        if begins && place.first {
            (self.key, self.ceiling) = (place.floor, place.ceiling);
        }
        if self.order == Order::Segments {
            self.take_backwards(part, place)
        } else {
            self.take_forwards(part, place)
        }
    }

    fn take_forwards(&mut self, part: Part, place: Place) {
        if let Some(head) = part.head {
            self.partial.extend_from_slice(&head);
            if !part.open || self.partial.len() >= LONGEST {
                self.joined();
            }
        }
        self.lines(part.lines);
        if part.over {
            self.partial.extend_from_slice(&part.tail);
            if place.last || part.damage.is_some() {
                self.joined();
            }
            if place.last && self.order == Order::Files {
                self.end_unit();
            }
        }
    }

    /// The line in hand is complete.
    fn joined(&mut self) {
        let line = std::mem::take(&mut self.partial);
        let mut lines = Lines::default();
        self.query.search(&line, &mut self.painter, &mut lines, usize::MAX);
        self.lines(lines);
    }

    /// A line that is cut by the start of this segment is joined when the segment before it comes.
    fn take_backwards(&mut self, part: Part, place: Place) {
        self.lines(part.lines);
        if part.open {
            self.partial.splice(0..0, part.head.unwrap_or_default());
            if self.partial.len() >= LONGEST {
                self.joined();
            }
        } else {
            self.head.extend_from_slice(&part.head.unwrap_or_default());
            if part.over {
                let behind = std::mem::replace(&mut self.partial, part.tail);
                if part.damage.is_some() {
                    self.joined();
                }
                self.partial.extend_from_slice(&behind);
                self.joined();
                self.partial = std::mem::take(&mut self.head);
            }
        }
        if part.over {
            if place.first {
                self.joined();
            }
            self.end_unit();
        }
    }

    fn lines(&mut self, lines: Lines) {
        if self.done {
            return;
        }
        if !self.query.index {
            self.hits += lines.hits;
            if !lines.bytes.is_empty() {
                self.plain.push(lines.bytes);
            }
            return;
        }
        let mut entries = lines.entries;
        // Keys of a part never go back, so mostly the first and the greatest tell that all of them hold.
        let is_raised = entries.first().is_some_and(|first| first.key < self.key);
        let is_lowered = self.ceiling.is_some() && lines.greatest > self.ceiling;
        if is_raised || is_lowered {
            for entry in &mut entries {
                entry.key = lower(entry.key.max(self.key), self.ceiling);
            }
        }
        self.key = self.key.max(lines.greatest);
        let range = self.range;
        if !range.is_all() {
            entries.retain(|entry| !range.is_after(entry.key) && !range.is_before(entry.key));
        }
        self.done |= self.order == Order::Forward && range.is_before(lower(self.key, self.ceiling));
        let batch = match self.query.context {
            None => Batch::new(lines.bytes, entries),
            Some(around) => self.context.apply(&lines.bytes, &entries, lines.count, around),
        };
        self.hits += match self.query.context {
            // Every line of these is one.
            None => batch.entries.len() as u64,
            Some(_) => batch.entries.iter().filter(|entry| entry.hit).count() as u64,
        };
        if self.order == Order::Forward { self.ready.push(Kept::Here(batch)) } else { self.collect(batch) }
    }

    fn collect(&mut self, batch: Batch) {
        self.unit.push(batch);
        if let Some(most) = self.most {
            self.unit.forget_beyond(most);
        }
    }

    /// How many bytes wait here.
    pub(super) fn bytes(&self) -> usize {
        self.unit.memory() + self.ready.iter().map(Kept::memory).sum::<usize>()
    }

    fn end_unit(&mut self) {
        while let Some(batch) = self.unit.pop() {
            self.ready.push(batch);
        }
    }
}

/// The key, or the ceiling where that is less.
fn lower(key: Option<Label>, ceiling: Option<Label>) -> Option<Label> {
    ceiling.map_or(key, |ceiling| key.map(|key| key.min(ceiling)))
}

/// Lines around those that are wanted.
#[derive(Default)]
pub struct Context {
    /// Lines that may be context of one that comes.
    before: VecDeque<(Entry, Vec<u8>)>,
    /// How many lines there were.
    count: u64,
    /// Lines up to this number are context of one that was.
    until: u64,
}

impl Context {
    /// Of lines that may be wanted, those that are. Their numbers are those of the directory then.
    pub fn apply(&mut self, bytes: &[u8], entries: &[Entry], count: u64, around: (usize, usize)) -> Batch {
        let (before, after) = (around.0 as u64, around.1 as u64);
        let mut kept = Batch::default();
        for entry in entries {
            let number = self.count + entry.number;
            let entry_bytes = &bytes[entry.begin..entry.end];
            let entry = Entry { number, ..*entry };
            if entry.hit {
                for (earlier, text) in std::mem::take(&mut self.before) {
                    if earlier.number.saturating_add(before) >= number {
                        kept.push(earlier, &text);
                    }
                }
                self.until = number.saturating_add(after).saturating_add(1);
            }
            if entry.hit || number < self.until {
                kept.push(entry, entry_bytes);
            } else if before > 0 {
                if self.before.len() as u64 >= before {
                    self.before.pop_front();
                }
                self.before.push_back((entry, entry_bytes.to_vec()));
            }
        }
        self.count += count;
        kept
    }
}
