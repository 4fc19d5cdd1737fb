//! Reading a file of a log directory piece by piece, and copying one.

use std::io;

use unix::memory;

use super::LogFs;

/// Reads a file from its start to its end, one piece after the other.
pub struct Pieces<'a, F: LogFs> {
    fs: &'a F,
    file: &'a F::File,
    /// Where the next piece begins.
    offset: u64,
    buffer: Vec<u8>,
}

impl<'a, F: LogFs> Pieces<'a, F> {
    /// Nothing is read yet.
    pub fn new(fs: &'a F, file: &'a F::File) -> Pieces<'a, F> {
        Pieces { fs, file, offset: 0, buffer: memory::piece() }
    }

    /// The next piece, and its offset in the file. None: the file is at its end.
    pub fn next_piece(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        let offset = self.offset;
        let length = self.fs.read_at(self.file, &mut self.buffer, offset)?;
        self.offset += length as u64;
        Ok((length > 0).then(|| (offset, &self.buffer[..length])))
    }
}

/// Copies all of `from` to the end of `to`. `see` is shown each piece and its offset in `from`.
pub fn copy<F: LogFs>(
    fs: &F,
    from: &F::File,
    to: &F::File,
    mut see: impl FnMut(u64, &[u8]),
) -> io::Result<()> {
    let mut pieces = Pieces::new(fs, from);
    while let Some((offset, piece)) = pieces.next_piece()? {
        see(offset, piece);
        write_all(fs, to, piece)?;
    }
    Ok(())
}

/// Writes everything or fails.
pub fn write_all<F: LogFs>(fs: &F, file: &F::File, bytes: &[u8]) -> io::Result<()> {
    let mut left = bytes;
    while !left.is_empty() {
        match fs.write(file, left)? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => left = &left[written..],
        }
    }
    Ok(())
}
