//! What svc writes.

use std::io::Read;

use harness::{Scratch, original, tool};

/// The bytes that come out of a control pipe.
fn written(svc: &std::path::Path, options: &[&str]) -> Vec<u8> {
    let here = Scratch::new();
    std::fs::create_dir_all(here.path("x/supervise")).unwrap();
    let control = here.path("x/supervise/control");
    rustix::fs::mkfifoat(rustix::fs::CWD, &control, rustix::fs::Mode::RWXU).unwrap();
    let mut open = std::fs::OpenOptions::new();
    let mut both = open.read(true).write(true).open(&control).unwrap();
    here.run(svc, &[options, &["x"]].concat()).over("").quietly();
    // A pipe has no end while it is open for writing here.
    std::io::Write::write_all(&mut both, b"\n").unwrap();
    let mut bytes = [0; 100];
    let count = both.read(&mut bytes).unwrap();
    bytes[..count - 1].to_vec()
}

#[test]
fn options_keep_their_order_and_repeats_are_dropped() {
    for (options, bytes) in [
        (&["-u"][..], "u"),
        (&["-udopchaitkx"], "udopchaitkx"),
        (&["-dud"], "du"),
        (&["-t", "-d", "-t", "-x"], "tdx"),
        (&["-d", "--"], "d"),
        (&["--"], ""),
    ] {
        assert_eq!(written(&tool("svc"), options), bytes.as_bytes(), "{options:?}");
    }
}

#[test]
fn the_bytes_are_those_that_the_original_writes() {
    let Some(theirs) = original("svc") else { return };
    let mut seed = 7u32;
    for _ in 0..40 {
        let mut word = String::from("-");
        for _ in 0..1 + seed % 9 {
            seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12345);
            word.push(char::from(b"udopchaitkx"[seed as usize / 65536 % 11]));
        }
        let options = [&*word, "-t", "-u"];
        assert_eq!(written(&tool("svc"), &options), written(&theirs, &options), "{options:?}");
    }
}
