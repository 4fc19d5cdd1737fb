//! Any bytes as an archive: reading it comes to an end, its segments cover it, and what is whole is read whole.

#![no_main]

use std::io::Write;
use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use mlog::archive::{Declared, Form, Stream, segments};

/// A decoder may make much of little.
const MOST: usize = 32 << 20;

fn file(bytes: &[u8]) -> Arc<std::fs::File> {
    let path = std::env::temp_dir().join(format!("mlog-fuzz-{}", std::process::id()));
    let mut file = std::fs::File::options().read(true).write(true).create(true).truncate(true).open(&path);
    let file = file.as_mut().expect("a temporary file can be made");
    file.write_all(bytes).expect("it can be written");
    std::fs::remove_file(path).ok();
    Arc::new(file.try_clone().expect("its descriptor can be copied"))
}

fuzz_target!(|input: (u8, &[u8])| {
    let (kind, bytes) = input;
    // Most inputs begin like an archive, or end like one with a table.
    let bytes = match kind % 4 {
        0 => bytes.to_vec(),
        1 => [&[0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 8, 0, b'M', b'Z', 4, 0], bytes].concat(),
        2 => [&[0x28, 0xb5, 0x2f, 0xfd], bytes].concat(),
        _ => [&[0x28, 0xb5, 0x2f, 0xfd], bytes, &[1, 0, 0, 0, 0, 0xb1, 0xea, 0x92, 0x8f]].concat(),
    };
    let file = file(&bytes);
    let size = bytes.len() as u64;
    let segments = segments(&file, size, Declared::Nothing).expect("a file can be read");
    let plain = segments.iter().all(|segment| segment.form == Form::Plain);
    // What begins nearly as an archive does may be a damaged one, but text is text.
    let is_text = std::str::from_utf8(&bytes).is_ok_and(|text| !text.is_empty() && !text.contains(char::is_control));
    assert!(plain || !is_text || Form::of(&bytes) != Form::Plain);
    let mut at = 0;
    let mut text = Vec::new();
    for segment in &segments {
        assert_eq!(segment.from, at);
        assert!(segment.to >= segment.from && segment.to <= size);
        at = segment.to;
        let mut stream = Stream::new(segment, u64::MAX);
        let mut piece = vec![0; 64 << 10];
        // What follows damage is read as well.
        while text.len() <= MOST {
            match stream.read(&mut piece) {
                Ok(0) => break,
                Ok(got) => text.extend_from_slice(&piece[..got]),
                Err(_) => {}
            }
        }
    }
    assert!(!plain || text == bytes);
});
