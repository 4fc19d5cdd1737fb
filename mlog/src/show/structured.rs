//! A line as an object of JSON, or as a record of CSV.

use std::borrow::Cow;

/// Appends an object: time (null where there is no stamp), label, directory, and the line; a line that is no UTF-8 is
/// `base64` instead of `line`.
pub(super) fn json(time: &[u8], label: &[u8], name: &[u8], text: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"time\":");
    string_or_null(time, out);
    out.extend_from_slice(b",\"label\":");
    string_or_null(label, out);
    out.extend_from_slice(b",\"dir\":");
    string(&String::from_utf8_lossy(name), out);
    match std::str::from_utf8(text) {
        Ok(text) => {
            out.extend_from_slice(b",\"line\":");
            string(text, out);
        }
        Err(_) => {
            out.extend_from_slice(b",\"base64\":\"");
            base64(text, out);
            out.push(b'"');
        }
    }
    out.push(b'}');
}

/// Appends a record: time, label, directory, line.
pub(super) fn csv(time: &[u8], label: &[u8], name: &[u8], text: &[u8], out: &mut Vec<u8>) {
    for (at, field) in [time, label, name, text].into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        let quoted = field.iter().any(|byte| b",\"\r\n".contains(byte));
        if quoted {
            out.push(b'"');
            let doubled = field.split_inclusive(|&byte| byte == b'"');
            for piece in doubled {
                out.extend_from_slice(piece);
                if piece.last() == Some(&b'"') {
                    out.push(b'"');
                }
            }
            out.push(b'"');
        } else {
            out.extend_from_slice(field);
        }
    }
}

fn string_or_null(text: &[u8], out: &mut Vec<u8>) {
    match std::str::from_utf8(text) {
        Ok("") | Err(_) => out.extend_from_slice(b"null"),
        Ok(text) => string(text, out),
    }
}

/// Appends a string of JSON.
pub(super) fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for c in text.chars() {
        let escaped: Cow<'_, str> = match c {
            '"' => "\\\"".into(),
            '\\' => "\\\\".into(),
            '\n' => "\\n".into(),
            '\t' => "\\t".into(),
            '\r' => "\\r".into(),
            c if c.is_control() => format!("\\u{:04x}", u32::from(c)).into(),
            c => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                continue;
            }
        };
        out.extend_from_slice(escaped.as_bytes());
    }
    out.push(b'"');
}

fn base64(bytes: &[u8], out: &mut Vec<u8>) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in bytes.chunks(3) {
        let word =
            three.iter().fold(0u32, |word, &byte| word << 8 | u32::from(byte)) << (8 * (3 - three.len()));
        for digit in 0..4 {
            let wanted = digit <= three.len();
            let value = (word >> (18 - 6 * digit) & 63) as usize;
            out.push(if wanted { DIGITS[value] } else { b'=' });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_standard() {
        for (bytes, expected) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
        ] {
            let mut out = Vec::new();
            base64(bytes.as_bytes(), &mut out);
            assert_eq!(out, expected.as_bytes());
        }
    }

    #[test]
    fn what_has_no_stamp_has_no_time_and_what_is_no_utf_8_is_base64() {
        let mut out = Vec::new();
        json(b"", b"", b"d", b"\xff\x01", &mut out);
        assert_eq!(out, br#"{"time":null,"label":null,"dir":"d","base64":"/wE="}"#);
        out.clear();
        json(b"t", b"@4", b"d\n", "\x01\t\u{9b}".as_bytes(), &mut out);
        assert_eq!(out, br#"{"time":"t","label":"@4","dir":"d\n","line":"\u0001\t\u009b"}"#);
    }

    #[test]
    fn a_field_of_csv_is_quoted_where_it_has_to_be() {
        let mut out = Vec::new();
        csv(b"", b"@4", b"a,b", b"c\"d\"", &mut out);
        assert_eq!(out, b",@4,\"a,b\",\"c\"\"d\"\"\"");
    }
}
