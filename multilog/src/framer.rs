//! Where lines end: the input as whole lines, parts of long lines, and what must wait for its end.

use memchr::memchr;

/// How many bytes of a stamped line the patterns, alerts and status files see.
pub const WINDOW: usize = 1000;

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

/// The frame at the start of `input`. `window` is what a line must have before it is long, in bytes
/// of the input: [`WINDOW`] less the width of a stamp.
pub fn frame(input: &[u8], window: usize, ending: Ending) -> Frame {
    match memchr(b'\n', input) {
        Some(newline) => Frame::Line(newline + 1),
        None if input.len() >= window => Frame::Long,
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
