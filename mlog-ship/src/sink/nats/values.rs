//! Numbers, ages, sizes and bytes, as they are written in a URL. Pure.

use std::time::Duration;

/// A number between two.
pub(super) fn number<T: TryFrom<i64>>(
    text: Option<String>,
    wrong: &str,
    least: i64,
    most: i64,
) -> Result<Option<T>, String> {
    let Some(text) = text else { return Ok(None) };
    let number = text.parse().ok().filter(|number| (least..=most).contains(number));
    number.and_then(|number| T::try_from(number).ok()).map(Some).ok_or_else(|| wrong.into())
}

/// A number and a unit.
fn measure(text: &str, units: &[(char, u64)], most: u64) -> Option<u64> {
    let unit = text.chars().next_back()?;
    let (_, factor) = units.iter().find(|(known, _)| *known == unit)?;
    let digits = &text[..text.len() - unit.len_utf8()];
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse::<u64>().ok()?.checked_mul(*factor)?;
    (1..=most).contains(&number).then_some(number)
}

/// An age: `30d`.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let units = [('s', 1), ('m', 60), ('h', 3600), ('d', 86_400)];
    // A server counts nanoseconds in 63 bits.
    let seconds = measure(text, &units, 9_000_000_000).ok_or("max-age= is a number and s, m, h or d: 30d")?;
    Ok(Duration::from_secs(seconds))
}

/// A size: `100G`.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let units = [('K', 1 << 10), ('M', 1 << 20), ('G', 1 << 30), ('T', 1 << 40)];
    let wrong = "max-bytes= is a number and K, M, G or T: 100G";
    measure(text, &units, i64::MAX.unsigned_abs()).ok_or_else(|| wrong.into())
}
