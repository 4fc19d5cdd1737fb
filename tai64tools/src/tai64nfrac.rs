//! `tai64nfrac`: replaces the label at the start of each line by seconds since the epoch with a fraction.

use std::ffi::OsString;

use unix::about::About;
use unix::diag::Message;
use unix::options::{Given, Names, Syntax, parse};
use unix::tool::{Exit, Fatal};

use crate::filter;
use crate::form::Seconds;
use crate::labels::{Labels, Where};
use crate::leap::Offset;

const USAGE: &str = "tai64nfrac [ -a ] [ -d digits ] [ --tai-offset=10|leap ]";

const SYNTAX: Syntax = Syntax { program: "tai64nfrac", letters: "ad:", names: Names::Some, usage: USAGE };

const ABOUT: About = About {
    name: "tai64nfrac",
    version: env!("CARGO_PKG_VERSION"),
    usage: USAGE,
    what: "\
Copies standard input to standard output with TAI64N labels as seconds since the epoch.
  -a                 labels anywhere in a line, not only at its start
  -d digits          so many digits of the fraction, 0 to 9 (9)
  --tai-offset=leap  labels are true TAI, with leap seconds, and not 10 seconds ahead of UTC",
};

/// Copies standard input to standard output with its labels as seconds. `-d` gives the digits of the fraction,
/// `-a` takes labels anywhere in a line, `--tai-offset=leap` takes them for true TAI.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    if let Some(answered) = ABOUT.answer(&arguments)? {
        return Ok(answered);
    }
    let options =
        Options::parse(&arguments).ok_or_else(|| Fatal::misuse(Message::new("usage: ").and(USAGE)))?;
    filter::run(Labels::new(Seconds { digits: options.digits, offset: options.offset }, options.places))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Options {
    digits: usize,
    offset: Offset,
    places: Where,
}

impl Options {
    fn parse(arguments: &[OsString]) -> Option<Options> {
        let mut options = Options { digits: 9, offset: Offset::Fixed, places: Where::Start };
        let (given, []) = parse(&SYNTAX, arguments).ok()? else { return None };
        for option in given {
            match option {
                Given::Letter(b'a') => options.places = Where::Anywhere,
                Given::Value(b'd', &[digit @ b'0'..=b'9']) => options.digits = usize::from(digit - b'0'),
                Given::Name(b"tai-offset", offset) => options.offset = Offset::parse(offset)?,
                _ => return None,
            }
        }
        Some(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::tests::in_pieces;
    use crate::label::{self, Label};
    use proptest::prelude::*;

    fn converted(input: &str, digits: usize) -> String {
        let mut labels = Labels::new(Seconds { digits, offset: Offset::Fixed }, Where::Start);
        String::from_utf8(in_pieces(&mut labels, input.as_bytes(), 10)).unwrap()
    }

    #[test]
    fn the_label_of_the_manual_is_the_moment_of_the_manual() {
        let line = "@4000000037c219bf2ef02e94 mark\n";
        assert_eq!(converted(line, 9), "935467445.787492500 mark\n");
        assert_eq!(converted(line, 3), "935467445.787 mark\n");
        assert_eq!(converted(line, 0), "935467445 mark\n");
        let before_the_epoch = "@4000000000000009000000ff x\n";
        assert_eq!(converted(before_the_epoch, 9), before_the_epoch);
    }

    #[test]
    fn options_are_digits_and_anywhere() {
        let parse = |words: &[&str]| Options::parse(&words.iter().map(OsString::from).collect::<Vec<_>>());
        let all = Options { digits: 3, offset: Offset::Leap, places: Where::Anywhere };
        for words in [
            &["-a", "-d", "3", "--tai-offset=leap"][..],
            &["-ad", "3", "--tai-offset=leap"],
            &["--tai-offset=leap", "-ad3"],
            &["-d3", "--tai-offset=leap", "-a"],
            &["-aad5", "-ad3", "--tai-offset=10", "--tai-offset=leap", "--"],
        ] {
            assert_eq!(parse(words), Some(all), "{words:?}");
        }
        assert_eq!(parse(&["-d6"]).map(|options| options.digits), Some(6));
        let none = Options { digits: 9, offset: Offset::Fixed, places: Where::Start };
        assert_eq!([parse(&[]), parse(&["--tai-offset=10"])], [Some(none), Some(none)]);
        for words in [
            &["-d"][..],
            &["-d", "10"],
            &["-d", ""],
            &["-d3a"],
            &["-da"],
            &["-x"],
            &["x"],
            &["-"],
            &["-a", "--", "x"],
            &["-a", "x"],
            &["--tai-offset="],
            &["--other=10"],
            &["--help", "-a"],
        ] {
            assert_eq!(parse(words), None, "{words:?}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_arithmetic(seconds in 0u64..1 << 61, nanos in 0u32..1_000_000_000) {
            let label = Label::new(label::EPOCH + seconds, nanos).unwrap();
            let line = format!("{} x\n", String::from_utf8(label.text().to_vec()).unwrap());
            prop_assert_eq!(converted(&line, 9), format!("{seconds}.{nanos:09} x\n"));
        }
    }
}
