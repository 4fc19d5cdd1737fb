//! The rule of a zone as POSIX writes it, such as `CET-1CEST,M3.5.0,M10.5.0/3`.

use super::civil::{DAY, date, first_of};

/// When summer time begins and ends where nothing is said: as in the United States, like the C library.
const DEFAULT: &[u8] = b",M3.2.0,M11.1.0";
/// Two o'clock.
const DEFAULT_TIME: i64 = 7200;

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// The offset of standard time, in seconds.
    standard: i32,
    summer: Option<Summer>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Summer {
    offset: i32,
    begin: Moment,
    end: Moment,
}

/// A moment of each year, in the local time that ends with it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Moment {
    day: Day,
    /// Since midnight; it may be negative, or past the next midnight.
    seconds: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    /// 1 to 365: the 29th of February is never counted.
    Common(u32),
    /// 0 to 365.
    Counted(u32),
    /// This day of the week (0 is Sunday) for the `week`-th time in the month; 5 is the last time.
    Weekday { month: u8, week: u8, weekday: u8 },
}

impl Rule {
    /// None: it can't be understood.
    pub(super) fn parse(text: &[u8]) -> Option<Rule> {
        let mut rest = Rest(text);
        rest.name()?;
        let standard = rest.offset()?;
        if rest.0.is_empty() {
            return Some(Rule { standard, summer: None });
        }
        rest.name()?;
        let offset =
            if rest.0.starts_with(b",") || rest.0.is_empty() { standard + 3600 } else { rest.offset()? };
        if matches!(rest.0, b"" | b",") {
            rest.0 = DEFAULT;
        }
        let (begin, end) = (rest.moment()?, rest.moment()?);
        Some(Rule { standard, summer: Some(Summer { offset, begin, end }) })
    }

    /// The offset at a moment.
    pub(super) fn offset(&self, unix: i64) -> i32 {
        let Some(summer) = &self.summer else { return self.standard };
        let (year, ..) = date(unix.div_euclid(DAY));
        let begin = summer.begin.of_year(year) - i64::from(self.standard);
        let end = summer.end.of_year(year) - i64::from(summer.offset);
        // In the south it is summer around new year.
        let is_summer = if begin > end { unix < end || unix >= begin } else { (begin..end).contains(&unix) };
        if is_summer { summer.offset } else { self.standard }
    }
}

impl Moment {
    /// Local seconds since the epoch.
    fn of_year(&self, year: i64) -> i64 {
        self.day.of_year(year) * DAY + self.seconds
    }
}

impl Day {
    /// The day since the epoch.
    fn of_year(self, year: i64) -> i64 {
        match self {
            Day::Counted(day) => first_of(year, 1) + i64::from(day),
            Day::Common(day) => {
                let leap = i64::from(day >= 60) * (first_of(year, 3) - first_of(year, 2) - 28);
                first_of(year, 1) + i64::from(day) - 1 + leap
            }
            Day::Weekday { month, week, weekday } => {
                let first = first_of(year, month);
                let next = if month == 12 { first_of(year + 1, 1) } else { first_of(year, month + 1) };
                // The epoch was a Thursday.
                let to_weekday = (i64::from(weekday) - (first + 4)).rem_euclid(7);
                let day = first + to_weekday + 7 * (i64::from(week) - 1);
                if day < next { day } else { day - 7 }
            }
        }
    }
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    /// Passes over a byte.
    fn byte(&mut self, byte: u8) -> Option<()> {
        self.0 = self.0.strip_prefix(&[byte])?;
        Some(())
    }

    /// Passes over the name of an offset: three letters or more, or anything in angle brackets.
    fn name(&mut self) -> Option<()> {
        let length = match self.0 {
            [b'<', ..] => memchr::memchr(b'>', self.0)? + 1,
            letters => letters.iter().take_while(|byte| byte.is_ascii_alphabetic()).count(),
        };
        self.0 = self.0.get(length..)?;
        (length >= 3).then_some(())
    }

