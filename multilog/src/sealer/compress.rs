//! Compression within the process: gzip and Zstandard, from file to file, in as much memory as there is.

use std::io::{self, Write};

use unix::memory;

use crate::logfs::{LogFs, Pieces};
use crate::script::Compression;

/// What a compressor of gzip takes, of any level.
const GZIP: usize = 512 << 10;
/// What a compressor of Zstandard takes besides the tables of its level. It reports itself when it did not get these.
const ZSTD: usize = 256 << 10;
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
        Compression::Gzip(_) if !memory::has_room(GZIP + OTHERS) => Ok(Compressed::No),
        Compression::Gzip(level) => files.gzip(level).map(|()| Compressed::AsAsked),
        Compression::Zstd(level) => {
            if files.zstd(level)? == Room::Enough {
                return Ok(Compressed::AsAsked);
            }
            for lower in LOWER.into_iter().filter(|&lower| lower < level) {
                if files.zstd(lower)? == Room::Enough {
                    return Ok(Compressed::Level(lower));
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
    /// There was not, and nothing was written.
    TooLittle,
}

impl<F: LogFs> Files<'_, F> {
    fn gzip(&self, level: u32) -> io::Result<()> {
        let mut encoder = flate2::write::GzEncoder::new(self.writer(), flate2::Compression::new(level));
        feed(&mut Pieces::new(self.fs, self.input), &mut encoder)?;
        encoder.finish()?;
        Ok(())
    }

    fn zstd(&self, level: i32) -> io::Result<Room> {
        if !memory::has_room(ZSTD + OTHERS) {
            return Ok(Room::TooLittle);
        }
        let mut encoder = zstd::stream::write::Encoder::new(self.writer(), level)?;
        encoder.include_checksum(true)?;
        // So that the tables are not larger than what they are for.
        encoder.set_pledged_src_size(Some(self.fs.stat(self.input)?.size))?;
        let mut pieces = Pieces::new(self.fs, self.input);
        let first = pieces.next_piece()?.map_or(&[][..], |(_, piece)| piece);
        // The tables are made at the first write. It is the library that refuses that: an error of a file has a number.
        let refused = match encoder.write_all(first) {
            Ok(()) => !memory::has_room(OTHERS),
            Err(error) if error.raw_os_error().is_none() => true,
            Err(error) => return Err(error),
        };
        if refused && encoder.get_ref().written == 0 {
            return Ok(Room::TooLittle);
        }
        feed(&mut pieces, &mut encoder)?;
        encoder.finish()?;
        Ok(Room::Enough)
    }

    fn writer(&self) -> Writer<'_, F> {
        Writer { fs: self.fs, file: self.output, written: 0 }
    }
}

/// Gives the rest of a file to an encoder.
fn feed<F: LogFs>(pieces: &mut Pieces<'_, F>, encoder: &mut impl Write) -> io::Result<()> {
    while let Some((_, piece)) = pieces.next_piece()? {
        encoder.write_all(piece)?;
    }
    Ok(())
}

struct Writer<'a, F: LogFs> {
    fs: &'a F,
    file: &'a F::File,
    written: u64,
}

impl<F: LogFs> Write for Writer<'_, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Once: a caller that tries again after a failure would write what was written before it twice.
        let written = self.fs.write(self.file, bytes)?;
        self.written += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
