//! `ready=FD`: where the logger says that it is ready.

use super::number::digits;
use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("ready="),
    value: "FD",
    help: "a newline to this descriptor when input is about to be read",
    scope: Scope::Logger,
    whose: Whose::Ours("Readiness"),
};

/// The number of a descriptor that is not a standard one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadyFd(i32);

impl ReadyFd {
    /// The first number behind those of the standard descriptors.
    const LEAST: i32 = 3;

    /// The number.
    pub fn number(self) -> i32 {
        self.0
    }
}

impl Value for ReadyFd {
    /// Reads digits.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        const NONE: Malformed = Malformed("not the number of a descriptor, 3 or more");
        let number = digits(text).ok().and_then(|number| i32::try_from(number).ok());
        number.filter(|&number| number >= Self::LEAST).map(ReadyFd).ok_or(NONE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_descriptor_is_digits_and_none_of_the_standard_ones() {
        for (text, number) in [
            ("3", Some(3)),
            ("003", Some(3)),
            ("2147483647", Some(i32::MAX)),
            ("2147483648", None),
            ("99999999999999999999999", None),
            ("0", None),
            ("1", None),
            ("2", None),
            ("", None),
            ("-3", None),
            ("+3", None),
            ("3 ", None),
            ("0x3", None),
        ] {
            assert_eq!(ReadyFd::parse(text.as_bytes()).ok().map(ReadyFd::number), number, "{text}");
        }
    }
}
