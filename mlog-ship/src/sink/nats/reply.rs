//! What the engine answers, read: JSON, which may hold an error instead.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::lane::{Last, Limits};
use super::mark::Mark;

/// No message of that kind.
const NO_MESSAGE: u64 = 10_037;
/// The message is longer than the stream takes.
pub(super) const TOO_LONG: u64 = 10_054;
/// The stream is there already, and is another one.
pub(super) const NAME_IN_USE: u64 = 10_058;
/// No such stream.
pub(super) const NO_STREAM: u64 = 10_059;
/// Another stream takes the subject.
const WRONG_STREAM: u64 = 10_060;
/// The last message is another one than expected.
pub(super) const WRONG_SEQUENCE: u64 = 10_071;
/// It could not be stored: the stream is full, or its disk.
const NOT_STORED: u64 = 10_077;
/// Another message of the subject is on its way.
const ON_ITS_WAY: u64 = 10_164;

/// What the engine says against a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// Its number.
    pub(super) code: u64,
    /// Its words.
    pub(super) words: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(to, "{} ({})", self.words, self.code)
    }
}

impl Refusal {
    /// Whether what was refused is stored nowhere. A server whose disk fails can't know that of the others.
    pub(super) fn is_certain(&self) -> bool {
        let is_full = self.code == NOT_STORED && self.words.starts_with("maximum");
        is_full || [WRONG_STREAM, WRONG_SEQUENCE, ON_ITS_WAY].contains(&self.code)
    }
}

/// A stream, as far as it matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Info {
    /// Which subjects it takes.
    pub(super) subjects: Vec<String>,
    /// The longest message, headers included. None: whatever the server takes.
    pub(super) message: Option<usize>,
    /// Why nothing can be shipped to it, whatever is configured.
    pub(super) unfit: Option<&'static str>,
}

/// Reads any answer.
pub(super) fn read(body: &[u8]) -> Result<Value, Refusal> {
    let strange = || Refusal { code: 0, words: "an answer that is none of JetStream's".into() };
    let value: Value = serde_json::from_slice(body).map_err(|_| strange())?;
    match value.get("error") {
        None if value.is_object() => Ok(value),
        None => Err(strange()),
        Some(error) => {
            let code = error.get("err_code").or(error.get("code")).and_then(Value::as_u64);
            let words = error.get("description").and_then(Value::as_str).unwrap_or("refused");
            let words = words.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
            Err(Refusal { code: code.unwrap_or(0), words })
        }
    }
}

/// The sequence of a message that was stored in this stream.
pub(super) fn sequence(body: &[u8], stream: &str) -> Result<u64, Refusal> {
    let value = read(body)?;
    let is_there = value.get("stream").and_then(Value::as_str) == Some(stream);
    match value.get("seq").and_then(Value::as_u64) {
        Some(sequence) if is_there && sequence > 0 => Ok(sequence),
        _ => Err(Refusal { code: 0, words: "an acknowledgement that is not of this stream".into() }),
    }
}

/// A message that was looked up.
pub(super) fn last(body: &[u8]) -> Result<Option<Last>, Refusal> {
    let value = match read(body) {
        Err(Refusal { code: NO_MESSAGE, .. }) => return Ok(None),
        other => other?,
    };
    let message = value.get("message");
    let sequence = message.and_then(|message| message.get("seq")).and_then(Value::as_u64);
    let Some(sequence) = sequence.filter(|&sequence| sequence > 0) else {
        return Err(Refusal { code: 0, words: "a message without a sequence".into() });
    };
    let coded = message.and_then(|message| message.get("hdrs")).and_then(Value::as_str).unwrap_or_default();
    let headers = headers(&STANDARD.decode(coded).unwrap_or_default());
    let get = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| &value[..]);
    Ok(Some(Last { sequence, mark: Mark::read(get) }))
}

fn headers(bytes: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(bytes);
    let header = |line: &str| line.split_once(':').map(|(name, value)| (name.into(), value.trim().into()));
    text.split("\r\n").skip(1).filter_map(header).collect()
}

/// Whether a stream has all that was ever stored in it.
pub(super) fn is_complete(body: &[u8]) -> Result<bool, Refusal> {
    let value = read(body)?;
    let state =
        value.get("state").ok_or_else(|| Refusal { code: 0, words: "a stream without a state".into() })?;
    let number = |name| state.get(name).and_then(Value::as_u64).unwrap_or(0);
    Ok(number("first_seq") <= 1 && number("num_deleted") == 0)
}

/// What a stream is.
pub(super) fn info(body: &[u8]) -> Result<Info, Refusal> {
    let value = read(body)?;
    let config = value.get("config").unwrap_or(&Value::Null);
    let subjects = config.get("subjects").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let message =
        config.get("max_msg_size").and_then(Value::as_i64).and_then(|most| usize::try_from(most).ok());
    Ok(Info {
        subjects: subjects.iter().filter_map(Value::as_str).map(String::from).collect(),
        message: message.filter(|&most| most > 0),
        unfit: unfit(config),
    })
}

fn unfit(config: &Value) -> Option<&'static str> {
    if config.get("no_ack").and_then(Value::as_bool) == Some(true) {
        return Some("no_ack: it never says what it has stored");
    }
    let drops = config.get("retention").and_then(Value::as_str) == Some("interest");
    drops.then_some("the retention interest: it drops what no consumer waits for")
}

