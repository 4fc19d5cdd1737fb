//! Named pipes that take commands: made, opened from both sides, and looked at before they are believed.

use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode, OFlags, fcntl_setfl, fstat, mkfifoat, openat};
use rustix::io::Errno;
use rustix::pipe::fcntl_setpipe_size;

/// The number of the error of a pipe that is opened for writing and that nobody reads: ENXIO.
pub const NOBODY_READS: i32 = libc::ENXIO;

/// Makes a named pipe for its owner alone. One that is there stays as it is, with its group and its mode.
pub fn make(path: &Path) -> io::Result<()> {
    match mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Opens it for reading, without waiting for somebody who writes. Close-on-exec; reads never wait.
pub fn open_to_read(path: &Path) -> io::Result<OwnedFd> {
    Ok(openat(CWD, path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?)
}

/// Opens it for writing. ENXIO: nobody reads. Close-on-exec; writes wait for room.
pub fn open_to_write(path: &Path) -> io::Result<OwnedFd> {
    let file = openat(CWD, path, OFlags::WRONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
    fcntl_setfl(&file, OFlags::empty())?;
    Ok(file)
}

/// Opens one of a directory for writing, through no link. ENXIO: nobody reads. Close-on-exec; writes never wait. EINVAL: it
/// is no named pipe.
pub fn open_to_tell(directory: impl AsFd, path: &Path) -> io::Result<OwnedFd> {
    open_at(directory, path, OFlags::WRONLY | OFlags::NOFOLLOW)
}

/// The same from both sides, so that what is written is kept for who reads later.
pub fn open_to_keep(directory: impl AsFd, path: &Path) -> io::Result<OwnedFd> {
    open_at(directory, path, OFlags::RDWR | OFlags::NOFOLLOW)
}

/// Opens the one that a process has as this descriptor for writing, whether it still has a name or not.
pub fn open_of_process(pid: u32, number: &OsStr) -> io::Result<OwnedFd> {
    open_at(CWD, &Path::new("/proc").join(pid.to_string()).join("fd").join(number), OFlags::WRONLY)
}

fn open_at(directory: impl AsFd, path: &Path, how: OFlags) -> io::Result<OwnedFd> {
    let file = openat(directory, path, how | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
    match FileType::from_raw_mode(fstat(&file)?.st_mode) {
        FileType::Fifo => Ok(file),
        _ => Err(Errno::INVAL.into()),
    }
}

/// Whether it is a pipe whose owner this process trusts: itself, or root.
pub fn is_trusted(file: impl AsFd) -> io::Result<bool> {
    let stat = fstat(file)?;
    let owner = stat.st_uid == 0 || stat.st_uid == crate::file::effective_user();
    Ok(FileType::from_raw_mode(stat.st_mode) == FileType::Fifo && owner)
}

/// Makes it as small as it can be: a page. All pipes of a user share a limit, and commands are bytes.
pub fn shrink(file: impl AsFd) {
    // What is refused stays as it is.
    fcntl_setpipe_size(file, 4096).ok();
}
