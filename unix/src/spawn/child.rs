//! What a child does between its fork and the program that it becomes: descriptors, files, limits, signals.
//!
//! The child is a copy of a process that may have several threads, so it calls async-signal-safe functions only and
//! allocates nothing. A [`Plan`] has everything ready.

use std::ffi::CString;
use std::io;
use std::os::fd::RawFd;

use super::{Access, Opening, c_string};
use crate::{errno, inherited};

/// Everything the child needs, ready made.
pub(super) struct Plan<'a> {
    pub(super) program: &'a CString,
    pub(super) arguments: Vec<*const libc::c_char>,
    pub(super) environment: Vec<*const libc::c_char>,
    pub(super) directory: RawFd,
    pub(super) given: (RawFd, RawFd),
    pub(super) files: Vec<ToOpen>,
    pub(super) complaint: &'a [u8],
    /// The limit of descriptors that the program itself was started with.
    pub(super) limit: Option<libc::rlimit>,
    pub(super) parent: i32,
}

pub(super) struct ToOpen {
    name: CString,
    access: Access,
    number: RawFd,
    mode: Option<libc::mode_t>,
}

impl ToOpen {
    pub(super) fn new(opening: &Opening<'_>) -> io::Result<ToOpen> {
        let Opening { name, access, number, mode } = *opening;
        Ok(ToOpen { name: c_string(name)?, access, number, mode })
    }
}

/// The code of a child that could not become the program: daemontools' for system failures.
const CANNOT_RUN: libc::c_int = 111;
/// What replaces a file that is not opened.
const NOTHING: &std::ffi::CStr = c"/dev/null";
/// The mode of what a child makes, where no other one was asked for.
const MADE: libc::c_uint = 0o644;
/// Descriptors of this program below this number are closed in the child before it opens files. That makes more
/// descriptors free than the files need, however low the limit is.
const CLOSED_BELOW: RawFd = 64;

impl Plan<'_> {
    /// # Safety
    /// Only in the child of a fork.
    pub(super) unsafe fn become_child(&self) -> ! {
        // SAFETY: every call is async-signal-safe and gets numbers or pointers into `self`, which
        // the copied address space still has; the pointer arrays end with null.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            if libc::getppid() != self.parent || libc::fchdir(self.directory) != 0 {
                libc::_exit(CANNOT_RUN);
            }
            if !is_moved(self.given.0, self.given.1) {
                libc::_exit(CANNOT_RUN);
            }
            for own in 3..CLOSED_BELOW {
                let flags = libc::fcntl(own, libc::F_GETFD);
                if flags != -1 && flags & libc::FD_CLOEXEC != 0 {
                    libc::close(own);
                }
            }
            for file in &self.files {
                if let Err(code) = file.open() {
                    self.complain(file, code);
                    libc::_exit(CANNOT_RUN);
                }
            }
            if let Some(limit) = &self.limit {
                libc::setrlimit(libc::RLIMIT_NOFILE, limit);
            }
            libc::signal(libc::SIGXFSZ, libc::SIG_DFL);
            let pipe = if inherited::sigpipe_was_ignored() { libc::SIG_IGN } else { libc::SIG_DFL };
            libc::signal(libc::SIGPIPE, pipe);
            let mut none: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut none);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
            libc::execve(self.program.as_ptr(), self.arguments.as_ptr(), self.environment.as_ptr());
            libc::_exit(CANNOT_RUN)
        }
    }

    /// Says which file could not be opened, and why.
    ///
    /// # Safety
    /// Only in the child of a fork.
    unsafe fn complain(&self, file: &ToOpen, code: i32) {
        let part =
            |bytes: &[u8]| libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
        let parts = [
            part(self.complaint),
            part(file.name.as_bytes()),
            part(b": "),
            part(errno::of_code(code).as_bytes()),
            part(b"\n"),
        ];
        // SAFETY: writev(2) is a system call without any state of the library; the parts live until it returns.
        unsafe { libc::writev(2, parts.as_ptr(), 5) };
    }
}

impl ToOpen {
    /// Opens the file under its number, or says with which errno that failed.
    ///
    /// # Safety
    /// Only in the child of a fork.
    unsafe fn open(&self) -> Result<(), i32> {
        let failed = || io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
        // SAFETY: fstat(2) and dup2(2) are async-signal-safe; `stat` is a zeroed structure of this frame.
        unsafe {
            let opened = self.open_or_make()?;
            let mut stat: libc::stat = std::mem::zeroed();
            if libc::fstat(opened, &raw mut stat) == -1 {
                return Err(failed());
            }
            if self.access != Access::Nothing && stat.st_mode & libc::S_IFMT != libc::S_IFREG {
                return Err(libc::EACCES);
            }
            if !is_moved(opened, self.number) {
                return Err(failed());
            }
            if opened != self.number {
                libc::close(opened);
            }
        }
        Ok(())
    }
}

impl ToOpen {
    /// Opens the file under whatever number is free. What is made has its mode whatever the umask, and what was there
    /// keeps its own.
    ///
    /// # Safety
    /// Only in the child of a fork.
    unsafe fn open_or_make(&self) -> Result<RawFd, i32> {
        let failed = || io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
        let name = if self.access == Access::Nothing { NOTHING } else { &self.name };
        let flags = self.access.flags();
        let made = self.mode.filter(|_| flags & libc::O_CREAT != 0);
        // SAFETY: open(2) and fchmod(2) are async-signal-safe; the name is a C string of `self`.
        unsafe {
            if let Some(mode) = made {
                let opened = libc::open(name.as_ptr(), flags | libc::O_EXCL, mode & MADE);
                if opened != -1 {
                    return if libc::fchmod(opened, mode) == -1 { Err(failed()) } else { Ok(opened) };
                }
                if self.access == Access::New || failed() != libc::EEXIST {
                    return Err(failed());
                }
            }
            match libc::open(name.as_ptr(), flags, MADE) {
                -1 => Err(failed()),
                opened => Ok(opened),
            }
        }
    }
}

/// Whether descriptor `from` is now `to` as well, and open in the program that is run.
///
/// # Safety
/// Only in the child of a fork: `to` may have been anything.
unsafe fn is_moved(from: RawFd, to: RawFd) -> bool {
    // SAFETY: both calls get numbers only and are async-signal-safe.
    unsafe { if from == to { libc::fcntl(to, libc::F_SETFD, 0) != -1 } else { libc::dup2(from, to) != -1 } }
}
