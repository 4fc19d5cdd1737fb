//! Standard descriptors and others with an agreed number: how they are given to the program that is run.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};

use rustix::io::fcntl_dupfd_cloexec;

/// Makes a descriptor standard input.
pub fn set_input(file: impl AsFd) -> io::Result<()> {
    Ok(rustix::stdio::dup2_stdin(file)?)
}

/// Makes a descriptor standard output.
pub fn set_output(file: impl AsFd) -> io::Result<()> {
    Ok(rustix::stdio::dup2_stdout(file)?)
}

/// Makes a descriptor standard error.
pub fn set_error(file: impl AsFd) -> io::Result<()> {
    Ok(rustix::stdio::dup2_stderr(file)?)
}

/// Makes a descriptor the one of this number, which stays open in a program that is run in this one's place.
///
/// # Safety
///
/// Whatever had the number before is closed, so nothing in this process may use it afterwards: the process becomes a
/// program or ends.
pub(crate) unsafe fn give(file: impl AsFd, number: RawFd) -> io::Result<()> {
    let from = file.as_fd().as_raw_fd();
    // SAFETY: numbers, and the caller's promise about the one that is given away.
    let given = unsafe {
        if from == number { libc::fcntl(from, libc::F_SETFD, 0) } else { libc::dup2(from, number) }
    };
    if given == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// A copy of a descriptor above the standard ones, close-on-exec.
pub fn copy(file: impl AsFd) -> io::Result<OwnedFd> {
    Ok(fcntl_dupfd_cloexec(file, 3)?)
}
