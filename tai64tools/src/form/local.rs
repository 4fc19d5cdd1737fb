//! `Calendar`: date and time as people read them, `YYYY-MM-DD HH:MM:SS.nnnnnnnnn`, in the local zone or in UTC.
//!
//! The C library is asked for the time at the first and at the last second of each quarter of an hour. If the two are a
//! quarter of an hour apart, every time between them is calculated. The exceptions are leap seconds and old changes of
//! a zone's offset that happened within a quarter: there the C library is asked for every second.

use unix::localtime::{LocalTime, local, utc};

use super::shown::two;
use super::{Form, Shown};
use crate::label::Label;
use crate::leap::{Offset, Utc};

/// How long a quarter of an hour is, in seconds.
const QUARTER: i64 = 900;
/// Years have four digits.
const LAST_YEAR: i64 = 9999;

/// The zone whose time labels are shown in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Zone {
    /// The one that TZ names.
    Local,
    /// UTC.
    Utc,
}

/// How the time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// `1999-08-23 21:03:43.787492500`, as the original.
    Plain,
    /// `1999-08-23T21:03:43.787492500-07:00`, as ISO 8601 has it.
    Iso,
}

/// Writes moments as dates and times.
///
/// ```
/// use tai64tools::Label;
/// use tai64tools::form::{Calendar, Style, Zone};
///
/// let label = Label::parse(b"@4000000037c219bf2ef02e94 mark").unwrap();
/// let mut calendar = Calendar::new(Zone::Utc, Style::Plain);
/// assert_eq!(calendar.show(label).as_deref(), Some("1999-08-24 04:04:05.787492500"));
/// ```
#[derive(Clone, Debug)]
pub struct Calendar {
    zone: Zone,
    style: Style,
    offset: Offset,
    /// The quarter that was asked for last, if one answer serves all of it.
    quarter: Option<Quarter>,
}

/// A quarter of an hour of one day in which the time goes on evenly.
#[derive(Clone, Copy, Debug)]
struct Quarter {
    begin: i64,
    time: LocalTime,
}

impl Calendar {
    /// The calendar of a zone, for the labels of daemontools.
    pub fn new(zone: Zone, style: Style) -> Calendar {
        Calendar { zone, style, offset: Offset::Fixed, quarter: None }
    }

    /// The same calendar for labels that are ahead of UTC by `offset`. Zones under `right/` count leap seconds
    /// themselves and go with [`Offset::Fixed`].
    pub fn ahead(self, offset: Offset) -> Calendar {
        Calendar { offset, ..self }
    }

    /// The time of `label`. None before 1970, after the year 9999, and where the zone has no such time.
    pub fn show(&mut self, label: Label) -> Option<String> {
        let mut text = Vec::new();
        self.second(label.seconds())?.append(label.nanos(), &mut text);
        String::from_utf8(text).ok()
    }

    fn render(&self, time: LocalTime) -> Option<Shown> {
        let mut before = Vec::new();
        write_time(time, self.style, &mut before);
        let mut after = Vec::new();
        if self.style == Style::Iso {
            write_offset(time.offset, &mut after);
        }
        Shown::new(&before, 9, &after)
    }

    fn time(&mut self, seconds: i64) -> Option<LocalTime> {
        let begin = seconds - seconds.rem_euclid(QUARTER);
        if let Some(quarter) = self.quarter.filter(|quarter| quarter.begin == begin) {
            return Some(later(quarter.time, seconds - begin));
        }
        let time = self.ask(seconds)?;
        self.quarter = self.even_quarter(begin);
        Some(time)
    }

    /// The quarter, if the time goes on evenly from its first second to its last.
    fn even_quarter(&self, begin: i64) -> Option<Quarter> {
        let (first, last) = (self.ask(begin)?, self.ask(begin + QUARTER - 1)?);
        let even =
            i64::from(first.second_of_day()) + QUARTER - 1 < 86_400 && later(first, QUARTER - 1) == last;
        even.then_some(Quarter { begin, time: first })
    }

    fn ask(&self, seconds: i64) -> Option<LocalTime> {
        match self.zone {
            Zone::Local => local(seconds),
            Zone::Utc => utc(seconds),
        }
    }
}

