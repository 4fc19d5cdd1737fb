//! Any bytes: what is a label is written as it was read, and labels are in the order of their texts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tai64tools::Label;

fuzz_target!(|input: (&[u8], u64, u32)| {
    let (text, seconds, nanos) = input;
    if let Some(label) = Label::parse(text) {
        assert_eq!(&label.text()[..], &text[..25]);
        assert!(label.next() >= label);
    }
    if let Some(label) = Label::new(seconds, nanos) {
        assert_eq!(Label::parse(&label.text()), Some(label));
        if let Some(other) = Label::parse(text) {
            assert_eq!(label.cmp(&other), label.text().cmp(&other.text()));
        }
    }
});
