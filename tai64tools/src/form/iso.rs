//! `t=iso` and `t=iso-utc`: date and time as ISO 8601 has them, `2026-11-25T21:44:08.123456789+01:00`, or with `Z`.
//!
//! The offset from UTC is in the stamp, so a stamp is one moment whatever the zone, also in the hour that comes twice
//! at the end of summer time.

use ::unix::localtime::LocalTime;

use super::decimal::{DecimalText, Fraction};
use super::local::{Style, write_offset, write_time};
use super::{Look, Place, Way};
use crate::label::EPOCH;
use crate::zone::{self, TimeZone};

/// In the zone of this process.
pub(super) const LOCAL: Look = Look {
    width: LOCAL_WIDTH,
    places: Some(&LOCAL_PLACES),
    way: Way::BySecond(|seconds| in_zone(TimeZone::of_process(), since_epoch(seconds))),
};

/// In UTC.
pub(super) const UTC: Look = Look {
    width: UTC_WIDTH,
    places: Some(&UTC_PLACES),
    way: Way::BySecond(|seconds| text(zone::utc(since_epoch(seconds)), b"Z")),
};

/// The 30th of December 9999 ends: years have four digits in all zones. Stamps do not get beyond that second.
const LAST: i64 = 253_402_214_399;

/// A year, five pairs of digits with a byte before each, a point and nine digits.
const DIGITS_END: usize = 29;
const LOCAL_WIDTH: usize = DIGITS_END + 7;
const UTC_WIDTH: usize = DIGITS_END + 2;

const DIGIT: Place = Place::OneOf(b"0123456789");

static LOCAL_PLACES: [Place; LOCAL_WIDTH] = {
    let mut places = places();
    places[DIGITS_END] = Place::OneOf(b"+-");
    places[DIGITS_END + 3] = Place::Only(b':');
    places
};

static UTC_PLACES: [Place; UTC_WIDTH] = {
    let mut places = places();
    places[DIGITS_END] = Place::Only(b'Z');
    places
};

/// What is the same in both forms; digits are everywhere else.
const fn places<const WIDTH: usize>() -> [Place; WIDTH] {
    let mut places = [DIGIT; WIDTH];
    places[4] = Place::Only(b'-');
    places[7] = Place::Only(b'-');
    places[10] = Place::Only(b'T');
    places[13] = Place::Only(b':');
    places[16] = Place::Only(b':');
    places[19] = Place::Only(b'.');
    places[WIDTH - 1] = Place::Only(b' ');
    places
}

/// From the seconds of a label. The first and the last second stand for all before and behind them.
fn since_epoch(seconds: u64) -> i64 {
    i64::try_from(seconds.saturating_sub(EPOCH)).unwrap_or(LAST).min(LAST)
}

fn in_zone(zone: &TimeZone, unix: i64) -> DecimalText {
    let time = zone.time_by_the_minute(unix);
    let mut after = Vec::new();
    write_offset(time.offset, &mut after);
    text(time, &after)
}

fn text(time: LocalTime, after: &[u8]) -> DecimalText {
    let mut before = Vec::new();
    write_time(time, Style::Iso, &mut before);
    DecimalText::new(&before, Fraction::Nine, after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn shown(zone: &TimeZone, unix: i64, nanos: u32) -> String {
        let mut out = Vec::new();
        in_zone(zone, unix).append_to(nanos, &mut out);
        String::from_utf8(out).unwrap()
    }

    fn zone(rule: &str) -> TimeZone {
        TimeZone::named(Some(rule.as_bytes()), b"/no such folder")
    }

    /// The seconds since the epoch that a stamp means, counted day by day.
    fn instant(stamp: &str) -> i64 {
        let number = |from: usize, to: usize| stamp[from..to].parse::<i64>().unwrap();
        let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let february = if is_leap(number(0, 4)) { 29 } else { 28 };
        let months = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let years: i64 = (1970..number(0, 4)).map(|year| if is_leap(year) { 366 } else { 365 }).sum();
        let before = if number(0, 4) < 1970 { -365 } else { 0 };
        let month = number(5, 7) as usize - 1;
        let days = before + years + months[..month].iter().sum::<i64>() + number(8, 10) - 1;
        let local = days * 86_400 + number(11, 13) * 3600 + number(14, 16) * 60 + number(17, 19);
        let sign = if &stamp[29..30] == "-" { -1 } else { 1 };
        let offset = if &stamp[29..30] == "Z" { 0 } else { number(30, 32) * 3600 + number(33, 35) * 60 };
        local - sign * offset
    }

    #[test]
    fn the_offset_is_that_of_the_moment_and_the_hour_that_comes_twice_can_be_told_apart() {
        let berlin = zone("CET-1CEST,M3.5.0,M10.5.0/3");
        for (unix, nanos, expected) in [
            (1_774_745_999, 999_999_999, "2026-03-29T01:59:59.999999999+01:00 "),
            (1_774_746_000, 0, "2026-03-29T03:00:00.000000000+02:00 "),
            (1_792_889_999, 1, "2026-10-25T02:59:59.000000001+02:00 "),
            (1_792_890_000, 2, "2026-10-25T02:00:00.000000002+01:00 "),
        ] {
            assert_eq!(shown(&berlin, unix, nanos), expected);
        }
        assert_eq!(shown(&zone("IST-5:30"), 1_792_890_000, 0), "2026-10-25T06:30:00.000000000+05:30 ");
        assert_eq!(shown(&zone("<-0330>3:30"), 0, 0), "1969-12-31T20:30:00.000000000-03:30 ");
        assert_eq!(shown(&zone(""), 0, 0), "1970-01-01T00:00:00.000000000+00:00 ");
    }

    #[test]
    fn an_offset_with_seconds_is_shown_without_them_and_the_moment_is_right() {
        assert_eq!(shown(&zone("AAA0:44:30"), 3600, 0), "1970-01-01T00:16:00.000000000-00:44 ");
        assert_eq!(shown(&zone("AAA-0:44:30"), 3600, 0), "1970-01-01T01:44:00.000000000+00:44 ");
    }

    #[test]
    fn every_moment_has_a_stamp() {
        for (seconds, expected) in [
            (0, "1970-01-01T00:00:00.000000005Z "),
            (EPOCH - 1, "1970-01-01T00:00:00.000000005Z "),
            (EPOCH + 253_402_214_399, "9999-12-30T23:59:59.000000005Z "),
            (EPOCH + 253_402_300_800, "9999-12-30T23:59:59.000000005Z "),
            (u64::MAX, "9999-12-30T23:59:59.000000005Z "),
        ] {
            let Way::BySecond(text_of) = UTC.way else { panic!("by second") };
            let mut out = Vec::new();
            text_of(seconds).append_to(5, &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }

    proptest! {
        #[test]
        fn a_stamp_means_its_moment(unix in 0i64..253_402_214_400, nanos in 0u32..1_000_000_000, minutes in -1440i32..1441) {
            let (sign, size) = (if minutes > 0 { "-" } else { "" }, minutes.unsigned_abs());
            let rule = format!("<x+-x>{sign}{}:{}", size / 60, size % 60);
            for rule in [&*rule, "CET-1CEST,M3.5.0,M10.5.0/3", "<x+-x>-12:45<y+-y>,M9.5.0/2:45,M4.1.0/3:45", ""] {
                let stamp = shown(&zone(rule), unix, nanos);
                prop_assert_eq!(instant(&stamp), unix, "{}", stamp);
                let fraction = format!("{:09}", nanos);
                prop_assert_eq!(&stamp[20..29], &*fraction);
            }
        }
    }
}
