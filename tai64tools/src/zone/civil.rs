//! The calendar as arithmetic: days since the epoch to year, month and day, and back; and what a local clock shows, back
//! to moments.

use unix::localtime::LocalTime;

/// Seconds of a day.
pub const DAY: i64 = 86_400;
/// Days of the 400 years after which the calendar repeats itself.
const ERA: i64 = 146_097;
/// From the 1st of March of the year 0 to the epoch.
const TO_EPOCH: i64 = 719_468;

/// Year, month (1 to 12) and day (1 to 31) of a day since the epoch.
///
/// Years begin in March here, so that the day of a leap year is their last.
pub(super) fn date(days: i64) -> (i64, u8, u8) {
    let days = days + TO_EPOCH;
    let (era, of_era) = (days.div_euclid(ERA), days.rem_euclid(ERA));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month as u8, day as u8)
}

/// The day since the epoch of the 1st of a month.
pub fn first_of(year: i64, month: u8) -> i64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    era * ERA + of_era * 365 + of_era / 4 - of_era / 100 + (153 * i64::from(month) + 2) / 5 - TO_EPOCH
}

/// The local time where clocks are ahead of UTC by `offset` seconds.
pub(super) fn local_time(unix: i64, offset: i32) -> LocalTime {
    let seconds = unix + i64::from(offset);
    let (year, month, day) = date(seconds.div_euclid(DAY));
    let of_day = seconds.rem_euclid(DAY);
    LocalTime {
        year,
        month,
        day,
        hour: (of_day / 3600) as u8,
        minute: (of_day / 60 % 60) as u8,
        second: (of_day % 60) as u8,
        offset,
    }
}

/// The moments at which a local clock shows what a clock of UTC shows at `shown`, in order: one as a rule, two in the
/// hour that comes twice, none in the hour that is left out. `ahead` says by how many seconds the local clock is ahead at
/// a moment. All times are seconds since the epoch.
pub fn moments(shown: i64, ahead: impl Fn(i64) -> i64) -> Vec<i64> {
    let candidates = [shown - DAY, shown + DAY].map(|near| shown - ahead(near));
    let mut moments: Vec<i64> = candidates.into_iter().filter(|&unix| unix + ahead(unix) == shown).collect();
    moments.sort_unstable();
    moments.dedup();
    moments
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn days_are_dates() {
        for (day, expected) in [
            (0, (1970, 1, 1)),
            (-1, (1969, 12, 31)),
            (11_016, (2000, 2, 29)),
            (11_017, (2000, 3, 1)),
            (47_540, (2100, 2, 28)),
            (47_541, (2100, 3, 1)),
            (2_932_896, (9999, 12, 31)),
        ] {
            assert_eq!(date(day), expected, "{day}");
        }
    }

    /// The clock goes forward by an hour at 1,000,000 and back at 2,000,000.
    fn summer(unix: i64) -> i64 {
        if (1_000_000..2_000_000).contains(&unix) { 7200 } else { 3600 }
    }

    #[test]
    fn a_clock_shows_a_time_once_twice_or_never() {
        for (shown, expected) in [
            (503_600, &[500_000][..]),
            (1_003_599, &[999_999]),
            (1_003_600, &[]),
            (1_007_199, &[]),
            (1_007_200, &[1_000_000]),
            (2_003_599, &[1_996_399]),
            (2_003_600, &[1_996_400, 2_000_000]),
            (2_007_199, &[1_999_999, 2_003_599]),
            (2_007_200, &[2_003_600]),
        ] {
            assert_eq!(moments(shown, summer), expected, "{shown}");
        }
    }

    proptest! {
        #[test]
        fn a_moment_is_among_those_that_show_its_time(unix in 0i64..3_000_000) {
            let found = moments(unix + summer(unix), summer);
            prop_assert!(found.contains(&unix), "{unix}: {found:?}");
        }

        #[test]
        fn the_time_in_utc_is_that_of_the_c_library(seconds in -100_000_000_000i64..253_402_300_800) {
            prop_assert_eq!(Some(local_time(seconds, 0)), unix::localtime::utc(seconds));
        }

        #[test]
        fn the_first_of_a_month_is_a_date(year in -800i64..10_000, month in 1u8..13) {
            prop_assert_eq!(date(first_of(year, month)), (year, month, 1));
        }
    }
}
