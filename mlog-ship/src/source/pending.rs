//! `Pending`: what a follower has read and no batch has taken yet, with the places in it.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use mlog::archive::Damage;
use mlog::follow::{Gap, Place, Reader};
use mlog::search::LONGEST;
use mlog::stamp::Stamps;
use tai64tools::Label;

use super::{Amount, Cut, Said};
use crate::bound::Bound;
use crate::cut;

/// Text of one generation.
#[derive(Debug)]
struct Stretch {
    /// Where it begins.
    bound: Bound,
    /// The last stamp before it: that of the line in which it begins, where it begins in one.
    last: Option<Label>,
    /// How many bytes of the pending text it has.
    length: usize,
    /// What has to be said before it.
    said: Vec<Said>,
    /// How it ends.
    end: End,
}

/// How a stretch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// With a newline.
    Newline,
    /// Without one, at the end of a generation.
    Torn,
    /// Within a line that goes on in the next stretch.
    Open,
}

/// Text that was read, and the places in it.
#[derive(Debug, Default)]
pub(super) struct Pending {
    text: Vec<u8>,
    /// How much of the text was taken.
    taken: usize,
    stretches: VecDeque<Stretch>,
    /// What was read in the step that goes on, and what has to be said of it.
    fresh: usize,
    said: Vec<Said>,
    /// How many pieces of a line were before the text that comes.
    part: u32,
}

impl Reader for Pending {
    fn lines(&mut self, lines: &[u8]) {
        self.text.extend_from_slice(lines);
        self.fresh += lines.len();
    }

    fn gap(&mut self, gap: Gap) {
        self.said.push(Said::Gap(gap));
    }

    fn damage(&mut self, name: &OsStr, damage: &Damage) {
        self.said.push(Said::Damage(name.as_bytes().to_vec(), damage.0.clone()));
    }
}

impl Pending {
    /// How much there is.
    pub(super) fn len(&self) -> usize {
        self.text.len() - self.taken
    }

    /// Says something before what comes.
    pub(super) fn say(&mut self, said: Said) {
        match self.stretches.front_mut() {
            Some(first) => first.said.insert(0, said),
            None => self.said.push(said),
        }
    }

    /// Says that lines may be missing before what comes, unless the follower has said so.
    pub(super) fn say_gap(&mut self, after: Option<Label>, stamps: &mut Stamps) {
        let is_said = |said: &[Said]| said.iter().any(|said| matches!(said, Said::Gap(_)));
        let first = self.stretches.front();
        if is_said(&self.said) || first.is_some_and(|first| is_said(&first.said)) {
            return;
        }
        let text = first.map_or(&[][..], |first| &self.text[self.taken..][..first.length]);
        let mut lines = text.split(|&byte| byte == b'\n');
        let before = lines.find_map(|line| stamps.read(line, None)).map(|stamp| stamp.moment);
        self.say(Said::Gap(Gap { after, before, certain: false }));
    }

    /// Leaves out lines of the generation of a place whose stamps are earlier than this one, and those without stamps behind
    /// them. Whether all of them are left out now, and how many that were.
    pub(super) fn leave_out(&mut self, than: Label, place: &Place, stamps: &mut Stamps) -> (bool, usize) {
        let mut count = 0;
        while let Some(first) = self.stretches.front_mut() {
            let own = &first.bound.place;
            if (own.label, own.meant) != (place.label, place.meant) {
                return (true, count);
            }
            let text = &self.text[self.taken..][..first.length];
            let line = memchr::memchr(b'\n', text).map_or(text.len(), |newline| newline + 1);
            let stamp = stamps.read(&text[..line], None).map(|stamp| stamp.moment);
            if stamp.map_or(count == 0, |stamp| stamp >= than) {
                return (true, count);
            }
            count += 1;
            first.bound = first.behind(&text[..line], true, stamps);
            first.last = first.bound.place.last;
            first.length -= line;
            self.taken += line;
            if first.length == 0 {
                self.stretches.pop_front();
            }
        }
        (false, count)
    }

    /// How many pieces are behind the follower of the line in which it is.
    pub(super) fn begin_within(&mut self, part: u32) {
        self.part = part;
    }

    /// Gives memory back that a burst has taken.
    pub(super) fn shrink(&mut self) {
        if self.len() == 0 {
            (self.text, self.taken) = (Vec::new(), 0);
        }
    }

    /// A step of the follower has ended that began at this place.
    pub(super) fn stepped(&mut self, from: Place) {
        let length = std::mem::take(&mut self.fresh);
        if length == 0 {
            return;
        }
        let new = &self.text[self.text.len() - length..];
        let end = match new.last() {
            Some(b'\n') => End::Newline,
            _ if length >= LONGEST && memchr::memchr(b'\n', new).is_none() => End::Open,
            _ => End::Torn,
        };
        let part = std::mem::take(&mut self.part);
        if end == End::Open {
            self.part = part + 1;
        }
        let said = std::mem::take(&mut self.said);
        let last = from.last;
        let bound = Bound { place: from, within: 0, part, crc: 0 };
        self.stretches.push_back(Stretch { bound, last, length, said, end });
    }

