//! `tai64nlocal`: replaces the label at the start of each line by the local time.

use std::ffi::OsString;

use unix::about::About;
use unix::diag::Message;
use unix::options::{Given, Names, Syntax, parse};
use unix::tool::{Exit, Fatal};

use crate::filter;
use crate::form::{Calendar, Form, Style, Zone};
use crate::label;
use crate::labels::{Labels, Where};
use crate::leap::Offset;

const USAGE: &str = "tai64nlocal [ -aiu ] [ --tai-offset=10|leap ]";

const SYNTAX: Syntax = Syntax { program: "tai64nlocal", letters: "aiu", names: Names::Some, usage: USAGE };

const ABOUT: About = About {
    name: "tai64nlocal",
    version: env!("CARGO_PKG_VERSION"),
    usage: USAGE,
    what: "\
Copies standard input to standard output with TAI64N labels as local time, in the zone that TZ names.
  -a                 labels anywhere in a line, not only at its start
  -i                 as ISO 8601, with the offset from UTC
  -u                 in UTC
  --tai-offset=leap  labels are true TAI, with leap seconds, and not 10 seconds ahead of UTC",
};

/// Copies standard input to standard output with its labels made readable: `-u` in UTC, `-i` as ISO 8601, `-a`
/// anywhere in a line, `--tai-offset=leap` those of true TAI.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    if let Some(answered) = ABOUT.answer(&arguments)? {
        return Ok(answered);
    }
    let options =
        Options::parse(&arguments).ok_or_else(|| Fatal::misuse(Message::new("usage: ").and(USAGE)))?;
    let mut calendar = Calendar::new(options.zone, options.style).ahead(options.offset);
    // The C library reads the zone's file now, before buffers take memory. Without memory it would go on with UTC.
    calendar.second(label::EPOCH);
    filter::run(Labels::new(calendar, options.places))
}

#[derive(Debug, PartialEq, Eq)]
struct Options {
    zone: Zone,
    style: Style,
    offset: Offset,
    places: Where,
}

impl Options {
    fn parse(arguments: &[OsString]) -> Option<Options> {
        let (zone, style) = (Zone::Local, Style::Plain);
        let mut options = Options { zone, style, offset: Offset::Fixed, places: Where::Start };
        let (given, []) = parse(&SYNTAX, arguments).ok()? else { return None };
        for option in given {
            match option {
                Given::Letter(b'u') => options.zone = Zone::Utc,
                Given::Letter(b'i') => options.style = Style::Iso,
                Given::Letter(b'a') => options.places = Where::Anywhere,
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

    fn in_utc(input: &str) -> String {
        let calendar = Calendar::new(Zone::Utc, Style::Plain);
        String::from_utf8(in_pieces(&mut Labels::new(calendar, Where::Start), input.as_bytes(), 30)).unwrap()
    }

    #[test]
    fn what_has_no_label_passes_unchanged() {
        for text in
            ["@foo\n@4000000037C219BF2EF02E94\n\n@\nlast without newline", "@400000000000000900000000 1969\n"]
        {
            assert_eq!(in_utc(text), text);
        }
    }

    #[test]
    fn what_follows_a_label_is_kept() {
        assert_eq!(in_utc("@400000000000000a00000001 x y\n"), "1970-01-01 00:00:00.000000001 x y\n");
    }

    #[test]
    fn options_can_stand_together() {
        let parse = |words: &[&str]| Options::parse(&words.iter().map(OsString::from).collect::<Vec<_>>());
        let (zone, style, places) = (Zone::Utc, Style::Iso, Where::Anywhere);
        let all = Options { zone, style, offset: Offset::Leap, places };
        assert_eq!(parse(&["-uia", "--tai-offset=leap"]), Some(all));
        assert_eq!(
            parse(&["--tai-offset=leap", "-u", "-ai", "--"]),
            Some(Options { zone, style, offset: Offset::Leap, places })
        );
        assert_eq!(parse(&["-u", "-i"]).map(|options| options.style), Some(Style::Iso));
        for words in [
            &["x"][..],
            &["-"],
            &["-x"],
            &["-ux"],
            &["-u", "--", "x"],
            &["--tai-offset=11"],
            &["--tai-offset"],
        ] {
            assert_eq!(parse(words), None, "{words:?}");
        }
    }
}
