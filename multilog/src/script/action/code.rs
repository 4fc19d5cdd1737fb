//! `wCODE`: what a finished archive is called.

use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("w"),
    value: "CODE",
    help: "archives are called @label.CODE, not @label.s",
    scope: Scope::Directories,
    whose: Whose::Encore,
};

/// What is after the label in the name of a finished archive, without the dot: `s`, or the code given by `w`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code(Vec<u8>);

impl Code {
    /// Keeps a name below the 255 bytes of a file system, with room for the label.
    const LONGEST: usize = 200;

    /// The code of an archive as it is.
    pub fn plain() -> Code {
        Code(b"s".to_vec())
    }

    /// A code of ours, which is known to be one.
    pub(super) fn known(code: &'static str) -> Code {
        Code(code.as_bytes().to_vec())
    }

    /// The code as it is in a name.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Value for Code {
    /// Reads the text after `w`. `u` and `t` are names of unfinished files.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        match text {
            b"" => Err(Malformed("no code")),
            b"u" | b"t" => Err(Malformed("that code means an unfinished file")),
            _ if text.len() > Self::LONGEST => Err(Malformed("too long")),
            _ if text.iter().any(|b| matches!(b, b'/' | b'\n' | 0)) => {
                Err(Malformed("not part of a file name"))
            }
            _ => Ok(Code(text.to_vec())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_part_of_a_file_name_and_not_that_of_an_unfinished_file() {
        assert_eq!(Code::parse(b"gz").map(|c| c.as_bytes().to_vec()), Ok(b"gz".to_vec()));
        for text in [&b""[..], b"u", b"t", b"a/b", b"a\nb", b"\0", &[b'x'; 201]] {
            assert!(Code::parse(text).is_err(), "{}", text.escape_ascii());
        }
    }
}