    /// Takes lines. None: there are not enough.
    pub(super) fn take(&mut self, amount: Amount, stamps: &mut Stamps) -> Option<Cut> {
        let first = self.stretches.front()?;
        let mut cut = Cut { first: Some(first.bound.clone()), last: first.last, ..Cut::default() };
        let most = match amount {
            Amount::UpTo(most) => most,
            Amount::Exactly(exactly) if self.with_newlines() < exactly => return None,
            Amount::Exactly(exactly) => exactly,
        };
        while cut.lines.len() < most && self.take_of_first(&mut cut, amount, most, stamps) {}
        if self.taken >= self.len() {
            self.text.drain(..self.taken);
            self.taken = 0;
        }
        Some(cut)
    }

    /// The length of what can be taken.
    fn with_newlines(&self) -> usize {
        let newlines = self.stretches.iter().filter(|stretch| stretch.end == End::Torn).count();
        self.len() + newlines
    }

    /// Takes of the first stretch. False: no more of it goes into the cut.
    fn take_of_first(&mut self, cut: &mut Cut, amount: Amount, most: usize, stamps: &mut Stamps) -> bool {
        let Some(stretch) = self.stretches.front_mut() else { return false };
        let text = &self.text[self.taken..][..stretch.length];
        let room = most - cut.lines.len();
        let torn = stretch.end == End::Torn;
        let length = match amount {
            Amount::Exactly(_) => text.len().min(room),
            Amount::UpTo(_) if text.len() + usize::from(torn) <= room => text.len(),
            Amount::UpTo(_) => {
                let length = cut::lines(text, room.min(text.len().saturating_sub(1)).max(1));
                let is_within = text[length - 1] != b'\n';
                // A line that has begun in another batch's stead waits for the next one, if it fits there.
                if is_within && !cut.lines.is_empty() {
                    return false;
                }
                length
            }
        };
        let is_all = length == text.len();
        cut.said.append(&mut stretch.said);
        cut.lines.extend_from_slice(&text[..length]);
        let ends = is_all && stretch.end != End::Newline;
        let mut end = stretch.behind(&text[..length], ends, stamps);
        if is_all && stretch.end == End::Open {
            end.part = stretch.bound.part + 1;
        }
        if is_all && torn && cut.lines.len() < most {
            cut.lines.push(b'\n');
        }
        self.taken += length;
        cut.end = Some(end.clone());
        if is_all {
            self.stretches.pop_front();
        } else {
            stretch.length -= length;
            stretch.last = match end.within {
                0 => end.place.last,
                _ => stretch.last_stamp(&text[..length], stamps),
            };
            stretch.bound = end;
        }
        is_all
    }
}

impl Stretch {
    /// The bound behind some text that begins it. `ends`: the follower takes what has no newline for a line.
    fn behind(&self, text: &[u8], ends: bool, stamps: &mut Stamps) -> Bound {
        let newline = memchr::memrchr(b'\n', text).map_or(0, |newline| newline + 1);
        let whole = if ends { text.len() } else { newline };
        let mut bound = self.bound.clone();
        if whole > 0 {
            bound = self.behind_lines(&text[..whole], stamps);
        }
        let rest = &text[whole..];
        if !rest.is_empty() {
            (bound.within, bound.crc) = continued(&bound, rest);
            bound.part += 1;
        }
        bound
    }

    /// The bound behind lines that begin it.
    fn behind_lines(&self, lines: &[u8], stamps: &mut Stamps) -> Bound {
        let begin = memchr::memrchr(b'\n', &lines[..lines.len() - 1]).map_or(0, |newline| newline + 1);
        let line = &lines[begin..];
        let (length, crc) = if begin == 0 {
            continued(&self.bound, line)
        } else {
            (u32::try_from(line.len()).unwrap_or(0), crc32fast::hash(line))
        };
        let last = self.last_stamp(lines, stamps);
        let Bound { place, within, .. } = &self.bound;
        let offset = place.offset + u64::from(*within) + lines.len() as u64;
        Bound::between(Place { offset, length, crc, last, ..place.clone() })
    }

    /// The last stamp in some text that begins it, else before that. What goes on with a line has no stamp.
    fn last_stamp(&self, text: &[u8], stamps: &mut Stamps) -> Option<Label> {
        let is_within = self.bound.within > 0 || self.bound.part > 0;
        let newline = || memchr::memchr(b'\n', text).map_or(text.len(), |newline| newline + 1);
        let begin = if is_within { newline() } else { 0 };
        let body = text[begin..].strip_suffix(b"\n").unwrap_or(&text[begin..]);
        let found = body.rsplit(|&byte| byte == b'\n').find_map(|line| stamps.read(line, None));
        found.map(|stamp| stamp.moment).or(self.last)
    }
}

/// Length and CRC of what is before a bound within a line, and of what follows.
fn continued(bound: &Bound, text: &[u8]) -> (u32, u32) {
    let mut hasher = crc32fast::Hasher::new_with_initial_len(bound.crc, u64::from(bound.within));
    hasher.update(text);
    (bound.within + u32::try_from(text.len()).unwrap_or(0), hasher.finalize())
}
