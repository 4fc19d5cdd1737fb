//! fnmatch(3) patterns, as `F` of daemontools-encore uses them (flags 0, C locale), as expressions.
//!
//! The library then matches them in linear time, and a NUL in a line is a byte like any other.

use std::fmt::Write;

/// The expression, over bytes and anchored, that matches what the pattern matches.
pub(super) fn to_regex(pattern: &[u8]) -> String {
    let mut out = String::from(r"\A");
    let mut rest = pattern;
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'*' => out.push_str(".*"),
            b'?' => out.push('.'),
            b'[' => match class(after) {
                Some((class, after)) => {
                    out.push_str(&class);
                    rest = after;
                }
                None => byte(&mut out, b'['),
            },
            b'\\' => match after {
                [escaped, after @ ..] => {
                    byte(&mut out, *escaped);
                    rest = after;
                }
                // A backslash at the end matches nothing: fnmatch looks for the end of the string.
                [] => out.push_str(NOTHING),
            },
            literal => byte(&mut out, *literal),
        }
    }
    out.push_str(r"\z");
    out
}

/// A class without members.
const NOTHING: &str = r"[^\x00-\xff]";

fn byte(out: &mut String, byte: u8) {
    // Writing to a String can't fail.
    write!(out, r"\x{byte:02x}").ok();
}

/// Reads a bracket expression after its `[`. None where no `]` closes it: then `[` is itself.
fn class(text: &[u8]) -> Option<(String, &[u8])> {
    let (negated, mut rest) = match text {
        [b'!' | b'^', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    let mut members = [false; 256];
    let mut first = true;
    loop {
        match rest {
            [] => return None,
            [b']', after @ ..] if !first => return Some((expression(&members, negated), after)),
            [b'[', b':', after @ ..] => {
                let end = after.windows(2).position(|w| w == b":]")?;
                add_named(&mut members, &after[..end])?;
                rest = &after[end + 2..];
            }
            _ => {
                let (low, after) = member(rest)?;
                rest = after;
                let high = match rest {
                    [b'-', after @ ..] if !after.is_empty() && after[0] != b']' => {
                        let (high, after) = member(after)?;
                        rest = after;
                        high
                    }
                    _ => low,
                };
                (low..=high).for_each(|b| members[usize::from(b)] = true);
            }
        }
        first = false;
    }
}

fn member(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [b'\\', escaped, after @ ..] => Some((*escaped, after)),
        [byte, after @ ..] => Some((*byte, after)),
        [] => None,
    }
}

fn add_named(members: &mut [bool; 256], name: &[u8]) -> Option<()> {
    let is: fn(&u8) -> bool = match name {
        b"alpha" => u8::is_ascii_alphabetic,
        b"digit" => u8::is_ascii_digit,
        b"alnum" => u8::is_ascii_alphanumeric,
        b"upper" => u8::is_ascii_uppercase,
        b"lower" => u8::is_ascii_lowercase,
        b"space" => |b| b.is_ascii_whitespace() || *b == 0x0b,
        b"blank" => |b| matches!(b, b' ' | b'\t'),
        b"punct" => u8::is_ascii_punctuation,
        b"print" => |b| matches!(b, b' '..=b'~'),
        b"graph" => u8::is_ascii_graphic,
        b"cntrl" => u8::is_ascii_control,
        b"xdigit" => u8::is_ascii_hexdigit,
        _ => return None,
    };
    (0..=u8::MAX).filter(is).for_each(|b| members[usize::from(b)] = true);
    Some(())
}

fn expression(members: &[bool; 256], negated: bool) -> String {
    let wanted: Vec<u8> = (0..=u8::MAX).filter(|&b| members[usize::from(b)] != negated).collect();
    if wanted.is_empty() {
        return NOTHING.to_string();
    }
    let mut out = String::from("[");
    wanted.iter().for_each(|&b| byte(&mut out, b));
    out.push(']');
    out
}

#[cfg(test)]
mod tests {
    use crate::pattern::{Pattern, Syntax};

    #[test]
    fn it_matches_as_fnmatch_does() {
        for (pattern, text, expected) in [
            (&b"*err*"[..], &b"an error"[..], true),
            (b"*err*", b"fine", false),
            (b"*ab", b"aab", true),
            (b"a?c", b"abc", true),
            (b"a?c", b"ac", false),
            (b"[a-c]x", b"bx", true),
            (b"[!a-c]x", b"bx", false),
            (b"[]x]", b"]", true),
            (b"[[:digit:]]*", b"9z", true),
            (b"[[:digit:]]*", b"z9", false),
            (b"[ab", b"[ab", true),
            (b"\\*", b"*", true),
            (b"\\*", b"x", false),
            (b"a\\", b"a", false),
            (b"*/b", b"a/b", true),
            (b"a*", b"a\0b", true),
            (b"\xff*", b"\xffz", true),
        ] {
            let compiled = Pattern::new(Syntax::Glob, pattern).unwrap();
            assert_eq!(
                compiled.matches(text),
                expected,
                "{} {}",
                pattern.escape_ascii(),
                text.escape_ascii()
            );
        }
    }
}
