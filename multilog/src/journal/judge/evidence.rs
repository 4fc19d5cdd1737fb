//! The evidence: how far the batch of a record came, from the flag, the input and the lengths of the files. Pure.

use crate::journal::record::{Boot, Record, SIGHT, Share};
use crate::logfs::{Identity, Place};

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

/// How much of the batch has left the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consumed {
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
pub(super) enum Has {
    All,
    /// Nothing, or a part that can be cut off.
    NotAll,
    /// Nothing anymore, as its `current` was removed or replaced. Or nothing yet, as it was rotated for a batch that
    /// the limit of the process did not let in.
    Gone,
    /// Another program wrote to `current`, or put something in its place.
    Foreign,
}

/// How much of the batch has left the input.
pub(super) fn consumed(record: &Record, facts: &Facts<'_>) -> Consumed {
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

/// What a directory has of the batch, which has this share in it.
pub(super) fn has(now: &Directory, share: Option<&Share>) -> Has {
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
