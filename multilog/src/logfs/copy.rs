//! Copying a file of a log directory.

use std::io;

use unix::memory;

use super::LogFs;

/// Copies all of `from` to the end of `to`. `see` is shown each piece and its offset in `from`.
pub fn copy<F: LogFs>(
    fs: &F,
    from: &F::File,
    to: &F::File,
    mut see: impl FnMut(u64, &[u8]),
) -> io::Result<()> {
    let (mut buffer, mut offset) = (memory::piece(), 0);
    loop {
        let length = fs.read_at(from, &mut buffer, offset)?;
        if length == 0 {
            return Ok(());
        }
        see(offset, &buffer[..length]);
        write_all(fs, to, &buffer[..length])?;
        offset += length as u64;
    }
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
