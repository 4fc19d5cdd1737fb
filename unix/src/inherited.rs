//! What the process was started with, recorded before Rust's runtime changes it.
//!
//! The runtime ignores SIGPIPE and opens /dev/null on closed descriptors 0 to 2 before `main`. Both
//! would leak into every child. A function in `.init_array` runs before the runtime and notes the
//! state; `spawn` restores it in the child.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

static SIGPIPE_WAS_IGNORED: AtomicBool = AtomicBool::new(false);
static CLOSED: AtomicU8 = AtomicU8::new(0);

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
    let mut closed = 0;
    for fd in 0..3 {
        // SAFETY: F_GETFD reads a flag and is valid for any number, open or not.
        if unsafe { libc::fcntl(fd, libc::F_GETFD) } == -1 {
            closed |= 1 << fd;
        }
    }
    CLOSED.store(closed, Ordering::Relaxed);
}

/// Whether SIGPIPE was ignored when the program was started.
pub fn sigpipe_was_ignored() -> bool {
    SIGPIPE_WAS_IGNORED.load(Ordering::Relaxed)
}

/// Whether descriptor `fd` (0, 1 or 2) was closed when the program was started.
pub fn was_closed(fd: u8) -> bool {
    CLOSED.load(Ordering::Relaxed) & (1 << fd) != 0
}
