//! `Retry-After`: seconds, or the date of HTTP.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tai64tools::zone::civil;

/// No engine makes us wait longer than this: by then it may have forgotten that it asked.
const LONGEST: Duration = Duration::from_secs(3600);
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// How long an answer asks to be waited. None: the value says nothing.
pub fn parse(value: &str, now: SystemTime) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)).min(LONGEST));
    }
    let at = date(value)?;
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some(Duration::from_secs(at).saturating_sub(now).min(LONGEST))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`, in seconds since 1970. The two forms of before 1997 are read by nobody any more.
fn date(text: &str) -> Option<u64> {
    let (_, text) = text.split_once(", ")?;
    let words: Vec<&str> = text.split(' ').collect();
    let [day, month, year, time, "GMT"] = words[..] else { return None };
    let parts: Vec<&str> = time.split(':').collect();
    let [hour, minute, second] = parts[..] else { return None };
    let month = u8::try_from(MONTHS.iter().position(|known| *known == month)? + 1).ok()?;
    let (year, day) = (number(year, 4, 1970..=9999)?, number(day, 2, 1..=31)?);
    let (hour, minute) = (number(hour, 2, 0..=23)?, number(minute, 2, 0..=59)?);
    let second = number(second, 2, 0..=60)?;
    let days = civil::first_of(i64::from(year), month) + i64::from(day) - 1;
    let of_day = hour * 3600 + minute * 60 + second;
    u64::try_from(days * 86_400 + i64::from(of_day)).ok()
}

fn number(text: &str, digits: usize, allowed: std::ops::RangeInclusive<u32>) -> Option<u32> {
    let plain = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?.filter(|number| allowed.contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_and_dates_are_read_and_the_rest_is_nothing() {
        let now = UNIX_EPOCH + Duration::from_secs(784_111_770);
        for (value, expected) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("3600", Some(3600)),
            ("99999999999999999999999", Some(3600)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(7)),
            ("Sun, 06 Nov 1994 08:49:29 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:49:60 GMT", Some(30)),
            ("Mon, 07 Nov 1994 08:49:37 GMT", Some(3600)),
            ("Thu, 01 Jan 1970 00:00:00 GMT", Some(0)),
            ("", None),
            ("-1", None),
            ("1.5", None),
            ("+1", None),
            ("soon", None),
            ("Sun, 06 Nov 1994 08:49:37", None),
            ("Sun, 06 Nov 1994 08:49:37 CET", None),
            ("Sun, 6 Nov 1994 08:49:37 GMT", None),
            ("Sun, 06 Nov 1994 24:49:37 GMT", None),
            ("Sun, 06 Foo 1994 08:49:37 GMT", None),
            ("Sunday, 06-Nov-94 08:49:37 GMT", None),
            ("Sun Nov  6 08:49:37 1994", None),
        ] {
            assert_eq!(parse(value, now), expected.map(Duration::from_secs), "{value:?}");
        }
    }
}
