//! `Stamper`: the stamps of the lines of a batch, strictly increasing, from one look at the clock.
//!
//! The n-th line of a batch is stamped n nanoseconds after the moment of the batch, so a stamp names
//! one line. When the clock steps back by up to [`SMALL_STEP`] the stamps go on from the last one;
//! when it steps back by more, they follow it.

use std::time::Duration;

use crate::label::{self, Label};

/// How far the clock may step back without the stamps following it.
pub const SMALL_STEP: Duration = Duration::from_secs(1);

/// What is put before each line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// `t`: a TAI64N label and a space, 26 bytes.
    Tai64n,
    /// `T`: seconds since the epoch, a dot, six digits, a space, as accustamp.
    Accustamp,
}

/// Where the two digits stand that change with every line.
const LAST: usize = label::LENGTH - 2;

/// Makes the stamps of one input.
///
/// ```
/// use tai64tools::{Label, Stamp, Stamper};
///
/// let mut stamper = Stamper::new(Stamp::Tai64n);
/// stamper.begin(Label::parse(b"@4000000037c219bf2ef02e94").unwrap());
/// assert_eq!(stamper.stamp().to_vec(), b"@4000000037c219bf2ef02e94 ");
/// assert_eq!(stamper.stamp().to_vec(), b"@4000000037c219bf2ef02e95 ");
/// ```
#[derive(Clone, Debug)]
pub struct Stamper {
    form: Stamp,
    last: Label,
    /// A stamp with the same digits as `last`, but for those at [`LAST`].
    text: [u8; Stamped::ROOM],
    length: usize,
}

/// The stamp of one line, not yet put together.
#[derive(Clone, Copy, Debug)]
pub struct Stamped<'a> {
    text: &'a [u8; Stamped::ROOM],
    /// The two digits, the first one in the lower byte: a number, so that it stays in a register.
    last: u16,
    length: usize,
}

/// The next stamps of a batch, which differ in their last two digits only: for loops in which nothing of a stamper
/// has to be looked at. The stamper hears afterwards how many were used, by [`Stamper::skip`].
#[derive(Clone, Copy, Debug)]
pub struct StampRun {
    text: [u8; Stamped::ROOM],
    /// The two digits of the next ones.
    digits: &'static [u16],
}

impl StampRun {
    /// What they end with, one for each. None: the next one has to be asked for by itself.
    #[inline]
    pub fn digits(&self) -> &'static [u16] {
        self.digits
    }

    /// The one that ends with these.
    #[inline]
    pub fn stamp(&self, digits: u16) -> Stamped<'_> {
        Stamped { text: &self.text, last: digits, length: label::LENGTH + 1 }
    }
}

impl Stamped<'_> {
    /// Room for the longest stamp; a copy of so many bytes is two moves.
    pub const ROOM: usize = 32;

    /// Puts the stamp at the end of `out`.
    #[inline]
    pub fn append_to(self, out: &mut Vec<u8>) {
        let at = out.len();
        out.extend_from_slice(&[0; Stamped::ROOM]);
        let length = self.put(&mut out[at..]);
        out.truncate(at + length);
    }

    /// Puts the stamp at the start of `out`, which has [`Stamped::ROOM`]; how many bytes it has. In the middle
    /// of a long run of lines this is what a line costs, so it is done with moves of fixed length: all of the
    /// room, then the two digits over it.
    #[inline]
    pub fn put(self, out: &mut [u8]) -> usize {
        out[..Stamped::ROOM].copy_from_slice(self.text);
        out[LAST..LAST + 2].copy_from_slice(&self.last.to_le_bytes());
        self.length
    }

    /// How many bytes it has.
    pub fn width(self) -> usize {
        self.length
    }

    /// The stamp as bytes of its own.
    pub fn to_vec(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(Stamped::ROOM);
        self.append_to(&mut out);
        out
    }
}

impl Stamper {
    /// A stamper that has stamped nothing yet.
    pub fn new(form: Stamp) -> Stamper {
        Stamper { form, last: Label::MIN, text: [b' '; Stamped::ROOM], length: 0 }
    }

    /// A stamper that goes on after a stamp that was already given.
    pub fn after(form: Stamp, last: Label) -> Stamper {
        Stamper { last, ..Stamper::new(form) }
    }

    /// How many bytes of the match window a stamp takes: its length.
    pub fn width(&self) -> usize {
        match self.form {
            Stamp::Tai64n => label::LENGTH + 1,
            Stamp::Accustamp => 18,
        }
    }

    /// What the stamps look like.
    pub fn form(&self) -> Stamp {
        self.form
    }

    /// The last stamp given, as a moment.
    pub fn last(&self) -> Label {
        self.last
    }

    /// Begins a batch at `now`.
    pub fn begin(&mut self, now: Label) {
        // One before the first stamp, so that `stamp` only has to count.
        let went_on = self.last >= now && self.last.since(now) <= SMALL_STEP;
        if !went_on {
            self.last = before(now);
        }
        self.render();
    }

