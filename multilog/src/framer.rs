//! What the unread input begins with: a whole line, part of a long line, or bytes that wait for the end of their line.
//!
//! Only lines that are not taken by one of the quick loops of [`crate::assembly`] are framed here, one by one.

use memchr::memchr;

/// What the unread input begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole line of this length, its newline included.
    Line(usize),
    /// A line that has no end yet but enough bytes that its route can be decided.
    Long,
    /// A line without end, and nothing will follow: these are its bytes.
    Last(usize),
    /// Nothing that could be taken now.
    Wait,
}

/// Whether more input can follow what is visible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// More may come.
    Open,
    /// What is visible is the end of the input.
    Final,
}

/// The frame at the start of `input`. A line without end is long once it has `head` bytes, which decide its route:
/// [`crate::pattern::HEAD`] less the width of a stamp.
pub fn frame(input: &[u8], head: usize, ending: Ending) -> Frame {
    match memchr(b'\n', input) {
        Some(newline) => Frame::Line(newline + 1),
        None if input.len() >= head => Frame::Long,
        None if ending == Ending::Final && !input.is_empty() => Frame::Last(input.len()),
        None => Frame::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_edges() {
        for (input, ending, expected) in [
            (&b""[..], Ending::Open, Frame::Wait),
            (b"", Ending::Final, Frame::Wait),
            (b"\n", Ending::Open, Frame::Line(1)),
            (b"abc", Ending::Open, Frame::Wait),
            (b"abc", Ending::Final, Frame::Last(3)),
            (b"abc\nd", Ending::Open, Frame::Line(4)),
            (b"abcde", Ending::Open, Frame::Long),
            (b"abcde", Ending::Final, Frame::Long),
            (b"abcdef\n", Ending::Open, Frame::Line(7)),
        ] {
            assert_eq!(frame(input, 5, ending), expected, "{}", input.escape_ascii());
        }
    }
}
