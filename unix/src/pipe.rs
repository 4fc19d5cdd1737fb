//! Pipes: looking into one without taking anything out, and taking out without copying.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::fs::{FileType, Mode, OFlags, fcntl_setfl, fstat, major, minor, open};
use rustix::io::{Errno, FdFlags, fcntl_setfd, ioctl_fionread};
use rustix::pipe::{PipeFlags, SpliceFlags, fcntl_getpipe_size, fcntl_setpipe_size, pipe_with, splice, tee};

use crate::event;

/// A fresh pipe, close-on-exec: the end to read and the end to write.
pub fn new() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC)?)
}

/// A fresh pipe with `count` ends to write, which stay open in the programs that are run: the end to read is
/// close-on-exec.
pub fn new_with_writers(count: usize) -> io::Result<(OwnedFd, Vec<OwnedFd>)> {
    let (reader, writer) = rustix::pipe::pipe()?;
    fcntl_setfd(&reader, FdFlags::CLOEXEC)?;
    let mut writers = vec![writer];
    while writers.len() < count {
        writers.push(rustix::io::dup(&writers[0])?);
    }
    Ok((reader, writers))
}

/// A fresh pipe in packet mode, close-on-exec: writes are not joined, and each read gets one.
pub fn new_in_packets() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(pipe_with(PipeFlags::CLOEXEC | PipeFlags::DIRECT)?)
}

/// Makes reads from this end return WouldBlock where they would wait. The other end is not concerned.
pub fn never_wait(reader: impl AsFd) -> io::Result<()> {
    Ok(fcntl_setfl(reader, OFlags::NONBLOCK)?)
}

/// A pipe, not one with a name, that a process has at this descriptor: its inode. None: something else is there.
pub fn of_process(pid: u32, number: u32) -> Option<u64> {
    let path = format!("/proc/{pid}/fd/{number}");
    let target = std::fs::read_link(&path).ok()?;
    target.to_str()?.strip_prefix("pipe:[")?.strip_suffix(']')?.parse().ok()
}

/// New ends, to read and to write, of a pipe that a process has at this descriptor, whichever end that is.
/// Close-on-exec. An error: it has none there any more, or it is not for this process.
pub fn take_over(pid: u32, number: u32) -> io::Result<(OwnedFd, OwnedFd)> {
    let inode = of_process(pid, number).ok_or(io::ErrorKind::NotFound)?;
    let path = format!("/proc/{pid}/fd/{number}");
    let end = |access| open(&path, access | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty());
    let (reader, writer) = (end(OFlags::RDONLY)?, end(OFlags::WRONLY)?);
    for end in [&reader, &writer] {
        if fstat(end)?.st_ino != inode {
            return Err(io::ErrorKind::NotFound.into());
        }
        fcntl_setfl(end, OFlags::empty())?;
    }
    Ok((reader, writer))
}

/// An end to write of a pipe, found by its end to read. Close-on-exec.
pub fn other_end(reader: impl AsFd) -> io::Result<OwnedFd> {
    let number = u32::try_from(std::os::fd::AsRawFd::as_raw_fd(&reader.as_fd()));
    let number = number.map_err(|_| io::ErrorKind::NotFound)?;
    take_over(std::process::id(), number).map(|(_, writer)| writer)
}

/// Whether nobody reads a pipe that a process has at this descriptor: what is written there is lost.
pub fn is_unread(pid: u32, number: u32) -> bool {
    let access = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let Ok(end) = open(format!("/proc/{pid}/fd/{number}"), access, Mode::empty()) else { return false };
    // An end to write can only be read from in so far as it has an error.
    crate::event::wait([end.as_fd()], Some(Duration::ZERO)).is_ok_and(|[end]| end.readable)
}

/// Whether the pipe has no writers any more. False where that can't be known.
pub fn has_no_writers(reader: impl AsFd) -> bool {
    crate::event::wait([reader.as_fd()], Some(Duration::ZERO)).is_ok_and(|[reader]| reader.hung_up)
}

/// What tells a pipe from all others that there are.
pub fn inode(pipe: impl AsFd) -> io::Result<u64> {
    Ok(fstat(pipe)?.st_ino)
}

/// How many bytes are in a pipe.
pub fn filled(pipe: impl AsFd) -> io::Result<u64> {
    Ok(ioctl_fionread(pipe)?)
}

/// Standard input, which every program of the toolchain reads.
pub fn stdin() -> BorrowedFd<'static> {
    rustix::stdio::stdin()
}

/// What kind of thing a descriptor is: what can be done with it follows from that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A pipe or a named pipe.
    Pipe,
    /// A regular file.
    File,
    /// A terminal, a socket, a device.
    Other,
}

/// What kind of thing `fd` is.
pub fn kind(fd: impl AsFd) -> io::Result<Kind> {
    Ok(match FileType::from_raw_mode(fstat(fd)?.st_mode) {
        FileType::Fifo => Kind::Pipe,
        FileType::RegularFile => Kind::File,
        _ => Kind::Other,
    })
}

/// How many bytes the pipe holds at most.
pub fn capacity(fd: impl AsFd) -> io::Result<usize> {
    Ok(fcntl_getpipe_size(fd)?)
}

/// Asks for another capacity and returns the one that was given.
pub fn set_capacity(fd: impl AsFd, bytes: usize) -> io::Result<usize> {
    Ok(fcntl_setpipe_size(fd, bytes)?)
}

