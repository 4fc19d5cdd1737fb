//! The form of `.journal`: one record, its flag and a tail, each at its place in one page.
//!
//! ```text
//! 0         tail: the last bytes of the batch, moved here by splice(2) when the batch is consumed
//! 1023      flag: the last byte of the tail. Preset to anything but the last byte of the batch
//! 1024      the record, with a checksum
//! 4096
//! ```
//!
//! Flag and record are written at once and are within one page, and so is the tail. The kernel does neither write by
//! halves when the process is killed.

use tai64tools::Label;

use super::record::{Moment, Record, Share};
use crate::logfs::{Identity, Place};

/// Where the flag is.
pub(super) const FLAG: u64 = TAIL as u64 - 1;
/// How many bytes the tail of a batch may have.
pub(super) const TAIL: usize = 1024;
/// The length of the file.
pub(super) const LENGTH: usize = 4096;
/// How many bytes a record has room for.
const ROOM: usize = LENGTH - TAIL;
const MAGIC: &[u8; 4] = b"mlj1";
/// Magic, checksum.
const PROLOGUE: usize = 8;

impl Record {
    /// The flag and the record, to be written at `FLAG`. None: more directories than fit.
    pub fn encode<'a>(&self, into: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        into.clear();
        into.push(self.unset_flag());
        into.extend_from_slice(MAGIC);
        into.extend_from_slice(&[0; 4]);
        into.extend_from_slice(&self.boot);
        let fields = [
            self.input.device,
            self.input.inode,
            self.offset.unwrap_or(u64::MAX),
            self.taken,
            self.split,
            self.more,
        ];
        fields.into_iter().for_each(|field| put(into, field));
        into.extend_from_slice(&self.first);
        into.extend_from_slice(&self.second);
        into.push(self.last);
        put_label(into, self.last_stamp);
        put_moment(into, self.before);
        put_moment(into, self.after);
        put_length(into, self.held.len())?;
        put_length(into, self.shares.len())?;
        into.extend_from_slice(&self.held);
        self.shares.iter().for_each(|share| put_share(into, share));
        let sum = crc32fast::hash(&into[1 + PROLOGUE..]);
        into[1 + MAGIC.len()..=PROLOGUE].copy_from_slice(&sum.to_le_bytes());
        (into.len() <= 1 + ROOM).then_some(into)
    }

    /// Reads what is behind the flag. None: not a whole record.
    pub fn decode(bytes: &[u8]) -> Option<Record> {
        let mut all = Reader(bytes);
        if all.array()? != *MAGIC {
            return None;
        }
        let sum = u32::from_le_bytes(all.array()?);
        let mut from = Reader(all.0);
        let record = Record {
            boot: from.array()?,
            input: from.identity()?,
            offset: Some(from.number()?).filter(|&offset| offset != u64::MAX),
            taken: from.number()?,
            split: from.number()?,
            more: from.number()?,
            first: from.array()?,
            second: from.array()?,
            last: from.byte()?,
            last_stamp: from.label()?,
            before: from.moment()?,
            after: from.moment()?,
            held: Vec::new(),
            shares: Vec::new(),
        };
        let (held, shares) = (from.length()?, from.length()?);
        let held = from.take(held.into())?.to_vec();
        let shares = (0..shares).map(|_| from.share()).collect::<Option<_>>()?;
        let length = all.0.len() - from.0.len();
        let record = Record { held, shares, ..record };
        (crc32fast::hash(&all.0[..length]) == sum && record.is_sound()).then_some(record)
    }
}

fn put(into: &mut Vec<u8>, number: u64) {
    into.extend_from_slice(&number.to_le_bytes());
}

fn put_length(into: &mut Vec<u8>, length: usize) -> Option<()> {
    into.extend_from_slice(&u16::try_from(length).ok()?.to_le_bytes());
    Some(())
}

fn put_label(into: &mut Vec<u8>, label: Label) {
    put(into, label.seconds());
    into.extend_from_slice(&label.nanos().to_le_bytes());
}

fn put_moment(into: &mut Vec<u8>, moment: Moment) {
    into.push(moment.midline.into());
    into.extend_from_slice(&moment.held.0.to_le_bytes());
    into.extend_from_slice(&moment.held.1.to_le_bytes());
}

