//! `Stamper`: the stamps of the lines of a batch, strictly increasing, from one look at the clock.
//!
//! The n-th line of a batch is stamped n nanoseconds after the moment of the batch, so a stamp names one line. When the
//! clock steps back by up to [`SMALL_STEP`] the stamps go on from the last one. When it steps back by more, they follow
//! it.

use std::time::Duration;

use crate::form::{AnyRun, DecimalText, Stamp, Tai64nStamp, Tai64nText, Way};
use crate::label::Label;

/// How far the clock may step back without the stamps following it.
pub const SMALL_STEP: Duration = Duration::from_secs(1);

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
    text: Text,
}

/// What the next stamps have in common.
#[derive(Clone, Debug)]
enum Text {
    /// It is that of the stamp at `last`.
    Tai64n(Tai64nText),
    BySecond {
        text_of: fn(u64) -> DecimalText,
        /// The second of `decimal`.
        second: u64,
        decimal: DecimalText,
    },
}

/// The stamp of one line, not yet put together. Small enough for two registers.
#[derive(Clone, Copy, Debug)]
pub struct Stamped<'a> {
    text: &'a Text,
    nanos: u32,
}

impl Stamped<'_> {
    /// Room for the longest stamp, whatever its form: a copy of that many bytes is two or three moves.
    pub const ROOM: usize = DecimalText::ROOM;

    /// Puts the stamp at the end of `out`.
    #[inline]
    pub fn append_to(self, out: &mut Vec<u8>) {
        match self.text {
            Text::Tai64n(text) => text.stamp(self.nanos).append_to(out),
            Text::BySecond { decimal, .. } => decimal.append_to(self.nanos, out),
        }
    }

    /// Puts the stamp at the start of `out`, which has at least [`Stamped::ROOM`] bytes. Returns the length of the
    /// stamp; the bytes behind it are overwritten as well.
    #[inline(always)]
    pub fn put(self, out: &mut [u8]) -> usize {
        match self.text {
            Text::Tai64n(text) => text.stamp(self.nanos).put(out),
            Text::BySecond { decimal, .. } => decimal.put(self.nanos, out),
        }
    }

    /// The length of the stamp, its space included.
    #[inline]
    pub fn width(self) -> usize {
        match self.text {
            Text::Tai64n(_) => Tai64nStamp::WIDTH,
            Text::BySecond { decimal, .. } => decimal.width(),
        }
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
        Stamper::after(form, Label::MIN)
    }

    /// A stamper that goes on after a stamp that was already given.
    pub fn after(form: Stamp, last: Label) -> Stamper {
        let text = match form.look().way {
            Way::Tai64n => Text::Tai64n(Tai64nText::new(last)),
            Way::BySecond(text_of) => {
                let second = last.seconds();
                Text::BySecond { text_of, second, decimal: text_of(second) }
            }
        };
        Stamper { form, last, text }
    }

    /// How many bytes of the match window a stamp takes: its length.
    pub fn width(&self) -> usize {
        self.form.width()
    }

    /// What the stamps look like.
    pub fn form(&self) -> Stamp {
        self.form
    }

    /// The moment of the last stamp given.
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
        let nanos = self.last.nanos();
        if nanos & 0xff == 0 {
            self.render();
        }
        Stamped { text: &self.text, nanos }
    }

    /// The stamps of the next lines, as far as they have most digits in common.
    #[inline]
    pub fn run(&self) -> AnyRun {
        match &self.text {
            Text::Tai64n(text) => AnyRun::Tai64n(text.run(self.last)),
            Text::BySecond { decimal, .. } => AnyRun::Decimal(decimal.run(self.last)),
        }
    }

    /// Passes over the stamps of `lines` lines, fewer than a second has nanoseconds.
    pub fn skip(&mut self, lines: u32) {
        let before = self.last;
        self.last = self.last.plus(lines);
        if !Tai64nText::is_common(before, self.last) {
            self.render();
        }
    }

    /// Makes the text that the next stamps have in common. A new second begins with 0 nanoseconds, so this is called at
    /// its first stamp at the latest.
    #[cold]
    fn render(&mut self) {
        let last = self.last;
        match &mut self.text {
            Text::Tai64n(text) => *text = Tai64nText::new(last),
            Text::BySecond { second, .. } if *second == last.seconds() => {}
            Text::BySecond { text_of, second, decimal } => {
                *second = last.seconds();
                *decimal = text_of(*second);
            }
        }
    }
}

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
    use crate::form::StampRun;
    use crate::form::tests::any_stamp;
    use crate::label;
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

    #[test]
    fn the_other_forms_are_the_same_moments() {
        for (form, expected) in [
            (Stamp::IsoUtc, ["1999-08-24T04:04:15.999999999Z ", "1999-08-24T04:04:16.000000000Z "]),
            (Stamp::Unix, ["935467455.999999999 ", "935467456.000000000 "]),
            (Stamp::UnixMilliseconds, ["935467455999.999999 ", "935467456000.000000 "]),
        ] {
            let mut stamper = Stamper::new(form);
            stamper.begin(at(935_467_455, 999_999_999));
            for expected in expected {
                let stamp = stamper.stamp();
                let mut put = [b'x'; Stamped::ROOM];
                assert_eq!((stamp.width(), stamp.put(&mut put)), (expected.len(), expected.len()));
                assert_eq!(
                    (&put[..expected.len()], &stamp.to_vec()[..]),
                    (expected.as_bytes(), expected.as_bytes())
                );
            }
        }
    }

    #[test]
    fn an_accustamp_counts_within_a_second_and_over_its_end() {
        let mut stamper = Stamper::new(Stamp::Accustamp);
        stamper.begin(at(9, 999_999_998));
        let mut next = || String::from_utf8(stamper.stamp().to_vec()).unwrap();
        assert_eq!([next(), next(), next()], ["9.999999 ", "9.999999 ", "10.000000 "]);
    }

    fn all_of(run: AnyRun) -> Vec<Vec<u8>> {
        fn stamps(run: impl StampRun) -> Vec<Vec<u8>> {
            let stamp = |&digits: &u16| {
                let mut put = [b'x'; Stamped::ROOM];
                let width = run.put(digits, &mut put);
                put[..width].to_vec()
            };
            run.digits().iter().map(stamp).collect()
        }
        match run {
            AnyRun::Tai64n(run) => stamps(run),
            AnyRun::Decimal(run) => stamps(run),
        }
    }

    proptest! {
        /// Also over the end of a second.
        #[test]
        fn an_accustamp_is_the_text_of_its_moment(
            start in prop_oneof![0u32..999_999_999, 999_999_000u32..999_999_999], lines in 1usize..2000
        ) {
            let mut stamper = Stamper::new(Stamp::Accustamp);
            stamper.begin(at(7, start));
            let mut moment = at(7, start);
            for _ in 0..lines {
                let stamp = stamper.stamp();
                let mut put = [b'x'; Stamped::ROOM];
                let width = stamp.put(&mut put);
                prop_assert_eq!(width, stamp.width());
                prop_assert_eq!(&put[..width], stamp.to_vec());
                let expected = format!("{}.{:06} ", moment.unix_seconds(), moment.nanos() / 1000);
                prop_assert_eq!(stamp.to_vec(), expected.into_bytes());
                moment = moment.next();
            }
        }

        #[test]
        fn a_run_is_the_stamps_that_come_next(
            start in prop_oneof![0u32..999_999_999, 999_999_000u32..999_999_999],
            skipped in 0u32..600,
            form in any_stamp(),
        ) {
            let mut stamper = Stamper::new(form);
            stamper.begin(at(7, start));
            stamper.skip(skipped);
            for stamp in all_of(stamper.run()) {
                prop_assert_eq!(stamp, stamper.stamp().to_vec());
            }
        }

        #[test]
        fn to_pass_over_lines_is_to_stamp_them(
            start in prop_oneof![0u32..999_999_999, 999_999_000u32..999_999_999],
            steps in proptest::collection::vec(0u32..600, 1..8),
            form in any_stamp(),
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