/// Duplicates up to `bytes` from the head of `from` into `to` without taking them out of `from`.
///
/// 0 means that `from` is empty and nobody can write to it; WouldBlock, that it is empty.
pub fn duplicate(from: impl AsFd, to: impl AsFd, bytes: usize) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| tee(from.as_fd(), to.as_fd(), bytes, SpliceFlags::NONBLOCK))?)
}

/// Reads what is there, waiting for at least a byte; 0 at the end.
pub fn read(from: impl AsFd, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| rustix::io::read(from.as_fd(), &mut *buffer))?)
}

/// Reads to the end of a buffer, as much as it has room for, and waits for at least a byte; 0 at the end.
///
/// It waits where the descriptor is non-blocking as well: whoever else has it may have made it so.
pub fn read_more(from: impl AsFd, buffer: &mut Vec<u8>) -> io::Result<usize> {
    loop {
        match rustix::io::read(from.as_fd(), spare_capacity(buffer)) {
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => event::until_readable(from.as_fd())?,
            got => return Ok(got?),
        }
    }
}

/// Writes all of it, and waits where nothing is taken at the moment, non-blocking or not.
pub fn write_all(to: impl AsFd, bytes: &[u8]) -> io::Result<()> {
    let mut left = bytes;
    while !left.is_empty() {
        match rustix::io::write(to.as_fd(), left) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => left = &left[written..],
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => event::until_writable(to.as_fd())?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Moves up to `bytes` from the head of `from` to `to` (a pipe, a file or /dev/null), never waiting.
pub fn remove(from: impl AsFd, to: impl AsFd, bytes: usize) -> io::Result<usize> {
    Ok(rustix::io::retry_on_intr(|| {
        splice(from.as_fd(), None, to.as_fd(), None, bytes, SpliceFlags::NONBLOCK)
    })?)
}

/// Moves up to `bytes` from the head of `from` into the file `to` at `offset`, never waiting.
pub fn remove_into(from: impl AsFd, to: impl AsFd, offset: u64, bytes: usize) -> io::Result<usize> {
    let mut at = offset;
    Ok(rustix::io::retry_on_intr(|| {
        splice(from.as_fd(), None, to.as_fd(), Some(&mut at), bytes, SpliceFlags::NONBLOCK)
    })?)
}

/// Opens /dev/null for writing, provided that it is the real one: a file in its place would grow.
pub fn open_null() -> io::Result<OwnedFd> {
    let fd = open("/dev/null", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty())?;
    let stat = fstat(&fd)?;
    let is_null = FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice
        && (major(stat.st_rdev), minor(stat.st_rdev)) == (1, 3);
    if is_null { Ok(fd) } else { Err(io::Error::from_raw_os_error(libc::ENODEV)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::write;

    #[test]
    fn a_duplicate_leaves_the_bytes_where_they_are() {
        let (read, write) = new().unwrap();
        let (side_read, side_write) = new().unwrap();
        rustix::io::write(&write, b"abc\n").unwrap();
        assert_eq!(duplicate(&read, &side_write, 100).unwrap(), 4);
        let mut seen = [0; 8];
        assert_eq!(rustix::io::read(&side_read, &mut seen).unwrap(), 4);
        assert_eq!(remove(&read, open_null().unwrap(), 2).unwrap(), 2);
        assert_eq!(rustix::io::read(&read, &mut seen).unwrap(), 2);
        assert_eq!(&seen[..2], b"c\n");
    }

    #[test]
    fn an_empty_pipe_would_block_and_one_without_writers_is_at_its_end() {
        let (read, write) = new().unwrap();
        let (_side_read, side_write) = new().unwrap();
        assert_eq!(duplicate(&read, &side_write, 9).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(!has_no_writers(&read));
        drop(write);
        assert_eq!(duplicate(&read, &side_write, 9).unwrap(), 0);
        assert!(has_no_writers(&read));
    }

    #[test]
    fn both_ends_of_a_pipe_are_taken_over_from_one() {
        let (reader, writer) = new().unwrap();
        write(&writer, b"before").unwrap();
        let me = std::process::id();
        let number = u32::try_from(std::os::fd::AsRawFd::as_raw_fd(&reader)).unwrap();
        let (new_reader, new_writer) = take_over(me, number).unwrap();
        assert!(!is_unread(me, number));
        drop((reader, writer));
        write(&new_writer, b" after").unwrap();
        assert_eq!(filled(&new_reader).unwrap(), 12);
        drop(new_writer);
        let mut buffer = [0; 20];
        assert_eq!(read(&new_reader, &mut buffer).unwrap(), 12);
        assert_eq!(&buffer[..12], b"before after");
        write(other_end(&new_reader).unwrap(), b"!").unwrap();
        assert_eq!(read(&new_reader, &mut buffer).unwrap(), 1);
        assert_eq!(read(&new_reader, &mut buffer).unwrap(), 0);
        let file = std::fs::File::open("/").unwrap();
        let number = u32::try_from(std::os::fd::AsRawFd::as_raw_fd(&file)).unwrap();
        assert!(take_over(me, number).is_err());
    }

    #[test]
    fn a_pipe_that_nobody_reads_is_told_from_one_that_somebody_does() {
        let (reader, writer) = new().unwrap();
        let number = u32::try_from(std::os::fd::AsRawFd::as_raw_fd(&writer)).unwrap();
        assert!(!is_unread(std::process::id(), number));
        drop(reader);
        // A child that another test is just making has a copy of the end for a moment.
        let is_unread = || is_unread(std::process::id(), number);
        assert!((0..100).any(|_| is_unread() || (std::thread::sleep(Duration::from_millis(10)), false).1));
    }
}
