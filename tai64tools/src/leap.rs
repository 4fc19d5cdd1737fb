//! From the seconds of a label to UTC: by the fixed 10 seconds of daemontools, or by the leap seconds of true TAI.
//!
//! daemontools adds 10 seconds to the system clock, whatever the number of leap seconds. Some loggers write true TAI
//! instead, because their system's clock shows TAI or because they add the leap seconds themselves. Their labels have
//! been 27 seconds later than those of daemontools since 2017.

use crate::label;

/// How far ahead of UTC the labels are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// 10 seconds, always: the labels of daemontools and of everything here.
    Fixed,
    /// TAI's: 10 seconds in 1972, and one more with every leap second.
    Leap,
}

/// A second of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Utc {
    /// Seconds since 1970 without leap seconds, as the system clock counts; negative before.
    pub unix: i64,
    /// Whether it is the leap second that follows that second.
    pub leap: bool,
}

/// The moment until which all leap seconds are known, as the system clock counts: 28 June 2026, from Bulletin C 71 of
/// the IERS.
///
/// Later labels are shown correctly as long as no leap second has been added since, and none is planned. No test that
/// runs by default fails because of the date, since a package must still build years later. The test that compares this
/// date with today is ignored by default and belongs to the making of a release. The test that always runs compares
/// with the machine's own list, so it fails only if a leap second is really missing.
pub const KNOWN_UNTIL: i64 = 1_782_604_800;

/// The first second after each leap second, as the system clock counts, from IERS Bulletin C: the ends of June and
/// December. The last is that of 2016.
const AFTER_LEAP: [i64; 27] = [
    78_796_800,
    94_694_400,
    126_230_400,
    157_766_400,
    189_302_400,
    220_924_800,
    252_460_800,
    283_996_800,
    315_532_800,
    362_793_600,
    394_329_600,
    425_865_600,
    489_024_000,
    567_993_600,
    631_152_000,
    662_688_000,
    709_948_800,
    741_484_800,
    773_020_800,
    820_454_400,
    867_715_200,
    915_148_800,
    1_136_073_600,
    1_230_768_000,
    1_341_100_800,
    1_435_708_800,
    1_483_228_800,
];

impl Offset {
    /// What an option calls it: `10` or `leap`.
    pub(crate) fn parse(word: &[u8]) -> Option<Offset> {
        match word {
            b"10" => Some(Offset::Fixed),
            b"leap" => Some(Offset::Leap),
            _ => None,
        }
    }

    /// The second of UTC in which a label was made that has these seconds (less than 2^63).
    ///
    /// ```
    /// use tai64tools::label::EPOCH;
    /// use tai64tools::leap::{Offset, Utc};
    ///
    /// let label = EPOCH + 1_700_000_000;
    /// assert_eq!(Offset::Fixed.utc(label), Utc { unix: 1_700_000_000, leap: false });
    /// assert_eq!(Offset::Leap.utc(label), Utc { unix: 1_700_000_000 - 27, leap: false });
    /// ```
    pub fn utc(self, seconds: u64) -> Utc {
        let fixed = seconds as i64 - label::EPOCH as i64;
        if self == Offset::Fixed {
            return Utc { unix: fixed, leap: false };
        }
        let begun = AFTER_LEAP.iter().zip(0..).take_while(|&(&after, before)| after + before <= fixed);
        match begun.last() {
            None => Utc { unix: fixed, leap: false },
            Some((after, before)) => Utc { unix: fixed - before - 1, leap: after + before == fixed },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHAT_TO_DO: &str = "\
Look at https://hpiers.obspm.fr/iers/bul/bulc/bulletinc.dat. If it announces a leap second, add the midnight after it to
AFTER_LEAP. In any case set KNOWN_UNTIL to the 28 June or 28 December for which it says whether there will be one.";

    #[test]
    #[ignore = "fails by date; to be run before a release: cargo test -p tai64tools -- --ignored"]
    fn leap_seconds_are_known_for_today() {
        let today = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        assert!(today < KNOWN_UNTIL.unsigned_abs(), "the leap seconds are not known for today. {WHAT_TO_DO}");
    }

    /// An older list than ours is right as well about the leap seconds that it has.
    #[test]
    fn no_leap_second_is_missing_that_this_machine_knows() {
        /// From 1900, of which the list counts, to 1970.
        const SEVENTY_YEARS: i64 = 2_208_988_800;
        let Ok(list) = std::fs::read_to_string("/usr/share/zoneinfo/leap-seconds.list") else { return };
        let lines = list.lines().filter(|line| !line.starts_with('#'));
        let numbers = lines.filter_map(|line| line.split_whitespace().next()?.parse::<i64>().ok());
        // The first is not a leap second but the beginning of the count.
        for after in numbers.skip(1).map(|number| number - SEVENTY_YEARS) {
            assert!(AFTER_LEAP.contains(&after), "the leap second before {after} is missing. {WHAT_TO_DO}");
        }
    }

    #[test]
    fn a_leap_second_has_the_number_of_the_second_before_it() {
        let midnight = label::EPOCH + 1_483_228_800;
        let around = (midnight + 24..midnight + 29).map(|seconds| Offset::Leap.utc(seconds));
        let around: Vec<(i64, bool)> = around.map(|utc| (utc.unix - 1_483_228_800, utc.leap)).collect();
        assert_eq!(around, [(-2, false), (-1, false), (-1, true), (0, false), (1, false)]);
    }

    #[test]
    fn before_the_first_leap_second_both_are_10_seconds_ahead() {
        for seconds in [0, label::EPOCH - 1, label::EPOCH, label::EPOCH + 78_796_799] {
            assert_eq!(Offset::Leap.utc(seconds), Offset::Fixed.utc(seconds));
        }
        assert!(Offset::Leap.utc(label::EPOCH + 78_796_800).leap);
    }

    #[test]
    fn leap_seconds_are_ends_of_june_and_december() {
        for after in AFTER_LEAP {
            let time = unix::localtime::utc(after).unwrap();
            assert_eq!((time.day, time.second_of_day()), (1, 0));
            assert!(time.month == 1 || time.month == 7);
        }
    }
}
