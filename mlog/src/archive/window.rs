//! The window of a Zstandard frame: so much of the text before a place its decoder has to keep in memory.

use std::fs::File;

/// The largest window that is decoded, as `zstd -t` has it.
pub(super) const LARGEST: u64 = 128 << 20;
/// A window up to this may be decoded by any number of readers at once. zstd's usual levels need no more.
pub const SMALL: u64 = 2 << 20;

const FRAME: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How many frames that decoders skip are skipped.
const SKIPPED: usize = 16;
/// The longest header of a frame.
const HEADER: usize = 18;

/// The window of the first frame behind a place; 0 where none can be read.
pub(super) fn of(file: &File, mut from: u64) -> u64 {
    for _ in 0..SKIPPED {
        let mut header = [0; HEADER];
        let Ok(got) = unix::file::read_at(file, &mut header, from) else { return 0 };
        match header[..got] {
            [0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d, ..] => {
                from += 8 + u64::from(u32::from_le_bytes([a, b, c, d]));
            }
            _ => return in_header(&header),
        }
    }
    0
}

/// The window that the header of a frame asks for; 0 where it is none. What is not there is zero.
fn in_header(header: &[u8; HEADER]) -> u64 {
    if !header.starts_with(&FRAME) {
        return 0;
    }
    let flags = header[4];
    if flags & 0x20 == 0 {
        let (exponent, eighths) = (header[5] >> 3, u64::from(header[5] & 7));
        let base = 1u64 << (10 + exponent);
        return base + base / 8 * eighths;
    }
    // There is no window but the whole text, whose length follows the number of the dictionary.
    let at = 5 + [0, 1, 2, 4][usize::from(flags & 3)];
    let length = [1, 2, 4, 8][usize::from(flags >> 6)];
    let size = header[at..at + length].iter().rev().fold(0, |size, &byte| size << 8 | u64::from(byte));
    if length == 2 { size + 256 } else { size }
}

/// The logarithm of the smallest window of a decoder that may be that large.
pub(super) fn logarithm(window: u64) -> u32 {
    window.clamp(1 << 10, LARGEST).next_power_of_two().trailing_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn of_bytes(bytes: &[u8]) -> u64 {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        of(&file, 0)
    }

    #[test]
    fn the_window_of_a_frame_is_read_from_its_header() {
        let packed = |text: &[u8], log: Option<u32>, sized: bool| {
            let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
            if let Some(log) = log {
                encoder.window_log(log).unwrap();
            }
            if sized {
                encoder.set_pledged_src_size(Some(text.len() as u64)).unwrap();
                encoder.include_contentsize(true).unwrap();
            }
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        };
        let text = vec![b'x'; 1000];
        assert_eq!(of_bytes(&packed(&text, Some(23), false)), 8 << 20);
        assert_eq!(of_bytes(&packed(&text, Some(27), false)), LARGEST);
        assert_eq!(of_bytes(&packed(&text, None, true)), 1000);
        let skipped = [&b"\x50\x2a\x4d\x18\x03\0\0\0abc"[..], &packed(&text, Some(21), false)].concat();
        assert_eq!(of_bytes(&skipped), SMALL);
        for nothing in [&b""[..], b"\x28\xb5", b"plain text", b"\x50\x2a\x4d\x18\xff\xff\xff\xff"] {
            assert_eq!(of_bytes(nothing), 0, "{nothing:?}");
        }
        assert_eq!([0, SMALL, SMALL + 1, u64::MAX].map(logarithm), [10, 21, 22, 27]);
    }
}
