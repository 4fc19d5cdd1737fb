//! Where text is cut: batches at the ends of lines, records at lines, and what is too long for either between characters.
//! Pure.

use std::ops::Range;

use mlog::stamp::Stamps;
use tai64tools::Label;

use crate::batch::{Piece, Record};

/// How much of `text` goes into a batch of at most `most` bytes, which is not 0: whole lines, or a part of the first line if
/// that is longer.
pub fn lines(text: &[u8], most: usize) -> usize {
    if text.len() <= most {
        return text.len();
    }
    match memchr::memrchr(b'\n', &text[..most]) {
        Some(newline) => newline + 1,
        // A piece of nothing but a newline says nothing.
        None if text[most] == b'\n' && most > 1 => between_characters(text, most - 1),
        None => between_characters(text, most),
    }
}

/// The last place up to `at` that is not within a character of UTF-8, if that is near.
fn between_characters(text: &[u8], at: usize) -> usize {
    let is_inner = |at: &usize| text[*at] & 0xc0 == 0x80;
    let near = at.saturating_sub(3).max(1)..=at;
    near.rev().find(|place| *place == text.len() || !is_inner(place)).unwrap_or(at)
}

/// What is known at the start of a batch.
#[derive(Clone, Debug)]
pub struct Opening {
    /// How many pieces of the first line are before it.
    pub part: u32,
    /// The last stamp before it.
    pub last: Option<Label>,
}

/// The records of the lines of a batch. `longest` is the most that a record has behind its stamp.
pub fn records(lines: &[u8], opening: &Opening, longest: usize, stamps: &mut Stamps) -> Vec<Record> {
    let mut records = Vec::new();
    let (mut part, mut last, mut from) = (opening.part, opening.last, 0);
    while from < lines.len() {
        let newline = memchr::memchr(b'\n', &lines[from..]);
        let end = newline.map_or(lines.len(), |newline| from + newline);
        let stamp = if part == 0 { stamps.read(&lines[from..end], last) } else { None };
        last = stamp.map(|stamp| stamp.moment).or(last);
        let line = Line {
            bytes: from..end,
            stamp: stamp.map_or(0, |stamp| stamp.text),
            part,
            ends: newline.is_some(),
        };
        line.records(lines, longest.max(4), last.and_then(nanoseconds), &mut records);
        part = 0;
        from = end + 1;
    }
    records
}

/// How many pieces of the last line are in these records, and before them.
pub fn parts(records: &[Record]) -> u32 {
    match records.last().map(|record| record.piece) {
        Some(Piece::Part(number)) => number + 1,
        _ => 0,
    }
}

/// A line, or what a batch has of it.
struct Line {
    bytes: Range<usize>,
    stamp: usize,
    part: u32,
    ends: bool,
}

impl Line {
    fn records(self, lines: &[u8], longest: usize, at: Option<u64>, records: &mut Vec<Record>) {
        let Line { bytes, mut stamp, mut part, ends } = self;
        let mut from = bytes.start;
        loop {
            let text = &lines[from + stamp..bytes.end];
            let is_last = text.len() <= longest;
            let length = if is_last { text.len() } else { between_characters(text, longest) };
            let end = from + stamp + length;
            let piece = match (is_last && ends, part) {
                (true, 0) => Piece::Whole,
                (true, part) => Piece::Last(part),
                (false, part) => Piece::Part(part),
            };
            records.push(Record { bytes: from..end, stamp, at, piece });
            if is_last {
                return;
            }
            (from, stamp, part) = (end, 0, part + 1);
        }
    }
}

/// The moment in nanoseconds since 1970. None: it was before that, or is too far away.
pub fn nanoseconds(moment: Label) -> Option<u64> {
    let seconds = u64::try_from(moment.unix_seconds()).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(u64::from(moment.nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tai64tools::leap::Offset;

    #[test]
    fn a_batch_ends_with_a_line_if_one_fits() {
        for (text, most, expected) in [
            ("a\nb\n", 4, 4),
            ("a\nb\n", 3, 2),
            ("a\nb\n", 2, 2),
            ("abcd\n", 3, 3),
            ("abcd\n", 4, 3),
            ("abcd\n", 5, 5),
            ("a\u{20ac}b\n", 3, 1),
            ("a\u{20ac}b\n", 4, 4),
            ("\u{20ac}\u{20ac}\n", 2, 2),
            ("a\n", 1, 1),
        ] {
            assert_eq!(lines(text.as_bytes(), most), expected, "{text:?} {most}");
        }
    }

    fn cut(text: &str, part: u32, longest: usize) -> Vec<(String, usize, Option<u64>, Piece)> {
        let opening = Opening { part, last: None };
        let records = records(text.as_bytes(), &opening, longest, &mut Stamps::new(Offset::Fixed));
        records
            .into_iter()
            .map(|record| (text[record.bytes].to_string(), record.stamp, record.at, record.piece))
            .collect()
    }

    #[test]
    fn a_line_is_a_record_or_several_and_has_the_time_of_the_last_stamp() {
        let at = Some(935_467_445_787_492_500);
        let stamp = "@4000000037c219bf2ef02e94 ";
        let text = format!("{stamp}mark\nabcdefg\n\n");
        let expected = [
            (format!("{stamp}mark"), 26, at, Piece::Whole),
            ("abcd".into(), 0, at, Piece::Part(0)),
            ("efg".into(), 0, at, Piece::Last(1)),
            (String::new(), 0, at, Piece::Whole),
        ];
        assert_eq!(cut(&text, 0, 4), expected);
        let expected = [("ab".into(), 0, None, Piece::Last(3)), ("cd".into(), 0, None, Piece::Part(0))];
        assert_eq!(cut("ab\ncd", 3, 100), expected);
        assert_eq!(cut("abcdef", 2, 4)[1], ("ef".into(), 0, None, Piece::Part(3)));
    }

    proptest! {
        #[test]
        fn records_are_all_of_the_lines_and_none_is_too_long(
            text in "(@4000000037c219bf2ef02e94 |[a-c\u{20ac}]|\n){0,40}", longest in 4usize..9, part in 0u32..3,
        ) {
            let opening = Opening { part, last: None };
            let found = records(text.as_bytes(), &opening, longest, &mut Stamps::new(Offset::Fixed));
            let mut together = Vec::new();
            for record in &found {
                prop_assert!(record.bytes.len() <= record.stamp + longest);
                prop_assert!(std::str::from_utf8(&text.as_bytes()[record.bytes.clone()]).is_ok());
                together.extend_from_slice(&text.as_bytes()[record.bytes.clone()]);
                if !matches!(record.piece, Piece::Part(_)) {
                    together.push(b'\n');
                }
            }
            prop_assert_eq!(together, text.as_bytes());
        }

        #[test]
        fn pieces_of_any_text_are_the_text(text in prop::collection::vec(any::<u8>(), 1..60), most in 1usize..9) {
            let mut rest = &text[..];
            while !rest.is_empty() {
                let cut = lines(rest, most);
                prop_assert!(cut > 0 && cut <= most.max(rest.len().min(most)));
                rest = &rest[cut..];
            }
        }
    }
}