fn put_share(into: &mut Vec<u8>, share: &Share) {
    let Identity { device, inode } = share.place.directory;
    [device, inode, share.place.mount, share.current, share.start, share.adds]
        .into_iter()
        .for_each(|field| put(into, field));
    put_label(into, share.last_label);
    put_label(into, share.settled);
    into.push(u8::from(share.takes_before) | u8::from(share.takes_after) << 1);
}

/// Bytes that are read from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn byte(&mut self) -> Option<u8> {
        self.array().map(|[byte]| byte)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn length(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    fn label(&mut self) -> Option<Label> {
        Label::new(self.number()?, u32::from_le_bytes(self.array()?))
    }

    fn identity(&mut self) -> Option<Identity> {
        Some(Identity { device: self.number()?, inode: self.number()? })
    }

    fn moment(&mut self) -> Option<Moment> {
        Some(Moment { midline: self.byte()? != 0, held: (self.length()?, self.length()?) })
    }

    fn share(&mut self) -> Option<Share> {
        let share = Share {
            place: Place { directory: self.identity()?, mount: self.number()? },
            current: self.number()?,
            start: self.number()?,
            adds: self.number()?,
            last_label: self.label()?,
            settled: self.label()?,
            takes_before: false,
            takes_after: false,
        };
        let takes = self.byte()?;
        Some(Share { takes_before: takes & 1 != 0, takes_after: takes & 2 != 0, ..share })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example(shares: usize) -> Record {
        let label = Label::parse(b"@400000006b00e05e2c8dfba4").unwrap();
        let share = Share {
            place: Place { directory: Identity { device: 1, inode: 2 }, mount: 3 },
            current: 4,
            start: 5,
            adds: 6,
            last_label: label,
            settled: label.next(),
            takes_before: true,
            takes_after: false,
        };
        Record {
            offset: Some(7),
            taken: 8,
            split: 3,
            more: 2,
            first: *b"one\ntwo\n",
            second: *b"\ntwo\nxyz",
            last: b'\n',
            last_stamp: label,
            before: Moment { midline: true, held: (0, 2) },
            after: Moment { midline: false, held: (2, 3) },
            held: b"abc".to_vec(),
            ..Record::idle([b'b'; 36], Identity { device: 9, inode: 10 }, vec![share; shares])
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        for shares in [0, 1, 3] {
            let record = example(shares);
            let mut buffer = Vec::new();
            let bytes = record.encode(&mut buffer).unwrap();
            assert_eq!(bytes[0], !b'\n');
            assert_eq!(Record::decode(&bytes[1..]), Some(record.clone()));
            // What an earlier, longer record left behind it does not matter.
            assert_eq!(Record::decode(&[&bytes[1..], b"rest"].concat()), Some(record));
        }
    }

    #[test]
    fn thirty_directories_fit_and_more_are_refused() {
        let mut buffer = Vec::new();
        assert!(example(30).encode(&mut buffer).is_some());
        assert!(example(60).encode(&mut buffer).is_none());
    }

    #[test]
    fn a_record_that_is_torn_or_changed_is_none() {
        let mut buffer = Vec::new();
        let bytes = example(2).encode(&mut buffer).unwrap()[1..].to_vec();
        for at in 0..bytes.len() {
            assert_eq!(Record::decode(&bytes[..at]), None, "cut at {at}");
            let mut changed = bytes.clone();
            changed[at] ^= 0x55;
            assert_eq!(Record::decode(&changed), None, "changed at {at}");
        }
    }

    #[test]
    fn numbers_that_cannot_be_true_together_are_none() {
        let mut wrong = [(); 5].map(|()| example(1));
        wrong[0].split = 9;
        wrong[1].more = u64::MAX;
        wrong[2].before.held = (2, 1);
        wrong[3].after.held = (0, 4);
        wrong[4].shares[0].adds = u64::MAX;
        for record in wrong {
            let mut buffer = Vec::new();
            let bytes = record.encode(&mut buffer).unwrap();
            assert_eq!(Record::decode(&bytes[1..]), None, "{record:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_harm(bytes in proptest::collection::vec(any::<u8>(), 0..3200)) {
            Record::decode(&bytes);
            Record::decode(&[&MAGIC[..], &bytes].concat());
        }
    }
}
