//! `tai64nfrac`: replaces the label at the start of each line by seconds since the epoch with a fraction.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

use unix::diag::Message;
use unix::tool::{Exit, Fatal};

use crate::filter::{self, Form, Labels, Where, fraction};
use crate::label::Label;

const USAGE: &str = "usage: tai64nfrac [ -a ] [ -d digits ]";

/// Copies standard input to standard output with its labels as seconds. `-d` gives the digits of the fraction,
/// `-a` takes labels anywhere in a line.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let options = Options::parse(&arguments).ok_or_else(|| Fatal::misuse(Message::new(USAGE)))?;
    filter::run(Labels::new(Seconds::new(options.digits), options.places))
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    digits: usize,
    places: Where,
}

impl Options {
    fn parse(arguments: &[OsString]) -> Option<Options> {
        let mut options = Options { digits: 9, places: Where::Start };
        let mut words = arguments.iter().map(|word| word.as_bytes());
        while let Some(word) = words.next() {
            let digits = match word {
                b"-a" => {
                    options.places = Where::Anywhere;
                    continue;
                }
                b"-d" => words.next()?,
                _ => word.strip_prefix(b"-d")?,
            };
            options.digits = match digits {
                [digit @ b'0'..=b'9'] => usize::from(digit - b'0'),
                _ => return None,
            };
        }
        Some(options)
    }
}

struct Seconds {
    digits: usize,
    /// The second that was written last, and its text.
    written: Option<i64>,
    text: String,
}

impl Seconds {
    fn new(digits: usize) -> Seconds {
        Seconds { digits, written: None, text: String::new() }
    }
}

impl Form for Seconds {
    fn write(&mut self, label: Label, out: &mut Vec<u8>) -> bool {
        let seconds = label.unix_seconds();
        if seconds < 0 {
            return false;
        }
        if self.written != Some(seconds) {
            self.text = if self.digits > 0 { format!("{seconds}.") } else { seconds.to_string() };
            self.written = Some(seconds);
        }
        out.extend_from_slice(self.text.as_bytes());
        fraction(out, label.nanos(), self.digits);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::tests::in_pieces;
    use proptest::prelude::*;

    fn converted(input: &str, digits: usize) -> String {
        let mut labels = Labels::new(Seconds::new(digits), Where::Start);
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
        assert_eq!(parse(&[]), Some(Options { digits: 9, places: Where::Start }));
        assert_eq!(parse(&["-a", "-d", "3"]), Some(Options { digits: 3, places: Where::Anywhere }));
        assert_eq!(parse(&["-d6"]), Some(Options { digits: 6, places: Where::Start }));
        for words in [&["-d"][..], &["-d", "10"], &["-d", ""], &["-x"], &["x"]] {
            assert_eq!(parse(words), None, "{words:?}");
        }
    }

    proptest! {
        #[test]
        fn it_is_the_arithmetic(seconds in 0u64..1 << 61, nanos in 0u32..1_000_000_000) {
            let label = Label::new(crate::label::EPOCH + seconds, nanos).unwrap();
            let line = format!("{} x\n", String::from_utf8(label.text().to_vec()).unwrap());
            prop_assert_eq!(converted(&line, 9), format!("{seconds}.{nanos:09} x\n"));
        }
    }
}
