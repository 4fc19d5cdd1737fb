//! `durable=WHEN`: when lines are on the disk.

use std::time::Duration;

use super::number::span;
use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("durable="),
    value: "WHEN",
    help: "when lines are on the disk: 1s (a span), always, rotate",
    scope: Scope::Directories,
    whose: Whose::Ours("Durability"),
};

/// When `current` is brought to the disk, besides at rotation and at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// `rotate`: not before.
    #[default]
    Rotation,
    /// A span: at most this long after it was written to.
    Within(Duration),
    /// `always`: before what was written leaves the input.
    Always,
}

impl Value for Durability {
    /// Reads `rotate`, `always`, or digits and `s`, `m`, `h`, `d` or `w`.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        match text {
            b"rotate" => Ok(Durability::Rotation),
            b"always" => Ok(Durability::Always),
            _ => span(text).map(Durability::Within),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durability_is_a_word_or_a_span() {
        for (text, expected) in [
            (&b"rotate"[..], Ok(Durability::Rotation)),
            (b"always", Ok(Durability::Always)),
            (b"1s", Ok(Durability::Within(Duration::from_secs(1)))),
            (b"2w", Ok(Durability::Within(Duration::from_secs(1_209_600)))),
            (b"99999999999999999999w", Ok(Durability::Within(Duration::from_secs(u64::MAX)))),
        ] {
            assert_eq!(Durability::parse(text), expected);
        }
        for text in [&b""[..], b"1", b"s", b"0s", b"1.5s", b"never"] {
            assert!(Durability::parse(text).is_err());
        }
    }
}
