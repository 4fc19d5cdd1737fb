//! Any star pattern and line: the same answer as the definition gives.

#![no_main]

use libfuzzer_sys::fuzz_target;
use multilog::pattern::{AnyOf, Line, Pattern, Syntax};
use tai64tools::{Label, Stamp, Stamper};

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

/// Behind a stamp, and in the company of another pattern, a pattern matches what it matches alone.
fn together(form: Stamp, first: &[u8], text: &[u8]) {
    let patterns = [first, b"*no such word*"].map(|text| Pattern::new(Syntax::Star, text).expect("a star pattern"));
    let mut stamper = Stamper::new(form);
    stamper.begin(Label::now());
    let stamp = stamper.stamp();
    let whole = [&stamp.to_vec(), text].concat();
    let mut head = Vec::new();
    let mut line = Line::new(Some(stamp), text, &mut head);
    let expected = patterns.iter().any(|pattern| pattern.matches(&whole));
    assert_eq!(AnyOf::new(&patterns.each_ref(), Some(form)).matches(&mut line), expected);
}

fuzz_target!(|input: (&[u8], &[u8])| {
    let (pattern, text) = input;
    let text = &text[..text.len().min(200)];
    if pattern.len() > 60 || pattern.contains(&0) {
        return;
    }
    for form in [Stamp::Tai64n, Stamp::Iso, Stamp::IsoUtc, Stamp::Unix] {
        together(form, pattern, text);
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
