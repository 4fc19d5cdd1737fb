//! `prefix=TEXT`: what goes between the stamp and the line.

use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("prefix="),
    value: "TEXT",
    help: "TEXT before each line, after the stamp",
    scope: Scope::Directories,
    whose: Whose::Ours("Prefixes"),
};

/// The longest prefix, in bytes. With a stamp it is shorter than the window of the smallest file, so that a file never
/// ends within the two.
const LONGEST: usize = 200;

/// A text without a newline. The default is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefix(Box<[u8]>);

impl Prefix {
    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Value for Prefix {
    /// Reads any bytes except a newline, at most 200 of them.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        if text.len() > LONGEST || text.contains(&b'\n') {
            return Err(Malformed("a prefix has at most 200 bytes and no newline"));
        }
        Ok(Prefix(text.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_any_bytes_but_a_newline_up_to_a_length() {
        for text in [&b""[..], b"web: ", b"\0\xff\r\t", &[b'x'; LONGEST]] {
            assert_eq!(Prefix::parse(text).unwrap().as_bytes(), text);
        }
        for text in [&b"\n"[..], b"a\nb", b"a\n", &[b'x'; LONGEST + 1]] {
            let said = Prefix::parse(text).unwrap_err().to_string();
            assert!(said.contains(&LONGEST.to_string()), "{said}");
        }
    }
}
