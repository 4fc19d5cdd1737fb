//! `%XX`: any bytes as one printed word, for files of ours and for addresses.

use std::fmt::Write as _;

/// The bytes as one word: `%`, blanks and what is not printed are `%XX`.
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_graphic() && byte != b'%' {
            text.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            write!(text, "%{byte:02X}").ok();
        }
    }
    text
}

/// The bytes of a text with `%XX` in it. None: something else follows a `%`.
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let (digits, after) = rest.split_at_checked(2)?;
        let digit = |byte: u8| char::from(byte).to_digit(16);
        bytes.push(u8::try_from(digit(digits[0])? * 16 + digit(digits[1])?).ok()?);
        rest = after;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges() {
        for (bytes, text) in [(&b""[..], ""), (b"/var/log", "/var/log"), (b"a b%\n\xff", "a%20b%25%0A%FF")] {
            assert_eq!(escape(bytes), text);
            assert_eq!(unescape(text).as_deref(), Some(bytes));
        }
        assert_eq!(unescape("%c3%A9"), Some("\u{e9}".into()));
        for wrong in ["%", "%4", "a%", "%zz", "%+4", "%-1", "% 1", "%\u{e9}"] {
            assert_eq!(unescape(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_byte_is_read_as_it_was_written() {
        let all: Vec<u8> = (0..=u8::MAX).collect();
        assert_eq!(unescape(&escape(&all)), Some(all));
    }
}
