//! `DecimalText`: the stamps of a second, in the forms that write nanoseconds as decimal digits.
//!
//! Most stamps of a batch differ in their last two digits only. So a run of lines needs a text for a hundred stamps and
//! those two digits, as with TAI64N, whatever is around the digits.

use super::StampRun;
use super::shown::write_nine;
use crate::label::Label;

/// Room for the longest stamp, 36 bytes of ISO 8601; a copy of that many bytes is two moves.
const ROOM: usize = 40;
/// Digits of nanoseconds.
const NINE: usize = 9;
/// A place that no stamp reaches, for digits that are not shown. The line behind the stamp is written over it.
const BEHIND: usize = ROOM - 2;

/// Which digits of the nanoseconds are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fraction {
    /// The first six.
    Six,
    /// All of them.
    Nine,
    /// All of them, with a point after the third.
    ThreeAndSix,
}

/// The text that all stamps of one second have in common, with places for the digits.
#[derive(Clone, Debug)]
pub(crate) struct DecimalText {
    text: [u8; ROOM],
    /// Where the digits begin.
    place: usize,
    fraction: Fraction,
    /// The length of a stamp, its space included; at most `BEHIND`.
    width: usize,
}

impl Fraction {
    /// How many bytes it has.
    fn length(self) -> usize {
        match self {
            Fraction::Six => 6,
            Fraction::Nine => NINE,
            Fraction::ThreeAndSix => NINE + 1,
        }
    }
}

impl DecimalText {
    /// The room that [`DecimalText::put`] needs.
    pub(crate) const ROOM: usize = ROOM;

    /// The text up to the digits, and what follows them. A space follows both. It has 38 bytes at most.
    pub(super) fn new(before: &[u8], fraction: Fraction, after: &[u8]) -> DecimalText {
        let (place, mut text) = (before.len(), [b' '; ROOM]);
        let end = place + fraction.length();
        text[..place].copy_from_slice(before);
        text[end..end + after.len()].copy_from_slice(after);
        DecimalText { text, place, fraction, width: end + after.len() + 1 }
    }

    /// Writes the stamp with these nanoseconds to the start of `out`, which has [`DecimalText::ROOM`] bytes. Returns its
    /// length; bytes behind it are overwritten as well.
    ///
    /// Not inlined, so that a loop over lines is no larger than their TAI64N stamps need.
    #[inline(never)]
    pub(crate) fn put(&self, nanos: u32, out: &mut [u8]) -> usize {
        let mut digits = [0; NINE];
        write_nine(nanos, &mut digits);
        out[..ROOM].copy_from_slice(&self.text);
        let to = &mut out[self.place..];
        match self.fraction {
            Fraction::Six => to[..6].copy_from_slice(&digits[..6]),
            Fraction::Nine => to[..NINE].copy_from_slice(&digits),
            Fraction::ThreeAndSix => {
                to[..3].copy_from_slice(&digits[..3]);
                to[3] = b'.';
                to[4..10].copy_from_slice(&digits[3..]);
            }
        }
        self.width
    }

    /// Writes the same to the end of `out`.
    #[inline(never)]
    pub(crate) fn append_to(&self, nanos: u32, out: &mut Vec<u8>) {
        let at = out.len();
        out.extend_from_slice(&[0; ROOM]);
        let width = self.put(nanos, &mut out[at..]);
        out.truncate(at + width);
    }

    /// The length of a stamp, its space included.
    #[inline]
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// The stamps that come after that of `last` and differ from it in the last two digits at most. `last` is within
    /// the second of the text.
    pub(crate) fn run(&self, last: Label) -> DecimalRun {
        let mut text = [b' '; ROOM];
        let width = self.put(last.nanos(), &mut text);
        let end = self.place + self.fraction.length();
        let last_two = if self.fraction == Fraction::Six { BEHIND } else { end - 2 };
        let first = (last.nanos() % 100) as usize + 1;
        DecimalRun { text, last_two, width, digits: &PAIRS[first..] }
    }
}

/// 00 to 99, the first digit in the lower byte.
static PAIRS: [u16; 100] = {
    let (mut pairs, mut pair) = ([0; 100], 0);
    while pair < 100 {
        pairs[pair] = u16::from_le_bytes([b'0' + (pair / 10) as u8, b'0' + (pair % 10) as u8]);
        pair += 1;
    }
    pairs
};

/// The next stamps of a batch, which differ in their last two digits at most.
#[derive(Clone, Copy, Debug)]
pub struct DecimalRun {
    text: [u8; ROOM],
    /// Where the digits are that change with every line.
    last_two: usize,
    width: usize,
    digits: &'static [u16],
}

impl StampRun for DecimalRun {
    #[inline(always)]
    fn digits(&self) -> &'static [u16] {
        self.digits
    }

    #[inline(always)]
    fn put(&self, digits: u16, out: &mut [u8]) -> usize {
        out[..ROOM].copy_from_slice(&self.text);
        out[self.last_two..self.last_two + 2].copy_from_slice(&digits.to_le_bytes());
        self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::EPOCH;
    use proptest::prelude::*;

    fn text(before: &str, fraction: Fraction, after: &str, nanos: u32) -> String {
        let mut out = b"so far ".to_vec();
        DecimalText::new(before.as_bytes(), fraction, after.as_bytes()).append_to(nanos, &mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn a_stamp_has_the_digits_of_its_fraction(nanos in 0u32..1_000_000_000) {
            let digits = format!("{nanos:09}");
            for (fraction, shown) in [
                (Fraction::Six, digits[..6].to_string()),
                (Fraction::Nine, digits.clone()),
                (Fraction::ThreeAndSix, format!("{}.{}", &digits[..3], &digits[3..])),
            ] {
                prop_assert_eq!(text("12", fraction, "+0", nanos), format!("so far 12{shown}+0 "));
            }
        }

        #[test]
        fn a_run_ends_before_another_digit_changes(nanos in 0u32..1_000_000_000) {
            let text = DecimalText::new(b"12.", Fraction::Nine, b"");
            let run = text.run(Label::new(EPOCH, nanos).unwrap());
            prop_assert_eq!(run.digits().len(), 99 - nanos as usize % 100);
        }
    }
}
