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
/// A record of a script without `maxline=` and `limit=`. Every multilog since 0.1 reads it.
const PLAIN: &[u8; 4] = b"mlj1";
/// A record that has the numbers of these two actions as well.
const EXTENDED: &[u8; 4] = b"mlj2";
/// Magic, checksum.
const PROLOGUE: usize = 8;

/// Which form the records of a script may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The plain one alone.
    Plain,
    /// The extended one too.
    Extended,
}

impl Record {
    /// The flag and the record, to be written at `FLAG`. None: more directories than fit.
    pub fn encode<'a>(&self, into: &'a mut Vec<u8>) -> Option<&'a [u8]> {
        into.clear();
        into.push(self.unset_flag());
        let form = self.form();
        into.extend_from_slice(form);
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
        if form == EXTENDED {
            self.extension().for_each(|number| put(into, number));
        }
        let sum = crc32fast::hash(&into[1 + PROLOGUE..]);
        into[1 + form.len()..=PROLOGUE].copy_from_slice(&sum.to_le_bytes());
        (into.len() <= 1 + ROOM).then_some(into)
    }

    /// Reads what is behind the flag. None: not a whole record.
    pub fn decode(bytes: &[u8]) -> Option<Record> {
        let mut all = Reader(bytes);
        let magic = all.array()?;
        if magic != *PLAIN && magic != *EXTENDED {
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
        let mut record = Record { held, shares, ..record };
        if magic == *EXTENDED {
            record.take_extension(&mut from)?;
        }
        let length = all.0.len() - from.0.len();
        (crc32fast::hash(&all.0[..length]) == sum && record.is_sound()).then_some(record)
    }

    /// Whether every record that can follow this one fits, where records take this form.
    pub fn fits(&self, reach: Reach) -> bool {
        let grows = reach == Reach::Extended && self.form() == PLAIN;
        let more = if grows { self.extension().count() * size_of::<u64>() } else { 0 };
        self.encode(&mut Vec::new()).is_some_and(|bytes| bytes.len() + more <= 1 + ROOM)
    }

    /// The oldest form that can hold this record, so that an older multilog can still finish what it can know.
    fn form(&self) -> &'static [u8; 4] {
        if self.extension().all(|number| number == 0) { PLAIN } else { EXTENDED }
    }

    /// What the extended form has behind the shares.
    fn extension(&self) -> impl Iterator<Item = u64> {
        let shares = self.shares.iter().flat_map(|share| [share.unsaid.0, share.unsaid.1]);
        [self.before.piece, self.after.piece].into_iter().chain(shares)
    }

    fn take_extension(&mut self, from: &mut Reader<'_>) -> Option<()> {
        self.before.piece = from.number()?;
        self.after.piece = from.number()?;
        for share in &mut self.shares {
            share.unsaid = (from.number()?, from.number()?);
        }
        Some(())
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
        Some(Moment { midline: self.byte()? != 0, held: (self.length()?, self.length()?), piece: 0 })
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
            unsaid: (0, 0),
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
            unsaid: (0, 0),
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
            before: Moment { midline: true, held: (0, 2), piece: 0 },
            after: Moment { midline: false, held: (2, 3), piece: 0 },
            held: b"abc".to_vec(),
            ..Record::idle([b'b'; 36], Identity { device: 9, inode: 10 }, vec![share; shares])
        }
    }

    #[test]
    fn a_record_is_read_as_it_was_written() {
        for record in [0, 1, 3].into_iter().flat_map(|shares| [example(shares), extended(shares)]) {
            let mut buffer = Vec::new();
            let bytes = record.encode(&mut buffer).unwrap();
            assert_eq!(bytes[0], !b'\n');
            assert_eq!(Record::decode(&bytes[1..]), Some(record.clone()));
            // What an earlier, longer record left behind it does not matter.
            assert_eq!(Record::decode(&[&bytes[1..], b"rest"].concat()), Some(record));
        }
    }

    /// The same with all that only the extended form holds.
    fn extended(shares: usize) -> Record {
        let mut record = example(shares);
        (record.before.piece, record.after.piece) = (11, u64::MAX);
        record.shares.iter_mut().for_each(|share| share.unsaid = (12, 13));
        record
    }

    #[test]
    fn a_record_without_the_numbers_of_new_actions_has_the_form_that_older_programs_read() {
        let mut buffer = Vec::new();
        assert_eq!(&example(2).encode(&mut buffer).unwrap()[1..5], PLAIN);
        let mut one = [(); 4].map(|()| example(1));
        one[0].before.piece = 1;
        one[1].after.piece = 1;
        one[2].shares[0].unsaid.0 = 1;
        one[3].shares[0].unsaid.1 = 1;
        for record in one {
            assert_eq!(&record.encode(&mut buffer).unwrap()[1..5], EXTENDED, "{record:?}");
        }
    }

    #[test]
    fn thirty_directories_fit_and_more_are_refused() {
        let mut buffer = Vec::new();
        assert!(example(30).encode(&mut buffer).is_some());
        assert!(extended(25).encode(&mut buffer).is_some());
        assert!(example(60).encode(&mut buffer).is_none());
    }

    #[test]
    fn what_can_grow_has_to_fit_when_it_has_grown() {
        // A journal with limit= was kept for 30 directories, and given up at the first line that was dropped.
        let mut buffer = Vec::new();
        for count in 0..60 {
            let (small, grown) = (example(count), extended(count));
            assert_eq!(small.fits(Reach::Plain), small.encode(&mut buffer).is_some(), "{count}");
            assert_eq!(small.fits(Reach::Extended), grown.encode(&mut buffer).is_some(), "{count}");
            assert_eq!(grown.fits(Reach::Extended), grown.encode(&mut buffer).is_some(), "{count}");
        }
    }

    #[test]
    fn a_record_that_is_torn_or_changed_is_none() {
        let mut buffer = Vec::new();
        for record in [example(2), extended(2)] {
            let bytes = record.encode(&mut buffer).unwrap()[1..].to_vec();
            for at in 0..bytes.len() {
                assert_eq!(Record::decode(&bytes[..at]), None, "cut at {at}");
                let mut changed = bytes.clone();
                changed[at] ^= 0x55;
                assert_eq!(Record::decode(&changed), None, "changed at {at}");
            }
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
            Record::decode(&[&PLAIN[..], &bytes].concat());
            Record::decode(&[&EXTENDED[..], &bytes].concat());
        }
    }
}
