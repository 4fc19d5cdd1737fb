//! Segments: what of a file can be decoded by itself.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::Form;
use super::table::{self, Joined, Piece};
use super::window;

/// How long a segment of a plain file is.
const RANGE: u64 = 8 << 20;
/// How many bytes of a file tell its form.
const START: usize = 10;

/// A part of a file that can be decoded by itself.
#[derive(Clone, Debug)]
pub struct Segment {
    /// The file.
    pub file: Arc<File>,
    /// How it is compressed.
    pub form: Form,
    /// Where the segment begins in the file.
    pub from: u64,
    /// Where it ends.
    pub to: u64,
    /// The window of its first frame; a later one may be larger.
    pub window: u64,
    /// Whether it is the first of the file, so that a line begins with it.
    pub first: bool,
    /// Whether it is the last of the file, so that a line ends with it.
    pub last: bool,
}

/// The segments of the first `size` bytes of a file, in order. One of no bytes where it is empty.
///
/// A file that somebody still writes is plain, whatever it begins with (`plain`).
pub fn segments(file: &Arc<File>, size: u64, plain: bool) -> io::Result<Vec<Segment>> {
    let mut start = [0; START];
    let got = if plain { 0 } else { unix::file::read_at(file, &mut start, 0)? };
    let form = Form::of(&start[..got]);
    let pieces = match form {
        Form::Plain => ranges(size),
        Form::Gzip => table::members(file, size).unwrap_or_else(|| whole(size)),
        Form::Zstd => table::frames(file, size).unwrap_or_else(|| whole(size)),
        Form::Foreign(_) => whole(size),
    };
    let count = pieces.len();
    let segment = |(at, piece): (usize, Piece)| Segment {
        file: file.clone(),
        form,
        from: piece.from,
        to: piece.to,
        window: if form == Form::Zstd { window::of(file, piece.from) } else { 0 },
        first: at == 0,
        last: at + 1 == count,
    };
    Ok(pieces.into_iter().enumerate().map(segment).collect())
}

fn whole(size: u64) -> Vec<Piece> {
    vec![Piece { from: 0, to: size, text: 0 }]
}

fn ranges(size: u64) -> Vec<Piece> {
    let length = RANGE.max(size.div_ceil(Joined::MOST as u64));
    let count = size.div_ceil(length).max(1);
    let range = |n: u64| Piece { from: n * length, to: ((n + 1) * length).min(size), text: 0 };
    (0..count).map(range).collect()
}
