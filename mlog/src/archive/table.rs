//! Where the parts of a file begin that can be decoded by themselves.
//!
//! Zstandard: the seek table of the seekable format, a skippable frame at the end of the file, with the compressed and the
//! uncompressed length of each frame. gzip: members in a row whose headers have the subfield `MZ`, the length of the deflate
//! data. A table is taken only if it covers the file from its start to its end, and if a frame or member begins where it says.

use std::fs::File;

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

const SEEK_FOOTER: u64 = 9;
const SEEK_MAGIC: u32 = 0x8F92_EAB1;
const SKIPPABLE: u32 = 0x184D_2A5E;
const FRAME: u32 = 0xFD2F_B528;
/// A table for more frames is not believed.
const MOST: u64 = 1 << 20;
/// A gzip header with the subfield alone, and the check and length behind the data.
const MEMBER: u64 = 28;

/// The frames of a Zstandard file. None: there is no table that fits it.
pub(super) fn frames(file: &File, size: u64) -> Option<Vec<Piece>> {
    let footer: [u8; SEEK_FOOTER as usize] = at(file, size.checked_sub(SEEK_FOOTER)?)?;
    let count = u64::from(word(&footer));
    let checksums = footer[4] & 0x80 != 0;
    if word(&footer[5..]) != SEEK_MAGIC || footer[4] & 0x7c != 0 || count > MOST {
        return None;
    }
    let entry = if checksums { 12 } else { 8 };
    let table = count * entry + SEEK_FOOTER;
    let begin = size.checked_sub(table + 8)?;
    let header: [u8; 8] = at(file, begin)?;
    if word(&header) != SKIPPABLE || u64::from(word(&header[4..])) != table {
        return None;
    }
    let mut entries = vec![0; usize::try_from(count * entry).ok()?];
    read(file, &mut entries, begin + 8)?;
    let mut pieces = Vec::new();
    let mut from = 0;
    for entry in entries.chunks_exact(usize::try_from(entry).ok()?) {
        let to = from + u64::from(word(entry));
        if word(&at::<4>(file, from)?) != FRAME {
            return None;
        }
        pieces.push(Piece { from, to, text: u64::from(word(&entry[4..])) });
        from = to;
    }
    (from == begin && count > 0).then_some(pieces)
}

/// The members of a gzip file. None: not all of them say how long they are.
pub(super) fn members(file: &File, size: u64) -> Option<Vec<Piece>> {
    let mut pieces = Vec::new();
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
        pieces.push(Piece { from, to, text });
        from = to;
    }
    (!pieces.is_empty()).then_some(pieces)
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
