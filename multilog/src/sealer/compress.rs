//! Compression in process: gzip and Zstandard, from file to file.

use std::io::{self, Read, Write};

use crate::logfs::LogFs;
use crate::script::value::Compression;

/// How much is read at once.
const PIECE: usize = 64 << 10;

/// Writes the compressed form of `input` to `output`.
pub(super) fn compress<F: LogFs>(
    fs: &F,
    how: Compression,
    input: &F::File,
    output: &F::File,
) -> io::Result<()> {
    let mut reader = Reader::<F> { fs, file: input, offset: 0 };
    let writer = Writer::<F> { fs, file: output };
    match how {
        Compression::Gzip(level) => {
            let mut encoder = flate2::write::GzEncoder::new(writer, flate2::Compression::new(level));
            copy(&mut reader, &mut encoder)?;
            encoder.finish()?;
        }
        Compression::Zstd(level) => {
            let mut encoder = zstd::stream::write::Encoder::new(writer, level)?;
            encoder.include_checksum(true)?;
            copy(&mut reader, &mut encoder)?;
            encoder.finish()?;
        }
    }
    Ok(())
}

fn copy(reader: &mut impl Read, writer: &mut impl Write) -> io::Result<()> {
    let mut piece = vec![0; PIECE];
    loop {
        match reader.read(&mut piece)? {
            0 => return Ok(()),
            got => writer.write_all(&piece[..got])?,
        }
    }
}

struct Reader<'a, F: LogFs> {
    fs: &'a F,
    file: &'a F::File,
    offset: u64,
}

impl<F: LogFs> Read for Reader<'_, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = self.fs.read_at(self.file, buffer, self.offset)?;
        self.offset += got as u64;
        Ok(got)
    }
}

struct Writer<'a, F: LogFs> {
    fs: &'a F,
    file: &'a F::File,
}

impl<F: LogFs> Write for Writer<'_, F> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Once: what was written before a failure would be written again by whoever tries again.
        self.fs.write(self.file, bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
