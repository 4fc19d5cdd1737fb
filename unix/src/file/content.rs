//! What a file contains: reading, writing, its length, and the way to the disk.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::fd::AsFd;

use rustix::fs::{FileType, Mode, OFlags, fstat, ftruncate, openat};
use rustix::io::Errno;

use super::open_file;

/// The first bytes of a regular file, or of what a link by that name leads to. EINVAL for what is no file.
pub fn read_start(directory: impl AsFd, name: &OsStr, limit: usize) -> io::Result<Vec<u8>> {
    let how = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = openat(directory, name, how, Mode::empty())?;
    match FileType::from_raw_mode(fstat(&file)?.st_mode) {
        FileType::RegularFile => {}
        FileType::Directory => return Err(Errno::ISDIR.into()),
        _ => return Err(Errno::INVAL.into()),
    }
    let mut bytes = Vec::new();
    std::fs::File::from(file).take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The first bytes of a regular file that is no link. What is there is looked at before it is opened.
pub fn read_start_of_file(directory: impl AsFd, name: &OsStr, limit: usize) -> io::Result<Vec<u8>> {
    let file = open_file(directory, name)?;
    let mut bytes = Vec::new();
    std::fs::File::from(file).take(u64::try_from(limit).unwrap_or(u64::MAX)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes to a file, possibly less than everything.
pub fn write(file: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::write(file.as_fd(), bytes))?)
}

/// Reads at an offset, possibly less than everything; 0 at the end.
pub fn read_at(file: impl AsFd, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::pread(file.as_fd(), &mut *buffer, offset))?)
}

/// Writes at an offset, possibly less than everything. Not for files opened for appending.
pub fn write_at(file: impl AsFd, bytes: &[u8], offset: u64) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::pwrite(file.as_fd(), bytes, offset))?)
}

/// Writes at the start of a file; how much was written. What can't be positioned is just written to.
pub fn overwrite(file: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    match rustix::io::retry_on_intr(|| rustix::io::pwrite(file.as_fd(), bytes, 0)) {
        Err(Errno::SPIPE) => write(file, bytes),
        result => Ok(result?),
    }
}

/// Cuts a file to `size` bytes.
pub fn truncate(file: impl AsFd, size: u64) -> io::Result<()> {
    Ok(ftruncate(file, size)?)
}

/// Ends append mode, so that bytes are written at the descriptor's offset. Some programs can't use a descriptor in
/// append mode, since copy_file_range(2) refuses it.
pub fn end_append_mode(file: impl AsFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&file)?;
    Ok(rustix::fs::fcntl_setfl(&file, flags - OFlags::APPEND)?)
}

/// Moves a descriptor's offset to `position` from the start.
pub fn seek(file: impl AsFd, position: u64) -> io::Result<()> {
    rustix::fs::seek(file, rustix::fs::SeekFrom::Start(position))?;
    Ok(())
}

/// A descriptor's offset.
pub fn position(file: impl AsFd) -> io::Result<u64> {
    Ok(rustix::fs::tell(file)?)
}

/// Brings a file to the disk. EINVAL, from what has no disk behind it, counts as done.
pub fn sync(file: impl AsFd) -> io::Result<()> {
    match rustix::fs::fsync(file) {
        Ok(()) | Err(Errno::INVAL) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
