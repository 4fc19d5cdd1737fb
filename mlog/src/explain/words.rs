//! Lines of the explanation, and bytes and times as people say them.

use std::ffi::OsStr;
use std::path::{self, Path};

use multilog::script::Prefix;

/// A name or a command as it is.
pub(super) fn plain(text: &OsStr) -> path::Display<'_> {
    Path::new(text).display()
}

/// A prefix between quotes.
pub(super) fn quoted(prefix: &Prefix) -> String {
    format!("\"{}\"", prefix.as_bytes().escape_ascii())
}

/// Adds a line.
pub(super) fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.push_str(&line.to_string());
    text.push('\n');
}

/// Bytes in decimal units, with three digits: `99.9 kB`.
pub(super) fn bytes(count: u64) -> String {
    match unit_of(count) {
        Some((name, unit)) => format!("{} {name}", three_digits(count, unit)),
        None => format!("{count} bytes"),
    }
}

/// The same, never less than `count`.
pub(super) fn bytes_at_most(count: u64) -> String {
    let step = unit_of(count).map_or(1, |(_, unit)| unit / 10_u64.pow(digits_behind(count / unit)));
    bytes(count.div_ceil(step).saturating_mul(step))
}

fn unit_of(count: u64) -> Option<(&'static str, u64)> {
    let units = [("GB", 1_000_000_000), ("MB", 1_000_000), ("kB", 1000)];
    units.into_iter().find(|&(_, unit)| count >= unit)
}

/// Seconds in the largest unit that they fill: `3.4 hours`.
pub(super) fn seconds(count: u64) -> String {
    let units = [("year", 31_556_952), ("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1)];
    match units.into_iter().find(|&(_, unit)| count >= unit) {
        Some((name, unit)) => match three_digits(count, unit) {
            one if one == "1" => format!("1 {name}"),
            number => format!("{number} {name}s"),
        },
        None => "less than a second".into(),
    }
}

/// `count / unit` with three digits, cut and not rounded; no digit behind the point where it divides.
fn three_digits(count: u64, unit: u64) -> String {
    let (whole, rest) = (count / unit, count % unit);
    let digits = digits_behind(whole);
    match rest * 10_u64.pow(digits) / unit {
        0 => whole.to_string(),
        behind => {
            format!("{whole}.{behind:0width$}", width = digits as usize).trim_end_matches('0').to_string()
        }
    }
}

/// How many of three digits are behind the point.
fn digits_behind(whole: u64) -> u32 {
    match whole {
        0..10 => 2,
        10..100 => 1,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_have_three_digits_and_a_unit() {
        for (count, shown) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1 kB"),
            (4096, "4.09 kB"),
            (99_999, "99.9 kB"),
            (999_990, "999 kB"),
            (16_777_216, "16.7 MB"),
            (20_000_000, "20 MB"),
            (2_147_483_647_000, "2147 GB"),
        ] {
            assert_eq!(bytes(count), shown, "{count}");
        }
    }

    #[test]
    fn what_is_at_most_so_long_is_never_longer_than_what_is_shown() {
        for (count, shown) in [
            (0, "0 bytes"),
            (999, "999 bytes"),
            (1000, "1 kB"),
            (4096, "4.1 kB"),
            (199_998, "200 kB"),
            (999_990, "1 MB"),
            (10_737_418_240, "10.8 GB"),
            (20_000_000, "20 MB"),
            (u64::MAX, "18446744073 GB"),
        ] {
            assert_eq!(bytes_at_most(count), shown, "{count}");
        }
    }

    #[test]
    fn seconds_are_shown_in_the_largest_unit_that_they_fill() {
        for (count, shown) in [
            (0, "less than a second"),
            (1, "1 second"),
            (90, "1.5 minutes"),
            (3600, "1 hour"),
            (100_000, "1.15 days"),
            (40_000_000, "1.26 years"),
        ] {
            assert_eq!(seconds(count), shown, "{count}");
        }
    }
}
