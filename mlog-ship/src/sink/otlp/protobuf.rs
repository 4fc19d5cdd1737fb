//! `Protobuf`: a request as `application/x-protobuf`, by the numbers of OpenTelemetry's `logs.proto`.

use crate::batch::Piece;

use super::encode::{Encode, LAST, PATH, PIECE, SCOPE, UID};
use super::entry::{Common, Entry};
use super::level::Severity;
use super::wire;

/// A request in protobuf. The length of a message comes before it, so lengths are added up first, and each byte of a line
/// is copied once.
pub struct Protobuf {
    common: Common,
    /// The records, each with its tag and length.
    records: Vec<u8>,
    /// The attribute with the path, which all records have.
    path: Vec<u8>,
    /// What few records have: the severity, and which piece it is.
    severity: Vec<u8>,
    piece: Vec<u8>,
}

/// A fixed64 of a field with a low number, as all of these are.
const FIXED64: usize = 9;

/// `ExportLogsServiceRequest`
mod request {
    pub(super) const RESOURCE_LOGS: u32 = 1;
}
mod resource_logs {
    pub(super) const RESOURCE: u32 = 1;
    pub(super) const SCOPE_LOGS: u32 = 2;
}
mod resource {
    pub(super) const ATTRIBUTES: u32 = 1;
}
mod scope_logs {
    pub(super) const SCOPE: u32 = 1;
    pub(super) const LOG_RECORDS: u32 = 2;
}
mod scope {
    pub(super) const NAME: u32 = 1;
    pub(super) const VERSION: u32 = 2;
}
mod log_record {
    pub(super) const TIME: u32 = 1;
    pub(super) const SEVERITY_NUMBER: u32 = 2;
    pub(super) const SEVERITY_TEXT: u32 = 3;
    pub(super) const BODY: u32 = 5;
    pub(super) const ATTRIBUTES: u32 = 6;
    pub(super) const OBSERVED_TIME: u32 = 11;
}
mod key_value {
    pub(super) const KEY: u32 = 1;
    pub(super) const VALUE: u32 = 2;
}
mod any_value {
    pub(super) const STRING: u32 = 1;
    pub(super) const BOOL: u32 = 2;
    pub(super) const INT: u32 = 3;
    pub(super) const BYTES: u32 = 7;
}

impl Encode for Protobuf {
    const MEDIA: &str = "application/x-protobuf";

    fn new(common: &Common) -> Protobuf {
        let common = common.clone();
        let [records, mut path, severity, piece] = [const { Vec::new() }; 4];
        attribute(&mut path, PATH, |value| wire::bytes(value, any_value::STRING, common.path.as_bytes()));
        Protobuf { common, records, path, severity, piece }
    }

    fn push(&mut self, entry: &Entry<'_>) {
        let Entry { body, uid, .. } = entry;
        self.severity(entry.severity);
        self.piece(entry.piece);
        let is_text = std::str::from_utf8(body).is_ok();
        let kind = if is_text { any_value::STRING } else { any_value::BYTES };
        let body_value = wire::length_of(kind, body.len());
        let uid_value = wire::length_of(any_value::STRING, uid.len());
        let uid_attribute =
            wire::length_of(key_value::KEY, UID.len()) + wire::length_of(key_value::VALUE, uid_value);
        let times = FIXED64 * (1 + usize::from(entry.time.is_some()));
        let length = times
            + self.severity.len()
            + wire::length_of(log_record::BODY, body_value)
            + self.path.len()
            + wire::length_of(log_record::ATTRIBUTES, uid_attribute)
            + self.piece.len();
        let out = &mut self.records;
        out.reserve(length + 2 * FIXED64);
        wire::opening(out, scope_logs::LOG_RECORDS, length);
        if let Some(time) = entry.time {
            wire::fixed64(out, log_record::TIME, time);
        }
        out.extend_from_slice(&self.severity);
        wire::opening(out, log_record::BODY, body_value);
        wire::bytes(out, kind, body);
        out.extend_from_slice(&self.path);
        wire::opening(out, log_record::ATTRIBUTES, uid_attribute);
        wire::bytes(out, key_value::KEY, UID.as_bytes());
        wire::opening(out, key_value::VALUE, uid_value);
        wire::bytes(out, any_value::STRING, uid.as_bytes());
        out.extend_from_slice(&self.piece);
        wire::fixed64(out, log_record::OBSERVED_TIME, entry.observed);
    }

    fn length(&self) -> usize {
        self.records.len()
    }

    fn finish(self) -> Vec<u8> {
        let resource = resource_of(&self.common);
        let mut scope = Vec::new();
        wire::bytes(&mut scope, scope::NAME, SCOPE.as_bytes());
        wire::bytes(&mut scope, scope::VERSION, self.common.version.as_bytes());
        let mut before_records = Vec::new();
        wire::bytes(&mut before_records, scope_logs::SCOPE, &scope);
        let mut before = Vec::new();
        wire::bytes(&mut before, resource_logs::RESOURCE, &resource);
        wire::opening(&mut before, resource_logs::SCOPE_LOGS, before_records.len() + self.records.len());
        before.extend_from_slice(&before_records);
        let mut request = Vec::with_capacity(self.records.len() + before.len() + 16);
        wire::opening(&mut request, request::RESOURCE_LOGS, before.len() + self.records.len());
        request.extend_from_slice(&before);
        request.extend_from_slice(&self.records);
        request
    }
}

impl Protobuf {
    fn severity(&mut self, severity: Option<Severity<'_>>) {
        self.severity.clear();
        let Some(severity) = severity else { return };
        if severity.number > 0 {
            wire::number(&mut self.severity, log_record::SEVERITY_NUMBER, severity.number.into());
        }
        if !severity.text.is_empty() {
            wire::bytes(&mut self.severity, log_record::SEVERITY_TEXT, severity.text.as_bytes());
        }
    }

    fn piece(&mut self, piece: Piece) {
        self.piece.clear();
        let (number, last) = match piece {
            Piece::Whole => return,
            Piece::Part(number) => (number, false),
            Piece::Last(number) => (number, true),
        };
        attribute(&mut self.piece, PIECE, |value| wire::number(value, any_value::INT, number.into()));
        attribute(&mut self.piece, LAST, |value| wire::number(value, any_value::BOOL, last.into()));
    }
}

/// An attribute of a record.
fn attribute(out: &mut Vec<u8>, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
    let (mut attribute, mut value) = (Vec::new(), Vec::new());
    write(&mut value);
    wire::bytes(&mut attribute, key_value::KEY, key.as_bytes());
    wire::bytes(&mut attribute, key_value::VALUE, &value);
    wire::bytes(out, log_record::ATTRIBUTES, &attribute);
}

fn resource_of(common: &Common) -> Vec<u8> {
    let mut resource = Vec::new();
    for (key, text) in [("service.name", &common.service), ("host.name", &common.host)] {
        let (mut attribute, mut value) = (Vec::new(), Vec::new());
        wire::bytes(&mut value, any_value::STRING, text.as_bytes());
        wire::bytes(&mut attribute, key_value::KEY, key.as_bytes());
        wire::bytes(&mut attribute, key_value::VALUE, &value);
        wire::bytes(&mut resource, resource::ATTRIBUTES, &attribute);
    }
    resource
}
