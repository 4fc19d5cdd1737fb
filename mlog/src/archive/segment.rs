//! Segments: what of a file can be decoded by itself.

use std::fs::File;
use std::io;
use std::sync::Arc;

use super::Form;
use super::frames::Frames;
use super::gzip::Members;
use super::input::Section;
use super::table::{self, Joined, Piece};
use super::window::{self, SMALL};

/// How long a segment of a plain file is.
const RANGE: u64 = 8 << 20;
/// How many bytes of a file tell its form.
const START: usize = 64;

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

/// What is known of a file besides its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {
    /// Nothing.
    Nothing,
    /// Somebody still writes it.
    Grows,
    /// Its name says how it is compressed.
    Packed(Form),
}

/// The segments of the first `size` bytes of a file, in order. One of no bytes where it is empty.
///
/// A file that somebody still writes is plain, whatever it begins with. One whose name says how it is compressed, and
/// whose content is neither that nor text, is damaged.
pub fn segments(file: &Arc<File>, size: u64, declared: Declared) -> io::Result<Vec<Segment>> {
    let mut start = [0; START];
    let got = if declared == Declared::Grows { 0 } else { unix::file::read_at(file, &mut start, 0)? };
    let form = match (Form::of(&start[..got]), declared) {
        (Form::Plain, declared) => damaged_form(file, size, &start[..got], declared),
        (form, _) => form,
    };
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

/// The form of a file that does not begin as a compressed one, and may have been one.
fn damaged_form(file: &Arc<File>, size: u64, start: &[u8], declared: Declared) -> Form {
    match declared {
        Declared::Packed(form) if !is_text(start) || Form::nearly(start) == form => form,
        Declared::Nothing if !is_text(start) && Form::nearly(start) != Form::Plain => Form::nearly(start),
        // What a machine that failed leaves in the place of a block are zeros, whatever the file was.
        Declared::Nothing if start.contains(&0) => {
            let section = || Section { file: file.clone(), at: 0, to: size };
            let is_zstd = || Frames::new(section(), SMALL).is_ok_and(|mut frames| frames.resume());
            match Members::new(section()).resume() {
                true => Form::Gzip,
                false if is_zstd() => Form::Zstd,
                false => Form::Plain,
            }
        }
        _ => Form::Plain,
    }
}

/// Whether a file may be text that begins with these bytes. What is empty is none.
fn is_text(start: &[u8]) -> bool {
    let is_strange = |byte: &u8| byte.is_ascii_control() && !byte.is_ascii_whitespace() && *byte != 0x1b;
    let is_cut = |error: std::str::Utf8Error| error.error_len().is_none();
    !start.is_empty()
        && !start.iter().any(is_strange)
        && std::str::from_utf8(start).map_or_else(is_cut, |_| true)
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
