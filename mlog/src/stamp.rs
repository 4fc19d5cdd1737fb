//! The stamp at the start of a line, in every form that loggers of the family write, as a moment.
//!
//! | who | form |
//! |---|---|
//! | multilog `t`, svlogd `-t`, s6-log `t` | `@` and 24 hexadecimal digits |
//! | svlogd `-tt`, `-ttt` | `2026-11-25_20:45:36.97225`, or with a `T`; UTC |
//! | s6-log `T` | `2026-11-25 20:45:36.943031760` and two spaces; local time without a zone |
//! | multilog `t=iso`, `t=iso-utc` | `2026-11-25T21:45:36.943031760+01:00`, or with a `Z` |
//! | multilog `t=unix`, `t=unixms` | `1795639536.943031760`, `1795639536943.031760` |
//! | multilog `T`, as that of encore | `1795639536.943031` |
//!
//! The forms are matched to the digit, so that a time that a program writes at the start of its own lines is text.
//! Every moment is a [`Label`] that is 10 seconds ahead of UTC, whatever the offset of the directory.

use tai64tools::leap::Offset;
use tai64tools::zone::civil;
use tai64tools::{Label, label};
use unix::localtime;

/// A stamp, and where the text behind it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The moment.
    pub moment: Label,
    /// Where the text of the line begins.
    pub text: usize,
    /// The label as it is written, where it is one. Its offset from UTC is that of the directory.
    pub label: Option<Label>,
}

/// Reads the stamps of one directory, line after line.
#[derive(Clone, Debug)]
pub struct Stamps {
    offset: Offset,
    /// The minute without a zone that was read last, its moment, and what was before it then.
    minute: Option<([u8; MINUTE], i64)>,
}

/// `2026-11-25 20:45`.
const MINUTE: usize = 16;
/// `2026-11-25 20:45:36`.
const SECOND: usize = 19;

impl Stamps {
    /// For a directory whose labels are so far ahead of UTC.
    pub fn new(offset: Offset) -> Stamps {
        Stamps { offset, minute: None }
    }

    /// The offset of the directory's labels.
    pub fn offset(&self) -> Offset {
        self.offset
    }

    /// The stamp of `line`. None: it has none. A time that a clock shows twice is the first one that is not before
    /// `earlier`.
    #[inline]
    pub fn read(&mut self, line: &[u8], earlier: Option<Label>) -> Option<Stamp> {
        match line.first()? {
            b'@' => self.label(line),
            b'0'..=b'9' => self.digits(line, earlier),
            _ => None,
        }
    }

    #[inline]
    fn label(&self, line: &[u8]) -> Option<Stamp> {
        let label = Label::parse(line)?;
        let text = match line.get(label::LENGTH) {
            Some(b' ') => label::LENGTH + 1,
            Some(b'0'..=b'9' | b'a'..=b'f') => return None,
            _ => label::LENGTH,
        };
        Some(Stamp { moment: moment(label, self.offset), text, label: Some(label) })
    }

    fn digits(&mut self, line: &[u8], earlier: Option<Label>) -> Option<Stamp> {
        if line.get(4) == Some(&b'-') { self.civil(line, earlier) } else { counted(line) }
    }

