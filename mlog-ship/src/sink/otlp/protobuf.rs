//! `Protobuf`: a request as `application/x-protobuf`, by the numbers of OpenTelemetry's `logs.proto`.

use crate::batch::Piece;

use super::encode::{Encode, LAST, PATH, PIECE, SCOPE, UID};
use super::entry::{Common, Entry};
use super::wire;

/// A request in protobuf.
pub struct Protobuf {
    common: Common,
    /// The records, each with its tag and length.
    records: Vec<u8>,
    /// The record that is written.
    record: Vec<u8>,
    /// The attribute that is written, and its value.
    attribute: Vec<u8>,
    value: Vec<u8>,
}

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
        let [records, record, attribute, value] = [const { Vec::new() }; 4];
        Protobuf { common, records, record, attribute, value }
    }

    fn push(&mut self, entry: &Entry<'_>) {
        self.record.clear();
        if let Some(time) = entry.time {
            wire::fixed64(&mut self.record, log_record::TIME, time);
        }
        if let Some(severity) = entry.severity {
            if severity.number > 0 {
                wire::number(&mut self.record, log_record::SEVERITY_NUMBER, severity.number.into());
            }
            if !severity.text.is_empty() {
                wire::bytes(&mut self.record, log_record::SEVERITY_TEXT, severity.text.as_bytes());
            }
        }
        self.body(entry.body);
        let path = std::mem::take(&mut self.common.path);
        self.attribute(PATH, |value| wire::bytes(value, any_value::STRING, path.as_bytes()));
        self.common.path = path;
        self.attribute(UID, |value| wire::bytes(value, any_value::STRING, entry.uid.as_bytes()));
        self.piece(entry.piece);
        wire::fixed64(&mut self.record, log_record::OBSERVED_TIME, entry.observed);
        wire::bytes(&mut self.records, scope_logs::LOG_RECORDS, &self.record);
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
    fn body(&mut self, body: &[u8]) {
        self.value.clear();
        let kind = if std::str::from_utf8(body).is_ok() { any_value::STRING } else { any_value::BYTES };
        wire::bytes(&mut self.value, kind, body);
        wire::bytes(&mut self.record, log_record::BODY, &self.value);
    }

    fn piece(&mut self, piece: Piece) {
        let (number, last) = match piece {
            Piece::Whole => return,
            Piece::Part(number) => (number, false),
            Piece::Last(number) => (number, true),
        };
        self.attribute(PIECE, |value| wire::number(value, any_value::INT, number.into()));
        self.attribute(LAST, |value| wire::number(value, any_value::BOOL, last.into()));
    }

    fn attribute(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.attribute.clear();
        self.value.clear();
        write(&mut self.value);
        wire::bytes(&mut self.attribute, key_value::KEY, key.as_bytes());
        wire::bytes(&mut self.attribute, key_value::VALUE, &self.value);
        wire::bytes(&mut self.record, log_record::ATTRIBUTES, &self.attribute);
    }
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
