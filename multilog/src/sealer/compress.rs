//! Compression within the process: gzip and Zstandard, from file to file, in as much memory as there is.
//!
//! An archive is pieces that are compressed independently, of whole lines and about 1 MiB of text each, so a reader can
//! begin at each of them. A piece is compressed in memory.

use std::io;
use std::iter::once;

use unix::memory;

use super::archive::encoder::{Encoder, Frames, Members};
use crate::logfs::{LogFs, WholeLines, write_all};
use crate::script::Compression;

/// How much text a piece has at most, in bytes, and how much where there is no memory for that.
const TEXTS: [usize; 2] = [1 << 20, 256 << 10];
/// Memory that has to be left for the rest of the program.
const OTHERS: usize = 128 << 10;
/// The levels of Zstandard that are tried when there is no memory for the tables of the one asked for.
const LOWER: [i32; 7] = [19, 15, 12, 9, 6, 3, 1];

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compressed {
    /// What was asked for.
    AsAsked,
    /// There was memory for this level only.
    Level(i32),
    /// There was no memory for any. Nothing was written.
    No,
}

/// Writes the compressed form of `input` to `output`, which is new.
pub(super) fn compress<F: LogFs>(
    fs: &F,
    how: Compression,
    input: &F::File,
    output: &F::File,
) -> io::Result<Compressed> {
    let files = Files { fs, input, output };
    match how {
        Compression::Gzip(level) => {
            let room = files.pieces(|| Ok(Members::new(level)))?;
            Ok(if room == Room::Enough { Compressed::AsAsked } else { Compressed::No })
        }
        Compression::Zstd(level) => {
            for tried in once(level).chain(LOWER.into_iter().filter(|&lower| lower < level)) {
                if files.pieces(|| Frames::new(tried))? == Room::Enough {
                    let is_as_asked = tried == level;
                    return Ok(if is_as_asked { Compressed::AsAsked } else { Compressed::Level(tried) });
                }
            }
            Ok(Compressed::No)
        }
    }
}

/// From where to where.
struct Files<'a, F: LogFs> {
    fs: &'a F,
    input: &'a F::File,
    output: &'a F::File,
}

/// Whether there was memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    Enough,
    /// There was not, and the output is empty.
    TooLittle,
}

impl<F: LogFs> Files<'_, F> {
    /// Writes all pieces, as large as there is memory for.
    fn pieces<E: Encoder>(&self, encoder: impl Fn() -> io::Result<E>) -> io::Result<Room> {
        let length = usize::try_from(self.fs.stat(self.input)?.size).unwrap_or(usize::MAX);
        for most in TEXTS {
            // A byte more shows the end of the file.
            let (mut written, most) = (0, most.min(length.saturating_add(1)));
            if self.pieces_of(most, &encoder, &mut written)? == Room::Enough {
                return Ok(Room::Enough);
            }
            if written > 0 {
                self.fs.truncate(self.output, 0)?;
            }
        }
        Ok(Room::TooLittle)
    }

    /// The same with pieces of at most this many bytes of text. `written` counts the pieces that were written.
    fn pieces_of<E: Encoder>(
        &self,
        most: usize,
        encoder: impl Fn() -> io::Result<E>,
        written: &mut usize,
    ) -> io::Result<Room> {
        let memory =
            || Some((WholeLines::new(self.fs, self.input, most)?, memory::try_zeros(E::bound(most))?));
        let Some((mut lines, mut piece)) = memory() else { return Ok(Room::TooLittle) };
        if !memory::has_room(E::STATE + OTHERS) {
            return Ok(Room::TooLittle);
        }
        let mut encoder = encoder()?;
        loop {
            let text = lines.next_lines()?;
            // What decompresses to nothing is a piece, and no piece at all is not an archive.
            if text.is_empty() && *written > 0 {
                break;
            }
            if piece.len() < E::bound(text.len()) {
                let Some(larger) = memory::try_zeros(E::bound(text.len())) else {
                    return Ok(Room::TooLittle);
                };
                piece = larger;
            }
            let encoded = encoder.encode(text, &mut piece);
            // Most of an encoder's memory is asked for at its first piece, so this is the time to look what it left.
            let length = match encoded.filter(|_| *written > 0 || memory::has_room(OTHERS)) {
                Some(length) => length,
                None => return Ok(Room::TooLittle),
            };
            write_all(self.fs, self.output, &piece[..length])?;
            *written += 1;
        }
        write_all(self.fs, self.output, &encoder.finish())?;
        Ok(Room::Enough)
    }
}

#[cfg(test)]
#[path = "compress_tests.rs"]
mod tests;
