//! `t=unix` and `t=unixms`: seconds or milliseconds since the epoch, with all that nanoseconds add as a fraction.

use super::decimal::{DecimalText, Fraction};
use super::{Look, Way};
use crate::label::EPOCH;

/// Ten digits until the year 2286, a point, nine digits and a space. Clocks that were never set have fewer.
pub(super) const SECONDS: Look = Look {
    width: 21,
    places: None,
    way: Way::BySecond(|seconds| DecimalText::new(&digits_and_point(seconds), Fraction::Nine, b"")),
};

/// Thirteen digits until the year 2286, a point, six digits and a space. Clocks that were never set have fewer.
pub(super) const MILLISECONDS: Look = Look {
    width: 21,
    places: None,
    way: Way::BySecond(|seconds| {
        let digits = since_epoch(seconds).to_string();
        DecimalText::new(digits.as_bytes(), Fraction::ThreeAndSix, b"")
    }),
};

/// Seconds since the epoch as text, from those of a label.
pub(super) fn digits_and_point(seconds: u64) -> Vec<u8> {
    format!("{}.", since_epoch(seconds)).into_bytes()
}

/// The first second stands for all before it, which no clock shows.
fn since_epoch(seconds: u64) -> u64 {
    seconds.saturating_sub(EPOCH)
}
