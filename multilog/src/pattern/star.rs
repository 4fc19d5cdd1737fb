//! daemontools' own patterns: `*` runs to the first occurrence of the next byte, and never back.
//!
//! A star at the end matches everything. Two stars: the first runs to a literal `*` and stops before
//! it, because the byte it looks for is the second star itself (as multilog 0.76 does).

mod after_stamp;

pub(super) use after_stamp::AfterStamp;
use memchr::memchr;
use unix::bytes::blocks;

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Star {
    steps: Vec<Step>,
    end: End,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// These bytes come next.
    Literal(Box<[u8]>),
    /// Skip to the first occurrence of the byte and stop before it.
    SkipTo(u8),
    /// Skip beyond the byte for the `times`th time; then these bytes come next.
    Past { byte: u8, times: usize, then: Box<[u8]> },
}

/// What may be left of the line when the steps are done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Anything,
    Nothing,
}

impl Star {
    pub(super) fn new(text: &[u8]) -> Star {
        let mut steps = Vec::new();
        let mut rest = text;
        let end = loop {
            let literal = memchr(b'*', rest).unwrap_or(rest.len());
            if literal > 0 {
                steps.push(Step::Literal(rest[..literal].into()));
            }
            match rest[literal..] {
                [] => break End::Nothing,
                [_] => break End::Anything,
                [_, next, ..] => steps.push(Step::SkipTo(next)),
            }
            rest = &rest[literal + 1..];
        };
        Star { steps: joined(steps), end }
    }

    pub(super) fn matches(&self, head: &[u8]) -> bool {
        let mut rest = head;
        for step in &self.steps {
            let after = match step {
                Step::Literal(bytes) => without(bytes, rest),
                Step::SkipTo(byte) => memchr(*byte, rest).map(|at| &rest[at..]),
                Step::Past { byte, times, then } => {
                    beyond(*byte, *times, rest).and_then(|at| without(then, &rest[at..]))
                }
            };
            match after {
                Some(after) => rest = after,
                None => return false,
            }
        }
        match self.end {
            End::Anything => true,
            End::Nothing => rest.is_empty(),
        }
    }

    /// Whether there is nothing to try.
    pub(super) fn matches_everything(&self) -> bool {
        self.steps.is_empty() && self.end == End::Anything
    }

    /// Whether a look at the first bytes decides.
    pub(super) fn is_quick(&self) -> bool {
        matches!(self.steps[..], [] | [Step::Literal(_), ..])
    }

    /// The longest run of bytes that every line which matches contains.
    pub(super) fn longest_literal(&self) -> Vec<u8> {
        let literals = self.steps.iter().map(|step| match step {
            Step::Literal(bytes) => bytes.to_vec(),
            Step::SkipTo(byte) => vec![*byte],
            Step::Past { byte, then, .. } => [&[*byte], &**then].concat(),
        });
        literals.max_by_key(Vec::len).unwrap_or_default()
    }
}

/// The same steps, with each skip joined to the literal behind it, and equal skips in a row counted.
fn joined(steps: Vec<Step>) -> Vec<Step> {
    let mut joined: Vec<Step> = Vec::new();
    for step in steps {
        match (joined.last_mut(), step) {
            (Some(last @ Step::SkipTo(_)), Step::Literal(literal)) => {
                // A skip runs to the first byte of what follows it.
                *last = Step::Past { byte: literal[0], times: 1, then: literal[1..].into() };
            }
            (_, step) => joined.push(step),
        }
        let [.., Step::Past { byte, times, then }, Step::Past { byte: next, then: after, .. }] =
            &mut joined[..]
        else {
            continue;
        };
        if then.is_empty() && byte == next {
            *times += 1;
            *then = std::mem::take(after);
            joined.pop();
        }
    }
    joined
}

/// What follows `bytes`, if `rest` begins with them. They are few: a call would cost more than the comparison.
fn without<'a>(bytes: &[u8], rest: &'a [u8]) -> Option<&'a [u8]> {
    let (start, after) = rest.split_at_checked(bytes.len())?;
    start.iter().zip(bytes).all(|(a, b)| a == b).then_some(after)
}

/// The place behind the so-manieth `byte`.
fn beyond(byte: u8, times: usize, rest: &[u8]) -> Option<usize> {
    if times == 1 {
        return memchr(byte, rest).map(|at| at + 1);
    }
    let mut left = times;
    let mut at = 0;
    // Whole blocks are counted without a look at where in them the bytes are.
    for block in blocks::<16>(rest).0 {
        let count = usize::from(block.iter().map(|&b| u8::from(b == byte)).sum::<u8>());
        if count >= left {
            break;
        }
        left -= count;
        at += block.len();
    }
    for (place, &b) in rest.iter().enumerate().skip(at) {
        left -= usize::from(b == byte);
        if left == 0 {
            return Some(place + 1);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The rule of the manual, one byte at a time.
    pub(super) fn naive(pattern: &[u8], text: &[u8]) -> bool {
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
            let literal = star.longest_literal();
            let contained = memchr::memmem::find(text.as_bytes(), &literal).is_some();
            prop_assert!(contained || !star.matches(text.as_bytes()));
        }
    }
}
