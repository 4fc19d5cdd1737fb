//! Memory: what the allocator holds back goes to the system when a program has nothing to do.

/// Gives the pages of freed memory back. They cost the next user a page fault each, so this is for the start of
/// a long wait.
pub fn give_back() {
    // SAFETY: the allocator may be asked at any time, from any thread; memory in use is not touched.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
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
}
