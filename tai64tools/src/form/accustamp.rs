//! `T`: seconds since the epoch and six digits of the fraction, as accustamp writes them.

use super::{Form, Look, Seconds, Way};
use crate::leap::Offset;

/// Ten digits until the year 2286, a point, six digits and a space. Clocks that were never set have fewer.
pub(super) const LOOK: Look = Look {
    width: 18,
    places: None,
    way: Way::BySecond(|seconds| Seconds { digits: 6, offset: Offset::Fixed }.second(seconds)),
};
