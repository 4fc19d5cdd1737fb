//! The judge: what a start has to do, from the record that the last run left and from what is there now. Pure.
//!
//! The record says what a batch was going to do. Two facts say how far it came. The flag and the head of the input
//! say whether it was consumed, and the lengths of the files say which directories have it. Where all of them have it,
//! the judge rolls forward: the batch is consumed, and not written again. Otherwise it rolls back: what was written
//! is cut off, and the batch begins anew from the input.

use tai64tools::Label;

use super::record::{Boot, Identity, Place, Record, SIGHT, Share};

/// What is known when a journal is found.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// This run of the machine.
    pub boot: Boot,
    /// The input. None: of a kind that can't be looked into.
    pub input: Option<(Identity, Source<'a>)>,
    /// The byte at the flag.
    pub flag: u8,
    /// The directories of the script, in its order.
    pub directories: &'a [Directory],
}

/// What the input shows without being read.
#[derive(Clone, Copy, Debug)]
pub enum Source<'a> {
    /// A pipe: what can be seen of its head.
    Pipe(&'a [u8]),
    /// A file: the position in it.
    File(u64),
}

/// A directory as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Directory {
    /// Which it is.
    pub place: Place,
    /// Inode and length of its `current`.
    pub current: Option<(u64, u64)>,
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The last stamp that was given.
    pub last_stamp: Label,
    /// For each directory of the script.
    pub directories: Vec<Known>,
    /// How many bytes at the head of the input every directory has already: they were not consumed yet.
    pub unconsumed: u64,
    /// The directories that take the line of which a part is written. None: the input begins with a
    /// line.
    pub midline: Option<Vec<usize>>,
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
            held: Vec::new(),
            held_is: Held::Line,
            doubtful: false,
        }
    }
}

/// How much of the batch has left the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Consumed {
    Nothing,
    /// What is before the split.
    Part,
    /// All of it, and what is behind it except this many bytes.
    All(u64),
    /// The record describes another input, or another place in it.
    Elsewhere,
    /// It describes this input, and does not fit it.
    Doubtful,
}

/// What a directory has of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Has {
    All,
    /// Nothing, or a part that can be cut off.
    NotAll,
    /// Nothing anymore, as its `current` was removed or replaced. Or nothing yet, as it was rotated for a batch that
    /// the limit of the process did not let in.
    Gone,
    /// Another program wrote to `current`, or put something in its place.
    Foreign,
}

/// Says what a start has to do.
pub fn judge(record: &Record, facts: &Facts<'_>) -> Verdict {
    let mut verdict = Verdict::none(facts.directories.len());
    verdict.last_stamp = record.last_stamp;
    let shares: Vec<Option<&Share>> = facts.directories.iter().map(|now| share_of(record, now)).collect();
    for (known, share) in verdict.directories.iter_mut().zip(&shares) {
        known.last_label = share.map(|share| share.last_label);
    }
    if record.boot != facts.boot {
        return verdict;
    }
    for (known, share) in verdict.directories.iter_mut().zip(&shares) {
        known.settled = share.map(|share| share.settled);
        // What has left a pipe was written before, whatever the input is now.
        let has_left = record.offset.is_none() && record.taken > 0 && facts.flag == record.last;
        let length = |share: &Share| if has_left { share.end() } else { share.start };
        known.written = share.map(|share| Proven { inode: share.current, length: length(share) });
    }
    let has: Vec<Has> = facts.directories.iter().zip(&shares).map(|(now, share)| has(now, *share)).collect();
    let all_have = has.iter().all(|&has| has == Has::All);
    let all_had = has.iter().all(|has| matches!(has, Has::All | Has::Gone));
    let no_stranger = !has.contains(&Has::Foreign);
    match consumed(record, facts) {
        Consumed::All(left) => roll_forward(&mut verdict, record, &shares, facts, left),
        // Consumption did not begin before all had it.
        Consumed::Part if all_had => {
            roll_forward(&mut verdict, record, &shares, facts, record.taken - record.split + record.more);
        }
        Consumed::Nothing if all_have => {
            roll_forward(&mut verdict, record, &shares, facts, record.taken + record.more);
        }
        Consumed::Nothing if no_stranger => roll_back(&mut verdict, record, &shares, facts),
        other => {
            verdict.doubtful = other != Consumed::Elsewhere;
            if other == Consumed::Elsewhere {
                keep_whole_files(&mut verdict, &shares, facts);
            }
            // Only this record has these bytes. The lengths say whether the batch that has them was written.
            let written = record.taken > 0 && all_have && has.len() == record.shares.len();
            if facts.flag == record.last && record.taken > 0 {
                verdict.held = record.held_at(record.after).to_vec();
            } else if !written {
                verdict.held = record.held_at(record.before).to_vec();
            }
        }
    }
    verdict
}

fn share_of<'a>(record: &'a Record, now: &Directory) -> Option<&'a Share> {
    record.shares.iter().find(|share| share.place == now.place)
}

