//! Moves of fixed length: stamps and lines of usual length, copied without a look at how long each one is.
//!
//! To copy more bytes than a line has, and to write the next line over the excess, is quicker than to copy as many
//! as there are. So each move needs room for more than its line, and input behind it.

use std::ops::Range;

use tai64tools::{StampRun, Stamped};
use unix::wide::Work;

use crate::newlines::Newlines;

/// The longest line that is copied by moves of fixed length, and how many bytes these may touch.
pub(super) const MOVE: usize = 192;

/// The room for a stamp and such a line.
pub(super) const ROOM: usize = Stamped::ROOM + MOVE;

/// What goes between a stamp and its line.
pub(super) trait Between: Copy {
    /// How many bytes a call of [`Between::put`] may touch.
    const ROOM: usize;

    /// Puts it to the start of `to`, which has [`Between::ROOM`] bytes at least; how long it is.
    fn put(self, to: &mut [u8]) -> usize;
}

/// Nothing.
#[derive(Clone, Copy)]
pub(super) struct Nothing;

impl Between for Nothing {
    const ROOM: usize = 0;

    #[inline(always)]
    fn put(self, _: &mut [u8]) -> usize {
        0
    }
}

/// A prefix that is put by one move.
#[derive(Clone, Copy)]
pub(super) struct Prefix {
    bytes: [u8; Prefix::ROOM],
    length: usize,
}

impl Prefix {
    /// None: it is too long for a move.
    pub(super) fn new(text: &[u8]) -> Option<Prefix> {
        let mut bytes = [0; Prefix::ROOM];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(Prefix { bytes, length: text.len() })
    }
}

impl Between for Prefix {
    const ROOM: usize = 32;

    #[inline(always)]
    fn put(self, to: &mut [u8]) -> usize {
        copy::<{ Prefix::ROOM }>(0, to, &self.bytes);
        self.length
    }
}

/// A prefix that is put by several moves: as many as it is long.
#[derive(Clone, Copy)]
pub(super) struct LongPrefix<'a> {
    bytes: &'a [u8; LongPrefix::ROOM],
    length: usize,
}

impl LongPrefix<'_> {
    /// How many bytes a move has.
    const MOVE: usize = 64;

    /// What a prefix is put from. None: it is longer than the script allows.
    pub(super) fn padded(text: &[u8]) -> Option<[u8; LongPrefix::ROOM]> {
        let mut bytes = [0; LongPrefix::ROOM];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        Some(bytes)
    }

    /// The first `length` of these bytes.
    pub(super) fn new(bytes: &[u8; LongPrefix::ROOM], length: usize) -> LongPrefix<'_> {
        LongPrefix { bytes, length: length.min(LongPrefix::ROOM) }
    }
}

impl Between for LongPrefix<'_> {
    const ROOM: usize = 256;

    #[inline(always)]
    fn put(self, to: &mut [u8]) -> usize {
        let to = &mut to[..LongPrefix::ROOM];
        for at in (0..self.length).step_by(LongPrefix::MOVE) {
            copy::<{ LongPrefix::MOVE }>(at, to, self.bytes);
        }
        self.length
    }
}

/// Lines to be put behind each other by moves: with which stamps, where to, from where in the input, and how far.
pub(super) struct Moves<'a, S, B> {
    pub(super) stamps: S,
    pub(super) between: B,
    pub(super) bytes: &'a mut [u8],
    /// The lines go behind the first `length` of the bytes.
    pub(super) length: usize,
    pub(super) input: &'a [u8],
    pub(super) newlines: Newlines,
    /// Where the first line begins.
    pub(super) at: usize,
    /// Lines that end before this place of the input are put.
    pub(super) until: usize,
    /// No line is put once this many bytes are there.
    pub(super) full: usize,
}

/// What was put.
pub(super) struct Moved {
    /// How many bytes there are now.
    pub(super) length: usize,
    /// Where the next line of the input begins.
    pub(super) at: usize,
    pub(super) newlines: Newlines,
    /// How many lines were put.
    pub(super) lines: u32,
}

impl<S: StampRun, B: Between> Work for Moves<'_, S, B> {
    type Result = Moved;

    /// Puts lines for as long as moves are enough for each and there is room. This is the loop that nearly every byte
    /// goes through: it works on registers and slices only, and is compiled for each kind of run.
    #[inline(always)]
    fn perform(self) -> Moved {
        let Moves { bytes, mut length, input, mut newlines, .. } = self;
        let (mut at, mut lines) = (self.at, 0);
        for &digits in self.stamps.digits() {
            let Some(last) = newlines.next(input) else { break };
            let line = last + 1 - at;
            if last >= self.until || length >= self.full || line > MOVE {
                break;
            }
            let Some(to) = bytes[length..].get_mut(..ROOM + B::ROOM) else { break };
            let Some(from) = input[at..].first_chunk::<MOVE>() else { break };
            let stamp = self.stamps.put(digits, to);
            let width = stamp + self.between.put(&mut to[stamp..]);
            move_line(&mut to[width..], from, line);
            length += width + line;
            at = last + 1;
            newlines.pass();
            lines += 1;
        }
        Moved { length, at, newlines, lines }
    }
}

/// The room that [`put_line`] needs for a line of this length.
#[inline]
pub(super) fn room_for(line: usize) -> usize {
    Stamped::ROOM + line.max(MOVE)
}

/// Puts a stamp and a line of any length to the start of `room`; how many bytes these are.
#[inline(always)]
pub(super) fn put_line(room: &mut [u8], stamp: Stamped<'_>, input: &[u8], line: Range<usize>) -> usize {
    let length = line.len();
    let width = stamp.put(room);
    let to = &mut room[width..];
    match input.get(line.start..line.start + MOVE) {
        Some(from) if length <= MOVE => move_line(to, from, length),
        _ => to[..length].copy_from_slice(&input[line]),
    }
    width + length
}

/// Copies at least `length` bytes, of [`MOVE`] at most.
#[inline(always)]
fn move_line(to: &mut [u8], from: &[u8], length: usize) {
    copy::<32>(0, to, from);
    if length > 32 {
        copy::<32>(32, to, from);
    }
    if length > 64 {
        copy::<64>(64, to, from);
        copy::<64>(128, to, from);
    }
}

/// Copies N bytes from an index of one to the same index of the other.
#[inline(always)]
fn copy<const N: usize>(at: usize, to: &mut [u8], from: &[u8]) {
    // As arrays, so that it is always moves and never a call.
    if let (Some(to), Some(from)) = (to[at..at + N].first_chunk_mut::<N>(), from[at..at + N].first_chunk()) {
        *to = *from;
    }
}
