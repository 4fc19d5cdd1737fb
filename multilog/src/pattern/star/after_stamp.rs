//! What is left of a pattern when every line that it sees begins with a TAI64N stamp.
//!
//! A stamp is an `@`, digits, and a space, so that most patterns go the same way through every stamp, and that
//! is gone once, at the start.

use tai64tools::label;

use super::{End, Star, Step};

/// A pattern that is going to see lines which all begin with a TAI64N stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::pattern) enum AfterStamp {
    /// This one has to match what follows the stamp.
    Text(Star),
    /// No stamped line can match.
    Never,
    /// The digits of the stamp decide.
    Depends,
}

/// What a byte of a stamp can be.
#[derive(Clone, Copy)]
enum Stamp {
    Only(u8),
    Digit,
}

fn of_stamp(place: usize) -> Stamp {
    match place {
        0 => Stamp::Only(b'@'),
        label::LENGTH => Stamp::Only(b' '),
        _ => Stamp::Digit,
    }
}

fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

impl Star {
    /// What is left of the pattern behind a stamp.
    pub(in crate::pattern) fn after_stamp(&self) -> AfterStamp {
        let mut place = 0;
        for (at, step) in self.steps.iter().enumerate() {
            let rest = match step {
                Step::Literal(bytes) => literal_in_stamp(bytes, &mut place),
                Step::SkipTo(byte) => skip_in_stamp(*byte, 1, &mut place).map(|left| match left {
                    // Found: it stops before the byte.
                    0 => {
                        place -= 1;
                        None
                    }
                    _ => Some(Step::SkipTo(*byte)),
                }),
                Step::Past { byte, times, then } => match skip_in_stamp(*byte, *times, &mut place) {
                    Ok(0) => literal_in_stamp(then, &mut place),
                    Ok(times) => Ok(Some(Step::Past { byte: *byte, times, then: then.clone() })),
                    Err(depends) => Err(depends),
                },
            };
            match rest {
                Err(other) => return other,
                Ok(None) => {}
                Ok(Some(step)) => {
                    let steps = std::iter::once(step).chain(self.steps[at + 1..].iter().cloned()).collect();
                    return AfterStamp::Text(Star { steps, end: self.end });
                }
            }
        }
        match self.end {
            End::Nothing if place < STAMP => AfterStamp::Never,
            end => AfterStamp::Text(Star { steps: Vec::new(), end }),
        }
    }
}

/// Bytes of a stamp, the space behind it included.
const STAMP: usize = label::LENGTH + 1;

/// Follows a literal through the stamp; what is left of it behind the stamp.
fn literal_in_stamp(bytes: &[u8], place: &mut usize) -> Result<Option<Step>, AfterStamp> {
    for (at, &byte) in bytes.iter().enumerate() {
        if *place == STAMP {
            return Ok(Some(Step::Literal(bytes[at..].into())));
        }
        match of_stamp(*place) {
            Stamp::Only(only) if only != byte => return Err(AfterStamp::Never),
            Stamp::Digit if is_digit(byte) => return Err(AfterStamp::Depends),
            Stamp::Digit => return Err(AfterStamp::Never),
            Stamp::Only(_) => *place += 1,
        }
    }
    Ok(None)
}

/// Goes beyond the so-manieth such byte of the stamp; how many are still to come behind it.
fn skip_in_stamp(byte: u8, times: usize, place: &mut usize) -> Result<usize, AfterStamp> {
    let mut left = times;
    while *place < STAMP && left > 0 {
        match of_stamp(*place) {
            Stamp::Digit if is_digit(byte) => return Err(AfterStamp::Depends),
            Stamp::Only(only) if only == byte => left -= 1,
            _ => {}
        }
        *place += 1;
    }
    Ok(left)
}

#[cfg(test)]
mod tests {
    use super::super::tests::naive;
    use super::*;
    use proptest::prelude::*;
    use tai64tools::Label;

    #[test]
    fn what_a_stamp_decides_is_decided_once() {
        let after = |pattern: &str| Star::new(pattern.as_bytes()).after_stamp();
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
            match Star::new(pattern.as_bytes()).after_stamp() {
                AfterStamp::Text(rest) => prop_assert_eq!(rest.matches(text.as_bytes()), expected),
                AfterStamp::Never => prop_assert!(!expected),
                AfterStamp::Depends => {}
            }
        }
    }
}
