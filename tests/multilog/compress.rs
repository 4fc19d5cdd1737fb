//! `compress=` and `w`: archives that the usual tools read.

use std::path::Path;
use std::process::Command;

use harness::{LogView, Random, Scratch, SmallDisk, ours_only, program};

fn input() -> String {
    (0..5000).map(|n| format!("line {n} with some text that repeats\n")).collect()
}

fn unpacked(here: &Scratch, tool: &str, view: &LogView) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for (name, mode, _) in &view.archives {
        assert_eq!(*mode, 0o744);
        let output = Command::new(tool).arg("-dc").arg(here.path("main").join(name)).output().ok()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        bytes.extend(output.stdout);
    }
    bytes.extend(view.current());
    Some(bytes)
}

#[test]
fn archives_are_compressed_and_say_how() {
    if ours_only("Compression") {
        for (action, code, tool) in [
            ("compress=gzip", "gz", "gzip"),
            ("compress=gzip:9", "gz", "gzip"),
            ("compress=zstd", "zst", "zstd"),
            ("compress=zstd:19", "zst", "zstd"),
        ] {
            let here = Scratch::new();
            here.multilog(&["s30000", "n100", action, "./main"]).over(input()).quietly();
            let view = LogView::of(here.path("main"));
            assert!(view.archives.len() >= 5);
            assert!(view.codes().iter().all(|found| *found == code), "{:?}", view.codes());
            match unpacked(&here, tool, &view) {
                Some(bytes) => assert!(bytes == input().as_bytes(), "{action}"),
                None => {
                    assert_ne!(tool, "gzip", "gzip is on every machine");
                    eprintln!("skipped: there is no {tool} to read {action}");
                }
            }
        }
    }
}

#[test]
fn a_code_names_the_archives_of_a_processor() {
    if ours_only("Actions of daemontools-encore") {
        let here = Scratch::new();
        here.multilog(&["s30000", "n100", "wgz", "!gzip", "./main"]).over(input()).quietly();
        let view = LogView::of(here.path("main"));
        assert!(view.codes().iter().all(|code| *code == "gz"));
        assert!(unpacked(&here, "gzip", &view).unwrap() == input().as_bytes());
    }
}

#[test]
fn compressed_archives_count() {
    if ours_only("Compression") {
        let here = Scratch::new();
        here.multilog(&["s30000", "n3", "compress=gzip", "./main"]).over(input()).quietly();
        assert_eq!(LogView::of(here.path("main")).archives.len(), 2);
    }
}

/// More than two full files of 3 MB, in lines of different lengths.
fn large_input() -> Vec<u8> {
    let line = |n: usize| format!("{n} GET /{} {}\n", n * n % 1009, "word ".repeat(n % 9)).into_bytes();
    (0..180_000).flat_map(line).collect()
}

/// What a command says of an archive, which is its last argument. None: the program is not installed.
fn said_of(archive: &Path, command: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new(program(command[0])?).args(&command[1..]).arg(archive).output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(output.stdout)
}

#[test]
fn the_usual_tools_read_archives_of_many_pieces() {
    const PYTHON: &str = "import gzip, sys; sys.stdout.buffer.write(gzip.open(sys.argv[1]).read())";
    let gzip: [&[&str]; 6] = [
        &["zcat"],
        &["gzip", "-dc"],
        &["pigz", "-dc"],
        &["busybox", "zcat"],
        &["python3", "-c", PYTHON],
        &["rg", "-z", "-I", "--no-line-number", ""],
    ];
    let zstd: [&[&str]; 3] = [&["zstdcat"], &["zstd", "-dc"], &["rg", "-z", "-I", "--no-line-number", ""]];
    let checks: [&[&str]; 3] = [&["gzip", "-t"], &["pigz", "-t"], &["zstd", "-t"]];
    if ours_only("Compression") {
        for (action, tools, checks) in
            [("compress=gzip:1", &gzip[..], &checks[..2]), ("compress=zstd", &zstd, &checks[2..])]
        {
            let here = Scratch::new();
            here.multilog(&["s3M", "n100", action, "./main"]).over(large_input()).quietly();
            let view = LogView::of(here.path("main"));
            assert!(view.archives.len() >= 2);
            let mut begin = 0;
            for (name, _, _) in &view.archives {
                let archive = here.path("main").join(name);
                checks.iter().for_each(|check| drop(said_of(&archive, check)));
                let texts = tools.iter().filter_map(|tool| said_of(&archive, tool));
                let lengths: Vec<usize> = texts
                    .map(|text| {
                        assert!(large_input()[begin..].starts_with(&text));
                        text.len()
                    })
                    .collect();
                if lengths.is_empty() {
                    // There is no tool that reads it, which was said.
                    break;
                }
                assert!(lengths.windows(2).all(|pair| pair[0] == pair[1]));
                lnav_shows(&here, &archive, &large_input()[begin..begin + lengths[0]]);
                begin += lengths.first().copied().unwrap_or_default();
            }
        }
    }
}

