//! Aligns buffers so that each byte has the same offset within a cache line in memory as in the page cache.
//!
//! The kernel's copy between the two is one instruction, which is faster then.

/// Bytes of a cache line.
const LINE: usize = 64;

/// The index of `buffer` at which a byte for this place of a file has the same offset within a cache line as there.
/// It is less than a cache line has bytes.
pub fn lead(buffer: &[u8], place: u64) -> usize {
    let within = usize::try_from(place % LINE as u64).unwrap_or(0);
    within.wrapping_sub(buffer.as_ptr().addr()) % LINE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_and_place_differ_by_cache_lines() {
        let buffer = [0; 200];
        for (start, place) in [(0, 0), (1, 0), (0, 1), (3, 63), (7, 64), (64, 99_999), (5, u64::MAX)] {
            let rest = &buffer[start..];
            let lead = lead(rest, place);
            assert!(lead < LINE);
            let address = (rest.as_ptr().addr() + lead) as u64;
            assert_eq!(address % LINE as u64, place % LINE as u64, "{start} {place}");
        }
    }
}
