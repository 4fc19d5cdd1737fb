//! Any bytes, in any two pieces: lines without an `@` pass unchanged, what is no label as well, and how the input
//! arrives makes no difference.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tai64tools::Label;
use tai64tools::filter::{Block, Ending, Rewrite};
use tai64tools::form::{Calendar, Style, Zone};
use tai64tools::labels::{Labels, Where};
use tai64tools::leap::Offset;

fn rewritten(input: &[u8], pieces: &[usize], places: Where) -> Vec<u8> {
    let calendar = Calendar::new(Zone::Utc, Style::Iso).ahead(Offset::Leap);
    let mut labels = Labels::new(calendar, places);
    let (mut start, mut out) = (0, Block::endless());
    for &end in pieces {
        start += labels.rewrite(&input[start..end.max(start)], &mut out, Ending::Open);
    }
    start += labels.rewrite(&input[start..], &mut out, Ending::Final);
    assert_eq!(start, input.len());
    out.bytes
}

/// Line by line, by the definition.
fn naive(input: &[u8]) -> Vec<u8> {
    let mut calendar = Calendar::new(Zone::Utc, Style::Iso).ahead(Offset::Leap);
    let mut out = Vec::new();
    for line in input.split_inclusive(|&byte| byte == b'\n') {
        let goes_on = line.get(25).is_some_and(|byte| b"0123456789abcdef".contains(byte));
        let label = if goes_on { None } else { Label::parse(line) };
        match label.and_then(|label| calendar.show(label)) {
            Some(time) => out.extend_from_slice(&[time.as_bytes(), &line[25..]].concat()),
            None => out.extend_from_slice(line),
        }
    }
    out
}

fuzz_target!(|input: (&[u8], usize)| {
    let (input, cut) = input;
    let cut = cut % (input.len() + 1);
    assert_eq!(rewritten(input, &[], Where::Start), naive(input));
    for places in [Where::Start, Where::Anywhere] {
        let whole = rewritten(input, &[], places);
        assert_eq!(rewritten(input, &[cut], places), whole);
        if !input.contains(&b'@') {
            assert_eq!(whole, input);
        }
    }
});
