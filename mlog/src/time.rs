//! Times and spans as people write them.
//!
//! A time that the local clock shows twice is the earlier one for a beginning and the later one for an end; one that it
//! never shows is the moment of the change. The local clock is the C library's, as for output.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::{Timestamp, ToSpan};
use std::time::Duration;

use tai64tools::leap::Offset;
use tai64tools::zone::civil;
use tai64tools::{Label, label};
use unix::localtime;

use crate::stamp::{from_unix, moment};

/// A moment that somebody wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A time.
    Time(Label),
    /// A label as it stands in a directory, whose offset it has.
    Label(Label),
}

/// Which of two moments that a clock shows alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The earlier one.
    Since,
    /// The later one.
    Until,
}

impl Moment {
    /// The moment in a directory whose labels are so far ahead of UTC.
    pub fn in_directory(self, offset: Offset) -> Label {
        match self {
            Moment::Time(label) => label,
            Moment::Label(label) => moment(label, offset),
        }
    }

    /// Reads a time: `now`, `-2h`, `yesterday`, `friday 14:00`, `14:00`, `2026-11-25`, `2026-11-25 14:00:00.5`, RFC 3339,
    /// `@1795639536`, or a label.
    ///
    /// # Errors
    ///
    /// It is none of these: what can be written, in one line.
    pub fn parse(text: &str, edge: Edge, now: Label) -> Result<Moment, String> {
        let wrong = || {
            format!(
                "unable to understand time {text}: try yesterday, -2h, 'friday 14:00', 2026-11-25, \
                 2026-11-25T14:00:00Z or @4000..."
            )
        };
        if let Some(label) = Label::parse(text.as_bytes()).filter(|_| text.len() == label::LENGTH) {
            return Ok(Moment::Label(label));
        }
        read(text.trim(), edge, now).map(Moment::Time).ok_or_else(wrong)
    }
}

fn read(text: &str, edge: Edge, now: Label) -> Option<Label> {
    if text == "now" {
        return Some(now);
    }
    if let Some(span) = text.strip_prefix('-').or_else(|| text.strip_suffix(" ago")) {
        return before(now, parse_span(span)?);
    }
    if let Some(span) = text.strip_prefix('+') {
        let after = parse_span(span)?;
        let seconds = now.unix_seconds().checked_add(i64::try_from(after.as_secs()).ok()?)?;
        return Some(from_unix(seconds, now.nanos())?.plus(after.subsec_nanos()));
    }
    if let Some(unix) = text.strip_prefix('@') {
        return from_unix(unix.parse().ok()?, 0);
    }
    if let Ok(stamp) = text.parse::<Timestamp>() {
        return from_unix(stamp.as_second(), u32::try_from(stamp.subsec_nanosecond()).ok()?);
    }
    let (date, time) = civil(text, today(now)?)?;
    let moment = |date: Date| {
        let at = local(date.to_datetime(time), edge)?;
        from_unix(at, u32::try_from(time.subsec_nanosecond()).ok()?)
    };
    let chosen = moment(date)?;
    // The last friday at 14:00 may be a week ago on a Friday.
    if chosen > now && names_weekday(text) { moment(date.checked_sub(7.days()).ok()?) } else { Some(chosen) }
}

fn names_weekday(text: &str) -> bool {
    text.split([' ', 'T']).next().is_some_and(|word| weekday(&word.to_ascii_lowercase()).is_some())
}

fn before(now: Label, span: Duration) -> Option<Label> {
    let nanos = i128::from(now.unix_seconds()) * 1_000_000_000 + i128::from(now.nanos());
    let then = nanos - i128::try_from(span.as_nanos()).ok()?;
    let nanos = u32::try_from(then.rem_euclid(1_000_000_000)).ok()?;
    from_unix(i64::try_from(then.div_euclid(1_000_000_000)).ok()?, nanos)
}

/// A date, a word for one, a time of day, or one of the former and the latter.
fn civil(text: &str, today: Date) -> Option<(Date, Time)> {
    let midnight = Time::midnight();
    if let Some(date) = day(text, today) {
        return Some((date, midnight));
    }
    if let Some(time) = clock(text) {
        return Some((today, time));
    }
    if let Some((date, time)) = text.rsplit_once([' ', 'T']) {
        return Some((day(date.trim(), today)?, clock(time)?));
    }
    None
}

fn clock(text: &str) -> Option<Time> {
    let shape = text.len() >= 4
        && text.contains(':')
        && text.bytes().all(|byte| byte.is_ascii_digit() || b":.".contains(&byte));
    let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text.to_string() };
    if shape { padded.parse().ok() } else { None }
}

fn day(text: &str, today: Date) -> Option<Date> {
    let lower = text.to_ascii_lowercase();
    match &*lower {
        "today" => return Some(today),
        "yesterday" => return today.checked_sub(1.day()).ok(),
        "tomorrow" => return today.checked_add(1.day()).ok(),
        _ => {}
    }
    if let Some(wanted) = weekday(&lower) {
        let mut day = today;
        while day.weekday() != wanted {
            day = day.checked_sub(1.day()).ok()?;
        }
        return Some(day);
    }
    let shape = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if shape { text.parse().ok() } else { None }
}

fn weekday(text: &str) -> Option<Weekday> {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    let days = [
        ("monday", Monday),
        ("tuesday", Tuesday),
        ("wednesday", Wednesday),
        ("thursday", Thursday),
        ("friday", Friday),
        ("saturday", Saturday),
        ("sunday", Sunday),
    ];
    days.into_iter().find(|(name, _)| *name == text || name[..3] == *text).map(|(_, day)| day)
}

