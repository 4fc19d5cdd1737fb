//! What once went wrong with odd files, odd numbers and outputs that others write into as well.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::process::Command;

use harness::{Outcome, Scratch, program};

const MLOG: &str = env!("CARGO_BIN_EXE_mlog");
const LABEL: &str = "@400000006b000000000000";

fn mlog(here: &Scratch, options: &[&str]) -> Outcome {
    here.run(Path::new(MLOG), options).over("")
}

/// What a reader with a cursor appends to `out`, which holds `before` already.
fn append(here: &Scratch, directory: &str, before: &str) -> String {
    let mut out = OpenOptions::new().create(true).append(true).open(here.path("out")).unwrap();
    out.write_all(before.as_bytes()).unwrap();
    let length = out.metadata().unwrap().len() as usize;
    let mut command = Command::new(MLOG);
    command.args(["-o", "none", "--cursor-file", "cursor", directory]).current_dir(here.path("."));
    command.stdout(out).status().unwrap();
    fs::read_to_string(here.path("out")).unwrap().split_off(length)
}

/// A line that another program appended to the output took a new line of the same length away, silently: the output
/// had grown, so as many bytes were taken for delivered.
#[test]
fn what_others_append_to_the_output_takes_no_line_away() {
    let here = Scratch::new();
    here.write("log/current", "a\n");
    assert_eq!(append(&here, "log", ""), "a\n");
    here.write("log/current", "a\nb\nc\n");
    assert_eq!(append(&here, "log", "-\n"), "b\nc\n");
    // What a reader that was killed had delivered is left out, and no more than that.
    here.write("log/current", "a\nb\nc\nd\ne\n");
    assert_eq!(append(&here, "log", "d\n"), "e\n");
    here.write("other/current", "x\ny\n");
    assert_eq!(append(&here, "other", "z\n"), "x\ny\n");
}

/// Readers that were killed within their first second left a place at the start. When the first archives had been
/// deleted, the lines that followed were taken for those that had been delivered: 140 of 3000 were missing.
#[test]
fn lines_are_not_taken_for_those_of_archives_that_are_gone() {
    let here = Scratch::new();
    here.write("log/current", "");
    assert_eq!(append(&here, "log", ""), "");
    fs::rename(here.path("log/current"), here.path(format!("log/{LABEL}01.s"))).unwrap();
    fs::remove_file(here.path(format!("log/{LABEL}01.s"))).unwrap();
    here.write(&format!("log/{LABEL}02.s"), "3\n4\n");
    here.write("log/current", "5\n");
    assert_eq!(append(&here, "log", "1\n2\n"), "3\n4\n5\n");
}

/// `--cursor-file /dev/null` replaced the device by a file, and a named pipe was waited for.
#[test]
fn a_cursor_takes_the_place_of_no_device_and_no_pipe() {
    let here = Scratch::new();
    here.write("log/current", "a\n");
    Command::new("mkfifo").arg(here.path("pipe")).status().unwrap();
    let seen = mlog(&here, &["--cursor-file", "pipe", "log"]);
    assert_eq!((seen.code, &*seen.stderr), (Some(2), "mlog: fatal: pipe is not a cursor\n"));
    assert!(fs::symlink_metadata(here.path("pipe")).unwrap().file_type().is_fifo());
    // The words were those for the output.
    let seen = mlog(&here, &["--cursor-file", "none/cursor", "log"]);
    let words = "mlog: fatal: unable to write the cursor: file does not exist\n";
    assert_eq!((seen.code, &*seen.stderr), (Some(2), words));
}

/// `-B` with the largest number ended in a panic: it was added to the number of a line.
#[test]
fn context_of_any_number_of_lines_is_all_lines() {
    let here = Scratch::new();
    here.write("log/current", "a\nb\nc\n");
    let most = usize::MAX.to_string();
    for options in [&["-A", &most, "-B", &most][..], &["-C", &most], &["-n", "1", "-C", &most]] {
        let seen = mlog(&here, &[options, &["-g", "b", "-o", "none", "log"]].concat());
        assert_eq!((seen.code, &*seen.stdout), (Some(0), &b"a\nb\nc\n"[..]), "{options:?}: {}", seen.stderr);
    }
}

/// A `current` that is a named pipe was said to be a directory that is one.
#[test]
fn a_current_that_is_no_file_is_named() {
    let here = Scratch::new();
    fs::create_dir_all(here.path("log/current")).unwrap();
    here.write("other/current", "a\n");
    let seen = mlog(&here, &["-o", "none", "--prefix", "never", "log", "other"]);
    assert_eq!((seen.code, &*seen.stdout), (Some(2), &b"a\n"[..]));
    assert_eq!(seen.stderr, "mlog: warning: unable to read log/current: is a directory\n");
}

/// What follows the members of a gzip file was said to be near byte 0, and later near the end of the file.
#[test]
fn the_place_of_what_follows_gzip_is_said() {
    let here = Scratch::new();
    here.write("text", "a\n");
    let mut archive = Command::new("gzip").arg("-c").arg(here.path("text")).output().unwrap().stdout;
    archive.extend_from_slice(b"junk\n");
    fs::create_dir_all(here.path("log")).unwrap();
    fs::write(here.path(format!("log/{LABEL}01.s")), &archive).unwrap();
    let seen = mlog(&here, &["-o", "none", "log"]);
    assert_eq!((seen.code, &*seen.stdout), (Some(3), &b"a\n"[..]));
    let place = format!("near byte {}: something follows that is not gzip\n", archive.len() - 5);
    assert!(seen.stderr.ends_with(&place), "{}", seen.stderr);
}

