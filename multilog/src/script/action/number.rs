//! Numbers and spans as a script writes them.
//!
//! No number wraps around: one that is too large for its type is the largest of that type, and every caller clamps.

use std::time::Duration;

use super::value::{Malformed, Understood};

/// Reads digits and nothing else.
pub(super) fn digits(text: &[u8]) -> Result<u64, Malformed> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(Malformed("not a number"));
    }
    Ok(digits_before(text))
}

/// Reads digits with an optional `k`, `M` or `G`, which are powers of 1024.
pub(super) fn scaled(text: &[u8]) -> Result<u64, Malformed> {
    let (number, factor) = match text.split_last() {
        Some((b'k', number)) => (number, 1 << 10),
        Some((b'M', number)) => (number, 1 << 20),
        Some((b'G', number)) => (number, 1 << 30),
        _ => (text, 1),
    };
    Ok(digits(number)?.saturating_mul(factor))
}

/// Reads digits and `s`, `m`, `h`, `d` or `w`. A span of nothing is none.
pub(super) fn span(text: &[u8]) -> Result<Duration, Malformed> {
    const NONE: Malformed = Malformed("not a span (1s, 5m, 2h, 1d, 1w)");
    let (number, seconds) = match text.split_last() {
        Some((b's', number)) => (number, 1),
        Some((b'm', number)) => (number, 60),
        Some((b'h', number)) => (number, 3600),
        Some((b'd', number)) => (number, 24 * 3600),
        Some((b'w', number)) => (number, 7 * 24 * 3600),
        _ => return Err(NONE),
    };
    match digits(number)?.saturating_mul(seconds) {
        0 => Err(NONE),
        seconds => Ok(Duration::from_secs(seconds)),
    }
}

/// What was read, or else the number that the original reads in `text`.
pub(super) fn or_as_original(read: Result<u64, Malformed>, text: &[u8]) -> (u64, Understood) {
    match read {
        Ok(value) => (value, Understood::Whole),
        Err(_) => (digits_before(text), Understood::Digits),
    }
}

/// The number that the digits at the start of `text` are. (The original's wraps around, so a size of 2^64 is its
/// smallest.)
fn digits_before(text: &[u8]) -> u64 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}
