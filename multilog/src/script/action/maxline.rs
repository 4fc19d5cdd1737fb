//! `maxline=SIZE`: longer lines are split.

use super::number::scaled;
use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("maxline="),
    value: "SIZE",
    help: "longer lines are split; before the first directory",
    scope: Scope::Logger,
    whose: Whose::Ours("Split lines"),
};

/// The longest line that is not split, in bytes, without its newline, its stamp and the prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaxLine(u64);

impl MaxLine {
    /// As much of a line as patterns see: a piece is selected by its beginning.
    const LEAST: u64 = crate::pattern::HEAD as u64;

    /// The size in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl Value for MaxLine {
    /// Reads digits with an optional `k`, `M` or `G`. What is too large for the type is no limit.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        const NONE: Malformed = Malformed("not a size of 1000 bytes or more (8000, 64k, 1M)");
        scaled(text).ok().filter(|&bytes| bytes >= Self::LEAST).map(MaxLine).ok_or(NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_digits_with_or_without_a_unit_and_not_below_what_patterns_see() {
        for (text, bytes) in [
            ("1000", Some(1000)),
            ("0001000", Some(1000)),
            ("999", None),
            ("0", None),
            ("1k", Some(1024)),
            ("0k", None),
            ("16M", Some(16 << 20)),
            ("2G", Some(2 << 30)),
            ("18446744073709551615", Some(u64::MAX)),
            ("99999999999999999999G", Some(u64::MAX)),
            ("", None),
            ("k", None),
            ("8K", None),
            ("8kk", None),
            ("8 k", None),
            ("-8000", None),
            ("+8000", None),
            ("8e3", None),
            ("8000 ", None),
        ] {
            assert_eq!(MaxLine::parse(text.as_bytes()).ok().map(MaxLine::bytes), bytes, "{text}");
        }
        assert!(MaxLine::parse(b"9").unwrap_err().to_string().contains(&MaxLine::LEAST.to_string()));
    }
}
