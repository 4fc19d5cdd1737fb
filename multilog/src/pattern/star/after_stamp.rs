//! What is left of a pattern when every line that it sees begins with a stamp.
//!
//! Most bytes of a stamp are digits, and the others are the same in every stamp. Most patterns go the same way through
//! every stamp, so that way is gone once, at the start.

use tai64tools::Stamp;
use tai64tools::form::Place;

use super::{End, Star, Step};

/// A pattern for lines which all begin with a stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pattern) enum AfterStamp {
    /// This one has to match what follows the stamp.
    Text(Star),
    /// No stamped line can match.
    Never,
    /// The digits of the stamp decide.
    Depends,
}

impl Star {
    /// What is left of the pattern behind stamps of this form. None: lines have no stamps.
    pub(in crate::pattern) fn after_stamp(&self, stamp: Option<Stamp>) -> AfterStamp {
        match stamp.map(Stamp::places) {
            None => AfterStamp::Text(self.clone()),
            Some(None) => AfterStamp::Depends,
            Some(Some(places)) => self.after_places(places).unwrap_or_else(|decided| decided),
        }
    }

    fn after_places(&self, places: &'static [Place]) -> Result<AfterStamp, AfterStamp> {
        let mut way = Way { places };
        for (at, step) in self.steps.iter().enumerate() {
            if let Some(step) = way.follow(step)? {
                let steps = std::iter::once(step).chain(self.steps[at + 1..].iter().cloned()).collect();
                return Ok(AfterStamp::Text(Star { steps, end: self.end }));
            }
        }
        Ok(match self.end {
            End::Nothing if !way.places.is_empty() => AfterStamp::Never,
            end => AfterStamp::Text(Star { steps: Vec::new(), end }),
        })
    }
}

/// The way of a pattern through a stamp: the places that are still to come.
struct Way {
    places: &'static [Place],
}

impl Way {
    /// Follows a step; what is left of it behind the stamp.
    fn follow(&mut self, step: &Step) -> Result<Option<Step>, AfterStamp> {
        match step {
            Step::Literal(bytes) => self.literal(bytes),
            Step::SkipTo(byte) => {
                let before = self.places;
                if self.skip(*byte, 1)? > 0 {
                    return Ok(Some(Step::SkipTo(*byte)));
                }
                // Found: it stops before the byte.
                self.places = &before[before.len() - self.places.len() - 1..];
                Ok(None)
            }
            Step::Past { byte, times, then } => match self.skip(*byte, *times)? {
                0 => self.literal(then),
                times => Ok(Some(Step::Past { byte: *byte, times, then: then.clone() })),
            },
        }
    }

    /// Follows a literal; what is left of it behind the stamp.
    fn literal(&mut self, bytes: &[u8]) -> Result<Option<Step>, AfterStamp> {
        for (at, &byte) in bytes.iter().enumerate() {
            let Some((place, rest)) = self.places.split_first() else {
                return Ok(Some(Step::Literal(bytes[at..].into())));
            };
            match place {
                Place::Only(only) if *only == byte => self.places = rest,
                place if place.can_be(byte) => return Err(AfterStamp::Depends),
                _ => return Err(AfterStamp::Never),
            }
        }
        Ok(None)
    }

