//! `Rule`: a zone as POSIX writes it in TZ, such as `EST5EDT,M3.2.0,M11.1.0`. Pure.

/// The changes of a year where the text names none.
const USUAL: &[u8] = b",M3.2.0,M11.1.0";

/// The offset of a zone, and when summer time is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rule {
    /// Seconds east of UTC.
    standard: i32,
    summer: Option<Summer>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Summer {
    /// Seconds east of UTC.
    offset: i32,
    begin: Change,
    end: Change,
}

/// A moment of each year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    day: Day,
    /// Seconds since midnight by the clock before the change.
    time: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    /// `Jn`: 1 to 365; February never has 29 days.
    Julian(i64),
    /// `n`: 0 to 365.
    OfYear(i64),
    /// `Mm.w.d`: the month, which of its weeks (5: the last), and the day of the week from Sunday.
    OfWeek { month: i64, week: i64, day: i64 },
}

impl Rule {
    /// Reads all of `text`.
    pub(super) fn parse(text: &[u8]) -> Option<Rule> {
        let mut rest = text;
        name(&mut rest)?;
        let standard = -(time(&mut rest, 24)? as i32);
        if rest.is_empty() {
            return Some(Rule { standard, summer: None });
        }
        name(&mut rest)?;
        let offset = match rest.first() {
            None | Some(b',') => standard + 3600,
            Some(_) => -(time(&mut rest, 24)? as i32),
        };
        if rest.is_empty() {
            rest = USUAL;
        }
        let (begin, end) = (change(&mut rest)?, change(&mut rest)?);
        rest.is_empty().then_some(Rule { standard, summer: Some(Summer { offset, begin, end }) })
    }

    /// The offset at `seconds` since the epoch.
    pub(super) fn offset(&self, seconds: i64) -> i32 {
        let Some(summer) = self.summer else { return self.standard };
        let year = year_of(seconds.saturating_add(self.standard.into()).div_euclid(86_400));
        let begin = summer.begin.second(year) - i64::from(self.standard);
        let end = summer.end.second(year) - i64::from(summer.offset);
        let is_summer = match begin < end {
            true => (begin..end).contains(&seconds),
            // South of the equator it goes over the end of the year.
            false => !(end..begin).contains(&seconds),
        };
        if is_summer { summer.offset } else { self.standard }
    }
}

impl Change {
    /// When it is in that year, in seconds since the epoch by the clock before the change.
    fn second(&self, year: i64) -> i64 {
        let first = first_day(year);
        let is_leap = first_day(year + 1) - first == 366;
        let day = match self.day {
            Day::Julian(n) => first + n - 1 + i64::from(is_leap && n >= 60),
            Day::OfYear(n) => first + n,
            Day::OfWeek { month, week, day } => {
                let (begin, end) = (first_of(year, month), first_of(year, month + 1));
                // The epoch was a Thursday.
                let weekday = (begin + 4).rem_euclid(7);
                let earliest = begin + (day - weekday).rem_euclid(7);
                let weeks = (week - 1).min((end - 1 - earliest) / 7);
                earliest + 7 * weeks
            }
        };
        day * 86_400 + self.time
    }
}

/// The day since the epoch on which a year begins.
fn first_day(year: i64) -> i64 {
    let before = year - 1;
    365 * (year - 1970) + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) - 477
}

/// The day since the epoch on which a month begins; month 13 is the next January.
fn first_of(year: i64, month: i64) -> i64 {
    const BEFORE: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    let is_leap = first_day(year + 1) - first_day(year) == 366;
    let before = usize::try_from(month - 1).ok().and_then(|month| BEFORE.get(month)).copied().unwrap_or(0);
    first_day(year) + before + i64::from(is_leap && month > 2)
}

/// The year of a day since the epoch.
fn year_of(day: i64) -> i64 {
    // 400 years have 146,097 days.
    let guess = 1970 + (i128::from(day) * 400).div_euclid(146_097) as i64;
    if day < first_day(guess) {
        guess - 1
    } else if day >= first_day(guess + 1) {
        guess + 1
    } else {
        guess
    }
}

/// Takes the name of a zone off the start: three letters or more, or anything in `<>`.
fn name(rest: &mut &[u8]) -> Option<()> {
    let quoted = rest.strip_prefix(b"<");
    let length = match quoted {
        Some(text) => text.iter().position(|&byte| byte == b'>')? + 2,
        None => rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count(),
    };
    *rest = rest.get(length..)?;
    (length >= 3).then_some(())
}

/// Takes digits off the start.
fn digits(rest: &mut &[u8], most: i64) -> Option<i64> {
    let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, after) = rest.split_at(count);
    *rest = after;
    let value = std::str::from_utf8(number).ok()?.parse().ok()?;
    (value <= most).then_some(value)
}

fn takes(rest: &mut &[u8], byte: u8) -> bool {
    let found = rest.first() == Some(&byte);
    *rest = &rest[usize::from(found)..];
    found
}

/// Takes `[+-]hh[:mm[:ss]]` off the start, in seconds.
fn time(rest: &mut &[u8], most_hours: i64) -> Option<i64> {
    let negative = takes(rest, b'-');
    if !negative {
        takes(rest, b'+');
    }
    let mut seconds = digits(rest, most_hours)? * 3600;
    for unit in [60, 1] {
        if !takes(rest, b':') {
            break;
        }
        seconds += digits(rest, 59)? * unit;
    }
    Some(if negative { -seconds } else { seconds })
}

/// Takes `,DAY[/TIME]` off the start.
fn change(rest: &mut &[u8]) -> Option<Change> {
    if !takes(rest, b',') {
        return None;
    }
    let day = if takes(rest, b'J') {
        Day::Julian(digits(rest, 365)?)
    } else if takes(rest, b'M') {
        let month = digits(rest, 12).filter(|&month| month > 0)?;
        let week = takes(rest, b'.').then(|| digits(rest, 5))?.filter(|&week| week > 0)?;
        let day = takes(rest, b'.').then(|| digits(rest, 6))??;
        Day::OfWeek { month, week, day }
    } else {
        Day::OfYear(digits(rest, 365)?)
    };
    let time = if takes(rest, b'/') { time(rest, 167)? } else { 7200 };
    Some(Change { day, time })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_not_all_of_a_rule_is_none() {
        for text in [
            "",
            "UT",
            "UTC",
            "UTC0x",
            "UTC25",
            "<+01",
            "<+01>",
            "A1B",
            "EST5EDT,",
            "EST5EDT,M3.2.0",
            "EST5EDT,M13.2.0,J1",
        ] {
            assert_eq!(Rule::parse(text.as_bytes()), None, "{text}");
        }
        assert!(Rule::parse(b"EST5EDT").is_some());
    }

    #[test]
    fn years_begin_where_the_calendar_has_them() {
        for (year, day) in
            [(1970, 0), (1972, 730), (2000, 10_957), (2001, 11_323), (2100, 47_482), (1969, -365)]
        {
            assert_eq!(first_day(year), day);
            assert_eq!((year_of(day), year_of(day - 1)), (year, year - 1));
        }
    }
}
