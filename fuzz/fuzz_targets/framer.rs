//! Any bytes in any pieces: the frames put together are the bytes, every frame is what it says, and the newlines
//! that are found by the block are the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use multilog::framer::{Ending, Frame, frame};
use multilog::newlines::Newlines;

fuzz_target!(|input: (&[u8], u16, bool)| {
    let (bytes, window, last) = input;
    let window = usize::from(window).max(1);
    let ending = if last { Ending::Final } else { Ending::Open };
    let mut newlines = Newlines::default();
    let mut rest = bytes;
    loop {
        match frame(rest, window, ending) {
            Frame::Line(length) => {
                assert_eq!(rest[..length].iter().position(|&b| b == b'\n'), Some(length - 1));
                rest = &rest[length..];
                assert_eq!(newlines.next(bytes), Some(bytes.len() - rest.len() - 1));
                newlines.pass();
            }
            Frame::Long => {
                assert!(rest.len() >= window && !rest.contains(&b'\n'));
                break;
            }
            Frame::Last(length) => {
                assert!(last && length == rest.len() && length > 0);
                break;
            }
            Frame::Wait => {
                assert!(rest.len() < window && !rest.contains(&b'\n') && !(last && !rest.is_empty()));
                break;
            }
        }
    }
    assert_eq!(newlines.next(bytes), None);
});