/// Without standard output lines went to /dev/null, and the exit code was 0.
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let here = Scratch::new();
    here.write("log/current", "a\n");
    for options in [
        "log",
        "-c log",
        "-n1 log",
        "--reverse log",
        "-f log",
        "--cursor-file c log",
        "ls log",
        "verify log",
        "stat log",
    ] {
        for to in [">&-", ">/dev/full"] {
            let script = format!("exec {MLOG} {options} {to}");
            let seen = here.run(Path::new("/bin/sh"), &["-c", &script]).over("");
            let begins = seen.stderr.starts_with("mlog: fatal: unable to write output: ");
            assert!(seen.code == Some(111) && begins, "{options} {to}: {:?} {}", seen.code, seen.stderr);
        }
    }
    assert!(!here.path("c").exists() || fs::read_to_string(here.path("c")).unwrap().contains(" 0 0 "));
}

#[test]
fn a_script_is_explained_with_its_mistakes_and_nothing_is_opened() {
    let here = Scratch::new();
    let good = mlog(&here, &["explain", "multilog", "t", "-*", "+*fail*", "n20", "./main"]);
    assert!(good.stdout.starts_with(b"Each line is stamped with a TAI64N label"), "{good:?}");
    assert_eq!(good.code, Some(1), "a star is not what it looks like: {good:?}");
    assert_eq!(mlog(&here, &["explain", "t", "./main"]).code, Some(0));
    let refused = mlog(&here, &["explain", "compress=lz4", "./main"]);
    assert_eq!(
        (refused.code, &refused.stderr[..]),
        (Some(2), "mlog: fatal: multilog refuses compress=lz4: not gzip or zstd\n")
    );
    assert!(fs::read_dir(here.path(".")).unwrap().next().is_none());
}

/// The bytes of archives that a processor had compressed with xz were shown as lines.
#[test]
fn archives_of_other_compressors_are_named_with_the_command_that_reads_them() {
    let here = Scratch::new();
    fs::create_dir_all(here.path("log")).unwrap();
    let archives: [(&[u8], &str); 5] = [
        (b"\xfd7zXZ\0\0\x04 and so on\n", "xz -dc"),
        (b"BZh91AY&SY and so on\n", "bzip2 -dc"),
        (b"\x04\x22\x4d\x18 and so on\n", "lz4 -dc"),
        (b"LZIP\x01 and so on\n", "lzip -dc"),
        (b"\x1f\x9d and so on\n", "gzip -dc"),
    ];
    for (number, (bytes, _)) in archives.iter().enumerate() {
        fs::write(here.path(format!("log/{LABEL}0{number}.s")), bytes).unwrap();
    }
    // This is text.
    fs::write(here.path(format!("log/{LABEL}08.s")), "BZh9 is a word\n").unwrap();
    here.write("log/current", "LZIP is one, too\n");
    for options in [&["-o", "none", "log"][..], &["--reverse", "-o", "none", "log"], &["-c", "log"]] {
        let seen = mlog(&here, options);
        let lines = String::from_utf8_lossy(&seen.stdout).lines().count();
        assert_eq!((seen.code, lines), (Some(3), if options[0] == "-c" { 1 } else { 2 }), "{options:?}");
        for (number, (_, command)) in archives.iter().enumerate() {
            let words = format!("log/{LABEL}0{number}.s can't be read here, but by {command}\n");
            assert!(seen.stderr.contains(&words), "{}", seen.stderr);
        }
    }
    let seen = mlog(&here, &["ls", "log"]);
    assert!(String::from_utf8_lossy(&seen.stdout).contains(" xz not-read "), "{:?}", seen.stdout);
}

/// `mlog ls`, `mlog stat`, `mlog -c` and `mlog -o csv` wrote control characters to a terminal as they are.
#[test]
fn names_and_lines_are_escaped_on_a_terminal() {
    let Some(script) = program("script") else { return };
    let here = Scratch::new();
    here.write("a\u{1b}[31mlog/current", "a\u{1b}]0;b\n");
    here.write("log/current", "a\n");
    for (what, title, line) in [
        ("ls", "a\\u{1b}[31mlog:", ""),
        ("stat", "a\\u{1b}[31mlog:", ""),
        ("--color never", "a\\u{1b}[31mlog: ", "a\\u{1b}]0;b"),
        ("-c", "a\\u{1b}[31mlog: 1", ""),
        ("-o csv", ",a\\u{1b}[31mlog,", ",a\\u{1b}]0;b"),
        ("-o json", "\"a\\u001b[31mlog\"", "\"a\\u001b]0;b\""),
    ] {
        let command = format!("{} {what} 'a\u{1b}[31mlog' log", env!("CARGO_BIN_EXE_mlog"));
        let seen = here.run(&script, &["-qec", &command, "/dev/null"]).over("");
        let shown = String::from_utf8_lossy(&seen.stdout).into_owned();
        let is_right = shown.contains(title) && shown.contains(line) && !shown.contains('\u{1b}');
        assert!(is_right, "{what}: {shown:?}");
    }
}
