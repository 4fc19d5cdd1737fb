//! `t`: a TAI64N label and a space. The stamps of a batch differ in their last two digits most of the time, and a line
//! costs two moves of fixed length, so that is the way of nearly every line of a log.

use super::{Look, Place, StampRun, Way};
use crate::label::{self, Label};

pub(super) const LOOK: Look = Look { width: WIDTH, places: Some(&PLACES), way: Way::Tai64n };

/// The label and the space.
const WIDTH: usize = label::LENGTH + 1;

/// Room for the label and the space; a copy of that many bytes is one or two moves.
const ROOM: usize = 32;

/// Where the two digits are that change with every line.
const LAST: usize = label::LENGTH - 2;

const DIGITS: &[u8; 16] = b"0123456789abcdef";

static PLACES: [Place; WIDTH] = {
    let mut places = [Place::OneOf(DIGITS); WIDTH];
    places[0] = Place::Only(b'@');
    places[label::LENGTH] = Place::Only(b' ');
    places
};

/// The two digits of each byte, the first one in the lower byte.
static PAIRS: [u16; 256] = {
    let (mut pairs, mut byte) = ([0; 256], 0);
    while byte < 256 {
        pairs[byte] = u16::from_le_bytes([DIGITS[byte >> 4], DIGITS[byte & 15]]);
        byte += 1;
    }
    pairs
};

/// The text that stamps have in common whose moments differ in the last byte of their nanoseconds only.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tai64nText {
    text: [u8; ROOM],
}

/// One stamp: the common text and its last two digits.
#[derive(Clone, Copy, Debug)]
pub struct Tai64nStamp<'a> {
    text: &'a [u8; ROOM],
    /// The two digits, the first one in the lower byte: a number, so that it stays in a register.
    last: u16,
}

impl Tai64nText {
    pub(crate) fn new(moment: Label) -> Tai64nText {
        let mut text = [b' '; ROOM];
        text[..label::LENGTH].copy_from_slice(&moment.text());
        Tai64nText { text }
    }

    /// Whether the stamps of both moments have the same common text.
    pub(crate) fn is_common(one: Label, other: Label) -> bool {
        let digits = |label: Label| (label.seconds(), label.nanos() >> 8);
        digits(one) == digits(other)
    }

    /// The stamp of a moment with these nanoseconds and this text.
    ///
    /// The two digits are not put into the text: to read it just after a write of two bytes into it would have to wait
    /// for that write.
    #[inline]
    pub(crate) fn stamp(&self, nanos: u32) -> Tai64nStamp<'_> {
        Tai64nStamp { text: &self.text, last: PAIRS[(nanos & 0xff) as usize] }
    }

    /// The stamps that come after that of `last` and have this text.
    #[inline]
    pub(crate) fn run(&self, last: Label) -> Tai64nRun {
        let nanos = last.nanos();
        let first = (nanos & 0xff) as usize + 1;
        let within_the_second = (nanos | 0xff) < 1_000_000_000;
        Tai64nRun { text: self.text, digits: if within_the_second { &PAIRS[first..] } else { &[] } }
    }
}

/// The next stamps of a batch, which differ in their last two digits only.
#[derive(Clone, Copy, Debug)]
pub struct Tai64nRun {
    text: [u8; ROOM],
    digits: &'static [u16],
}

impl StampRun for Tai64nRun {
    #[inline(always)]
    fn digits(&self) -> &'static [u16] {
        self.digits
    }

    #[inline(always)]
    fn put(&self, digits: u16, out: &mut [u8]) -> usize {
        Tai64nStamp { text: &self.text, last: digits }.put(out)
    }
}

impl Tai64nStamp<'_> {
    /// The length of a stamp, its space included.
    pub const WIDTH: usize = WIDTH;

    /// Puts the stamp at the start of `out`, which has at least 32 bytes. Returns the length of the stamp.
    ///
    /// In the middle of a long run of lines this is what a line costs, so it is done with moves of fixed length: all of
    /// the room, then the two digits over it.
    #[inline]
    pub fn put(self, out: &mut [u8]) -> usize {
        out[..ROOM].copy_from_slice(self.text);
        out[LAST..LAST + 2].copy_from_slice(&self.last.to_le_bytes());
        WIDTH
    }

    /// Puts the stamp at the end of `out`.
    #[inline]
    pub(crate) fn append_to(self, out: &mut Vec<u8>) {
        let at = out.len();
        out.extend_from_slice(&[0; ROOM]);
        self.put(&mut out[at..]);
        out.truncate(at + WIDTH);
    }
}