    fn civil(&mut self, line: &[u8], earlier: Option<Label>) -> Option<Stamp> {
        let minute: &[u8; MINUTE] = line.first_chunk()?;
        let second = number(line.get(MINUTE + 1..SECOND)?).filter(|&second| second <= 60)?;
        if line[MINUTE] != b':' || line.get(SECOND) != Some(&b'.') {
            return None;
        }
        let digits = line[SECOND + 1..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let nanos = number(&line[SECOND + 1..][..digits]).filter(|_| digits <= 9)?;
        let end = SECOND + 1 + digits;
        let rest = &line[end..];
        let (unix, text) = match (minute[10], digits) {
            (b'_' | b'T', 5) if rest.first() == Some(&b' ') => (utc(minute)?, end + 1),
            (b'T', 9) => {
                let (east, length) = zone(rest)?;
                (utc(minute)? - east, end + length)
            }
            (b' ', 9) if rest.starts_with(b"  ") => (self.local(minute, earlier)?, end + 2),
            _ => return None,
        };
        let nanos = u32::try_from(nanos).ok()? * 10u32.pow(9 - u32::try_from(digits).ok()?);
        Some(Stamp { moment: from_unix(unix + second, nanos)?, text, label: None })
    }

    /// The moment at which the local clock shows this minute.
    fn local(&mut self, minute: &[u8; MINUTE], earlier: Option<Label>) -> Option<i64> {
        let earlier = earlier.map(Label::unix_seconds);
        if let Some((last, unix)) = self.minute {
            if last == *minute && earlier.is_none_or(|earlier| unix + 60 >= earlier) {
                return Some(unix);
            }
        }
        let civil = utc(minute)?;
        let candidates = local_moments(civil);
        let late = |unix: &i64| earlier.is_none_or(|earlier| unix + 59 >= earlier);
        let unix = candidates.iter().copied().find(late).or(candidates.last().copied())?;
        self.minute = Some((*minute, unix));
        Some(unix)
    }
}

/// The moments at which the local clock shows what a clock of UTC shows at `shown`, in order; where there is none, the one
/// that it would have been without the change.
fn local_moments(shown: i64) -> Vec<i64> {
    let ahead = |unix: i64| localtime::local(unix).map_or(0, |time| i64::from(time.offset));
    let moments = civil::moments(shown, ahead);
    if moments.is_empty() { vec![shown - ahead(shown - civil::DAY)] } else { moments }
}

/// The moment of a label, as a label that is 10 seconds ahead of UTC.
#[inline]
pub fn moment(label: Label, offset: Offset) -> Label {
    match offset {
        Offset::Fixed => label,
        Offset::Leap => from_unix(offset.utc(label.seconds()).unix, label.nanos()).unwrap_or(label),
    }
}

/// The label of a moment in seconds since 1970. None before 1970, roughly, and where no label is so large.
pub fn from_unix(seconds: i64, nanos: u32) -> Option<Label> {
    let seconds = u64::try_from(seconds.checked_add(label::EPOCH as i64)?).ok()?;
    Label::new(seconds, nanos)
}

/// Seconds or milliseconds since 1970.
fn counted(line: &[u8]) -> Option<Stamp> {
    let dot = line.iter().take(14).position(|&byte| byte == b'.')?;
    let digits = match dot {
        10 if line.get(17) == Some(&b' ') => 6,
        10 => 9,
        13 => 6,
        _ => return None,
    };
    let whole = number(&line[..dot])?;
    let fraction = u32::try_from(number(line.get(dot + 1..dot + 1 + digits)?)?).ok()?;
    if line.get(dot + 1 + digits) != Some(&b' ') {
        return None;
    }
    let (unix, nanos) = match dot {
        10 if digits == 6 => (whole, fraction * 1000),
        10 => (whole, fraction),
        _ => (whole / 1000, u32::try_from(whole % 1000).ok()? * 1_000_000 + fraction),
    };
    Some(Stamp { moment: from_unix(unix, nanos)?, text: dot + digits + 2, label: None })
}

/// `Z ` or `+01:00 `: seconds east of UTC, and its length.
fn zone(rest: &[u8]) -> Option<(i64, usize)> {
    if rest.starts_with(b"Z ") {
        return Some((0, 2));
    }
    let sign = match rest.first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = (number(rest.get(1..3)?)?, number(rest.get(4..6)?)?);
    (rest[3] == b':' && rest.get(6) == Some(&b' ')).then_some((sign * (hours * 3600 + minutes * 60), 7))
}

fn number(digits: &[u8]) -> Option<i64> {
    if digits.is_empty() || digits.len() > 17 {
        return None;
    }
    digits.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// What a clock of UTC shows as this minute, in seconds since 1970.
fn utc(minute: &[u8; MINUTE]) -> Option<i64> {
    let [year, month, day, hour, min] =
        [0..4, 5..7, 8..10, 11..13, 14..16].map(|digits| number(&minute[digits]).unwrap_or(-1));
    let shape = minute[4] == b'-' && minute[7] == b'-' && minute[13] == b':';
    let fits = (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !shape || !fits || !(0..24).contains(&hour) || !(0..60).contains(&min) {
        return None;
    }
    let days = civil::first_of(year, u8::try_from(month).ok()?) + day - 1;
    Some(days * civil::DAY + hour * 3600 + min * 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(line: &str) -> Option<(i64, u32, usize)> {
        let stamp = Stamps::new(Offset::Fixed).read(line.as_bytes(), None)?;
        Some((stamp.moment.unix_seconds(), stamp.moment.nanos(), stamp.text))
    }

    #[test]
    fn every_form_is_read_and_nothing_like_it_is() {
        for (line, expected) in [
            ("@4000000037c219bf2ef02e94 mark", Some((935_467_445, 787_492_500, 26))),
            ("@4000000037c219bf2ef02e94", Some((935_467_445, 787_492_500, 25))),
            ("@4000000037c219bf2ef02e94\n", Some((935_467_445, 787_492_500, 25))),
            ("@4000000037c219bf2ef02e945 mark", None),
            ("@4000000037c219bf3b9aca00 mark", None),
            ("2026-11-25_20:45:36.97225 line", Some((1_795_639_536, 972_250_000, 26))),
            ("2026-11-25T20:45:36.97225 line", Some((1_795_639_536, 972_250_000, 26))),
            ("2026-11-25T20:45:36.97225\n", None),
            ("2026-11-25 20:45:36.97225 line", None),
            ("2026-11-25 20:45:36,972 line", None),
            ("2026-13-25_20:45:36.97225 line", None),
            ("2026-11-25T21:45:36.943031760+01:00 x", Some((1_795_639_536, 943_031_760, 36))),
            ("2026-11-25T20:45:36.943031760Z x", Some((1_795_639_536, 943_031_760, 31))),
            ("2026-11-25T20:45:36.943031760 x", None),
            ("1795639536.943031760 x", Some((1_795_639_536, 943_031_760, 21))),
            ("1795639536943.031760 x", Some((1_795_639_536, 943_031_760, 21))),
            ("1795639536.943031 x", Some((1_795_639_536, 943_031_000, 18))),
            ("1795639536.943031\n", None),
            ("1795639536.9430317 x", None),
            ("1795639536.943 x", None),
            ("", None),
            ("text", None),
        ] {
            assert_eq!(read(line), expected, "{line:?}");
        }
    }

    #[test]
    fn labels_with_leap_seconds_are_moments_like_the_others() {
        let label = Label::new(label::EPOCH + 1_795_639_536 + 27, 5).unwrap();
        let line = [&label.text()[..], b" x"].concat();
        let stamp = Stamps::new(Offset::Leap).read(&line, None).unwrap();
        assert_eq!((stamp.moment.unix_seconds(), stamp.label), (1_795_639_536, Some(label)));
    }

    proptest! {
        #[test]
        fn days_are_those_of_the_calendar(unix in 0i64..253_402_300_799) {
            let time = localtime::utc(unix).unwrap();
            let text = format!("{:04}-{:02}-{:02} {:02}:{:02}", time.year, time.month, time.day, time.hour, time.minute);
            prop_assert_eq!(utc(text.as_bytes().first_chunk().unwrap()), Some(unix - i64::from(time.second)));
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(line in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some(stamp) = Stamps::new(Offset::Leap).read(&line, None) {
                prop_assert!(stamp.text <= line.len());
            }
        }
    }
}