    fn number(&mut self, most: u32) -> Option<u32> {
        let length = self.0.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        let number = digits
            .iter()
            .fold(0u32, |sum, digit| sum.saturating_mul(10).saturating_add((digit - b'0').into()));
        (length > 0 && number <= most).then_some(number)
    }

    /// `hh`, `hh:mm` or `hh:mm:ss` with a sign or without.
    fn time(&mut self, hours: u32) -> Option<i64> {
        let sign = if self.byte(b'-').is_some() { -1 } else { 1 };
        if sign > 0 {
            self.byte(b'+');
        }
        let mut seconds = self.number(hours)? * 3600;
        for unit in [60, 1] {
            if self.byte(b':').is_none() {
                break;
            }
            seconds += self.number(59)? * unit;
        }
        Some(sign * i64::from(seconds))
    }

    /// Seconds east of UTC. POSIX counts to the west.
    fn offset(&mut self) -> Option<i32> {
        i32::try_from(-self.time(24)?).ok()
    }

    fn moment(&mut self) -> Option<Moment> {
        self.byte(b',')?;
        let day = self.day()?;
        let seconds = if self.byte(b'/').is_some() { self.time(167)? } else { DEFAULT_TIME };
        Some(Moment { day, seconds })
    }

    fn day(&mut self) -> Option<Day> {
        if self.byte(b'J').is_some() {
            return self.number(365).filter(|&day| day > 0).map(Day::Common);
        }
        if self.byte(b'M').is_none() {
            return self.number(365).map(Day::Counted);
        }
        let month = self.number(12)? as u8;
        self.byte(b'.')?;
        let week = self.number(5)? as u8;
        self.byte(b'.')?;
        let weekday = self.number(6)? as u8;
        (month > 0 && week > 0).then_some(Day::Weekday { month, week, weekday })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_standard_time_and_perhaps_summer_time() {
        let offset = |text: &str, unix| Rule::parse(text.as_bytes()).map(|rule| rule.offset(unix));
        // The ends of March and October 2026 in Berlin.
        let berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
        for (unix, expected) in
            [(1_774_745_999, 3600), (1_774_746_000, 7200), (1_792_889_999, 7200), (1_792_890_000, 3600)]
        {
            assert_eq!(offset(berlin, unix), Some(expected), "{unix}");
        }
        for (text, expected) in [
            ("IST-5:30", Some(19_800)),
            ("<-03>3", Some(-10_800)),
            ("<+1345>-13:45:30", Some(49_530)),
            // July: summer in the north, winter in the south.
            ("EST5EDT", Some(-14_400)),
            ("EST5EDT4,", Some(-14_400)),
            ("AEST-10AEDT,M10.1.0,M4.1.0/3", Some(36_000)),
            ("IST-1GMT0,M10.5.0,M3.5.0/1", Some(3600)),
            ("AAA0BBB,J60/0,J300/0", Some(3600)),
            ("AAA0BBB,59/-1,299/167", Some(3600)),
            ("", None),
            ("CE-1", None),
            ("CET", None),
            ("CET-25", None),
            ("CET-1CEST,M13.1.0,M10.5.0", None),
            ("CET-1CEST,M3.5.0", None),
            ("Nowhere/Land", None),
        ] {
            assert_eq!(offset(text, 1_783_000_000), expected, "{text}");
        }
    }

    #[test]
    fn a_day_of_a_year_is_counted_with_and_without_the_29th_of_february() {
        let day = |day: Day, year| date(day.of_year(year));
        for (year, expected) in [(2027, (2027, 3, 1)), (2028, (2028, 3, 1))] {
            assert_eq!(day(Day::Common(60), year), expected);
        }
        assert_eq!((day(Day::Counted(59), 2027), day(Day::Counted(59), 2028)), ((2027, 3, 1), (2028, 2, 29)));
        let last_sunday = Day::Weekday { month: 12, week: 5, weekday: 0 };
        assert_eq!((day(last_sunday, 2026), day(last_sunday, 2023)), ((2026, 12, 27), (2023, 12, 31)));
    }
}