/// lnav puts lines into an order of its own where it takes something in them for a time. So it has to show of an archive
/// what it shows of the text.
fn lnav_shows(here: &Scratch, archive: &Path, text: &[u8]) {
    let Some(lnav) = program("lnav") else { return };
    here.write("text", text);
    let shown = |path: &Path| {
        let mut lnav = Command::new(&lnav);
        let output = lnav.env("HOME", here.path("")).arg("-n").arg(path).output().unwrap();
        assert!(output.status.success());
        output.stdout
    };
    let text = shown(&here.path("text"));
    assert!(text.len() > 1 << 20 && shown(archive) == text);
}

#[test]
fn zstd_counts_the_frames_and_the_table() {
    if ours_only("Compression") {
        let here = Scratch::new();
        here.multilog(&["s3M", "n100", "compress=zstd", "./main"]).over(large_input()).quietly();
        for (name, _, bytes) in &LogView::of(here.path("main")).archives {
            // The number of frames and the magic number of the seekable format.
            let end = &bytes[bytes.len() - 9..];
            assert_eq!(end, b"\x03\0\0\0\x80\xb1\xea\x92\x8f");
            let Some(listed) = said_of(&here.path("main").join(name), &["zstd", "-lv"]) else { continue };
            let listed = String::from_utf8_lossy(&listed).into_owned();
            assert!(listed.contains("# Zstandard Frames: 3"), "{listed}");
            assert!(listed.contains("# Skippable Frames: 1"), "{listed}");
        }
    }
}

#[test]
fn a_member_says_where_the_next_one_begins() {
    if ours_only("Compression") {
        let here = Scratch::new();
        here.multilog(&["s3M", "n100", "compress=gzip:1", "./main"]).over(large_input()).quietly();
        for (_, _, bytes) in &LogView::of(here.path("main")).archives {
            let (mut members, mut left) = (0, &bytes[..]);
            while !left.is_empty() {
                assert_eq!(&left[..16], b"\x1f\x8b\x08\x04\0\0\0\0\x02\0\x08\0MZ\x04\0");
                let data = u32::from_le_bytes(left[16..20].try_into().unwrap());
                left = &left[data as usize + 28..];
                members += 1;
            }
            assert_eq!(members, 3);
        }
    }
}

#[test]
fn compression_and_a_processor_for_one_directory_are_a_misuse() {
    if ours_only("Compression") {
        for script in [&["compress=gzip", "!cat", "./a"][..], &["!cat", "compress=zstd", "./a"]] {
            let here = Scratch::new();
            let outcome = here.multilog(script).over("a\n");
            let said = "multilog: fatal: unable to understand ./a: \
                        compress= and !command are both for this directory, only one of them is allowed\n";
            assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(100), said));
            assert!(!here.path("a").exists());
        }
        let here = Scratch::new();
        here.multilog(&["compress=gzip", "./a", "!cat", "./b"]).over("a\n").quietly();
    }
}

/// Full files that wait to be compressed take all the room that there is, so nothing could ever be compressed.
#[test]
fn a_disk_that_is_full_of_what_waits_to_be_compressed_gets_room_where_the_script_says_so() {
    if !ours_only("Compression") {
        return;
    }
    let here = Scratch::new();
    let Some(disk) = SmallDisk::mount(&here.path("disk"), "512k") else { return };
    let mut random = Random::new(5);
    let noise = |_| format!("{:016x}{:016x}\n", random.below(u64::MAX), random.below(u64::MAX));
    let input: String = (0..24_000).map(noise).collect();
    let script = ["s30000", "n1000", "min=2", "compress=zstd:19", "./disk/main"];
    let outcome = here.multilog(&script).over(&input);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let said = "multilog: warning: unable to compress in ./disk/main, leaving files as they are: ";
    assert!(outcome.stderr.contains(said), "{outcome:?}");
    let view = LogView::of(here.path("disk/main"));
    assert!(view.codes().iter().all(|code| ["s", "zst"].contains(code)), "{:?}", view.codes());
    let mut text = Vec::new();
    for (name, _, bytes) in &view.archives {
        if name.ends_with(".s") {
            text.extend(bytes);
        } else if let Some(lines) = said_of(&disk.path().join("main").join(name), &["zstd", "-dc"]) {
            text.extend(lines);
        } else {
            return;
        }
    }
    text.extend(view.current());
    assert!(text.len() > 200_000 && input.as_bytes().ends_with(&text), "{}", text.len());
}
