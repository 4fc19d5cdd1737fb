//! daemontools' own patterns: `*` runs to the first occurrence of the next byte, and never back.
//!
//! A star at the end matches everything. Two stars: the first runs to a literal `*` and stops before
//! it, because the byte it looks for is the second star itself (as multilog 0.76 does).

use memchr::memchr;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(super) struct Star {
    steps: Vec<Step>,
    end: End,
}

#[derive(Clone, Debug)]
enum Step {
    /// These bytes come next.
    Literal(Box<[u8]>),
    /// Skip to the first such byte and stop before it.
    SkipTo(u8),
}

/// What may be left of the line when the steps are done.
#[derive(Clone, Copy, Debug)]
enum End {
    Anything,
    Nothing,
}

impl Star {
    pub(super) fn new(text: &[u8]) -> Star {
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            let literal = memchr(b'*', rest).unwrap_or(rest.len());
            if literal > 0 {
                steps.push(Step::Literal(rest[..literal].into()));
            }
            match rest[literal..] {
                [] => return Star { steps, end: End::Nothing },
                [_] => return Star { steps, end: End::Anything },
                [_, next, ..] => steps.push(Step::SkipTo(next)),
            }
            rest = &rest[literal + 1..];
        }
    }

    pub(super) fn matches(&self, head: &[u8]) -> bool {
        let mut rest = head;
        for step in &self.steps {
            match step {
                Step::Literal(bytes) => match rest.strip_prefix(&**bytes) {
                    Some(after) => rest = after,
                    None => return false,
                },
                Step::SkipTo(byte) => match skip_to(*byte, rest) {
                    Some(at) => rest = &rest[at..],
                    None => return false,
                },
            }
        }
        match self.end {
            End::Anything => true,
            End::Nothing => rest.is_empty(),
        }
    }
}

/// Where `byte` is. Words are short: a look at the first bytes is cheaper than a call to memchr.
fn skip_to(byte: u8, rest: &[u8]) -> Option<usize> {
    const NEAR: usize = 16;
    let near = &rest[..rest.len().min(NEAR)];
    match near.iter().position(|&b| b == byte) {
        Some(at) => Some(at),
        None => memchr(byte, &rest[near.len()..]).map(|at| at + near.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rule of the manual, one byte at a time.
    fn naive(pattern: &[u8], text: &[u8]) -> bool {
        match pattern {
            [] => text.is_empty(),
            [b'*'] => true,
            [b'*', next, ..] => {
                text.iter().position(|b| b == next).is_some_and(|at| naive(&pattern[1..], &text[at..]))
            }
            [byte, rest @ ..] => text.first() == Some(byte) && naive(rest, &text[1..]),
        }
    }

    #[test]
    fn the_edges_are_those_of_the_original() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "x", false),
            ("*", "", true),
            ("*", "anything", true),
            ("**", "no", false),
            ("**", "with * star", true),
            ("*ab", "aab", false),
            ("*ab", "xab", true),
            ("a*", "a", true),
            ("fatal: *", "fatal: x", true),
            ("* * 404", "a b 404", true),
            ("* * 404", "a b 4040", false),
            ("* * 404", "a  404", true),
            ("*b", "ab b", false),
        ] {
            assert_eq!(Star::new(pattern.as_bytes()).matches(text.as_bytes()), expected, "{pattern} {text}");
            assert_eq!(naive(pattern.as_bytes(), text.as_bytes()), expected, "oracle: {pattern} {text}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn it_matches_what_the_manual_says(pattern in "[ab*\0]{0,8}", text in "[ab*\0]{0,40}") {
            let star = Star::new(pattern.as_bytes());
            prop_assert_eq!(star.matches(text.as_bytes()), naive(pattern.as_bytes(), text.as_bytes()));
        }
    }
}