fn today(now: Label) -> Option<Date> {
    let time = localtime::local(now.unix_seconds())?;
    Date::new(i16::try_from(time.year).ok()?, i8::try_from(time.month).ok()?, i8::try_from(time.day).ok()?)
        .ok()
}

/// Seconds since 1970 when the local clock shows this.
fn local(shown: DateTime, edge: Edge) -> Option<i64> {
    let ahead = |unix: i64| localtime::local(unix).map_or(0, |time| i64::from(time.offset));
    let shown = shown.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0)).as_secs();
    let fitting = civil::moments(shown, ahead);
    let chosen = if edge == Edge::Since { fitting.first() } else { fitting.last() };
    if let Some(&chosen) = chosen {
        return Some(chosen);
    }
    let (mut low, mut high) = (shown - civil::DAY, shown + civil::DAY);
    let before = ahead(low);
    // The clock jumped over it: the first second with another offset.
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if ahead(middle) == before { low = middle } else { high = middle }
    }
    Some(high)
}

/// Reads a span: numbers with `s`, `m` or `min`, `h`, `d`, `w`, one or several; a number alone is seconds.
pub fn parse_span(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    let mut sum = 0f64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..digits].parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        sum += number * seconds_of(&rest[..letters])?;
        rest = rest[letters..].trim_start();
    }
    Duration::try_from_secs_f64(sum).ok()
}

fn seconds_of(unit: &str) -> Option<f64> {
    Some(match unit {
        "ms" => 0.001,
        "" | "s" | "sec" | "second" | "seconds" => 1.0,
        "m" | "min" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        "d" | "day" | "days" => 86_400.0,
        "w" | "week" | "weeks" => 604_800.0,
        _ => return None,
    })
}

/// A span in words: `1h 2m 3s`, without what is zero; at least seconds.
pub fn words(span: Duration) -> String {
    let seconds = span.as_secs();
    let parts =
        [(seconds / 86_400, "d"), (seconds / 3600 % 24, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    let words: Vec<String> = parts
        .into_iter()
        .filter(|(value, _)| *value > 0)
        .map(|(value, unit)| format!("{value}{unit}"))
        .collect();
    if words.is_empty() { "0s".into() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wednesday, 2026-11-25 20:45:36.5 UTC; tests run in UTC or are about instants.
    const NOW: i64 = 1_795_639_536;

    fn at(text: &str) -> Option<(i64, u32)> {
        let now = from_unix(NOW, 500_000_000).unwrap();
        match Moment::parse(text, Edge::Since, now).ok()? {
            Moment::Time(label) | Moment::Label(label) => Some((label.unix_seconds(), label.nanos())),
        }
    }

    #[test]
    fn instants_are_what_they_say() {
        for (text, expected) in [
            ("now", Some((NOW, 500_000_000))),
            ("-2h", Some((NOW - 7200, 500_000_000))),
            ("-1.75s", Some((NOW - 2, 750_000_000))),
            ("90m ago", Some((NOW - 5400, 500_000_000))),
            ("-1d2h", Some((NOW - 93_600, 500_000_000))),
            ("+1h", Some((NOW + 3600, 500_000_000))),
            ("@935467445", Some((935_467_445, 0))),
            ("@4000000037c219bf2ef02e94", Some((935_467_445, 787_492_500))),
            ("2026-11-25T20:45:36Z", Some((NOW, 0))),
            ("2026-11-25T21:45:36.25+01:00", Some((NOW, 250_000_000))),
            ("2026-11-25 21:45:36+01:00", Some((NOW, 0))),
            ("", None),
            ("-", None),
            ("-2x", None),
            ("yesteryear", None),
            ("25:00", None),
            ("2026-13-01", None),
            ("@400000", Some((400_000, 0))),
            ("@4x", None),
        ] {
            assert_eq!(at(text), expected, "{text:?}");
        }
    }

    #[test]
    fn days_and_times_are_those_of_the_local_clock() {
        let shown = |text: &str| {
            let time = localtime::local(at(text).unwrap().0).unwrap();
            format!(
                "{:02}-{:02} {:02}:{:02}:{:02}",
                time.month, time.day, time.hour, time.minute, time.second
            )
        };
        let zone = localtime::local(NOW).unwrap();
        assert_eq!((zone.month, zone.day), (11, 25), "a zone far from UTC");
        for (text, expected) in [
            ("today", "11-25 00:00:00"),
            ("yesterday", "11-24 00:00:00"),
            ("yesterday 9:30", "11-24 09:30:00"),
            ("friday 14:00", "11-20 14:00:00"),
            ("wed", "11-25 00:00:00"),
            ("wednesday 0:00", "11-25 00:00:00"),
            ("wednesday 23:59:59", "11-18 23:59:59"),
            ("Thursday 23:59:59", "11-19 23:59:59"),
            ("23:59:59", "11-25 23:59:59"),
            ("14:00", "11-25 14:00:00"),
            ("14:00:05", "11-25 14:00:05"),
            ("2026-03-01", "03-01 00:00:00"),
            ("2026-03-01 12:00", "03-01 12:00:00"),
            ("2026-03-01T12:00:07", "03-01 12:00:07"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn spans() {
        for (text, expected) in [
            ("90", Some(90)),
            ("90s", Some(90)),
            ("2m", Some(120)),
            ("1h 30min", Some(5400)),
            ("2w", Some(1_209_600)),
            ("h", None),
            ("", None),
            ("1y", None),
        ] {
            assert_eq!(parse_span(text), expected.map(Duration::from_secs), "{text}");
        }
        assert_eq!(words(Duration::from_secs(93_784)), "1d 2h 3m 4s");
        assert_eq!(words(Duration::from_millis(20)), "0s");
    }
}
