//! The forms of a moment: what a stamp or a label looks like, a file for each.
//!
//! A form knows the text of one second, with a place in it for the digits of the nanoseconds ([`Shown`] for labels,
//! `decimal.rs` for stamps). TAI64N stamps count in the text itself (`tai64n.rs`). Either way a line in a run of lines
//! costs a copy and two digits ([`StampRun`]). A new form of stamp is a file and a row of `Stamp::look`.

use memchr::memchr;

use crate::label::EPOCH;

mod accustamp;
mod decimal;
mod iso;
pub mod local;
mod seconds;
mod shown;
mod tai64n;
mod unix;

pub use decimal::DecimalRun;
pub(crate) use decimal::DecimalText;
pub use local::{Calendar, Style, Zone};
pub use seconds::Seconds;
pub use shown::Shown;
pub(crate) use tai64n::Tai64nText;
pub use tai64n::{Tai64nRun, Tai64nStamp};

/// A way to write moments.
pub trait Form {
    /// The text of one second, with a place for the nanoseconds; `seconds` are as in the label.
    ///
    /// None: this form has no text for that second.
    fn second(&mut self, seconds: u64) -> Option<Shown>;
}

/// What is put before each line. A stamp ends with its first space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stamp {
    /// `t`: a TAI64N label and a space, 26 bytes.
    Tai64n,
    /// `T`: seconds since the epoch, a dot, six digits, a space, as accustamp.
    Accustamp,
    /// `t=iso`: ISO 8601 in the zone of the process, nine digits and the offset, 36 bytes.
    Iso,
    /// `t=iso-utc`: ISO 8601 in UTC, nine digits and a `Z`, 31 bytes.
    IsoUtc,
    /// `t=unix`: seconds since the epoch, a dot, nine digits, a space.
    Unix,
    /// `t=unixms`: milliseconds since the epoch, a dot, six digits, a space.
    UnixMilliseconds,
}

/// The next stamps of a batch, which differ in their last two digits at most: for loops that can look at nothing of a
/// stamper. [`Stamper::skip`](crate::Stamper::skip) tells the stamper afterwards how many were used.
pub trait StampRun {
    /// What the stamps end with, one pair of digits for each. None: the next stamp has to be asked for by itself.
    fn digits(&self) -> &'static [u16];

    /// Puts the stamp with these digits at the start of `out`, which has [`Stamped::ROOM`](crate::Stamped::ROOM) bytes.
    /// Returns the length of the stamp; bytes behind it are overwritten as well.
    fn put(&self, digits: u16, out: &mut [u8]) -> usize;
}

/// A run of the stamps of some form.
#[derive(Clone, Copy, Debug)]
pub enum AnyRun {
    /// Two digits of sixteen.
    Tai64n(Tai64nRun),
    /// Two digits of ten.
    Decimal(DecimalRun),
}

/// What a form says of its stamps.
pub(crate) struct Look {
    /// The length of a stamp, for this century at least.
    width: usize,
    /// What each of its bytes can be, if all stamps have the same length.
    places: Option<&'static [Place]>,
    pub(crate) way: Way,
}

/// How the stamps of a form are made.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    /// By counting in the last two digits of a text.
    Tai64n,
    /// From the text of each second.
    BySecond(fn(u64) -> DecimalText),
}

/// What a byte of a stamp can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// This byte, in every stamp.
    Only(u8),
    /// One of these.
    OneOf(&'static [u8]),
}

impl Place {
    /// Whether some stamp has this byte here.
    pub fn can_be(self, byte: u8) -> bool {
        match self {
            Place::Only(only) => only == byte,
            Place::OneOf(bytes) => bytes.contains(&byte),
        }
    }
}

impl Stamp {
    /// The one place that knows which forms there are.
    pub(crate) fn look(self) -> &'static Look {
        match self {
            Stamp::Tai64n => &tai64n::LOOK,
            Stamp::Accustamp => &accustamp::LOOK,
            Stamp::Iso => &iso::LOCAL,
            Stamp::IsoUtc => &iso::UTC,
            Stamp::Unix => &unix::SECONDS,
            Stamp::UnixMilliseconds => &unix::MILLISECONDS,
        }
    }

    /// The length of a stamp, its space included, as it is for this century at least.
    pub fn width(self) -> usize {
        self.look().width
    }

    /// What each byte of a stamp can be, its space included: what is the same in every stamp can decide once and for
    /// all what a pattern makes of stamped lines. None: not all stamps have the same length.
    pub fn places(self) -> Option<&'static [Place]> {
        self.look().places
    }

    /// Reads what stamps of this form are made with, so that nothing is opened later: the zone of the process.
    pub fn prepare(self) {
        if let Way::BySecond(text_of) = self.look().way {
            text_of(EPOCH);
        }
    }

    /// What follows the stamp of a line. None: the line has none, or only a part of one.
    ///
    /// ```
    /// use tai64tools::Stamp;
    ///
    /// assert_eq!(Stamp::Tai64n.text_behind(b"@4000000037c219bf2ef02e94 a b\n"), Some(&b"a b\n"[..]));
    /// assert_eq!(Stamp::Accustamp.text_behind(b"893364712.481820 a b\n"), Some(&b"a b\n"[..]));
    /// assert_eq!(Stamp::Tai64n.text_behind(b"@4000000037c219bf2ef02e94"), None);
    /// ```
    pub fn text_behind(self, line: &[u8]) -> Option<&[u8]> {
        let end = memchr(b' ', line)?;
        let right = self.places().is_none_or(|places| places.len() == end + 1);
        right.then(|| &line[end + 1..])
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::label::Label;
    use crate::stamper::Stamper;
    use proptest::prelude::*;

    pub(crate) const ALL: [Stamp; 6] =
        [Stamp::Tai64n, Stamp::Accustamp, Stamp::Iso, Stamp::IsoUtc, Stamp::Unix, Stamp::UnixMilliseconds];

    pub(crate) fn any_stamp() -> impl Strategy<Value = Stamp> {
        prop::sample::select(&ALL[..])
    }

    proptest! {
        #[test]
        fn a_stamp_is_what_its_form_says(
            form in any_stamp(), seconds in 1_000_000_000u64..4_000_000_000, nanos in 0u32..1_000_000_000
        ) {
            let mut stamper = Stamper::new(form);
            stamper.begin(Label::new(EPOCH + seconds, nanos).unwrap());
            let stamp = stamper.stamp().to_vec();
            prop_assert_eq!(stamp.len(), form.width());
            let line = [&stamp[..], b"a b"].concat();
            prop_assert_eq!(form.text_behind(&line), Some(&b"a b"[..]));
            if let Some(places) = form.places() {
                prop_assert_eq!(places.len(), stamp.len());
                for (place, byte) in places.iter().zip(&stamp) {
                    prop_assert!(place.can_be(*byte));
                }
            }
        }
    }
}
