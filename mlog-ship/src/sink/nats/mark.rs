//! `Mark`: what a message says of itself, in its headers.
//!
//! ```text
//! Mlog-Instance: 6f1f0c…           who ships
//! Mlog-Batch: 118                  which batch
//! Mlog-Crc: 5d1bf04a               the CRC-32 of its lines
//! Mlog-Bytes: 262101               how long they are
//! Mlog-First: after,@4000…,0,…     where it begins in the directory
//! Mlog-End: after,@4000…,8190,…    where it ends
//! Mlog-Line: opens                 only where a line is longer than a batch: it goes on in the next message (`opens`), on
//!                                  both sides (`continues`), or ends in this one (`closes`)
//! Content-Encoding: zstd           only where the body is compressed
//! ```

use crate::batch::Batch;
use crate::bound::Bound;

const INSTANCE: &str = "Mlog-Instance";
const BATCH: &str = "Mlog-Batch";
const CRC: &str = "Mlog-Crc";
const BYTES: &str = "Mlog-Bytes";
const FIRST: &str = "Mlog-First";
const END: &str = "Mlog-End";
const LINE: &str = "Mlog-Line";
const ENCODING: &str = "Content-Encoding";

/// More than the headers of a message need.
pub(super) const LONGEST: usize = 1024;

/// What a message holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Who has sent it.
    pub instance: String,
    /// Which batch.
    pub number: u64,
    /// The CRC-32 of the batch.
    pub crc: u32,
    /// How long the batch is.
    pub bytes: usize,
    /// Where the batch ends in the directory. None: it is not said so that it can be read.
    pub end: Option<Bound>,
}

impl Mark {
    /// Whether it is of this batch, and not of another one with the same number.
    pub fn is_of(&self, batch: &Batch) -> bool {
        let id = &batch.id;
        let same = (&self.instance, self.number, self.crc) == (&id.instance.0, id.number, id.crc);
        same && self.bytes == batch.lines.len()
    }

    /// Reads headers, of which `get` gives one by its name. None: mlog-ship has not sent this message.
    pub fn read<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Option<Mark> {
        Some(Mark {
            instance: get(INSTANCE)?.into(),
            number: get(BATCH)?.parse().ok()?,
            crc: u32::from_str_radix(get(CRC)?, 16).ok()?,
            bytes: get(BYTES)?.parse().ok()?,
            end: get(END).and_then(Bound::parse),
        })
    }
}

/// The headers of a batch.
pub(super) fn headers(batch: &Batch, is_compressed: bool) -> Vec<(&'static str, String)> {
    let id = &batch.id;
    let mut headers = vec![
        (INSTANCE, id.instance.0.clone()),
        (BATCH, id.number.to_string()),
        (CRC, format!("{:08x}", id.crc)),
        (BYTES, batch.lines.len().to_string()),
        (FIRST, id.first.word()),
        (END, id.end.word()),
    ];
    let line = match (id.first.within > 0, id.end.within > 0) {
        (false, false) => None,
        (false, true) => Some("opens"),
        (true, true) => Some("continues"),
        (true, false) => Some("closes"),
    };
    headers.extend(line.map(|line| (LINE, line.into())));
    if is_compressed {
        headers.push((ENCODING, "zstd".into()));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::super::lane_tests::batch;
    use super::*;

    fn read(headers: &[(&str, String)]) -> Option<Mark> {
        Mark::read(|name| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| &value[..]))
    }

    #[test]
    fn a_mark_is_read_as_it_was_written() {
        let one = batch(7, b"one\ntwo\n");
        let mark = read(&headers(&one, false)).unwrap();
        assert!(mark.is_of(&one));
        assert_eq!((mark.bytes, mark.end.clone()), (8, Some(one.id.end.clone())));
        for other in [batch(8, b"one\ntwo\n"), batch(7, b"one\ntwO\n"), batch(7, b"one\n")] {
            assert!(!mark.is_of(&other));
        }
    }

    #[test]
    fn a_line_that_goes_on_in_another_message_is_marked() {
        for (first, end, wanted) in
            [(0, 0, None), (0, 9, Some("opens")), (9, 18, Some("continues")), (18, 0, Some("closes"))]
        {
            let mut batch = batch(7, b"one");
            (batch.id.first.within, batch.id.end.within) = (first, end);
            let headers = headers(&batch, false);
            let line = headers.iter().find(|(name, _)| *name == LINE).map(|(_, value)| &value[..]);
            assert_eq!(line, wanted);
        }
    }

    #[test]
    fn what_mlog_ship_has_not_sent_has_no_mark() {
        let good = headers(&batch(7, b"one\n"), true);
        assert!(read(&good).is_some());
        assert_eq!(read(&[]), None);
        for name in [INSTANCE, BATCH, CRC, BYTES] {
            let without: Vec<_> = good.iter().filter(|(known, _)| *known != name).cloned().collect();
            assert_eq!(read(&without), None, "{name}");
        }
        for bytes in ["", "-1", "x", "99999999999999999999999"] {
            let mut wrong = good.clone();
            wrong.iter_mut().find(|(name, _)| *name == BYTES).unwrap().1 = bytes.into();
            assert_eq!(read(&wrong), None, "{bytes}");
        }
    }

    #[test]
    fn headers_are_never_longer_than_what_is_kept_free_for_them() {
        let mut longest = batch(u64::MAX, b"");
        longest.id.instance.0 = "f".repeat(64);
        for bound in [&mut longest.id.first, &mut longest.id.end] {
            bound.place.label = tai64tools::Label::new(u64::MAX >> 2, 999_999_999);
            (bound.place.last, bound.place.offset, bound.place.length) =
                (bound.place.label, u64::MAX, u32::MAX);
            (bound.within, bound.part) = (u32::MAX, u32::MAX);
        }
        let bytes: usize =
            headers(&longest, true).iter().map(|(name, value)| name.len() + value.len() + 4).sum();
        assert!(bytes < LONGEST, "{bytes}");
    }
}
