//! Lines in `current` that no record speaks of yet: a small batch is written before its record is. Pure.
//!
//! A kill between the two leaves them behind what the last record says, and the batch is still in the pipe, whole.
//! They are known by that: they are lines of the head of the pipe, with stamps or without. What somebody else has
//! added to `current` is not.

use memchr::memchr;

/// Of so many bytes, of the input and for each directory, a batch may be that is written first: what a look at the
/// head of a pipe finds. (In packet mode, by a user who has no room for pipes anymore, it may find less. Then the
/// lines are not known again, and repeated.)
pub const SMALL: usize = 4096;

/// How long stamps are: none, accustamp, TAI64N.
const WIDTHS: [usize; 3] = [0, 18, 26];

/// Whether `lines`, the last of which may be a part of one, are from the head of the pipe.
pub(super) fn is_begun(lines: &[u8], head: &[u8]) -> bool {
    let head = &head[..head.len().min(SMALL)];
    !lines.is_empty() && WIDTHS.iter().any(|&width| are_of(lines, head, width))
}

/// The same for stamps of so many bytes: some lines of the head, in its order.
fn are_of(lines: &[u8], head: &[u8], width: usize) -> bool {
    let mut others = head.split_inclusive(|&byte| byte == b'\n');
    lines.split_inclusive(|&byte| byte == b'\n').all(|line| {
        let (stamp, text) = line.split_at(width.min(line.len()));
        let is_whole = memchr(b'\n', text).is_some();
        is_stamp(stamp) && others.any(|other| if is_whole { other == text } else { other.starts_with(text) })
    })
}

fn is_stamp(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| matches!(byte, b'@' | b'0'..=b'9' | b'a'..=b'f' | b'.' | b' '))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_edges() {
        let stamp = "@400000006b00e05e2c8dfba4 ";
        let stamped = |text: &str| format!("{stamp}{text}").into_bytes();
        let head = b"one\ntwo\n\nthree\nfo";
        for (lines, expected) in [
            (b"".to_vec(), false),
            (b"one\n".to_vec(), true),
            (b"on".to_vec(), true),
            (b"one\ntwo\n\nthree\n".to_vec(), true),
            // Not every line goes to every directory.
            (b"two\nthree\n".to_vec(), true),
            (b"two\none\n".to_vec(), false),
            (b"ne\n".to_vec(), false),
            (b"one\n\n\n".to_vec(), false),
            (b"note\n".to_vec(), false),
            (stamped("one\n"), true),
            (stamped("t"), true),
            (stamped("two\n@4000"), true),
            (stamped("four\n"), false),
            (stamped("one\ntwo\n"), false),
            (b"@400000006b".to_vec(), true),
            (b"1795206250.123456 two\n".to_vec(), true),
            (b"1795206250,123456 two\n".to_vec(), false),
        ] {
            assert_eq!(is_begun(&lines, head), expected, "{}", lines.escape_ascii());
        }
        assert!(!is_begun(b"one\n", b""));
    }

    proptest! {
        #[test]
        fn any_part_of_a_selection_of_the_head_is_known_again(
            lines in prop::collection::vec(("[a-c \n]{0,9}", any::<bool>()), 1..9),
            width in prop::sample::select(&WIDTHS[..]),
            cut in any::<prop::sample::Index>(),
        ) {
            let head: String = lines.iter().map(|(line, _)| line.replace('\n', " ") + "\n").collect();
            let stamp = " ".repeat(width);
            let selected = lines.iter().filter(|(_, selected)| *selected);
            let all: String = selected.map(|(line, _)| stamp.clone() + &line.replace('\n', " ") + "\n").collect();
            prop_assume!(!all.is_empty());
            let part = &all.as_bytes()[..=cut.index(all.len())];
            prop_assert!(is_begun(part, head.as_bytes()));
            // And what follows it is nothing that the head has once more.
            let foreign = [part, b"x"].concat();
            prop_assert!(!is_begun(&foreign, head.as_bytes()));
        }
    }
}
