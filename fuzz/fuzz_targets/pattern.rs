//! Any star pattern and line: the same answer as the definition gives.

#![no_main]

use libfuzzer_sys::fuzz_target;
use multilog::pattern::{Pattern, Syntax};

/// A star that is not the last byte takes bytes up to the first one that the pattern goes on with.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', [])) => true,
        Some((b'*', rest)) => match text.split_first() {
            _ if text.first() == rest.first() => matches(rest, text),
            Some((_, more)) => matches(pattern, more),
            None => false,
        },
        Some((byte, rest)) => text.first() == Some(byte) && matches(rest, &text[1..]),
    }
}

fuzz_target!(|input: (&[u8], &[u8])| {
    let (pattern, text) = input;
    let text = &text[..text.len().min(200)];
    if pattern.len() > 60 || pattern.contains(&0) {
        return;
    }
    // Two stars in a row: the second is what the first runs to.
    if !pattern.windows(2).any(|two| two == b"**") {
        let star = Pattern::new(Syntax::Star, pattern).expect("every text is a star pattern");
        assert_eq!(star.matches(text), matches(pattern, text));
    }
    for syntax in [Syntax::Glob, Syntax::Regex] {
        if let Ok(pattern) = Pattern::new(syntax, pattern) {
            pattern.matches(text);
        }
    }
});
