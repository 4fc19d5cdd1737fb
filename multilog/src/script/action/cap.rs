//! `cap=SIZE`: how many bytes a directory may have.

use std::fmt;

use super::number::scaled;
use super::size::FileSize;
use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("cap="),
    value: "SIZE",
    help: "the oldest archives go when all files are more than SIZE",
    scope: Scope::Directories,
    whose: Whose::Ours("Retention by age and size"),
};

/// How many bytes the files of a directory may have together. At least those of the smallest file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cap(u64);

impl Cap {
    /// The size in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }

    /// Whether a full file fits.
    pub fn holds(self, size: FileSize) -> bool {
        self.0 >= size.bytes()
    }
}

impl Value for Cap {
    /// Reads digits with an optional `k`, `M` or `G`.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        match scaled(text) {
            Ok(bytes) if bytes >= FileSize::LEAST => Ok(Cap(bytes)),
            _ => Err(Malformed("not a size of 4096 or more, also with k, M or G (500M, 10G)")),
        }
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cap={}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Number;

    #[test]
    fn a_cap_is_a_size_that_holds_a_file() {
        for (text, bytes) in [
            ("4096", 4096),
            ("4k", 4096),
            ("500M", 500 << 20),
            ("10G", 10 << 30),
            ("99999999999999999999999G", u64::MAX),
        ] {
            assert_eq!(Cap::parse(text.as_bytes()).map(Cap::bytes), Ok(bytes), "{text}");
        }
        for text in ["", "4095", "3k", "0", "k", "10T", "10g", "10GB", "-1", "1e9", " 10G", "10 G"] {
            assert!(Cap::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_full_file_fits_or_not() {
        let cap = Cap(10_000);
        for (size, holds) in [("4096", true), ("10000", true), ("10001", false)] {
            assert_eq!(cap.holds(FileSize::parse(size.as_bytes()).0), holds, "{size}");
        }
    }
}