impl Info {
    /// Whether the stream takes a subject.
    pub(super) fn takes(&self, subject: &str) -> bool {
        self.subjects.iter().any(|pattern| matches(pattern, subject))
    }

    /// What a message may be, where the server takes `server` bytes.
    pub(super) fn limits(&self, server: usize) -> Limits {
        Limits { message: self.message.unwrap_or(server).min(server) }
    }
}

fn matches(pattern: &str, subject: &str) -> bool {
    let (mut wanted, mut tokens) = (pattern.split('.'), subject.split('.'));
    loop {
        match (wanted.next(), tokens.next()) {
            (None, None) => return true,
            (Some(">"), Some(_)) => return true,
            (Some(want), Some(token)) if want == "*" || want == token => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acknowledgement_is_of_this_stream_and_has_a_sequence() {
        assert_eq!(sequence(br#"{"stream":"L","seq":7}"#, "L"), Ok(7));
        for wrong in [
            &br#"{"stream":"M","seq":7}"#[..],
            br#"{"stream":"L"}"#,
            br#"{"stream":"L","seq":0}"#,
            b"7",
            b"",
            b"+OK",
            b"[]",
        ] {
            assert!(sequence(wrong, "L").is_err(), "{}", String::from_utf8_lossy(wrong));
        }
        let refused = br#"{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 3"},"stream":"L","seq":0}"#;
        assert_eq!(
            sequence(refused, "L"),
            Err(Refusal { code: WRONG_SEQUENCE, words: "wrong last sequence: 3".into() })
        );
        let bare = br#"{"error":{"code":503,"description":"a\nb"}}"#;
        assert_eq!(sequence(bare, "L").unwrap_err().to_string(), "a b (503)");
    }

    #[test]
    fn only_a_refusal_of_what_is_nowhere_is_certain() {
        for (code, words, wanted) in [
            (10_077, "maximum bytes exceeded", true),
            (10_077, "write: no space left on device", false),
            (10_164, "wrong last sequence", true),
            (10_060, "expected stream does not match", true),
            (10_008, "JetStream system temporarily unavailable", false),
            (0, "refused", false),
        ] {
            assert_eq!(Refusal { code, words: words.into() }.is_certain(), wanted, "{code}");
        }
    }

    #[test]
    fn the_last_message_has_a_mark_or_none() {
        assert_eq!(
            last(br#"{"error":{"code":404,"err_code":10037,"description":"no message found"}}"#),
            Ok(None)
        );
        assert_eq!(last(br#"{"message":{"seq":3}}"#), Ok(Some(Last { sequence: 3, mark: None })));
        assert_eq!(
            last(br#"{"message":{"seq":3,"hdrs":"***"}}"#),
            Ok(Some(Last { sequence: 3, mark: None }))
        );
        assert!(last(br#"{"message":{}}"#).is_err());
        assert!(last(br#"{}"#).is_err());
        let headers =
            "NATS/1.0\r\nMlog-Instance: ab\r\nMlog-Batch: 9\r\nMlog-Crc: 0000000a\r\nMlog-Bytes: 4\r\n\r\n";
        let body = format!(r#"{{"message":{{"seq":3,"hdrs":"{}"}}}}"#, STANDARD.encode(headers));
        let mark = Mark { instance: "ab".into(), number: 9, crc: 10, bytes: 4, end: None };
        assert_eq!(last(body.as_bytes()), Ok(Some(Last { sequence: 3, mark: Some(mark) })));
    }

    #[test]
    fn a_stream_is_complete_until_something_is_taken_away() {
        for (state, wanted) in [
            (r#"{"messages":0,"first_seq":0,"last_seq":0}"#, true),
            (r#"{"messages":7,"first_seq":1,"last_seq":7}"#, true),
            (r#"{"messages":6,"first_seq":1,"last_seq":7,"num_deleted":1}"#, false),
            (r#"{"messages":0,"first_seq":8,"last_seq":7}"#, false),
        ] {
            assert_eq!(is_complete(format!(r#"{{"state":{state}}}"#).as_bytes()), Ok(wanted), "{state}");
        }
        assert!(is_complete(b"{}").is_err());
    }

    #[test]
    fn a_stream_says_what_it_takes() {
        let info = |config: &str| info(format!(r#"{{"config":{config}}}"#).as_bytes()).unwrap();
        let one = info(r#"{"subjects":["logs.*.*","x.>"],"max_msg_size":-1}"#);
        for (subject, wanted) in [
            ("logs.a.b", true),
            ("logs.a", false),
            ("logs.a.b.c", false),
            ("x", false),
            ("x.a", true),
            ("x.a.b", true),
        ] {
            assert_eq!(one.takes(subject), wanted, "{subject}");
        }
        assert_eq!(one.limits(1 << 20), Limits { message: 1 << 20 });
        assert_eq!(info(r#"{"max_msg_size":1000}"#).limits(1 << 20), Limits { message: 1000 });
        assert_eq!(info(r#"{"max_msg_size":0}"#).limits(1 << 20), Limits { message: 1 << 20 });
        let unfit = |config| info(config).unfit.unwrap_or_default();
        assert!(unfit(r#"{"no_ack":true}"#).contains("no_ack") && one.unfit.is_none());
        assert!(unfit(r#"{"retention":"interest"}"#).contains("interest"));
        assert_eq!(unfit(r#"{"no_ack":false,"retention":"limits"}"#), "");
    }
}
