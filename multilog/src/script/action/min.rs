//! `min=NUMBER`: what a full disk leaves of the archives.

use super::number::digits;
use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("min="),
    value: "NUMBER",
    help: "on a full disk the oldest archives go, down to NUMBER",
    scope: Scope::Directories,
    whose: Whose::Ours("Full disks"),
};

/// How many archives `min=` spares when a full disk makes multilog delete some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spared(usize);

impl Spared {
    /// The number of archives.
    pub fn archives(self) -> usize {
        self.0
    }
}

impl Value for Spared {
    /// Reads digits.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        Ok(Spared(usize::try_from(digits(text)?).unwrap_or(usize::MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_of_archives_is_digits_and_may_be_none() {
        for (text, archives) in [("0", 0), ("12", 12), ("99999999999999999999999", usize::MAX)] {
            assert_eq!(Spared::parse(text.as_bytes()).map(Spared::archives), Ok(archives));
        }
        for text in ["", "x", "1k", "-1", " 1"] {
            assert!(Spared::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
