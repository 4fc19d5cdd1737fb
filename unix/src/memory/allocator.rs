//! The allocator of a program that outlives a lack of memory.
//!
//! A request that the system refuses gets the reserve first. If that is not enough, a program that has only started
//! says so and ends. A program that already runs says so and waits, as for a full disk, until there is memory or it is
//! told to end.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};
use std::time::Duration;

use super::TRYING;
use crate::diag;
use crate::tool::SYSTEM;

/// For what is small: messages, names, the queue of the sealer.
const RESERVE: Layout = match Layout::from_size_align(48 << 10, 16) {
    Ok(layout) => layout,
    Err(_) => Layout::new::<u8>(),
};

/// The first pause, which doubles up to the last one.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

static PROGRAM: OnceLock<&'static str> = OnceLock::new();
static KEPT: AtomicPtr<u8> = AtomicPtr::new(ptr::null_mut());
static SHORT: AtomicBool = AtomicBool::new(false);
static PATIENT: AtomicBool = AtomicBool::new(false);
static TOLD_TO_END: AtomicBool = AtomicBool::new(false);

/// The system's allocator, with a reserve and without a sudden end.
#[derive(Debug)]
pub struct Patient;

// Nothing is inlined. The program asks for memory in many places, so inlined checks would be a hundredth of its size.
//
// SAFETY: everything is the system allocator's; a request is only made several times.
unsafe impl GlobalAlloc for Patient {
    #[inline(never)]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller promises what the system allocator wants.
        insist(|| unsafe { System.alloc(layout) })
    }

    #[inline(never)]
    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(start, layout) }
    }

    #[inline(never)]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        insist(|| unsafe { System.alloc_zeroed(layout) })
    }

    #[inline(never)]
    unsafe fn realloc(&self, start: *mut u8, layout: Layout, length: usize) -> *mut u8 {
        // SAFETY: as above; what a request that failed was to move is where it was.
        insist(|| unsafe { System.realloc(start, layout, length) })
    }
}

#[inline]
fn insist(ask: impl Fn() -> *mut u8) -> *mut u8 {
    let start = ask();
    if start.is_null() { refused(&ask) } else { start }
}

#[cold]
fn refused(ask: &dyn Fn() -> *mut u8) -> *mut u8 {
    if TRYING.get() {
        return ptr::null_mut();
    }
    let mut pause = FIRST_PAUSE;
    loop {
        use_reserve();
        let start = ask();
        if !start.is_null() {
            return start;
        }
        if !PATIENT.load(Ordering::Relaxed) || is_told_to_end() {
            say(": fatal: out of memory");
            // SAFETY: nothing is left to be done: what was not consumed is still in the input, as after a kill.
            unsafe { libc::_exit(SYSTEM.into()) }
        }
        say(": warning: out of memory, pausing");
        std::thread::sleep(pause);
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn say(words: &str) {
    diag::say_without_memory(&[PROGRAM.get().copied().unwrap_or("program"), words]);
}

/// Whether a signal has come that means the end, or waits: signals are blocked while a program runs, and the thread that
/// looks for them may be the one that waits here.
fn is_told_to_end() -> bool {
    if TOLD_TO_END.load(Ordering::Relaxed) {
        return true;
    }
    // SAFETY: the set is filled in before it is looked at.
    unsafe {
        let mut pending: libc::sigset_t = std::mem::zeroed();
        libc::sigpending(&mut pending) == 0
            && [libc::SIGTERM, libc::SIGINT, libc::SIGHUP]
                .iter()
                .any(|&signal| libc::sigismember(&pending, signal) == 1)
    }
}

/// The name of the program, for messages.
pub(super) fn begin(program: &'static str) {
    PROGRAM.get_or_init(|| program);
}

pub(super) fn be_patient() {
    PATIENT.store(true, Ordering::Relaxed);
}

pub(super) fn told_to_end() {
    TOLD_TO_END.store(true, Ordering::Relaxed);
}

pub(super) fn is_short() -> bool {
    SHORT.load(Ordering::Relaxed)
}

/// Sets a reserve aside, if it can be had and there is none.
pub(super) fn refill() {
    if PROGRAM.get().is_none() || !KEPT.load(Ordering::Relaxed).is_null() {
        return;
    }
    // SAFETY: the layout is not of length zero.
    let start = unsafe { System.alloc(RESERVE) };
    SHORT.store(start.is_null(), Ordering::Relaxed);
    let other = KEPT.swap(start, Ordering::AcqRel);
    release(other);
}

fn use_reserve() {
    SHORT.store(true, Ordering::Relaxed);
    release(KEPT.swap(ptr::null_mut(), Ordering::AcqRel));
}

fn release(start: *mut u8) {
    if !start.is_null() {
        // SAFETY: it was allocated with this layout, and whoever swaps it out is its only owner.
        unsafe { System.dealloc(start, RESERVE) }
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// The signal was taken by the main thread, and the one that sealed files waited for memory for ever.
    #[test]
    fn a_thread_that_waits_for_memory_ends_the_program_when_another_was_told_to() {
        const CHILD: &str = "WAITS_FOR_MEMORY";
        if std::env::var_os(CHILD).is_some() {
            be_patient();
            std::thread::spawn(|| refused(&ptr::null_mut).addr());
            std::thread::sleep(FIRST_PAUSE);
            told_to_end();
            std::thread::sleep(LONGEST_PAUSE * 2);
            return;
        }
        let name = "memory::allocator::tests::\
                    a_thread_that_waits_for_memory_ends_the_program_when_another_was_told_to";
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", name, "--nocapture"])
            .env(CHILD, "")
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stderr);
        assert_eq!(child.status.code(), Some(SYSTEM.into()), "{said}");
        assert!(said.contains("warning: out of memory, pausing\n"), "{said}");
        assert!(said.ends_with("fatal: out of memory\n"), "{said}");
    }
}
