//! `tai64n`: puts the time of its arrival before each line.

use std::ffi::OsString;

use memchr::memchr_iter;
use unix::about::About;
use unix::tool::{Exit, Fatal};

use crate::filter::{self, Block, Ending, Rewrite};
use crate::form::Stamp;
use crate::label::Label;
use crate::stamper::Stamper;

const ABOUT: About = About {
    name: "tai64n",
    version: env!("CARGO_PKG_VERSION"),
    usage: "tai64n",
    what: "\
Copies standard input to standard output with a TAI64N label, the time of its arrival, before each line.",
};

/// Copies standard input to standard output with a label before each line. As in the original, arguments mean nothing.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    match ABOUT.answer(&arguments)? {
        Some(answered) => Ok(answered),
        None => filter::run(Stamping::new(Label::now)),
    }
}

/// The clock is read once for all that arrives together. Its lines are stamped a nanosecond apart.
struct Stamping<C> {
    clock: C,
    stamper: Stamper,
    midline: bool,
}

impl<C: FnMut() -> Label> Stamping<C> {
    fn new(clock: C) -> Stamping<C> {
        Stamping { clock, stamper: Stamper::new(Stamp::Tai64n), midline: false }
    }
}

impl<C: FnMut() -> Label> Rewrite for Stamping<C> {
    fn arrived(&mut self) {
        self.stamper.begin((self.clock)());
    }

    fn rewrite(&mut self, input: &[u8], out: &mut Block, _: Ending) -> usize {
        let mut at = 0;
        for end in memchr_iter(b'\n', input).map(|newline| newline + 1).chain([input.len()]) {
            if at == end || out.is_full() {
                break;
            }
            if !std::mem::take(&mut self.midline) {
                self.stamper.stamp().append_to(&mut out.bytes);
            }
            out.bytes.extend_from_slice(&input[at..end]);
            at = end;
        }
        self.midline = if at == 0 { self.midline } else { input[at - 1] != b'\n' };
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::tests::in_pieces;
    use crate::label;
    use proptest::prelude::*;

    fn stamped(input: &[u8], piece: usize) -> Vec<u8> {
        in_pieces(&mut Stamping::new(|| Label::new(label::EPOCH + 1, 5).unwrap()), input, piece)
    }

    #[test]
    fn a_line_is_stamped_when_its_first_byte_comes_and_the_last_gets_no_newline() {
        for piece in [1, 3, 100] {
            let out = stamped(b"one\n\ntwo", piece);
            let expected =
                "@400000000000000b00000005 one\n@400000000000000b00000006 \n@400000000000000b00000007 two";
            assert_eq!(out.escape_ascii().to_string(), expected.as_bytes().escape_ascii().to_string());
        }
        assert_eq!(stamped(b"", 1), b"");
    }

    proptest! {
        #[test]
        fn without_the_stamps_it_is_the_input(input in "[a\n]{0,60}", piece in 1usize..20) {
            let out = stamped(input.as_bytes(), piece);
            let text: Vec<u8> = out.split_inclusive(|&b| b == b'\n').flat_map(|line| line[26..].to_vec()).collect();
            prop_assert_eq!(text, input.as_bytes());
        }
    }
}
