//! What the process was started with, recorded before Rust's runtime changes it.
//!
//! The runtime ignores SIGPIPE before `main` and opens /dev/null in the place of closed standard descriptors. Both
//! would leak into every child. Where it can't open /dev/null it aborts. Therefore a function in `.init_array` runs
//! before the runtime: it records the state and leaves the runtime nothing to open. Code that starts a program restores
//! the state.
//!
//! A parent that ignores SIGCHLD hands this on, and then the ends of children can't be waited for. So SIGCHLD has its
//! default action in every program of the toolchain. The programs that are run in its place get back the action that it
//! had.

use std::sync::atomic::{AtomicBool, Ordering};

use libc::c_int;
use rustix::fs::{Mode, OFlags};

static SIGPIPE_WAS_IGNORED: AtomicBool = AtomicBool::new(false);
static SIGCHLD_WAS_IGNORED: AtomicBool = AtomicBool::new(false);
static WAS_CLOSED: [AtomicBool; 3] = [const { AtomicBool::new(false) }; 3];

#[used]
#[unsafe(link_section = ".init_array")]
static RECORD: extern "C" fn() = record;

extern "C" fn record() {
    SIGPIPE_WAS_IGNORED.store(is_ignored(libc::SIGPIPE), Ordering::Relaxed);
    if is_ignored(libc::SIGCHLD) {
        SIGCHLD_WAS_IGNORED.store(true, Ordering::Relaxed);
        // SAFETY: the default action is set, which runs no code of this process.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) };
    }
    for (descriptor, closed) in (0..).zip(&WAS_CLOSED) {
        // SAFETY: the call has no pointers and changes nothing; it fails where the descriptor is closed.
        let flags = unsafe { libc::fcntl(descriptor, libc::F_GETFD) };
        closed.store(flags == -1, Ordering::Relaxed);
        if flags == -1 && !fill(descriptor) {
            give_up();
        }
    }
}

fn is_ignored(signal: c_int) -> bool {
    // SAFETY: an all-zero sigaction is a valid value to be overwritten, and the call with a null new
    // action only reads the current one into it.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut action) == 0
            && action.sa_sigaction == libc::SIG_IGN
    }
}

/// Opens /dev/null as a standard descriptor of which the lower ones are open, or where that can't be had the wrong end
/// of a pipe, which can't be read or written, as if nothing were open. False: neither can be had.
fn fill(descriptor: c_int) -> bool {
    // SAFETY: nothing else runs yet that could own a descriptor. The path is a C string, `ends` has room for two
    // numbers, and what is closed was opened here.
    unsafe {
        if libc::open(c"/dev/null".as_ptr(), libc::O_RDWR) != -1 {
            return true;
        }
        let mut ends = [-1; 2];
        if libc::pipe(ends.as_mut_ptr()) == -1 {
            return false;
        }
        // The end to read has the lowest number that is free: that of the descriptor.
        let filled = descriptor != libc::STDIN_FILENO || libc::dup2(ends[1], descriptor) != -1;
        libc::close(ends[1]);
        filled
    }
}

/// A runtime without standard descriptors aborts, so the process ends here, in the way of all others.
fn give_up() {
    const WORDS: &[u8] = b"fatal: unable to open /dev/null in the place of a closed descriptor\n";
    // SAFETY: `WORDS` is readable and that long. A descriptor 2 that is closed is an error and nothing else, and the
    // process has nothing to clean up yet.
    unsafe {
        libc::write(libc::STDERR_FILENO, WORDS.as_ptr().cast(), WORDS.len());
        libc::_exit(c_int::from(crate::tool::SYSTEM));
    }
}

/// Whether SIGPIPE was ignored when the program was started.
pub fn sigpipe_was_ignored() -> bool {
    SIGPIPE_WAS_IGNORED.load(Ordering::Relaxed)
}

/// Whether standard output was closed when the program was started.
pub fn output_was_closed() -> bool {
    WAS_CLOSED[1].load(Ordering::Relaxed)
}

/// Puts everything back, for a program that takes this one's place. Async-signal-safe.
///
/// Standard descriptors that were closed stay open in this process, with /dev/null, and are closed by the exec.
pub fn restore() {
    if !sigpipe_was_ignored() {
        // SAFETY: the default action is set; no handler runs in this process afterwards.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
    }
    if SIGCHLD_WAS_IGNORED.load(Ordering::Relaxed) {
        // SAFETY: to ignore a signal runs no code of this process.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    }
    for (descriptor, closed) in (0..).zip(&WAS_CLOSED) {
        if closed.load(Ordering::Relaxed) {
            // SAFETY: the call has no pointers, and changes nothing for this process.
            unsafe { libc::fcntl(descriptor, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
}

/// Leaves SIGCHLD at its default also in programs that are run: for those whose original does so.
pub fn keep_child_signal() {
    SIGCHLD_WAS_IGNORED.store(false, Ordering::Relaxed);
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
    if (0..3).any(was_closed) {
        if let Ok(nothing) = rustix::fs::open("/", path, Mode::empty()) {
            // What fails leaves /dev/null in its place.
            was_closed(0).then(|| rustix::stdio::dup2_stdin(&nothing));
            was_closed(1).then(|| rustix::stdio::dup2_stdout(&nothing));
            was_closed(2).then(|| rustix::stdio::dup2_stderr(&nothing));
        }
    }
}
