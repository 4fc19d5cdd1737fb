//! `Json`: a request as `application/json`, by protobuf's mapping: numbers of 64 bits are texts, bytes are base64,
//! enumerations are numbers.

use crate::batch::Piece;

use super::encode::{Encode, LAST, PATH, PIECE, SCOPE, UID};
use super::entry::{Common, Entry};

/// A request in JSON.
pub struct Json {
    text: Vec<u8>,
    /// `log.file.path` as an attribute.
    path: Vec<u8>,
    any: bool,
}

impl Encode for Json {
    const MEDIA: &str = "application/json";

    fn new(common: &Common) -> Json {
        let mut text = br#"{"resourceLogs":[{"resource":{"attributes":["#.to_vec();
        string_attribute(&mut text, "service.name", &common.service);
        text.push(b',');
        string_attribute(&mut text, "host.name", &common.host);
        text.extend_from_slice(br#"]},"scopeLogs":[{"scope":{"name":"#);
        string(&mut text, SCOPE);
        text.extend_from_slice(br#","version":"#);
        string(&mut text, common.version);
        text.extend_from_slice(br#"},"logRecords":["#);
        let mut path = Vec::new();
        string_attribute(&mut path, PATH, &common.path);
        Json { text, path, any: false }
    }

    fn push(&mut self, entry: &Entry<'_>) {
        let text = &mut self.text;
        text.extend_from_slice(if self.any { b",{" } else { b"{" });
        self.any = true;
        if let Some(time) = entry.time {
            text.extend_from_slice(format!(r#""timeUnixNano":"{time}","#).as_bytes());
        }
        text.extend_from_slice(format!(r#""observedTimeUnixNano":"{}","#, entry.observed).as_bytes());
        if let Some(severity) = entry.severity {
            if severity.number > 0 {
                text.extend_from_slice(format!(r#""severityNumber":{},"#, severity.number).as_bytes());
            }
            if !severity.text.is_empty() {
                text.extend_from_slice(br#""severityText":"#);
                string(text, severity.text);
                text.push(b',');
            }
        }
        body(text, entry.body);
        text.extend_from_slice(br#","attributes":["#);
        text.extend_from_slice(&self.path);
        text.push(b',');
        string_attribute(text, UID, &entry.uid);
        piece(text, entry.piece);
        text.extend_from_slice(b"]}");
    }

    fn length(&self) -> usize {
        self.text.len()
    }

    fn finish(mut self) -> Vec<u8> {
        self.text.extend_from_slice(b"]}]}]}");
        self.text
    }
}

fn body(text: &mut Vec<u8>, body: &[u8]) {
    match std::str::from_utf8(body) {
        Ok(body) => {
            text.extend_from_slice(br#""body":{"stringValue":"#);
            string(text, body);
            text.push(b'}');
        }
        Err(_) => {
            text.extend_from_slice(br#""body":{"bytesValue":""#);
            base64(text, body);
            text.extend_from_slice(br#""}"#);
        }
    }
}

fn piece(text: &mut Vec<u8>, piece: Piece) {
    let (number, last) = match piece {
        Piece::Whole => return,
        Piece::Part(number) => (number, false),
        Piece::Last(number) => (number, true),
    };
    let number = format!(r#",{{"key":"{PIECE}","value":{{"intValue":"{number}"}}}}"#);
    let last = format!(r#",{{"key":"{LAST}","value":{{"boolValue":{last}}}}}"#);
    text.extend_from_slice(number.as_bytes());
    text.extend_from_slice(last.as_bytes());
}

fn string_attribute(text: &mut Vec<u8>, key: &str, value: &str) {
    text.extend_from_slice(format!(r#"{{"key":"{key}","value":{{"stringValue":"#).as_bytes());
    string(text, value);
    text.extend_from_slice(b"}}");
}

fn string(text: &mut Vec<u8>, value: &str) {
    text.push(b'"');
    let mut rest = value;
    while let Some(at) = rest.find(|letter: char| letter < ' ' || letter == '"' || letter == '\\') {
        text.extend_from_slice(&rest.as_bytes()[..at]);
        match rest.as_bytes()[at] {
            byte @ (b'"' | b'\\') => text.extend_from_slice(&[b'\\', byte]),
            b'\t' => text.extend_from_slice(b"\\t"),
            byte => text.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
        }
        rest = &rest[at + 1..];
    }
    text.extend_from_slice(rest.as_bytes());
    text.push(b'"');
}

fn base64(text: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = (group >> (18 - 6 * digit)) & 63;
            text.push(if digit > chunk.len() { b'=' } else { DIGITS[value as usize] });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn base64_is_padded() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"\xff\xfe\xfd\xfc", "//79/A=="),
        ] {
            let mut out = Vec::new();
            base64(&mut out, bytes);
            assert_eq!(out, text.as_bytes());
        }
    }

    proptest! {
        #[test]
        fn a_string_is_read_as_it_was_written(value in any::<String>()) {
            let mut text = Vec::new();
            string(&mut text, &value);
            prop_assert_eq!(serde_json::from_slice::<String>(&text).unwrap(), value);
        }
    }
}
