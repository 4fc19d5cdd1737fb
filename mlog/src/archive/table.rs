//! Where the parts of a file begin that can be decoded by themselves.
//!
//! Zstandard: the seek table of the seekable format, a skippable frame at the end of the file, with the compressed and the
//! uncompressed length of each frame. gzip: members in a row whose headers have the subfield `MZ`, the length of the deflate
//! data. A table is taken only if it covers the file from its start to its end, and if a frame or member begins where it says.

use std::fs::File;

use super::frames::frame;
use super::{Damage, Form};

/// A part of a file, and about how long its text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it begins.
    pub(super) from: u64,
    /// Where it ends.
    pub(super) to: u64,
    /// The length of its text, as the table says; 0 where it does not.
    pub(super) text: u64,
}

/// Pieces in a row, taken together so that there are few of them, however many the file has.
pub(super) struct Joined {
    pieces: Vec<Piece>,
    /// Pieces are taken together until their text is that long.
    together: u64,
}

impl Default for Joined {
    fn default() -> Joined {
        Joined { pieces: Vec::new(), together: 1 << 20 }
    }
}

impl Joined {
    /// The most pieces of a file.
    pub(super) const MOST: usize = 8192;

    fn push(&mut self, piece: Piece) {
        match self.pieces.last_mut() {
            Some(last) if last.text + piece.text <= self.together => *last = last.with(piece),
            _ => self.pieces.push(piece),
        }
        if self.pieces.len() > Joined::MOST {
            self.pieces = self.pieces.chunks(2).map(|two| two[0].with(two[two.len() - 1])).collect();
            self.together *= 2;
        }
    }
}

impl Piece {
    /// Up to the end of a later one.
    fn with(self, later: Piece) -> Piece {
        let text = if self.from == later.from { self.text } else { self.text + later.text };
        Piece { from: self.from, to: later.to, text }
    }
}

const SEEK_FOOTER: u64 = 9;
const SEEK_MAGIC: u32 = 0x8F92_EAB1;
const SKIPPABLE: u32 = 0x184D_2A5E;
const FRAME: u32 = 0xFD2F_B528;
/// How many entries of a table are read at once.
const ENTRIES: u64 = 4096;
/// A gzip header with the subfield alone, and the check and length behind the data.
const MEMBER: u64 = 28;

/// The frames of a Zstandard file. None: there is no table that fits it.
pub(super) fn frames(file: &File, size: u64) -> Option<Vec<Piece>> {
    let footer: [u8; SEEK_FOOTER as usize] = at(file, size.checked_sub(SEEK_FOOTER)?)?;
    let count = u64::from(word(&footer));
    let checksums = footer[4] & 0x80 != 0;
    if word(&footer[5..]) != SEEK_MAGIC || footer[4] & 0x7c != 0 {
        return None;
    }
    let entry = if checksums { 12 } else { 8 };
    let table = count * entry + SEEK_FOOTER;
    let begin = size.checked_sub(table + 8)?;
    let header: [u8; 8] = at(file, begin)?;
    if word(&header) != SKIPPABLE || u64::from(word(&header[4..])) != table {
        return None;
    }
    let mut joined = Joined::default();
    let mut from = 0;
    for first in (0..count).step_by(ENTRIES as usize) {
        let mut entries = vec![0; usize::try_from(ENTRIES.min(count - first) * entry).ok()?];
        read(file, &mut entries, begin + 8 + first * entry)?;
        for entry in entries.chunks_exact(usize::try_from(entry).ok()?) {
            let to = from + u64::from(word(entry));
            if to > begin || word(&at::<4>(file, from)?) != FRAME {
                return None;
            }
            joined.push(Piece { from, to, text: u64::from(word(&entry[4..])) });
            from = to;
        }
    }
    (from == begin && count > 0).then_some(joined.pieces)
}

/// The members of a gzip file. None: not all of them say how long they are.
pub(super) fn members(file: &File, size: u64) -> Option<Vec<Piece>> {
    let mut joined = Joined::default();
    let mut from = 0;
    while from < size {
        let header: [u8; 20] = at(file, from)?;
        if !header.starts_with(&[0x1f, 0x8b, 8, 4]) || header[10..16] != *b"\x08\x00MZ\x04\x00" {
            return None;
        }
        let to = from + u64::from(word(&header[16..])) + MEMBER;
        if to > size {
            return None;
        }
        let text = u64::from(word(&at::<4>(file, to - 4)?));
        joined.push(Piece { from, to, text });
        from = to;
    }
    (!joined.pieces.is_empty()).then_some(joined.pieces)
}

/// What is wrong with the table at the end of a Zstandard file whose text can be read: readers do without it, and are slower.
pub fn wrong_table(file: &File, size: u64, form: Form) -> Option<Damage> {
    if form != Form::Zstd {
        return None;
    }
    let (mut from, mut last, mut count) = (0, None, 0);
    while from < size {
        let found = frame(file, from, size)?;
        last = found.is_skipped.then_some(from);
        count += u64::from(!found.is_skipped);
        from = found.to;
    }
    let begin = last?;
    let is_table = word(&at::<4>(file, begin)?) == SKIPPABLE || word(&at::<4>(file, size - 4)?) == SEEK_MAGIC;
    let fits = || frames(file, size).is_some() && fits(file, size, count).is_some();
    (is_table && !fits()).then(|| Damage("by its table of frames: it does not fit them".into()))
}

/// Whether each entry of a table says what its frame says of itself.
fn fits(file: &File, size: u64, frames: u64) -> Option<()> {
    let footer: [u8; SEEK_FOOTER as usize] = at(file, size - SEEK_FOOTER)?;
    let entry = if footer[4] & 0x80 == 0 { 8 } else { 12 };
    let count = u64::from(word(&footer));
    let begin = size - SEEK_FOOTER - count * entry;
    let mut from = 0;
    for number in 0..count {
        let mut known = [0; 12];
        read(file, &mut known[..entry as usize], begin + number * entry)?;
        let frame = frame(file, from, size)?;
        let is_text = frame.text.is_none_or(|text| text == u64::from(word(&known[4..])));
        let is_sum = entry == 8 || frame.checksum.is_none_or(|sum| sum == word(&known[8..]));
        if !is_text || !is_sum {
            return None;
        }
        from = frame.to;
    }
    (count == frames).then_some(())
}

fn word(bytes: &[u8]) -> u32 {
    bytes.first_chunk().map_or(0, |four| u32::from_le_bytes(*four))
}

fn at<const N: usize>(file: &File, offset: u64) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    read(file, &mut bytes, offset)?;
    Some(bytes)
}

fn read(file: &File, mut bytes: &mut [u8], mut offset: u64) -> Option<()> {
    while !bytes.is_empty() {
        match unix::file::read_at(file, bytes, offset) {
            Ok(0) | Err(_) => return None,
            Ok(got) => {
                bytes = &mut bytes[got..];
                offset += got as u64;
            }
        }
    }
    Some(())
}
