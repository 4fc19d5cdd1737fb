//! Batches made by hand.

use mlog::follow::{Meant, Place};
use mlog_ship::batch::{Batch, Id, Piece, Record};
use mlog_ship::bound::Bound;
use mlog_ship::identity::{Instance, Origin};
use tai64tools::Label;

/// What a line of a batch is.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    /// Nanoseconds since 1970. None: it has no stamp.
    pub(crate) at: Option<u64>,
    pub(crate) text: Vec<u8>,
    pub(crate) piece: Piece,
}

pub(crate) fn line(at: u64, text: impl AsRef<[u8]>) -> Line {
    Line { at: Some(at), text: text.as_ref().to_vec(), piece: Piece::Whole }
}

pub(crate) fn origin() -> Origin {
    Origin { directory: "/var/log/web".into(), host: b"web1.example".to_vec(), service: b"web".to_vec() }
}

/// The batch with this number, whose lines begin at this offset.
pub(crate) fn batch(number: u64, offset: u64, lines: &[Line]) -> Batch {
    let mut bytes = Vec::new();
    let mut records = Vec::new();
    for line in lines {
        let from = bytes.len();
        if let Some(at) = line.at {
            bytes.extend_from_slice(&stamp(at));
            bytes.push(b' ');
        }
        let stamp = bytes.len() - from;
        bytes.extend_from_slice(&line.text);
        records.push(Record { bytes: from..bytes.len(), stamp, at: line.at, piece: line.piece });
        if matches!(line.piece, Piece::Whole | Piece::Last(_)) {
            bytes.push(b'\n');
        }
    }
    let bound = |offset| {
        let place = Place { label: None, meant: Meant::After, offset, length: 0, crc: 0, last: None };
        Bound::between(place)
    };
    let instance = Instance("0123456789abcdef0123456789abcdef".into());
    let crc = crc32fast::hash(&bytes);
    let end = bound(offset + bytes.len() as u64);
    Batch {
        id: Id { instance, number, first: bound(offset), end, crc },
        origin: origin(),
        lines: bytes,
        records,
    }
}

fn stamp(at: u64) -> [u8; 25] {
    let label = Label::new((1 << 62) + 10 + at / 1_000_000_000, (at % 1_000_000_000) as u32);
    label.unwrap().text()
}
