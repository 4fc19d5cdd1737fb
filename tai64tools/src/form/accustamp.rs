//! `T`: seconds since the epoch and six digits of the fraction, as accustamp writes them.

use super::decimal::{DecimalText, Fraction};
use super::unix::digits_and_point;
use super::{Look, Way};

/// Ten digits until the year 2286, a point, six digits and a space. Clocks that were never set have fewer.
pub(super) const LOOK: Look = Look {
    width: 18,
    places: None,
    way: Way::BySecond(|seconds| DecimalText::new(&digits_and_point(seconds), Fraction::Six, b"")),
};