    /// The stamp of the next line.
    #[inline]
    pub fn stamp(&mut self) -> Stamped<'_> {
        self.last = self.last.next();
        let byte = (self.last.nanos() & 0xff) as usize;
        if self.form == Stamp::Tai64n && byte != 0 {
            // The last two digits are all that changes. They are not put into the text: to read it just after
            // a write of two bytes into it would have to wait for that.
            return Stamped { text: &self.text, last: PAIRS[byte], length: self.length };
        }
        self.render();
        Stamped {
            text: &self.text,
            last: u16::from_le_bytes([self.text[LAST], self.text[LAST + 1]]),
            length: self.length,
        }
    }

    /// The stamps of the next lines, as far as they have most digits in common.
    #[inline]
    pub fn run(&self) -> StampRun {
        let nanos = self.last.nanos();
        let first = (nanos & 0xff) as usize + 1;
        let within_the_second = (nanos | 0xff) < 1_000_000_000;
        let alike = self.form == Stamp::Tai64n && within_the_second;
        StampRun { text: self.text, digits: if alike { &PAIRS[first..] } else { &[] } }
    }

    /// Passes over the stamps of so many lines, fewer than a second has nanoseconds.
    pub fn skip(&mut self, lines: u32) {
        let before = self.last;
        self.last = self.last.plus(lines);
        let digits = |label: Label| (label.seconds(), label.nanos() >> 8);
        if digits(before) != digits(self.last) {
            self.render();
        }
    }

    #[cold]
    fn render(&mut self) {
        match self.form {
            Stamp::Tai64n => {
                self.text[..label::LENGTH].copy_from_slice(&self.last.text());
                self.text[label::LENGTH] = b' ';
                self.length = label::LENGTH + 1;
            }
            Stamp::Accustamp => {
                let text = format!("{}.{:06} ", self.last.unix_seconds(), self.last.nanos() / 1000);
                self.length = text.len().min(Stamped::ROOM);
                self.text[..self.length].copy_from_slice(&text.as_bytes()[..self.length]);
            }
        }
    }
}

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The two digits of each byte, the first one in the lower byte.
static PAIRS: [u16; 256] = {
    let (mut pairs, mut byte) = ([0; 256], 0);
    while byte < 256 {
        pairs[byte] = u16::from_le_bytes([DIGITS[byte >> 4], DIGITS[byte & 15]]);
        byte += 1;
    }
    pairs
};

fn before(moment: Label) -> Label {
    match moment.nanos().checked_sub(1) {
        Some(nanos) => Label::new(moment.seconds(), nanos),
        None => moment.seconds().checked_sub(1).and_then(|s| Label::new(s, 999_999_999)),
    }
    .unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(seconds: u64, nanos: u32) -> Label {
        Label::new(label::EPOCH + seconds, nanos).unwrap()
    }

    #[test]
    fn the_lines_of_a_batch_are_a_nanosecond_apart() {
        let mut stamper = Stamper::new(Stamp::Tai64n);
        stamper.begin(at(0, 0xfe));
        assert_eq!(stamper.stamp().to_vec(), b"@400000000000000a000000fe ");
        assert_eq!(stamper.stamp().to_vec(), b"@400000000000000a000000ff ");
        assert_eq!(stamper.stamp().to_vec(), b"@400000000000000a00000100 ");
    }

    #[test]
    fn a_clock_that_steps_back_a_little_is_not_followed_and_one_that_steps_far_is() {
        let mut stamper = Stamper::new(Stamp::Tai64n);
        stamper.begin(at(100, 0));
        stamper.stamp();
        stamper.begin(at(99, 500));
        stamper.stamp();
        assert_eq!(stamper.last(), at(100, 1));
        stamper.begin(at(50, 0));
        stamper.stamp();
        assert_eq!(stamper.last(), at(50, 0));
    }

    #[test]
    fn an_accustamp_is_seconds_and_microseconds() {
        let mut stamper = Stamper::new(Stamp::Accustamp);
        stamper.begin(at(893_364_712, 481_820_000));
        assert_eq!(stamper.stamp().to_vec(), b"893364712.481820 ");
    }

    proptest! {
        #[test]
        fn a_run_is_the_stamps_that_come_next(
            start in prop_oneof![0u32..999_999_999, 999_999_000u32..999_999_999],
            skipped in 0u32..600,
            form in prop_oneof![Just(Stamp::Tai64n), Just(Stamp::Accustamp)],
        ) {
            let mut stamper = Stamper::new(form);
            stamper.begin(at(7, start));
            stamper.skip(skipped);
            let run = stamper.run();
            prop_assert!(run.digits().len() < 256);
            for &digits in run.digits() {
                prop_assert_eq!(run.stamp(digits).to_vec(), stamper.stamp().to_vec());
            }
        }

        #[test]
        fn to_pass_over_lines_is_to_stamp_them(
            start in prop_oneof![0u32..999_999_999, 999_999_000u32..999_999_999],
            steps in proptest::collection::vec(0u32..600, 1..8),
            form in prop_oneof![Just(Stamp::Tai64n), Just(Stamp::Accustamp)],
        ) {
            let mut stamper = Stamper::new(form);
            stamper.begin(at(7, start));
            let mut one_by_one = stamper.clone();
            for lines in steps {
                stamper.skip(lines);
                (0..lines).for_each(|_| _ = one_by_one.stamp());
                prop_assert_eq!(stamper.stamp().to_vec(), one_by_one.stamp().to_vec());
                prop_assert_eq!(stamper.last(), one_by_one.last());
            }
        }

        #[test]
        fn a_stamp_is_the_text_of_its_moment(start in 0u32..999_999_999, lines in 1usize..600) {
            let mut stamper = Stamper::new(Stamp::Tai64n);
            stamper.begin(at(7, start));
            let mut expected = at(7, start);
            for _ in 0..lines {
                let text = stamper.stamp().to_vec();
                prop_assert_eq!(&text[..25], &expected.text()[..]);
                prop_assert_eq!(text[25], b' ');
                expected = expected.next();
            }
        }
    }
}