impl Form for Calendar {
    fn second(&mut self, seconds: u64) -> Option<Shown> {
        let Utc { unix, leap } = self.offset.utc(seconds);
        if unix < 0 {
            return None;
        }
        let time = self.time(unix).filter(|time| time.year <= LAST_YEAR)?;
        self.render(LocalTime { second: time.second + u8::from(leap), ..time })
    }
}

/// The time `seconds` later, on the same day.
fn later(time: LocalTime, seconds: i64) -> LocalTime {
    let of_day = i64::from(time.second_of_day()) + seconds;
    LocalTime {
        hour: (of_day / 3600) as u8,
        minute: (of_day / 60 % 60) as u8,
        second: (of_day % 60) as u8,
        ..time
    }
}

/// Writes everything before the fraction, with its point. Years have four digits.
pub(super) fn write_time(time: LocalTime, style: Style, out: &mut Vec<u8>) {
    let year = time.year.unsigned_abs();
    two(out, (year / 100) as u8);
    two(out, (year % 100) as u8);
    for value in [time.month, time.day] {
        out.push(b'-');
        two(out, value);
    }
    out.push(if style == Style::Iso { b'T' } else { b' ' });
    two(out, time.hour);
    for value in [time.minute, time.second] {
        out.push(b':');
        two(out, value);
    }
    out.push(b'.');
}

/// Writes hours and minutes.
pub(super) fn write_offset(offset: i32, out: &mut Vec<u8>) {
    out.push(if offset < 0 { b'-' } else { b'+' });
    let minutes = offset.unsigned_abs() / 60;
    two(out, (minutes / 60) as u8);
    out.push(b':');
    two(out, (minutes % 60) as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::label::EPOCH;
    use proptest::prelude::*;

    fn shown(calendar: &mut Calendar, seconds: u64, nanos: u32) -> Option<String> {
        calendar.show(Label::new(EPOCH + seconds, nanos).unwrap())
    }

    #[test]
    fn utc_and_iso_8601() {
        let mut plain = Calendar::new(Zone::Utc, Style::Plain);
        assert_eq!(shown(&mut plain, 0, 1).as_deref(), Some("1970-01-01 00:00:00.000000001"));
        assert_eq!(shown(&mut plain, 253_402_300_799, 0).as_deref(), Some("9999-12-31 23:59:59.000000000"));
        assert_eq!(shown(&mut plain, 253_402_300_800, 0), None);
        let mut iso = Calendar::new(Zone::Utc, Style::Iso);
        assert_eq!(
            shown(&mut iso, 935_467_455, 787_492_500).as_deref(),
            Some("1999-08-24T04:04:15.787492500+00:00")
        );
        let mut out = Vec::new();
        write_offset(-12_600, &mut out);
        assert_eq!(out, b"-03:30");
    }

    #[test]
    fn labels_of_true_tai_show_leap_seconds() {
        let mut calendar = Calendar::new(Zone::Utc, Style::Plain).ahead(Offset::Leap);
        let mut at = |seconds: u64| shown(&mut calendar, 1_483_228_800 + seconds, 0).unwrap();
        assert_eq!(
            [at(25), at(26), at(27)].map(|text| text[11..19].to_string()),
            ["23:59:59", "23:59:60", "00:00:00"]
        );
    }

    #[test]
    fn a_second_that_does_not_go_on_evenly_is_asked_for() {
        let time = LocalTime { year: 1, month: 1, day: 1, hour: 23, minute: 50, second: 0, offset: 0 };
        assert_eq!((later(time, 599).minute, later(time, 599).second), (59, 59));
    }

    proptest! {
        #[test]
        fn a_calendar_that_remembers_says_what_a_new_one_says(
            start in 0u64..253_402_000_000, steps in prop::collection::vec(0u64..2000, 1..30)
        ) {
            for zone in [Zone::Local, Zone::Utc] {
                let mut calendar = Calendar::new(zone, Style::Iso);
                let mut seconds = start;
                for step in &steps {
                    seconds += step;
                    let naive = if zone == Zone::Utc { utc(seconds as i64) } else { local(seconds as i64) };
                    prop_assert_eq!(calendar.time(seconds as i64), naive);
                }
            }
        }
    }
}
