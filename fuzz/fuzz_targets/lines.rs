//! Any bytes as lines: stamps lie within their lines, each line is shown as one line, and patterns find the lines that match.

#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use mlog::cursor::Cursor;
use mlog::pattern::{Options, Patterns};
use mlog::search::Selected;
use mlog::show::{Form, Painter, Skin};
use mlog::stamp::Stamps;
use mlog::store;
use tai64tools::leap::Offset;

fuzz_target!(|input: (u8, &str, &[u8])| {
    let (kind, pattern, block) = input;
    store::parse(block);
    if let Some(cursor) = Cursor::parse(block) {
        assert_eq!(Cursor::parse(cursor.text().as_bytes()), Some(cursor));
    }
    let offset = if kind & 1 == 0 { Offset::Fixed } else { Offset::Leap };
    let mut stamps = Stamps::new(offset);
    let form = Form::NAMES[usize::from(kind >> 1) % Form::NAMES.len()].1;
    let patterns = Arc::new(Patterns::default());
    let skin = Skin {
        form,
        offset,
        name: b"d".to_vec(),
        prefix: kind & 64 != 0,
        colour: None,
        escape: kind & 128 != 0,
        patterns,
    };
    let mut out = Vec::new();
    let mut painter = Painter::new(Arc::new(skin));
    painter.block(block, &mut out, usize::MAX);
    let lines = block.split_inclusive(|&byte| byte == b'\n').count();
    if form != Form::Csv {
        assert_eq!(out.iter().filter(|&&byte| byte == b'\n').count(), lines);
    }
    let options = Options { ignore_case: kind & 16 != 0, fixed: kind & 32 != 0 };
    let pattern: String = pattern.chars().take(12).collect();
    let Ok(patterns) = Patterns::new(&[pattern.into_bytes()], &[], options) else { return };
    let mut selected = Selected::new(&patterns, block);
    let mut found = Vec::new();
    while let Some(line) = selected.next(&mut stamps) {
        found.push(line);
    }
    let mut at = 0;
    let mut expected = Vec::new();
    for line in block.split_inclusive(|&byte| byte == b'\n') {
        let text = stamps.read(line, None).map_or(0, |stamp| stamp.text);
        assert!(text <= line.len());
        let text = &line[text..];
        if patterns.wants(text.strip_suffix(b"\n").unwrap_or(text)) {
            expected.push(at..at + line.len());
        }
        at += line.len();
    }
    assert_eq!(found, expected);
});
