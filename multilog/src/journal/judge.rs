//! The judge: what a start has to do, from the record that the last run left and from what is there now. Pure.
//!
//! The record says what a batch was going to do. Two facts say how far it came. The flag and the head of the input
//! say whether it was consumed, and the lengths of the files say which directories have it. Where all of them have it,
//! the judge rolls forward: the batch is consumed, and not written again. Otherwise it rolls back: what was written
//! is cut off, and the batch begins anew from the input. A batch with lines for standard output is rolled back until
//! it begins to leave the input, as nothing else says that they were written.

mod evidence;

use tai64tools::Label;

use super::record::{Record, Share};
use evidence::{Consumed, Has, consumed, has};
pub use evidence::{Directory, Facts, Source};

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The last stamp that was given.
    pub last_stamp: Label,
    /// For each directory of the script.
    pub directories: Vec<Known>,
    /// How many bytes at the head of the input every directory has already: they were not consumed yet.
    pub unconsumed: u64,
    /// The outlets that take the line of which a part is written: directories by their number in the script, and
    /// behind the last one standard output. None: the input begins with a line.
    pub midline: Option<Vec<usize>>,
    /// How many bytes of the piece in hand are written, if that part is of a piece.
    pub piece: u64,
    /// What was taken out of the pipe and is not written.
    pub held: Vec<u8>,
    /// Whether `held` goes on in the pipe.
    pub held_is: Held,
    /// The flag and the head of the input do not fit the record.
    pub doubtful: bool,
}

/// What the part of a line that was taken out of a pipe is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// The beginning of the line at the head of the pipe.
    Beginning,
    /// A line of its own, as what follows it is not known.
    Line,
}

/// What is known about a directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// `current` is the file that was written to; what is behind this length has to be cut off.
    pub current: Option<Proven>,
    /// No file there has a later label.
    pub last_label: Option<Label>,
    /// Unsealed files with later labels were left by the last run, on this run of the machine.
    pub settled: Option<Label>,
    /// `current` was this file and had at least this length, on this run of the machine.
    pub written: Option<Proven>,
    /// How many lines `limit=` has dropped that the log does not say yet.
    pub unsaid: u64,
}

/// A `current` that the record describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proven {
    /// Its inode.
    pub inode: u64,
    /// How long it has to be.
    pub length: u64,
}

impl Verdict {
    /// Nothing is known.
    pub fn none(directories: usize) -> Verdict {
        Verdict {
            last_stamp: Label::MIN,
            directories: vec![Known::default(); directories],
            unconsumed: 0,
            midline: None,
            piece: 0,
            held: Vec::new(),
            held_is: Held::Line,
            doubtful: false,
        }
    }
}

/// Says what a start has to do.
pub fn judge(record: &Record, facts: &Facts<'_>) -> Verdict {
    let mut verdict = Verdict::none(facts.directories.len());
    let case = Case::new(record, facts);
    verdict.last_stamp = record.last_stamp;
    for (known, share) in verdict.directories.iter_mut().zip(&case.shares) {
        known.last_label = share.map(|share| share.last_label);
    }
    if record.boot != facts.boot {
        return verdict;
    }
    case.note_files(&mut verdict);
    let has: Vec<Has> = case.directories().map(|(now, share)| has(now, share)).collect();
    // What standard output has is not known before the batch begins to leave the input.
    let unprinted = record.output().is_some_and(|share| share.adds > 0);
    let all_have = !unprinted && has.iter().all(|&has| has == Has::All);
    let all_had = has.iter().all(|has| matches!(has, Has::All | Has::Gone));
    let no_stranger = !has.contains(&Has::Foreign);
    match consumed(record, facts) {
        Consumed::All(left) => case.roll_forward(&mut verdict, left),
        // Consumption did not begin before all had it.
        Consumed::Part if all_had => {
            case.roll_forward(&mut verdict, record.taken - record.split + record.more);
        }
        Consumed::Nothing if all_have => case.roll_forward(&mut verdict, record.taken + record.more),
        Consumed::Nothing if no_stranger => case.roll_back(&mut verdict),
        other => {
            verdict.doubtful = other != Consumed::Elsewhere;
            if other == Consumed::Elsewhere {
                case.keep_whole_files(&mut verdict);
            }
            case.keep_held(&mut verdict, all_have);
        }
    }
    verdict
}

/// A record, and what is there now.
struct Case<'a> {
    record: &'a Record,
    facts: &'a Facts<'a>,
    /// For each directory of the script its share of the batch, if the record has one.
    shares: Vec<Option<&'a Share>>,
}

