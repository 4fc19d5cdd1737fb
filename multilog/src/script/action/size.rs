//! `sSIZE`: when a file is full.

use std::fmt;

use super::number::{or_as_original, scaled};
use super::value::{Number, Understood};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("s"),
    value: "SIZE",
    help: "a file is full at SIZE bytes, or with k, M, G (99999)",
    scope: Scope::Directories,
    whose: Whose::Original,
};

/// When a file counts as full, in bytes. Between [`FileSize::LEAST`] and [`FileSize::MOST`], or less where the system
/// lets no file become that large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileSize(u64);

impl FileSize {
    /// Below this the newline window would leave hardly a file.
    pub const LEAST: u64 = 4096;
    /// What daemontools-encore allows.
    pub const MOST: u64 = 2_147_483_647;

    /// The same, but not above `limit`, the bytes that the system lets a file of this process have. A limit below a
    /// block of 512 bytes counts as one block.
    pub fn within(self, limit: Option<u64>) -> FileSize {
        FileSize(self.0.min(limit.unwrap_or(Self::MOST).max(512)))
    }

    /// The size in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl Number for FileSize {
    /// Reads digits with an optional `k`, `M` or `G`, and clamps. Anything else is what the original makes of it.
    fn parse(text: &[u8]) -> (Self, Understood) {
        let (bytes, understood) = or_as_original(scaled(text), text);
        (FileSize(bytes.clamp(Self::LEAST, Self::MOST)), understood)
    }
}

impl fmt::Display for FileSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

impl Default for FileSize {
    fn default() -> FileSize {
        FileSize(99_999)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_clamped_and_never_wrap() {
        for (text, bytes) in [
            ("0", 4096),
            ("4095", 4096),
            ("4097", 4097),
            ("16777215", 16_777_215),
            ("16777216", 16_777_216),
            ("2147483648", 2_147_483_647),
            ("99999999999999999999999", 2_147_483_647),
            ("10k", 10_240),
            ("2M", 2 << 20),
            ("9G", 2_147_483_647),
        ] {
            let (size, understood) = FileSize::parse(text.as_bytes());
            assert_eq!((size.bytes(), understood), (bytes, Understood::Whole), "{text}");
        }
    }

    #[test]
    fn a_size_that_is_no_number_is_what_the_original_reads() {
        for (text, bytes) in [
            ("", 4096),
            ("k", 4096),
            ("tarting", 4096),
            ("9999kk", 9999),
            ("5000 ", 5000),
            ("-1", 4096),
            ("+5000", 4096),
            ("0x5000", 4096),
            ("1e9", 4096),
            ("7000/2", 7000),
            ("99999999999999999999999x", 2_147_483_647),
        ] {
            let (size, understood) = FileSize::parse(text.as_bytes());
            assert_eq!((size.bytes(), understood), (bytes, Understood::Digits), "{text}");
        }
    }
}
