//! The newlines of what is visible, found a block at a time and passed one by one. Pure.
//!
//! A search that starts anew behind each newline costs more than everything else that is done with a short line. So
//! each input has one cursor, which only goes forward.

use memchr::memchr;
use unix::bytes::{BLOCK, places};

/// After this many blocks without a newline the line is long, and a search that is called finds its end sooner.
const NEAR: u32 = 4;

/// A cursor over the newlines of an input.
#[derive(Clone, Copy, Debug, Default)]
pub struct Newlines {
    /// The newlines of the block in hand that were not passed, as a mask.
    found: u64,
    /// Where that block begins, and where the next one does.
    start: usize,
    end: usize,
}

impl Newlines {
    /// The first newline that was not passed.
    #[inline]
    pub fn next(&mut self, input: &[u8]) -> Option<usize> {
        let mut blocks = 0;
        while self.found == 0 {
            if blocks == NEAR {
                self.end = far(input, self.end);
            }
            self.found = match input[self.end..].first_chunk() {
                Some(block) => places(b'\n', block),
                None => places(b'\n', &last_block(&input[self.end..])?),
            };
            self.start = self.end;
            self.end = (self.end + BLOCK).min(input.len());
            blocks += 1;
        }
        Some(self.start + self.found.trailing_zeros() as usize)
    }

    /// Passes the one that is next.
    #[inline]
    pub fn pass(&mut self) {
        self.found &= self.found.wrapping_sub(1);
    }

    /// Passes all newlines before a place in the input.
    pub fn pass_to(&mut self, place: usize, input: &[u8]) {
        if place >= self.end {
            *self = Newlines { found: 0, start: place, end: place };
        }
        while self.next(input).is_some_and(|next| next < place) {
            self.pass();
        }
    }
}

/// The first newline from a place on, or the end of the input.
#[cold]
fn far(input: &[u8], from: usize) -> usize {
    memchr(b'\n', &input[from..]).map_or(input.len(), |newline| from + newline)
}

/// What is behind the last whole block, as a block that is filled up with something else. None: nothing is.
#[cold]
fn last_block(rest: &[u8]) -> Option<[u8; BLOCK]> {
    let mut block = [0; BLOCK];
    block[..rest.len()].copy_from_slice(rest);
    (!rest.is_empty()).then_some(block)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(input: &[u8]) -> Vec<usize> {
        let mut newlines = Newlines::default();
        std::iter::from_fn(|| newlines.next(input).inspect(|_| newlines.pass())).collect()
    }

    #[test]
    fn the_edges() {
        for length in [0, 1, 63, 64, 65, 127, 128, 129, 200] {
            for at in 0..length {
                let mut bytes = vec![b'x'; length];
                bytes[at] = b'\n';
                assert_eq!(all(&bytes), [at], "{at} of {length}");
            }
            assert_eq!(all(&vec![b'x'; length]), []);
            assert_eq!(all(&vec![b'\n'; length]), (0..length).collect::<Vec<_>>());
        }
    }

    proptest! {
        #[test]
        fn each_is_the_first_at_or_behind_where_the_cursor_stands(
            lengths in proptest::collection::vec(prop_oneof![3 => 0..90usize, 1 => 0..9000usize], 0..20),
            steps in proptest::collection::vec(prop_oneof![3 => 0..100usize, 1 => 0..9000usize], 0..30),
        ) {
            let input: Vec<u8> = lengths.iter().flat_map(|&length| [vec![b'x'; length], vec![b'\n']].concat()).collect();
            let (mut newlines, mut place) = (Newlines::default(), 0);
            for step in steps {
                place = (place + step).min(input.len());
                newlines.pass_to(place, &input);
                let expected = (place..input.len()).find(|&at| input[at] == b'\n');
                prop_assert_eq!(newlines.next(&input), expected);
            }
        }
    }
}
