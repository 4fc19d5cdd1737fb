//! The newlines of what is visible, found a block at a time. Pure.
//!
//! A search that starts anew behind each newline costs more than everything else that is done with a short line.

use unix::bytes::{BLOCK, places};

/// The places of the newlines in some bytes, from the first to the last.
#[derive(Clone, Debug)]
pub struct Newlines<'a> {
    blocks: std::slice::Iter<'a, [u8; BLOCK]>,
    /// The newlines in the block in hand that were not given out.
    found: u64,
    /// Where that block begins.
    start: usize,
    /// What is behind the last whole block.
    rest: &'a [u8],
}

impl<'a> Newlines<'a> {
    /// The newlines of `bytes`.
    #[inline]
    pub fn of(bytes: &'a [u8]) -> Newlines<'a> {
        let (blocks, rest) = bytes.as_chunks();
        Newlines { blocks: blocks.iter(), found: 0, start: 0_usize.wrapping_sub(BLOCK), rest }
    }

    /// The rest, as a block that is filled up with something else.
    #[cold]
    fn last_block(&mut self) -> Option<[u8; BLOCK]> {
        let rest = std::mem::take(&mut self.rest);
        let mut block = [0; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        (!rest.is_empty()).then_some(block)
    }
}

impl Iterator for Newlines<'_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        while self.found == 0 {
            self.found = match self.blocks.next() {
                Some(block) => places(b'\n', block),
                None => places(b'\n', &self.last_block()?),
            };
            self.start = self.start.wrapping_add(BLOCK);
        }
        let at = self.start + self.found.trailing_zeros() as usize;
        self.found &= self.found - 1;
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_edges() {
        for length in [0, 1, 63, 64, 65, 127, 128, 129, 200] {
            for at in 0..length {
                let mut bytes = vec![b'x'; length];
                bytes[at] = b'\n';
                assert_eq!(Newlines::of(&bytes).collect::<Vec<_>>(), [at], "{at} of {length}");
            }
            assert_eq!(Newlines::of(&vec![b'x'; length]).count(), 0);
            assert_eq!(
                Newlines::of(&vec![b'\n'; length]).collect::<Vec<_>>(),
                (0..length).collect::<Vec<_>>()
            );
        }
    }

    proptest! {
        #[test]
        fn all_are_found_in_order(bytes in proptest::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..400)) {
            let expected: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] == b'\n').collect();
            prop_assert_eq!(Newlines::of(&bytes).collect::<Vec<_>>(), expected);
        }
    }
}