    /// Goes beyond the `times`-th of these bytes. Returns how many of them are still to come behind the stamp.
    fn skip(&mut self, byte: u8, times: usize) -> Result<usize, AfterStamp> {
        let mut left = times;
        while let (1.., Some((place, rest))) = (left, self.places.split_first()) {
            match place {
                Place::Only(only) if *only == byte => left -= 1,
                place if place.can_be(byte) => return Err(AfterStamp::Depends),
                _ => {}
            }
            self.places = rest;
        }
        Ok(left)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::naive;
    use super::*;
    use proptest::prelude::*;
    use tai64tools::{Label, Stamper, label};

    #[test]
    fn what_a_stamp_decides_is_decided_once() {
        let after = |pattern: &str| Star::new(pattern.as_bytes()).after_stamp(Some(Stamp::Tai64n));
        let text = |pattern: &str| AfterStamp::Text(Star::new(pattern.as_bytes()));
        for (pattern, expected) in [
            ("*", text("*")),
            ("", AfterStamp::Never),
            ("@", AfterStamp::Never),
            ("fatal: *", AfterStamp::Never),
            ("@*", text("*")),
            ("@* fatal: *", text("fatal: *")),
            ("* fatal: *", text("fatal: *")),
            ("* ", text("")),
            ("*: *", text("*: *")),
            ("* * * 404 *", text("* * 404 *")),
            ("*error*", AfterStamp::Depends),
            ("@4*", AfterStamp::Depends),
        ] {
            assert_eq!(after(pattern), expected, "{pattern}");
        }
        // Its length changes with the time.
        assert_eq!(Star::new(b"* x").after_stamp(Some(Stamp::Accustamp)), AfterStamp::Depends);
        assert_eq!(Star::new(b"* x").after_stamp(None), text("* x"));
        let iso = |pattern: &str| Star::new(pattern.as_bytes()).after_stamp(Some(Stamp::IsoUtc));
        assert_eq!((iso("* x"), iso("*Z x"), iso("*T*Z *")), (text("x"), text("x"), text("*")));
        assert_eq!((iso("@*"), iso("*+*"), iso("2*")), (AfterStamp::Never, text("*+*"), AfterStamp::Depends));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn behind_a_stamp_the_rest_of_a_pattern_decides_what_the_pattern_decides(
            pattern in "(@|\\*|[0-9a-c]{0,2}| |x){0,12}", text in "[ab @x*]{0,50}", moment in any::<u32>()
        ) {
            let stamp = Label::new(label::EPOCH + 7, moment % 1_000_000_000).unwrap().text();
            let line = [&stamp[..], b" ", text.as_bytes()].concat();
            let expected = naive(pattern.as_bytes(), &line);
            match Star::new(pattern.as_bytes()).after_stamp(Some(Stamp::Tai64n)) {
                AfterStamp::Text(rest) => prop_assert_eq!(rest.matches(text.as_bytes()), expected),
                AfterStamp::Never => prop_assert!(!expected),
                AfterStamp::Depends => {}
            }
        }

        #[test]
        fn the_same_holds_for_every_form_of_stamps(
            pattern in "(2026|\\*|-|:|T|Z|\\+0|\\.| |x|[0-9]){0,10}", text in "[0-9 :xTZ*+-]{0,30}", moment in any::<u32>()
        ) {
            for form in [Stamp::Tai64n, Stamp::Accustamp, Stamp::Iso, Stamp::IsoUtc, Stamp::Unix, Stamp::UnixMilliseconds] {
                let mut stamper = Stamper::new(form);
                let moment = u64::from(moment);
                stamper.begin(Label::new(label::EPOCH + 1_770_000_000 + moment / 100, moment as u32 % 1_000_000_000).unwrap());
                let line = [&stamper.stamp().to_vec()[..], text.as_bytes()].concat();
                let expected = naive(pattern.as_bytes(), &line);
                match Star::new(pattern.as_bytes()).after_stamp(Some(form)) {
                    AfterStamp::Text(rest) => prop_assert_eq!(rest.matches(text.as_bytes()), expected),
                    AfterStamp::Never => prop_assert!(!expected),
                    AfterStamp::Depends => {}
                }
            }
        }

        /// A layout with more that is the same in every stamp, and with spaces in the places of digits.
        #[test]
        fn the_layout_of_stamps_may_be_any_other(
            pattern in "(\\*|[0-9]{0,2}|-|:|\\+| |x){0,12}", text in "[0-9: x*+-]{0,20}",
            digits in prop::collection::vec(0usize..11, 8),
        ) {
            const DIGIT: Place = Place::OneOf(b"0123456789 ");
            static PLACES: [Place; 9] = [
                DIGIT, DIGIT, Place::Only(b'-'), DIGIT, Place::Only(b':'), DIGIT, Place::OneOf(b"+-"), DIGIT,
                Place::Only(b' '),
            ];
            let byte = |(place, digit): (&Place, &usize)| match place {
                Place::Only(byte) => *byte,
                Place::OneOf(bytes) => bytes[digit % bytes.len()],
            };
            let stamp: Vec<u8> = PLACES.iter().zip(digits.iter().chain([&0])).map(byte).collect();
            let expected = naive(pattern.as_bytes(), &[&stamp[..], text.as_bytes()].concat());
            match Star::new(pattern.as_bytes()).after_places(&PLACES).unwrap_or_else(|decided| decided) {
                AfterStamp::Text(rest) => prop_assert_eq!(rest.matches(text.as_bytes()), expected),
                AfterStamp::Never => prop_assert!(!expected),
                AfterStamp::Depends => {}
            }
        }
    }
}
