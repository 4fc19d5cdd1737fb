//! The split of a batch: a first part that is thrown away, and the tail that goes into the journal.
//!
//! The head of the pipe has to show whether the first part of a batch is gone, so the byte at the split differs from
//! the first byte.

/// A part of the input that is consumed under one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its length.
    pub length: usize,
    /// How many bytes of it are thrown away; the rest is the tail.
    pub split: usize,
}

/// The first piece of `bytes`, with a tail of at most `longest` bytes. The piece is all of `bytes`, except where every
/// byte that the tail could begin with is the same as the first: then it is `longest` bytes.
pub(super) fn first_piece(bytes: &[u8], longest: usize) -> Piece {
    let length = bytes.len();
    if length <= longest {
        return Piece { length, split: 0 };
    }
    let tail = &bytes[length - longest..];
    match tail.iter().rposition(|&byte| byte != bytes[0]) {
        Some(at) => Piece { length, split: length - longest + at },
        None => Piece { length: longest, split: 0 },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_edges() {
        for (bytes, length, split) in [
            (&b""[..], 0, 0),
            (b"\n", 1, 0),
            (b"abc\n", 4, 0),
            (b"abcd\n", 5, 4),
            (b"\n\n\n\n\n", 4, 0),
            (b"\na\n\n\n\n", 4, 0),
            (b"\n\n\na\n\n", 6, 3),
        ] {
            assert_eq!(first_piece(bytes, 4), Piece { length, split }, "{}", bytes.escape_ascii());
        }
    }

    proptest! {
        #[test]
        fn the_head_tells_whether_the_first_part_is_gone(
            bytes in proptest::collection::vec(0u8..3, 1..40),
            longest in 1usize..10,
        ) {
            let Piece { length, split } = first_piece(&bytes, longest);
            prop_assert!(length > 0 && length <= bytes.len() && length - split <= longest);
            prop_assert!(length == bytes.len() || length == longest);
            prop_assert!(split == 0 || (split < length && bytes[split] != bytes[0]));
        }
    }
}