fn consumed(record: &Record, facts: &Facts<'_>) -> Consumed {
    let Some((_, source)) = facts.input.filter(|(input, _)| *input == record.input) else {
        return Consumed::Elsewhere;
    };
    // With nothing to consume it is the files that say how far it came.
    let idle = record.taken == 0 && record.shares.iter().all(|share| share.adds == 0);
    match (record.offset, source) {
        (None, Source::Pipe(_)) if idle => Consumed::All(record.more),
        (None, Source::Pipe(_)) if record.taken == 0 => Consumed::Nothing,
        (None, Source::Pipe(_)) if facts.flag == record.last => Consumed::All(record.more),
        (None, Source::Pipe(head)) if facts.flag == record.unset_flag() => {
            if record.split > 0 && begins(head, &record.second, record.taken - record.split) {
                Consumed::Part
            } else if begins(head, &record.first, record.taken) {
                Consumed::Nothing
            } else {
                Consumed::Doubtful
            }
        }
        (None, Source::Pipe(_)) => Consumed::Doubtful,
        (Some(offset), Source::File(at)) => {
            let (end, last) = (offset + record.taken, offset + record.taken + record.more);
            if at == offset && !idle {
                Consumed::Nothing
            } else if (end..=last).contains(&at) {
                Consumed::All(last - at)
            } else {
                Consumed::Elsewhere
            }
        }
        _ => Consumed::Elsewhere,
    }
}

/// Whether the pipe begins with what was kept of `length` bytes.
fn begins(head: &[u8], kept: &[u8; SIGHT], length: u64) -> bool {
    let length = usize::try_from(length).unwrap_or(SIGHT).min(SIGHT);
    let seen = length.min(head.len());
    seen > 0 && head[..seen] == kept[..seen]
}

fn has(now: &Directory, share: Option<&Share>) -> Has {
    // A directory that is new in the script has no part in what was in hand.
    let Some(share) = share else { return Has::All };
    match now.current {
        Some((inode, length)) if inode == share.current => {
            if length == share.end() {
                Has::All
            } else if (share.start..share.end()).contains(&length) {
                Has::NotAll
            } else {
                Has::Foreign
            }
        }
        _ if share.adds > 0 => Has::Gone,
        // Rotated, and nothing was to be added to it.
        None | Some((_, 0)) => Has::All,
        Some(_) => Has::Foreign,
    }
}

/// Every directory has the batch: things are as they are after it, and what is unconsumed has to leave the input.
fn roll_forward(
    verdict: &mut Verdict,
    record: &Record,
    shares: &[Option<&Share>],
    facts: &Facts<'_>,
    unconsumed: u64,
) {
    verdict.unconsumed = unconsumed;
    let mut undisturbed = true;
    for ((known, share), now) in verdict.directories.iter_mut().zip(shares).zip(facts.directories) {
        let Some(share) = share else { continue };
        known.written = Some(Proven { inode: share.current, length: share.end() });
        if has(now, Some(share)) == Has::All {
            known.current = Some(Proven { inode: share.current, length: share.end() });
        } else {
            // Rotated, and nothing was written since; or another program was here.
            undisturbed &= now.current.is_none_or(|(_, length)| length == 0);
        }
    }
    verdict.held = record.held_at(record.after).to_vec();
    // Nothing is written yet of a line that is not in hand, so it does not matter what else was changed.
    if undisturbed || !record.after.midline {
        verdict.held_is = Held::Beginning;
        verdict.midline = record.after.midline.then(|| takers(shares, |share| share.takes_after));
    }
}

/// The input is gone, and what was in it: a `current` that ends where its last batch ended is whole.
fn keep_whole_files(verdict: &mut Verdict, shares: &[Option<&Share>], facts: &Facts<'_>) {
    for ((known, share), now) in verdict.directories.iter_mut().zip(shares).zip(facts.directories) {
        let Some(share) = share else { continue };
        if has(now, Some(share)) == Has::All && !share.takes_after {
            known.current = Some(Proven { inode: share.current, length: share.end() });
        }
    }
}

/// Not every directory has the batch: things are as they were before it.
fn roll_back(verdict: &mut Verdict, record: &Record, shares: &[Option<&Share>], facts: &Facts<'_>) {
    for ((known, share), now) in verdict.directories.iter_mut().zip(shares).zip(facts.directories) {
        let is_there = |share: &&&Share| now.current.is_some_and(|(inode, _)| inode == share.current);
        let share = share.as_ref().filter(is_there);
        known.current = share.map(|share| Proven { inode: share.current, length: share.start });
    }
    verdict.held = record.held_at(record.before).to_vec();
    verdict.held_is = Held::Beginning;
    verdict.midline = record.before.midline.then(|| takers(shares, |share| share.takes_before));
}

fn takers(shares: &[Option<&Share>], takes: impl Fn(&Share) -> bool) -> Vec<usize> {
    let takes = |share: &Option<&Share>| share.is_some_and(&takes);
    (0..shares.len()).filter(|&log| takes(&shares[log])).collect()
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
