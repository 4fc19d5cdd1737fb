//! Any bytes in `.journal`, and any facts around them: no panic, no loop, and no `current` is to be made
//! longer than it is or cut below what the record says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use multilog::journal::judge::{Directory, Facts, Source, judge};
use multilog::journal::record::Record;

/// What is in front of a record whose checksum is right: without that hardly anything would be read.
fn with_checksum(form: &[u8; 4], body: &[u8]) -> Vec<u8> {
    let sum = body.iter().fold(!0u32, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| (sum >> 1) ^ (0xedb8_8320 & 0u32.wrapping_sub(sum & 1)))
    });
    [&form[..], &(!sum).to_le_bytes(), body].concat()
}

fuzz_target!(|input: (&[u8], u8, &[u8], [u64; 3], bool, bool)| {
    let (bytes, flag, head, lengths, same, extended) = input;
    Record::decode(bytes);
    let form = if extended { b"mlj2" } else { b"mlj1" };
    let Some(record) = Record::decode(&with_checksum(form, bytes)) else { return };
    let mut buffer = Vec::new();
    if let Some(encoded) = record.encode(&mut buffer) {
        assert_eq!(Record::decode(&encoded[1..]).as_ref(), Some(&record));
    }
    let boot = if same { record.boot } else { [0; 36] };
    let current = |share: &multilog::journal::record::Share, length: u64| Directory {
        place: share.place,
        current: Some((share.current, length)),
    };
    let directories: Vec<Directory> =
        record.shares.iter().zip(lengths).map(|(share, length)| current(share, length)).collect();
    for source in [Source::Pipe(head), Source::File(lengths[0])] {
        let facts = Facts { boot, input: Some((record.input, source)), flag, directories: &directories };
        let verdict = judge(&record, &facts);
        assert_eq!(verdict.directories.len(), directories.len());
        for (known, now) in verdict.directories.iter().zip(&directories) {
            if let (Some(proven), Some((inode, length))) = (known.current, now.current) {
                assert!(proven.inode == inode && proven.length <= length);
                assert!(record.shares.iter().any(|share| share.start <= proven.length));
            }
        }
    }
});
