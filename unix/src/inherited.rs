//! What the process was started with, recorded before Rust's runtime changes it.
//!
//! The runtime ignores SIGPIPE before `main`, which would leak into every child. A function in
//! `.init_array` runs before the runtime and notes the state; `spawn` restores it in the child.

use std::sync::atomic::{AtomicBool, Ordering};

static SIGPIPE_WAS_IGNORED: AtomicBool = AtomicBool::new(false);

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
}

/// Whether SIGPIPE was ignored when the program was started.
pub fn sigpipe_was_ignored() -> bool {
    SIGPIPE_WAS_IGNORED.load(Ordering::Relaxed)
}
