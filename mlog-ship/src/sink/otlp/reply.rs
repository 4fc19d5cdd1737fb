//! What the engine says in the body of its answer: how many records it refused, or what is wrong.

use serde_json::Value as Json;

use super::wire::{Value, fields};

/// What a body says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// How many records were refused. 0 in an answer that is no success.
    pub rejected: u64,
    /// What the engine says of it. Empty: nothing.
    pub message: String,
}

/// A message is cut off behind this.
const LONGEST: usize = 300;

/// Reads the body of a success: an `ExportLogsServiceResponse`. What is none says nothing.
pub fn success(media: &str, body: &[u8]) -> Said {
    let said = if is_json(media) { partial_json(body) } else { partial_protobuf(body) };
    said.map(shortened).unwrap_or_default()
}

/// Reads the body of any other answer: a `google.rpc.Status`, or a text.
pub fn failure(media: &str, body: &[u8]) -> Said {
    let message = match media {
        _ if is_json(media) => status_json(body),
        _ if media.starts_with("application/x-protobuf") => status_protobuf(body),
        _ => None,
    };
    let message = message.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned());
    shortened(Said { rejected: 0, message })
}

fn is_json(media: &str) -> bool {
    media.starts_with("application/json")
}

fn partial_json(body: &[u8]) -> Option<Said> {
    let answer: Json = serde_json::from_slice(body).ok()?;
    let partial = answer.get("partialSuccess")?;
    // A number of 64 bits is a text by the rules, and a number in what engines write.
    let rejected = match partial.get("rejectedLogRecords") {
        Some(Json::String(text)) => text.parse().unwrap_or(0),
        Some(number) => number.as_u64().unwrap_or(0),
        None => 0,
    };
    let message = partial.get("errorMessage").and_then(Json::as_str).unwrap_or_default();
    Some(Said { rejected, message: message.to_owned() })
}

fn partial_protobuf(body: &[u8]) -> Option<Said> {
    let mut said = Said::default();
    for field in fields(body) {
        if let (1, Value::Bytes(partial)) = field? {
            for field in fields(partial) {
                match field? {
                    // A negative number is none.
                    (1, Value::Number(number)) => {
                        said.rejected = i64::try_from(number).map_or(0, i64::unsigned_abs)
                    }
                    (2, Value::Bytes(text)) => said.message = String::from_utf8_lossy(text).into_owned(),
                    _ => {}
                }
            }
        }
    }
    Some(said)
}

fn status_json(body: &[u8]) -> Option<String> {
    let answer: Json = serde_json::from_slice(body).ok()?;
    Some(answer.get("message")?.as_str()?.to_owned())
}

fn status_protobuf(body: &[u8]) -> Option<String> {
    let mut message = None;
    for field in fields(body) {
        if let (2, Value::Bytes(text)) = field? {
            message = Some(String::from_utf8_lossy(text).into_owned());
        }
    }
    message
}

/// In one line that is not too long.
fn shortened(said: Said) -> Said {
    let words: Vec<&str> = said.message.split_whitespace().collect();
    let mut message = words.join(" ");
    if message.len() > LONGEST {
        let whole = |at: &usize| message.is_char_boundary(*at);
        message.truncate((0..=LONGEST).rev().find(whole).unwrap_or(0));
        message.push_str("...");
    }
    Said { message, ..said }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn said(rejected: u64, message: &str) -> Said {
        Said { rejected, message: message.to_owned() }
    }

    const PROTOBUF: &str = "application/x-protobuf";

    #[test]
    fn a_success_in_json_may_be_partial() {
        for (body, expected) in [
            ("", said(0, "")),
            ("{}", said(0, "")),
            (r#"{"partialSuccess":null}"#, said(0, "")),
            (r#"{"partialSuccess":{}}"#, said(0, "")),
            (r#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}}"#, said(3, "too old")),
            (r#"{"partialSuccess":{"rejectedLogRecords":3}}"#, said(3, "")),
            (r#"{"partialSuccess":{"rejectedLogRecords":-3}}"#, said(0, "")),
            (r#"{"partialSuccess":{"errorMessage":"a\n b"}}"#, said(0, "a b")),
            ("no JSON", said(0, "")),
        ] {
            assert_eq!(success("application/json; charset=utf-8", body.as_bytes()), expected, "{body}");
        }
    }

    #[test]
    fn a_success_in_protobuf_may_be_partial() {
        for (body, expected) in [
            (&b""[..], said(0, "")),
            (b"\x0a\x00", said(0, "")),
            (b"\x0a\x09\x08\x03\x12\x05wrong", said(3, "wrong")),
            (b"\x0a\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", said(0, "")),
            (b"\x0a\x09\x08\x03", said(0, "")),
            (b"\x12\x01x\x0a\x02\x08\x02", said(2, "")),
        ] {
            assert_eq!(success(PROTOBUF, body), expected, "{body:?}");
        }
    }

    #[test]
    fn a_failure_is_a_status_or_a_text() {
        assert_eq!(failure(PROTOBUF, b"\x08\x03\x12\x03bad"), said(0, "bad"));
        assert_eq!(failure("application/json", br#"{"code":3,"message":"bad"}"#), said(0, "bad"));
        assert_eq!(failure("application/json", b"{"), said(0, "{"));
        assert_eq!(failure("text/plain", b"entry too far behind\r\n"), said(0, "entry too far behind"));
        assert_eq!(failure("", b""), said(0, ""));
        let long = failure("", "\u{e9}".repeat(1000).as_bytes()).message;
        assert_eq!(long, "\u{e9}".repeat(150) + "...");
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(body in prop::collection::vec(any::<u8>(), 0..60)) {
            for media in [PROTOBUF, "application/json", ""] {
                success(media, &body);
                failure(media, &body);
            }
        }
    }
}
