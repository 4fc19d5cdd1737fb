//! What the process was started with, recorded before Rust's runtime changes it.
//!
//! The runtime ignores SIGPIPE before `main` and opens /dev/null in the place of standard descriptors that are
//! closed; both would leak into every child. A function in `.init_array` runs before the runtime and notes the
//! state; whoever starts a program restores it.

use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Mode, OFlags};

static SIGPIPE_WAS_IGNORED: AtomicBool = AtomicBool::new(false);
static WAS_CLOSED: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

#[used]
#[unsafe(link_section = ".init_array")]
static RECORD: extern "C" fn() = record;

extern "C" fn record() {
    // SAFETY: an all-zero sigaction is a valid value to be overwritten, and the call with a null new
    // action only reads the current one into it.
    let ignored = unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(libc::SIGPIPE, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    };
    SIGPIPE_WAS_IGNORED.store(ignored, Ordering::Relaxed);
    for (descriptor, closed) in (0..).zip(&WAS_CLOSED) {
        // SAFETY: the call has no pointers and changes nothing; it fails where the descriptor is closed.
        let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFD) };
        closed.store(flags == -1, Ordering::Relaxed);
    }
}

/// Whether SIGPIPE was ignored when the program was started.
pub fn sigpipe_was_ignored() -> bool {
    SIGPIPE_WAS_IGNORED.load(Ordering::Relaxed)
}

/// Puts everything back, for a program that takes this one's place. Async-signal-safe.
///
/// Standard descriptors that were closed stay open in this process, with /dev/null, and are closed by the exec.
pub fn restore() {
    if !sigpipe_was_ignored() {
        // SAFETY: the default action is set; no handler runs in this process afterwards.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    }
    for (descriptor, closed) in (0..).zip(&WAS_CLOSED) {
        if closed.load(Ordering::Relaxed) {
            // SAFETY: the call has no pointers, and changes nothing for this process.
            unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
}

/// Keeps /dev/null in the place of standard descriptors that were closed, also in programs that are run: for those that
/// give other descriptors in their place.
pub fn keep_standard_descriptors() {
    WAS_CLOSED.iter().for_each(|closed| closed.store(false, Ordering::Relaxed));
}

/// Makes reading and writing the standard descriptors that the program was started without fail as if they were closed.
///
/// They are not closed: a file that is opened later would get such a number. They become descriptors of a kind that
/// can be neither read nor written, which fails with EBADF too.
pub fn close_standard_descriptors_again() {
    let path = OFlags::PATH | OFlags::CLOEXEC;
    let was_closed = |number: usize| WAS_CLOSED[number].load(Ordering::Relaxed);
    if (0..3).any(was_closed)
        && let Ok(nothing) = rustix::fs::open("/", path, Mode::empty())
    {
        // What fails leaves /dev/null in its place.
        was_closed(0).then(|| rustix::stdio::dup2_stdin(&nothing));
        was_closed(1).then(|| rustix::stdio::dup2_stdout(&nothing));
        was_closed(2).then(|| rustix::stdio::dup2_stderr(&nothing));
    }
}
