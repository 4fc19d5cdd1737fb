//! Signals, and signals as events: blocked for good, and read from a descriptor that a wait can include.
//!
//! A signal that is only ever read can't arrive between a check and a wait. Every logger that unblocks signals around
//! its read has that race.

use std::io;
use std::mem::{MaybeUninit, size_of, zeroed};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

pub use rustix::process::Signal;

/// Which signals are blocked.
struct Mask(libc::sigset_t);

impl std::fmt::Debug for Mask {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.write_str("Mask")
    }
}

/// The signals of a program, blocked and readable.
#[derive(Debug)]
pub struct Signals {
    fd: OwnedFd,
    watched: Vec<Signal>,
    /// The mask before.
    inherited: Mask,
}

impl Signals {
    /// Blocks `wanted` for this thread and the threads it starts later, and opens a descriptor for them.
    ///
    /// INT and HUP that were ignored at start (nohup, a shell's background job) stay ignored.
    pub fn take_over(wanted: &[Signal]) -> io::Result<Signals> {
        let watched: Vec<Signal> =
            wanted.iter().copied().filter(|&signal| !is_left_ignored(signal)).collect();
        let set = set_of(&watched);
        let mut inherited = set_of(&[]);
        // SAFETY: both are initialized signal sets of this frame.
        check(unsafe { libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, &raw mut inherited) })?;
        // SAFETY: -1 asks for a new descriptor; `set` is initialized.
        let fd = unsafe { libc::signalfd(-1, &raw const set, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK) };
        if fd == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` is a descriptor that was just opened and that nobody else owns.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Ok(Signals { fd, watched, inherited: Mask(inherited) })
    }

    /// Puts the mask back, in a child that becomes another program.
    pub fn give_back(&self) {
        // SAFETY: the mask is an initialized signal set; the old one is not asked for. It can't fail with these.
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.inherited.0, std::ptr::null_mut())
        };
    }

    /// The next signal that arrived, without waiting.
    pub fn next(&self) -> Option<Signal> {
        let mut info = MaybeUninit::<libc::signalfd_siginfo>::uninit();
        let size = size_of::<libc::signalfd_siginfo>();
        // SAFETY: `info` is writable and `size` bytes long.
        let got = unsafe { libc::read(self.fd.as_raw_fd(), info.as_mut_ptr().cast(), size) };
        if usize::try_from(got) != Ok(size) {
            return None;
        }
        // SAFETY: the kernel filled the whole structure, of integers only.
        let number = unsafe { info.assume_init() }.ssi_signo;
        self.watched.iter().copied().find(|signal| signal.as_raw().unsigned_abs() == number)
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn is_left_ignored(signal: Signal) -> bool {
    if !matches!(signal, Signal::INT | Signal::HUP) {
        return false;
    }
    // SAFETY: a null new action only reads the current one into a valid zeroed structure.
    unsafe {
        let mut action: libc::sigaction = zeroed();
        libc::sigaction(signal.as_raw(), std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}

fn set_of(signals: &[Signal]) -> libc::sigset_t {
    // SAFETY: sigemptyset initializes the zeroed set; sigaddset gets valid signal numbers.
    unsafe {
        let mut set: libc::sigset_t = zeroed();
        libc::sigemptyset(&raw mut set);
        for signal in signals {
            libc::sigaddset(&raw mut set, signal.as_raw());
        }
        set
    }
}

/// Makes writing past RLIMIT_FSIZE an error (EFBIG) instead of death by SIGXFSZ.
///
/// A handler and not "ignore", because ignoring would be inherited by children.
pub fn survive_file_size_limit() -> io::Result<()> {
    extern "C" fn nothing(_: libc::c_int) {}
    // SAFETY: the action is zeroed (no flags, an empty mask) except the handler, which does nothing and
    // so is async-signal-safe.
    unsafe {
        let mut action: libc::sigaction = zeroed();
        action.sa_sigaction = nothing as *const () as usize;
        action.sa_flags = libc::SA_RESTART;
        check(libc::sigaction(libc::SIGXFSZ, &raw const action, std::ptr::null_mut()))
    }
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signal_that_was_taken_over_is_read_and_not_acted_on() {
        let signals = Signals::take_over(&[Signal::ALARM]).unwrap();
        assert_eq!(signals.next(), None);
        // SAFETY: raising a signal that this thread blocks only makes it pending.
        unsafe { libc::raise(libc::SIGALRM) };
        assert_eq!(signals.next(), Some(Signal::ALARM));
        assert_eq!(signals.next(), None);
    }
}
