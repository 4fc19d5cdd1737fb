//! Decodes requests as a receiver does: JSON by serde_json, protobuf by a reader of its own. The strict decoder in
//! `strict.rs` looks at the same requests where it can be had.

use mlog_ship::sink::otlp::wire::{Value, fields};
use serde_json::Value as Json;

/// A record that a receiver got.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) service: String,
    pub(crate) host: String,
    pub(crate) time: u64,
    pub(crate) observed: u64,
    pub(crate) number: u64,
    pub(crate) severity: String,
    /// Whether the body is a string.
    pub(crate) string: bool,
    pub(crate) body: Vec<u8>,
    pub(crate) path: String,
    pub(crate) uid: String,
    pub(crate) piece: Option<u64>,
    pub(crate) last: Option<bool>,
}

pub(crate) fn decode(media: &str, body: &[u8]) -> Vec<Got> {
    if media == "application/json" { json(body) } else { protobuf(body) }
}

fn all(message: &[u8]) -> Vec<(u32, Value<'_>)> {
    fields(message).map(|field| field.expect("a field")).collect()
}

fn bytes(message: &[u8], number: u32) -> impl Iterator<Item = &[u8]> {
    all(message).into_iter().filter_map(move |field| match field {
        (found, Value::Bytes(bytes)) if found == number => Some(bytes),
        _ => None,
    })
}

fn attributes(message: &[u8], number: u32) -> Vec<(String, (u32, Value<'_>))> {
    bytes(message, number)
        .map(|attribute| {
            let key = bytes(attribute, 1).next().unwrap();
            let value = bytes(attribute, 2).next().unwrap();
            (String::from_utf8(key.to_vec()).unwrap(), all(value)[0])
        })
        .collect()
}

fn protobuf(body: &[u8]) -> Vec<Got> {
    let mut got = Vec::new();
    for logs in bytes(body, 1) {
        let mut common = Got::default();
        for (key, value) in attributes(bytes(logs, 1).next().unwrap(), 1) {
            set(&mut common, &key, value);
        }
        for scope_logs in bytes(logs, 2) {
            for record in bytes(scope_logs, 2) {
                got.push(one(record, common.clone()));
            }
        }
    }
    got
}

fn one(record: &[u8], mut got: Got) -> Got {
    for field in all(record) {
        match field {
            (1, Value::Number(time)) => got.time = time,
            (2, Value::Number(number)) => got.number = number,
            (3, Value::Bytes(text)) => got.severity = String::from_utf8(text.to_vec()).unwrap(),
            (5, Value::Bytes(body)) => match all(body)[0] {
                (1, Value::Bytes(text)) => (got.string, got.body) = (true, text.to_vec()),
                (7, Value::Bytes(bytes)) => got.body = bytes.to_vec(),
                other => panic!("{other:?}"),
            },
            (6, Value::Bytes(_)) => {}
            (11, Value::Number(time)) => got.observed = time,
            other => panic!("{other:?}"),
        }
    }
    for (key, value) in attributes(record, 6) {
        set(&mut got, &key, value);
    }
    got
}

fn set(got: &mut Got, key: &str, value: (u32, Value<'_>)) {
    match (key, value) {
        ("mlog.piece.number", (3, Value::Number(number))) => got.piece = Some(number),
        ("mlog.piece.last", (2, Value::Number(last))) => got.last = Some(last == 1),
        (_, (1, Value::Bytes(text))) => set_text(got, key, std::str::from_utf8(text).unwrap()),
        other => panic!("{other:?}"),
    }
}

fn set_text(got: &mut Got, key: &str, text: &str) {
    let field = match key {
        "service.name" => &mut got.service,
        "host.name" => &mut got.host,
        "log.file.path" => &mut got.path,
        "log.record.uid" => &mut got.uid,
        _ => panic!("{key}"),
    };
    assert!(field.is_empty(), "{key} twice");
    *field = text.to_owned();
}

fn json(body: &[u8]) -> Vec<Got> {
    let request: Json = serde_json::from_slice(body).expect("JSON");
    let mut got = Vec::new();
    for logs in request["resourceLogs"].as_array().unwrap() {
        let mut common = Got::default();
        set_all(&mut common, &logs["resource"]);
        for scope_logs in logs["scopeLogs"].as_array().unwrap() {
            for record in scope_logs["logRecords"].as_array().unwrap() {
                got.push(one_of_json(record, common.clone()));
            }
        }
    }
    got
}

fn one_of_json(record: &Json, mut got: Got) -> Got {
    let nanos = |key: &str| record.get(key).map_or(0, |text| text.as_str().unwrap().parse().unwrap());
    got.time = nanos("timeUnixNano");
    got.observed = nanos("observedTimeUnixNano");
    got.number = record.get("severityNumber").map_or(0, |number| number.as_u64().unwrap());
    got.severity = record.get("severityText").map_or("", |text| text.as_str().unwrap()).to_owned();
    let body = &record["body"];
    match body.get("stringValue") {
        Some(text) => (got.string, got.body) = (true, text.as_str().unwrap().as_bytes().to_vec()),
        None => got.body = base64(body["bytesValue"].as_str().unwrap()),
    }
    set_all(&mut got, record);
    got
}

fn set_all(got: &mut Got, object: &Json) {
    for attribute in object["attributes"].as_array().unwrap() {
        let (key, value) = (attribute["key"].as_str().unwrap(), &attribute["value"]);
        match key {
            "mlog.piece.number" => got.piece = Some(value["intValue"].as_str().unwrap().parse().unwrap()),
            "mlog.piece.last" => got.last = Some(value["boolValue"].as_bool().unwrap()),
            _ => set_text(got, key, value["stringValue"].as_str().unwrap()),
        }
    }
}

fn base64(text: &str) -> Vec<u8> {
    let value = |byte| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        other => panic!("{other}"),
    };
    let mut bytes = Vec::new();
    assert_eq!(text.len() % 4, 0);
    for chunk in text.trim_end_matches('=').as_bytes().chunks(4) {
        let group = chunk.iter().fold(0u32, |group, &byte| group << 6 | u32::from(value(byte)));
        let group = group << (6 * (4 - chunk.len()));
        bytes.extend_from_slice(&group.to_be_bytes()[1..chunk.len()]);
    }
    bytes
}
