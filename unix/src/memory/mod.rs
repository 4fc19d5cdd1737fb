//! Memory: asked for in a way that may be refused, kept in reserve, and given back when a program has nothing to do.

mod allocator;

use std::alloc::Layout;
use std::cell::Cell;
use std::io;

pub use allocator::Patient;

/// The memory that large requests leave to small ones, for which it is never checked whether there is memory.
const LEFT: usize = 64 << 10;
/// Pieces from here on are large.
const LARGE: usize = 32 << 10;

thread_local! {
    /// Whether a request of this thread may be refused.
    static TRYING: Cell<bool> = const { Cell::new(false) };
    /// Larger pieces are refused to this thread.
    static MOST: Cell<usize> = const { Cell::new(usize::MAX) };
}

/// Prepares the allocator at the start of a program that uses [`Patient`], and sets a reserve aside.
pub fn prepare(program: &'static str) {
    // SAFETY: mallopt may be called at any time; it changes where memory comes from, and not what is in use.
    #[cfg(target_env = "gnu")]
    unsafe {
        // A thread's own arena takes 64 MiB of addresses.
        libc::mallopt(libc::M_ARENA_MAX, 1);
        // Large pieces are mappings of their own, whatever was freed before, so all of them can go back.
        libc::mallopt(libc::M_MMAP_THRESHOLD, 128 << 10);
        // The rest grows in small steps: a large one may be refused where a small one is not.
        libc::mallopt(libc::M_TOP_PAD, 16 << 10);
    }
    allocator::begin(program);
    allocator::refill();
}

/// From now on a small request that is refused is no reason to end the program: it waits and tries again.
pub fn be_patient() {
    allocator::be_patient();
}

/// The program was told to end: no thread waits for memory any more.
pub fn told_to_end() {
    allocator::told_to_end();
}

/// Whether the reserve is in use, so large pieces should be given back.
pub fn is_short() -> bool {
    allocator::is_short()
}

/// Gives the pages of freed memory back. They cost the next user a page fault each, so this is for the start of
/// a long wait.
pub fn give_back() {
    // SAFETY: the allocator may be asked at any time, from any thread; memory in use is not touched.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
    allocator::refill();
}

/// `length` zeros, if there is memory for them and, after them, for everything small.
pub fn try_zeros(length: usize) -> Option<Vec<u8>> {
    if length == 0 {
        return Some(Vec::new());
    }
    if length > MOST.get() {
        return None;
    }
    let layout = Layout::array::<u8>(length).ok()?;
    // SAFETY: the layout is not of length zero.
    let start = trying(|| unsafe { std::alloc::alloc_zeroed(layout) });
    if start.is_null() {
        return None;
    }
    // SAFETY: it was just allocated by the global allocator, with this length and alignment, and is zeroed.
    let bytes = unsafe { Vec::from_raw_parts(start, length, length) };
    (length < LARGE || has_room(LEFT)).then_some(bytes)
}

/// As many zeros as there is memory for: `most`, a quarter of that, and so on. For `least` it waits.
pub fn zeros(least: usize, most: usize) -> Vec<u8> {
    let mut length = most;
    while length > least {
        if let Some(bytes) = try_zeros(length) {
            return bytes;
        }
        length /= 4;
    }
    vec![0; least]
}

/// Room for a piece of a file that is copied, 64 KiB where that can be had.
pub fn piece() -> Vec<u8> {
    zeros(4 << 10, 64 << 10)
}

/// Whether this much more could be had now, by this thread or another.
pub fn has_room(bytes: usize) -> bool {
    if bytes > MOST.get() {
        return false;
    }
    // SAFETY: a new mapping at a place that the kernel chooses concerns nobody, and it is unmapped as a whole.
    unsafe {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let start = libc::mmap(std::ptr::null_mut(), bytes, access, flags, -1, 0);
        start != libc::MAP_FAILED && libc::munmap(start, bytes) == 0
    }
}

/// The same as an error.
pub fn need_room(bytes: usize) -> io::Result<()> {
    if has_room(bytes) { Ok(()) } else { Err(io::Error::from_raw_os_error(libc::ENOMEM)) }
}

/// Runs `body` as if this thread could not have larger pieces than these. For simulations.
pub fn with_at_most<R>(bytes: usize, body: impl FnOnce() -> R) -> R {
    let before = MOST.replace(bytes);
    let result = body();
    MOST.set(before);
    result
}

/// Runs `ask`, to which memory may be refused.
fn trying<R>(ask: impl FnOnce() -> R) -> R {
    let before = TRYING.replace(true);
    let result = ask();
    TRYING.set(before);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_use_stays_what_it_is() {
        let kept: Vec<Vec<u8>> = (0..100u8).map(|byte| vec![byte; 5000]).collect();
        drop(vec![0u8; 100_000]);
        give_back();
        assert!(kept.iter().zip(0..).all(|(bytes, byte)| bytes.iter().all(|b| *b == byte)));
    }

    #[test]
    fn what_can_not_be_had_is_refused_and_less_is_taken() {
        assert_eq!(try_zeros(0), Some(Vec::new()));
        assert_eq!(try_zeros(100_000), Some(vec![0; 100_000]));
        assert_eq!(try_zeros(1 << 60), None);
        assert_eq!(try_zeros(usize::MAX), None);
        assert!(has_room(1 << 20) && !has_room(1 << 60));
        with_at_most(20_000, || {
            assert_eq!(try_zeros(20_001), None);
            assert_eq!(zeros(1, 64 << 10).len(), 16 << 10);
            assert!(!has_room(20_001));
        });
        with_at_most(0, || assert_eq!(piece().len(), 4 << 10));
        assert_eq!(piece().len(), 64 << 10);
        assert_eq!(need_room(1 << 60).unwrap_err().kind(), io::ErrorKind::OutOfMemory);
    }
}
