//! `Entry`: what a record says in OpenTelemetry's words, whatever the encoding.
//!
//! All of it follows from the batch, so a second delivery has the same words as the first. One thing does not: the time of
//! a record of which nobody knows the time is that of the delivery.
//!
//! `log.record.uid` is the identity of a line. It is made of the origin, the stamp, the CRC-32 of the bytes, and the place,
//! which tells lines with the same stamp and the same bytes apart: where the batch begins in the text of its generation, and
//! where the line begins in the batch. So a batch that comes again has the same identities, and so has a line in a batch that
//! was cut in another way, as long as both begin in the generation of the line. A line without a stamp can't have that:
//! another one may have its place and its bytes after the directory was made anew. Its identity is that of its batch, and
//! its place there.

use std::os::unix::ffi::OsStrExt;

use crate::batch::{Batch, Piece, Record};
use crate::identity::Origin;

use super::level::{Levels, Severity};
pub use super::uid::Uid;

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// When it was written, in nanoseconds since 1970.
    pub time: Option<u64>,
    /// When it was seen first. It is the logger that sees a line first, and stamps it.
    pub observed: u64,
    /// How severe it is.
    pub severity: Option<Severity<'a>>,
    /// The line without its stamp.
    pub body: &'a [u8],
    /// `log.record.uid`
    pub uid: Uid,
    /// Which part of the line it is.
    pub piece: Piece,
}

/// What all records of a directory have in common, as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// `service.name`
    pub service: String,
    /// `host.name`
    pub host: String,
    /// `log.file.path`: the file into which the lines were written.
    pub path: String,
    /// The version of mlog-ship.
    pub version: &'static str,
}

impl Common {
    /// Of an origin. Bytes that are not UTF-8 become `%` and two hexadecimal digits.
    pub fn of(origin: &Origin) -> Common {
        Common {
            service: text(&origin.service),
            host: text(&origin.host),
            path: text(origin.directory.join("current").as_os_str().as_bytes()),
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

fn text(bytes: &[u8]) -> String {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|byte| format!("%{byte:02X}")));
    }
    text
}

/// The records of a batch from the one with the number `from`.
pub fn entries<'a>(
    batch: &'a Batch,
    levels: Option<&'a Levels>,
    from: usize,
    now: u64,
) -> impl Iterator<Item = Entry<'a>> {
    let mut origin = Uid::new();
    origin.fixed(fingerprint(&batch.origin), 16);
    let mut stamped =
        batch.records[..from].iter().rev().find(|record| starts(record)).is_some_and(is_stamped);
    batch.records[from..].iter().map(move |record| {
        if starts(record) {
            stamped = is_stamped(record);
        }
        let body = &batch.lines[record.bytes.clone()][record.stamp..];
        Entry {
            time: record.at,
            observed: record.at.unwrap_or(now),
            severity: levels.and_then(|levels| levels.of(body)),
            body,
            uid: uid(batch, record, &origin, stamped),
            piece: record.piece,
        }
    })
}

/// Whether a line begins with it.
fn starts(record: &Record) -> bool {
    matches!(record.piece, Piece::Whole | Piece::Part(0))
}

fn is_stamped(record: &Record) -> bool {
    record.stamp > 0 && record.at.is_some()
}

fn uid(batch: &Batch, record: &Record, origin: &Uid, stamped: bool) -> Uid {
    let crc = crc32fast::hash(&batch.lines[record.bytes.clone()]);
    let start = record.bytes.start as u64;
    let mut uid = *origin;
    match record.at {
        Some(at) if stamped => {
            let first = &batch.id.first;
            let offset = first.place.offset + u64::from(first.within) + start;
            uid.dash().fixed(at, 16).short(offset)
        }
        _ => uid.word(&batch.id.instance.0).short(batch.id.number).short(start),
    };
    uid.dash().fixed(crc.into(), 8);
    uid
}

/// FNV-1a of host and directory.
fn fingerprint(origin: &Origin) -> u64 {
    let path = origin.directory.as_os_str().as_bytes();
    let bytes = origin.host.iter().chain(b"\0").chain(path);
    bytes.fold(0xcbf2_9ce4_8422_2325, |sum, &byte| (sum ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3))
}
