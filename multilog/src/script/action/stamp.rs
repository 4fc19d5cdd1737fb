//! `t`, `T` and `t=FORM`: what goes before each line.

use tai64tools::Stamp;

use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// `t`.
pub(super) const TAI64N: Word = Word {
    head: Head::Prefix("t"),
    value: "",
    help: "a TAI64N label before each line",
    scope: Scope::First,
    whose: Whose::Original,
};

/// `T`.
pub(super) const ACCUSTAMP: Word = Word {
    head: Head::Whole("T"),
    value: "",
    help: "seconds and microseconds since the epoch before each line",
    scope: Scope::First,
    whose: Whose::Encore,
};

/// `t=iso` and others. The original reads each word that begins with `t` as `t`.
pub(super) const FORM: Word = Word {
    head: Head::Prefix("t="),
    value: "FORM",
    help: "the same moment before each line: iso, iso-utc, unix, unixms",
    scope: Scope::First,
    whose: Whose::Ours("Forms of stamps"),
};

impl Value for Stamp {
    /// Reads the name of a form other than those of `t` and `T`.
    fn parse(text: &[u8]) -> Result<Stamp, Malformed> {
        match text {
            b"iso" => Ok(Stamp::Iso),
            b"iso-utc" => Ok(Stamp::IsoUtc),
            b"unix" => Ok(Stamp::Unix),
            b"unixms" => Ok(Stamp::UnixMilliseconds),
            _ => Err(Malformed("not iso, iso-utc, unix or unixms")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_one_of_four_words() {
        for (text, expected) in [
            (&b"iso"[..], Stamp::Iso),
            (b"iso-utc", Stamp::IsoUtc),
            (b"unix", Stamp::Unix),
            (b"unixms", Stamp::UnixMilliseconds),
        ] {
            assert_eq!(Stamp::parse(text), Ok(expected));
        }
        for text in [&b""[..], b"ISO", b"iso ", b"iso-utc=", b"iso-local", b"unixs", b"tai64n", b"\xff"] {
            assert!(Stamp::parse(text).is_err(), "{text:?}");
        }
    }
}
