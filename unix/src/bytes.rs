//! Bytes in blocks: comparisons that a processor makes in one step and that safe Rust has no words for.

use crate::wide::{self, Work};

/// How many bytes are looked at together.
pub const BLOCK: usize = 64;

/// Whole blocks of `N` bytes, and the bytes behind the last of them, as `as_chunks` of newer versions of Rust.
#[inline]
pub fn blocks<const N: usize>(bytes: &[u8]) -> (&[[u8; N]], &[u8]) {
    let count = bytes.len() / N;
    let (whole, rest) = bytes.split_at(count * N);
    // SAFETY: `whole` has `count` arrays of N bytes, one behind the other. An array of bytes asks for no alignment.
    (unsafe { std::slice::from_raw_parts(whole.as_ptr().cast(), count) }, rest)
}

/// Where in a block a byte is: bit n is set if it is at n.
#[inline]
pub fn places(byte: u8, block: &[u8; BLOCK]) -> u64 {
    #[cfg(target_arch = "x86_64")]
    return places_sse2(byte, block);
    #[cfg(not(target_arch = "x86_64"))]
    return places_in_words(byte, block);
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn places_sse2(byte: u8, block: &[u8; BLOCK]) -> u64 {
    use std::arch::x86_64::{_mm_cmpeq_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_set1_epi8};
    let mut places = 0;
    for (at, quarter) in blocks::<16>(block).0.iter().enumerate() {
        // SAFETY: SSE2 is part of x86-64. The load reads the sixteen bytes of a quarter, and asks for no alignment.
        let found = unsafe {
            let bytes = _mm_loadu_si128(quarter.as_ptr().cast());
            _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8(byte as i8)))
        };
        places |= u64::from(found as u32) << (16 * at);
    }
    places
}

/// The same eight bytes at a time, for other processors.
#[cfg(any(test, not(target_arch = "x86_64")))]
fn places_in_words(byte: u8, block: &[u8; BLOCK]) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    let mut places = 0;
    for (at, word) in blocks::<8>(block).0.iter().enumerate() {
        // Zero where the byte is.
        let other = u64::from_le_bytes(*word) ^ (u64::from(byte) * 0x0101_0101_0101_0101);
        // The highest bit of each byte that is zero; there is no carry from one to the next.
        let zero = !(((other & LOW) + LOW) | other | LOW);
        // These eight bits side by side, the first byte's lowest.
        let bits = (zero >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        places |= bits << (8 * at);
    }
    places
}

/// How often a byte is there.
pub fn count(byte: u8, bytes: &[u8]) -> usize {
    wide::run(Count { byte, bytes })
}

struct Count<'a> {
    byte: u8,
    bytes: &'a [u8],
}

impl Work for Count<'_> {
    type Result = usize;

    /// Each lane of the sums counts for as long as it has room, so that a block costs a comparison and a subtraction
    /// for each register.
    #[inline(always)]
    fn perform(self) -> usize {
        let Count { byte, bytes } = self;
        let (blocks, rest) = blocks::<BLOCK>(bytes);
        let mut count = rest.iter().filter(|&&other| other == byte).count();
        for blocks in blocks.chunks(usize::from(u8::MAX)) {
            let mut sums = [0u8; BLOCK];
            for block in blocks {
                for lane in 0..BLOCK {
                    sums[lane] += u8::from(block[lane] == byte);
                }
            }
            count += sums.iter().map(|&sum| usize::from(sum)).sum::<usize>();
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one_by_one(byte: u8, block: &[u8; BLOCK]) -> u64 {
        (0..BLOCK).filter(|&at| block[at] == byte).fold(0, |places, at| places | 1 << at)
    }

    #[test]
    fn blocks_are_whole_and_the_rest_is_behind_them() {
        let bytes: Vec<u8> = (0..100).collect();
        for length in 0..=bytes.len() {
            let (whole, rest) = blocks::<16>(&bytes[..length]);
            assert_eq!((whole.len(), rest.len()), (length / 16, length % 16));
            assert_eq!([whole.as_flattened(), rest].concat(), bytes[..length]);
        }
    }

    #[test]
    fn a_byte_is_found_wherever_it_stands() {
        for byte in [0, 1, b'\n', 0x7f, 0x80, 0xff] {
            for filler in [0, 1, b'\n', byte ^ 1, byte ^ 0x80, 0x80, 0xff] {
                for at in 0..BLOCK {
                    let mut block = [filler; BLOCK];
                    block[at] = byte;
                    block[BLOCK - 1 - at / 2] = byte;
                    let expected = one_by_one(byte, &block);
                    assert_eq!(places(byte, &block), expected, "{byte} in {filler} at {at}");
                    assert_eq!(places_in_words(byte, &block), expected, "{byte} in {filler} at {at}");
                }
            }
        }
    }

    #[test]
    fn any_block_is_seen_as_one_byte_after_the_other_shows_it() {
        // A generator of few different bytes, so that there are runs and repetitions.
        let mut state = 1u64;
        for _ in 0..20_000 {
            let block = std::array::from_fn(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                [b'\n', 0x0b, 0x8a, 0, 0xff][(state >> 33) as usize % 5]
            });
            for byte in [b'\n', 0] {
                let expected = one_by_one(byte, &block);
                assert_eq!((places(byte, &block), places_in_words(byte, &block)), (expected, expected));
            }
        }
    }

    #[test]
    fn a_byte_is_counted_in_any_length() {
        let bytes: Vec<u8> =
            (0..60_000u32).map(|n| if n % 7 < 3 { b'\n' } else { (n % 251) as u8 }).collect();
        for length in (0..300).chain([16_319, 16_320, 16_321, 32_640, 32_641, 60_000]) {
            for from in [0, 1, 63] {
                let bytes = &bytes[from.min(length)..length];
                let expected = bytes.iter().filter(|&&byte| byte == b'\n').count();
                assert_eq!(count(b'\n', bytes), expected, "{from} {length}");
            }
        }
        assert_eq!(count(b'x', &[b'x'; 70_000]), 70_000);
    }
}
