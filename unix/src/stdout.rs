//! Standard output, written by a program that must not wait within a write.
//!
//! The open file behind descriptor 1 is shared with other processes, so it is never made non-blocking. Linux has writes
//! that don't wait (RWF_NOWAIT) for sockets and, since 6.4, for pipes. A terminal is opened a second time. Everywhere
//! else a write comes after a poll, and is so small that a pipe that polls writable takes it at once. A regular file is
//! written as any file.

use std::io::{self, IoSlice};
use std::os::fd::OwnedFd;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{FileType, Mode, OFlags, fcntl_getfl, fstat};
use rustix::io::{Errno, ReadWriteFlags, pwritev2, retry_on_intr};

use crate::diag::{ATOMIC_WRITE, stdout};
use crate::inherited;

/// The offset that means "at the offset of the descriptor" to pwritev2(2).
const CURRENT_POSITION: u64 = u64::MAX;

/// Standard output.
#[derive(Debug)]
pub struct StandardOutput {
    way: Way,
    is_terminal: bool,
}

#[derive(Debug)]
enum Way {
    /// A regular file: everything at once.
    Whole,
    /// By writes that don't wait.
    NoWait,
    /// A terminal, by an open file of our own that is non-blocking: a terminal that polls writable may have room for no
    /// more than a byte.
    Own(OwnedFd),
    /// At most a page, after a poll.
    Pieces,
}

impl StandardOutput {
    /// What the program was started with. An error if that was nothing (EBADF), or nothing that can be written to.
    pub fn inherited() -> io::Result<StandardOutput> {
        if inherited::output_was_closed() {
            return Err(Errno::BADF.into());
        }
        let access = fcntl_getfl(stdout())? & OFlags::RWMODE;
        if !matches!(access, OFlags::WRONLY | OFlags::RDWR) {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "open for reading only"));
        }
        let is_file = FileType::from_raw_mode(fstat(stdout())?.st_mode) == FileType::RegularFile;
        let is_terminal = is_terminal();
        let own = if is_terminal { open_again().ok() } else { None };
        let way = match own {
            Some(own) => Way::Own(own),
            None if is_file => Way::Whole,
            None => Way::NoWait,
        };
        Ok(StandardOutput { way, is_terminal })
    }

    /// Writes the first of `bytes` without waiting for a reader; how many it were. None: there is no room.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<Option<usize>> {
        let written = match &self.way {
            Way::Own(own) => retry_on_intr(|| rustix::io::write(own, bytes)),
            Way::Whole => retry_on_intr(|| rustix::io::write(stdout(), bytes)),
            Way::Pieces if is_writable()? => {
                retry_on_intr(|| rustix::io::write(stdout(), &bytes[..bytes.len().min(ATOMIC_WRITE)]))
            }
            Way::Pieces => return Ok(None),
            Way::NoWait => {
                let without_wait =
                    || pwritev2(stdout(), &[IoSlice::new(bytes)], CURRENT_POSITION, ReadWriteFlags::NOWAIT);
                match retry_on_intr(without_wait) {
                    Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::SPIPE) => {
                        self.way = Way::Pieces;
                        return self.write(bytes);
                    }
                    written => written,
                }
            }
        };
        match written {
            Ok(written) => Ok(Some(written)),
            Err(Errno::AGAIN) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether after this error nobody will ever read what is written.
    pub fn is_gone(&self, error: &io::Error) -> bool {
        match Errno::from_io_error(error) {
            Some(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => true,
            // It was hung up.
            Some(Errno::IO) => self.is_terminal,
            _ => false,
        }
    }
}

/// How many columns standard output has. None: it is no terminal, or does not tell.
pub fn terminal_width() -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: `size` is what the call writes, and lives through it.
    let done = unsafe { libc::ioctl(libc::STDOUT_FILENO, libc::TIOCGWINSZ, &raw mut size) };
    (done == 0 && size.ws_col > 0).then_some(usize::from(size.ws_col))
}

/// Also one that was hung up already, which no longer says that it is one.
fn is_terminal() -> bool {
    // SAFETY: the call has no pointers and changes nothing.
    let is_terminal = unsafe { libc::isatty(libc::STDOUT_FILENO) == 1 };
    is_terminal || io::Error::last_os_error().raw_os_error() == Some(libc::EIO)
}

/// What descriptor 1 is open on, open a second time.
fn open_again() -> io::Result<OwnedFd> {
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(rustix::fs::open("/proc/self/fd/1", flags, Mode::empty())?)
}

/// Whether a write goes ahead, if only to be told an error.
fn is_writable() -> io::Result<bool> {
    let stdout = stdout();
    let mut fds = [PollFd::new(&stdout, PollFlags::OUT)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    retry_on_intr(|| poll(&mut fds, Some(&now)))?;
    Ok(!fds[0].revents().is_empty())
}
