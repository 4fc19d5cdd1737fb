//! `Seconds`: seconds since the epoch, and some digits of the fraction.

use super::{Form, Shown};
use crate::leap::Offset;

/// Seconds since the epoch with a fraction. A leap second has the number of the one before it, as on the system clock.
///
/// ```
/// use tai64tools::form::{Form, Seconds};
/// use tai64tools::label::EPOCH;
/// use tai64tools::leap::Offset;
///
/// let mut seconds = Seconds { digits: 3, offset: Offset::Fixed };
/// let mut out = Vec::new();
/// seconds.second(EPOCH + 935_467_445).unwrap().append(787_492_500, &mut out);
/// assert_eq!(out, b"935467445.787");
/// assert_eq!(seconds.second(EPOCH - 1), None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds {
    /// How many digits the fraction has, nine at most. With none there is no point.
    pub digits: usize,
    /// How far ahead of UTC the labels are.
    pub offset: Offset,
}

impl Form for Seconds {
    /// None before the epoch.
    fn second(&mut self, seconds: u64) -> Option<Shown> {
        let unix = self.offset.utc(seconds).unix;
        let point = if self.digits > 0 { "." } else { "" };
        if unix < 0 { None } else { Shown::new(format!("{unix}{point}").as_bytes(), self.digits, b"") }
    }
}
