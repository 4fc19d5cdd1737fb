//! Globs: `*`, `?` and sets as `[a-c]` or `[!x]`, over all of a name.

/// Whether a word has something of a glob in it.
pub fn is_glob(word: &[u8]) -> bool {
    word.iter().any(|byte| b"*?[".contains(byte))
}

/// Whether a glob fits all of a name. Takes time in proportion to the product of their lengths at most.
pub fn fits(glob: &[u8], name: &[u8]) -> bool {
    let (mut at, mut place) = (0, 0);
    // Behind the last star, and where the rest was tried last.
    let mut star: Option<(usize, usize)> = None;
    while place < name.len() {
        if glob.get(at) == Some(&b'*') {
            at += 1;
            star = Some((at, place));
            continue;
        }
        match one(&glob[at..], name[place]) {
            Some(length) => (at, place) = (at + length, place + 1),
            None => {
                let Some((behind, tried)) = star else { return false };
                star = Some((behind, tried + 1));
                (at, place) = (behind, tried + 1);
            }
        }
    }
    glob[at..].iter().all(|&byte| byte == b'*')
}

/// The length of what fits one byte at the start of a glob.
fn one(glob: &[u8], byte: u8) -> Option<usize> {
    match glob {
        [b'?', ..] => Some(1),
        [b'[', set @ ..] => match set_length(set) {
            Some(length) => is_in(&set[..length], byte).then_some(length + 2),
            // Without an end it is a byte as any.
            None => (byte == b'[').then_some(1),
        },
        [same, ..] => (*same == byte).then_some(1),
        [] => None,
    }
}

/// The length of a set before its `]`, which is a member if it comes first.
fn set_length(set: &[u8]) -> Option<usize> {
    let sign = usize::from(matches!(set.first(), Some(b'!' | b'^')));
    set.iter().skip(sign + 1).position(|&byte| byte == b']').map(|place| place + sign + 1)
}

fn is_in(set: &[u8], byte: u8) -> bool {
    let (mut members, negated) = match set {
        [b'!' | b'^', rest @ ..] => (rest, true),
        _ => (set, false),
    };
    let mut found = false;
    while let [first, rest @ ..] = members {
        (found, members) = match rest {
            [b'-', last, rest @ ..] => (found | (*first..=*last).contains(&byte), rest),
            _ => (found | (*first == byte), rest),
        };
    }
    found != negated
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_glob_fits_whole_names() {
        for (glob, name, expected) in [
            ("*", "", true),
            ("*", "x", true),
            ("", "", true),
            ("", "x", false),
            ("web*", "web1", true),
            ("web*", "aweb", false),
            ("*b*c", "abbc", true),
            ("*b*c", "abbcd", false),
            ("w?b", "web", true),
            ("w?b", "wb", false),
            ("web[0-9]", "web5", true),
            ("web[0-9]", "webx", false),
            ("[!a]x", "bx", true),
            ("[!a]x", "ax", false),
            ("[]]", "]", true),
            ("[!]]", "]", false),
            ("[", "[", true),
            ("a[b", "a[b", true),
            ("[a-]", "-", true),
            ("[^a-c]", "d", true),
            ("[ab", "a", false),
        ] {
            assert_eq!(fits(glob.as_bytes(), name.as_bytes()), expected, "{glob} {name}");
        }
        let many = b"*a".repeat(500);
        assert!(!fits(&many, &[b'a'; 400]));
    }

    /// As it is defined.
    fn naive(glob: &[u8], name: &[u8]) -> bool {
        match (glob, name) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => (0..=name.len()).any(|skip| naive(rest, &name[skip..])),
            ([b'?', glob @ ..], [_, name @ ..]) => naive(glob, name),
            ([same, glob @ ..], [byte, name @ ..]) => same == byte && naive(glob, name),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn stars_and_marks_are_as_defined(glob in "[ab*?]{0,8}", name in "[ab]{0,8}") {
            prop_assert_eq!(fits(glob.as_bytes(), name.as_bytes()), naive(glob.as_bytes(), name.as_bytes()));
        }

        #[test]
        fn nothing_panics(glob: Vec<u8>, name: Vec<u8>) {
            fits(&glob, &name);
        }
    }
}
