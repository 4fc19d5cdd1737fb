//! `compress=METHOD`: full files are compressed.

use super::code::Code;
use super::number::digits;
use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("compress="),
    value: "METHOD",
    help: "full files are compressed: gzip[:1-9], zstd[:1-22]",
    scope: Scope::Directories,
    whose: Whose::Ours("Compression"),
};

const LEVEL: Malformed = Malformed("no such level");

/// How the sealer compresses an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// gzip (RFC 1952), level 1 to 9.
    Gzip(u32),
    /// Zstandard (RFC 8878), level 1 to 22.
    Zstd(i32),
}

impl Compression {
    /// The extension by which the usual tools know such a file.
    pub fn code(self) -> Code {
        match self {
            Compression::Gzip(_) => Code::known("gz"),
            Compression::Zstd(_) => Code::known("zst"),
        }
    }
}

impl Value for Compression {
    /// Reads `gzip`, `gzip:LEVEL`, `zstd` or `zstd:LEVEL`.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        let (method, level) = match text.iter().position(|&b| b == b':') {
            Some(colon) => (&text[..colon], Some(digits(&text[colon + 1..])?)),
            None => (text, None),
        };
        let level = |least: u64, most: u64, default: u8| match level {
            None => Ok(default),
            Some(level) if (least..=most).contains(&level) => u8::try_from(level).map_err(|_| LEVEL),
            Some(_) => Err(LEVEL),
        };
        match method {
            b"gzip" => Ok(Compression::Gzip(level(1, 9, 6)?.into())),
            b"zstd" => Ok(Compression::Zstd(level(1, 22, 1)?.into())),
            _ => Err(Malformed("not gzip or zstd")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compression_has_the_levels_of_its_tool() {
        assert_eq!(Compression::parse(b"gzip"), Ok(Compression::Gzip(6)));
        assert_eq!(Compression::parse(b"gzip:9"), Ok(Compression::Gzip(9)));
        assert_eq!(Compression::parse(b"zstd:19"), Ok(Compression::Zstd(19)));
        for text in ["", "gzip:", "gzip:0", "gzip:10", "zstd:23", "xz", "gzip9"] {
            assert!(Compression::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
