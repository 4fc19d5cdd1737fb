//! `limit=RATE`: how many lines a second a directory takes.

use std::fmt;
use std::num::NonZeroU32;

use super::number::digits;
use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("limit="),
    value: "RATE",
    help: "at most RATE lines a second; what is dropped is said there",
    scope: Scope::Directories,
    whose: Whose::Ours("Limits"),
};

/// Lines a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate(NonZeroU32);

impl Rate {
    /// The number of lines.
    pub fn lines(self) -> u64 {
        self.0.get().into()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit={}", self.0)
    }
}

/// None: every line is taken.
impl Value for Option<Rate> {
    /// Reads digits. 0 is no limit.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        let lines = digits(text).map_err(|_| Malformed("not a number of lines a second (0: no limit)"))?;
        Ok(NonZeroU32::new(u32::try_from(lines).unwrap_or(u32::MAX)).map(Rate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_of_lines_and_0_is_none() {
        for (text, lines) in [
            ("0", None),
            ("00", None),
            ("1", Some(1)),
            ("01000", Some(1000)),
            ("4294967295", Some(4_294_967_295)),
            ("4294967296", Some(4_294_967_295)),
            ("99999999999999999999999", Some(4_294_967_295)),
        ] {
            assert_eq!(Option::<Rate>::parse(text.as_bytes()).map(|rate| rate.map(Rate::lines)), Ok(lines));
        }
        for text in ["", "x", "-1", "+1", "1k", "1.5", "10/s", " 1", "1 "] {
            let said = Option::<Rate>::parse(text.as_bytes()).unwrap_err().to_string();
            assert!(said.contains("lines a second"), "{text}");
        }
    }

    #[test]
    fn a_rate_is_shown_as_it_is_written() {
        let rate = Option::<Rate>::parse(b"01000").unwrap().unwrap();
        assert_eq!(rate.to_string(), "limit=1000");
    }
}