impl<'a> Case<'a> {
    fn new(record: &'a Record, facts: &'a Facts<'_>) -> Case<'a> {
        let share = |now: &Directory| record.shares.iter().find(|share| share.place == now.place);
        Case { record, facts, shares: facts.directories.iter().map(share).collect() }
    }

    fn directories(&self) -> impl Iterator<Item = (&'a Directory, Option<&'a Share>)> {
        self.facts.directories.iter().zip(self.shares.iter().copied())
    }

    /// What the record says of the files, whatever has become of the batch.
    fn note_files(&self, verdict: &mut Verdict) {
        let record = self.record;
        // What has left a pipe was written before, whatever the input is now.
        let has_left = record.offset.is_none() && record.taken > 0 && self.facts.flag == record.last;
        let length = |share: &Share| if has_left { share.end() } else { share.start };
        for (known, share) in verdict.directories.iter_mut().zip(&self.shares) {
            known.settled = share.map(|share| share.settled);
            known.written = share.map(|share| Proven { inode: share.current, length: length(share) });
        }
    }

    /// Every directory has the batch: things are as they are after it, and what is unconsumed has to leave the input.
    fn roll_forward(&self, verdict: &mut Verdict, unconsumed: u64) {
        verdict.unconsumed = unconsumed;
        let mut undisturbed = true;
        for (known, (now, share)) in verdict.directories.iter_mut().zip(self.directories()) {
            let Some(share) = share else { continue };
            known.unsaid = share.unsaid.1;
            known.written = Some(Proven { inode: share.current, length: share.end() });
            if has(now, Some(share)) == Has::All {
                known.current = Some(Proven { inode: share.current, length: share.end() });
            } else {
                // Rotated, and nothing was written since; or another program was here.
                undisturbed &= now.current.is_none_or(|(_, length)| length == 0);
            }
        }
        let after = self.record.after;
        verdict.held = self.record.held_at(after).to_vec();
        // Nothing is written yet of a line that is not in hand, so it does not matter what else was changed.
        if undisturbed || !after.midline {
            verdict.held_is = Held::Beginning;
            verdict.midline = after.midline.then(|| self.takers(|share| share.takes_after));
            verdict.piece = after.piece;
        } else {
            self.leave_torn_files(verdict);
        }
    }

    /// Nobody goes on with the line in hand: what follows it must not be joined to the part that a file has.
    fn leave_torn_files(&self, verdict: &mut Verdict) {
        let torn = |share: &Option<&Share>| share.is_some_and(|share| share.takes_after);
        let torn = verdict.directories.iter_mut().zip(&self.shares).filter(|(_, share)| torn(share));
        torn.for_each(|(known, _)| known.current = None);
    }

    /// Not every directory has the batch: things are as they were before it.
    fn roll_back(&self, verdict: &mut Verdict) {
        for (known, (now, share)) in verdict.directories.iter_mut().zip(self.directories()) {
            let is_there = |share: &&Share| now.current.is_some_and(|(inode, _)| inode == share.current);
            known.unsaid = share.map_or(0, |share| share.unsaid.0);
            let share = share.filter(is_there);
            known.current = share.map(|share| Proven { inode: share.current, length: share.start });
        }
        let before = self.record.before;
        verdict.held = self.record.held_at(before).to_vec();
        verdict.held_is = Held::Beginning;
        verdict.midline = before.midline.then(|| self.takers(|share| share.takes_before));
        verdict.piece = before.piece;
    }

    /// The input is gone, and what was in it: a `current` that ends where its last batch ended is whole.
    fn keep_whole_files(&self, verdict: &mut Verdict) {
        for (known, (now, share)) in verdict.directories.iter_mut().zip(self.directories()) {
            let Some(share) = share else { continue };
            if has(now, Some(share)) == Has::All && !share.takes_after {
                known.current = Some(Proven { inode: share.current, length: share.end() });
            }
        }
    }

    /// Only this record has what was held, and what the log does not say. `all_have` says whether the lengths fit a
    /// batch that was written, and with it what was held before it.
    fn keep_held(&self, verdict: &mut Verdict, all_have: bool) {
        let record = self.record;
        let directories = record.shares.len() - usize::from(record.output().is_some());
        let written = record.taken > 0 && all_have && self.shares.len() == directories;
        let consumed = self.facts.flag == record.last && record.taken > 0;
        if consumed {
            verdict.held = record.held_at(record.after).to_vec();
        } else if !written {
            verdict.held = record.held_at(record.before).to_vec();
        }
        for (known, share) in verdict.directories.iter_mut().zip(&self.shares) {
            let unsaid = share.map_or((0, 0), |share| share.unsaid);
            known.unsaid = if consumed || written { unsaid.1 } else { unsaid.0 };
        }
    }

    fn takers(&self, takes: impl Fn(&Share) -> bool) -> Vec<usize> {
        let takes = |share: &Option<&Share>| share.is_some_and(&takes);
        let outlets = self.shares.iter().copied().chain([self.record.output()]);
        outlets.enumerate().filter(|(_, share)| takes(share)).map(|(outlet, _)| outlet).collect()
    }
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
