//! `Printer`: lines in order become output, with marks between them; or only the last ones, or their number.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tai64tools::Label;

use crate::merge::{Batch, Pile, Spill};
use crate::pipeline::{Sink, Stop};
use crate::search::Entry;
use crate::show::{Gone, Output};
use crate::time::words;

use super::progress::Progress;

/// What is done with lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// All are shown as they come.
    All,
    /// The first lines, up to this number, shown as they come.
    First(usize),
    /// The first lines, up to this number, shown in the opposite order when all are there.
    FirstTurned(usize),
    /// The last lines, up to this number, with their context.
    Last(usize),
}

/// What stands between lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// Silences of that length are marked.
    pub(super) gaps: Option<Duration>,
    /// Each line has this number of lines of context before it.
    pub(super) before: Option<usize>,
    /// With context a separator comes between lines that don't belong together.
    pub(super) separators: bool,
}

/// Lines that are shown in the opposite order wait in so much memory.
const PILE: usize = 4 << 20;

pub(super) struct Printer<'a> {
    output: &'a mut Output,
    keep: Keep,
    marks: Marks,
    /// There are no marks.
    is_plain: bool,
    shown: usize,
    progress: Progress,
    /// Lines that are shown at the end, by directory.
    held: BTreeMap<usize, Held>,
    /// Lines that are shown at the end, the last one first, and those of them that came last.
    turned: Pile,
    last_turned: Batch,
    spill: Spill,
    /// How many lines came.
    came: usize,
    last: Option<(usize, u64, Option<Label>)>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(output: &'a mut Output, keep: Keep, marks: Marks) -> Printer<'a> {
        let spill = Spill::default();
        Printer {
            progress: Progress::new(),
            turned: Pile::new(spill.clone(), PILE),
            last_turned: Batch::default(),
            spill,
            output,
            keep,
            marks,
            is_plain: marks.gaps.is_none() && marks.before.is_none(),
            shown: 0,
            held: BTreeMap::new(),
            came: 0,
            last: None,
        }
    }

    fn show(&mut self, source: usize, entry: Entry, bytes: &[u8]) -> Result<(), Gone> {
        self.progress.end();
        if let Some((before, number, key)) = self.last {
            self.mark(key, entry.key)?;
            let together = before == source && number + 1 == entry.number;
            if self.marks.before.is_some() && self.marks.separators && !together {
                self.output.add(b"--\n")?;
            }
        }
        self.last = Some((source, entry.number, entry.key));
        self.output.add(bytes)
    }

    fn mark(&mut self, before: Option<Label>, key: Option<Label>) -> Result<(), Gone> {
        let (Some(least), Some(before), Some(key)) = (self.marks.gaps, before, key) else { return Ok(()) };
        let silence = key.max(before).since(key.min(before));
        if silence >= least {
            self.output.add(format!("-- {} without a line --\n", words(silence)).as_bytes())?;
        }
        Ok(())
    }

    /// Shows what was held back. False: it could not be read again.
    pub(super) fn finish(&mut self) -> Result<bool, Gone> {
        self.progress.end();
        self.turned.push(std::mem::take(&mut self.last_turned));
        while let Some(kept) = self.turned.pop() {
            let batch = kept.batch();
            for entry in batch.entries.iter().rev() {
                self.show(0, *entry, &batch.bytes[entry.begin..entry.end])?;
            }
        }
        let held = std::mem::take(&mut self.held);
        let of = |(source, held): (usize, Held)| held.lines.into_iter().map(move |line| (source, line));
        let mut all: Vec<(usize, Line)> = held.into_iter().flat_map(of).collect();
        all.sort_by_key(|(_, line)| line.place);
        let mut lines: Vec<_> =
            all.into_iter().map(|(source, line)| (source, line.entry, line.bytes)).collect();
        if let (Keep::Last(most), Some(before)) = (self.keep, self.marks.before) {
            drop_stray(&mut lines, most, before as u64);
        }
        for (source, entry, bytes) in lines {
            self.show(source, entry, &bytes)?;
        }
        Ok(!self.spill.has_lost())
    }

    /// Holds back a line that will come before all that are held.
    fn turn(&mut self, entry: Entry, bytes: &[u8]) {
        self.last_turned.push(entry, bytes);
        self.came += 1;
        if self.last_turned.size() >= PILE / 8 {
            self.turned.push(std::mem::take(&mut self.last_turned));
        }
    }

    fn hold(&mut self, source: usize, entry: Entry, bytes: &[u8]) {
        let held = self.held.entry(source).or_default();
        held.lines.push_back(Line { place: self.came, entry, bytes: bytes.to_vec() });
        held.hits += usize::from(entry.hit);
        self.came += 1;
    }

    /// Forgets the first lines of a directory, so that no more wanted lines are left than the limit.
    fn forget(&mut self, source: usize, most: usize) {
        let Some(held) = self.held.get_mut(&source) else { return };
        while held.hits > most {
            let Some(line) = held.lines.pop_front() else { return };
            held.hits -= usize::from(line.entry.hit);
        }
    }
}

/// Lines of a directory that are held back.
#[derive(Default)]
struct Held {
    lines: VecDeque<Line>,
    hits: usize,
}

struct Line {
    /// How many came before it.
    place: usize,
    entry: Entry,
    bytes: Vec<u8>,
}

impl Sink for Printer<'_> {
    fn progress(&mut self, text: u64) {
        self.progress.add(text);
    }

    fn plain(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.progress.end();
        Ok(self.output.add(bytes)?)
    }

    fn line(&mut self, source: usize, entry: Entry, bytes: &[u8]) -> Result<(), Stop> {
        match self.keep {
            Keep::All if self.is_plain => {
                self.progress.end();
                Ok(self.output.add(bytes)?)
            }
            Keep::All => Ok(self.show(source, entry, bytes)?),
            Keep::First(most) => {
                if self.shown < most {
                    self.show(source, entry, bytes)?;
                }
                self.shown += 1;
                if self.shown >= most { Err(Stop::Enough) } else { Ok(()) }
            }
            Keep::FirstTurned(most) => {
                if self.came < most {
                    self.turn(entry, bytes);
                }
                if self.came >= most { Err(Stop::Enough) } else { Ok(()) }
            }
            Keep::Last(most) => {
                self.hold(source, entry, bytes);
                // Wanted lines may be context of later ones.
                self.forget(source, most.saturating_add(self.marks.before.unwrap_or(0)));
                Ok(())
            }
        }
    }
}

/// Leaves the last wanted lines, up to the limit, the lines of context before them, and all lines behind the first
/// wanted line of each directory.
fn drop_stray(lines: &mut Vec<(usize, Entry, Vec<u8>)>, most: usize, before: u64) {
    let hits = lines.iter().rev().filter(|(_, entry, _)| entry.hit).take(most);
    let mut firsts = BTreeMap::new();
    for (source, entry, _) in hits {
        firsts.insert(*source, entry.number);
    }
    lines.retain(|(source, entry, _)| {
        firsts.get(source).is_some_and(|first| entry.number.saturating_add(before) >= *first)
    });
}
