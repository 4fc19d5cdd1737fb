//! Input that can't be read, output that can't be written, and readers that go away.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Seek;
use std::path::Path;

use harness::{Outcome, Scratch, is_original, ours_only, strace, tool};

const TOOLS: [&str; 3] = ["tai64n", "tai64nlocal", "tai64nfrac"];

/// Those that the package under test has.
fn tools() -> &'static [&'static str] {
    if is_original() { &TOOLS[..2] } else { &TOOLS }
}

/// Runs a line of shell with the tool as `$0`.
fn shell(here: &Scratch, name: &str, line: &str) -> Outcome {
    let program = tool(name);
    here.run(Path::new("/bin/sh"), &["-c".as_ref(), line.as_ref(), program.as_os_str()]).over("")
}

#[test]
fn what_cannot_be_read_or_written_is_111() {
    let here = Scratch::new();
    for name in tools() {
        for line in ["$0 </", "$0 <&-", "echo line | $0 >/dev/full", "echo line | $0 >&-"] {
            assert_eq!(shell(&here, name, line).code, Some(111), "{name}: {line}");
        }
    }
}

/// The original exits without a word.
#[test]
fn what_cannot_be_read_or_written_is_said() {
    if ours_only("Failures of the TAI64 tools") {
        let here = Scratch::new();
        here.write("long", "@4000000037c219bf2ef02e94 a line\n".repeat(60_000));
        for name in TOOLS {
            for (line, words) in [
                ("$0 </", "unable to read input: is a directory"),
                ("$0 <&-", "unable to read input: file descriptor not open"),
                ("echo line | $0 >/dev/full", "unable to write output: out of disk space"),
                ("echo line | $0 >&-", "unable to write output: file descriptor not open"),
                ("$0 <long >/dev/full", "unable to write output: out of disk space"),
                ("$0 <long >&-", "unable to write output: file descriptor not open"),
                ("ulimit -f 1; $0 <long >limited", "unable to write output: file too big"),
            ] {
                let outcome = shell(&here, name, line);
                assert_eq!(outcome.stderr, format!("{name}: fatal: {words}\n"), "{line}");
                assert_eq!(outcome.code, Some(111), "{line}");
            }
        }
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    if ours_only("Failures of the TAI64 tools") {
        let here = Scratch::new();
        let lines = here.write("lines", "@4000000037c219bf2ef02e94 a line\n".repeat(100_000));
        for name in TOOLS {
            let (reader, writer) = harness::pipe().unwrap();
            drop(reader);
            let input = File::open(&lines).unwrap();
            here.run(&tool(name), &[] as &[&str]).from(input).writing_to(writer).start().wait().quietly();
        }
    }
}

/// Whether another thread has read it or not.
#[test]
fn what_was_read_before_a_failure_is_written() {
    let Some(strace) = strace() else { return };
    if !ours_only("Failures of the TAI64 tools") {
        return;
    }
    let here = Scratch::new();
    let line = "@4000000037c219bf2ef02e94 a line\n";
    for lines in [30_000, 60_000] {
        let file = here.write("lines", line.repeat(lines));
        let words = ["-f", "-qq", "-o", "/dev/null", "-e", "inject=read:error=EIO:when=3+", "-P"];
        for name in TOOLS {
            let (mut input, program) = (File::open(&file).unwrap(), tool(name));
            let words = words.iter().map(OsStr::new).chain([file.as_os_str(), program.as_os_str()]);
            let run = here.run(&strace, &words.collect::<Vec<_>>());
            let outcome = run.from(input.try_clone().unwrap()).start().wait();
            assert_eq!(outcome.stderr, format!("{name}: fatal: unable to read input: input/output error\n"));
            assert_eq!(outcome.code, Some(111));
            let read = usize::try_from(input.stream_position().unwrap()).unwrap();
            let ends = outcome.stdout.iter().filter(|&&byte| byte == b'\n').count();
            assert_eq!(ends, read / line.len(), "{name}, {lines} lines");
        }
    }
}

/// A long file is read ahead and written in blocks, a pipe piece by piece.
#[test]
fn a_long_file_gives_what_a_pipe_gives() {
    let here = Scratch::new();
    let line =
        |n: u64| format!("@{:016x}{:08x} line {n}\n", tai64tools::label::EPOCH + n / 7, n % 1_000_000_000);
    let lines: String = (0..100_000).map(|n| line(n * 7919)).collect::<String>() + "an end without newline";
    let file = here.write("lines", &lines);
    for name in &tools()[1..] {
        let whole = || here.run(&tool(name), &[] as &[&str]).with("TZ", "Europe/Berlin");
        let from_file = whole().from(File::open(&file).unwrap()).start().wait().quietly().stdout;
        assert!(from_file == whole().over(&lines).quietly().stdout, "{name}");
        assert!(from_file.ends_with(b"an end without newline"));
    }
    let stamped = here.run(&tool("tai64n"), &[] as &[&str]).from(File::open(&file).unwrap()).start();
    let stamped = stamped.wait().quietly().stdout;
    let cut = stamped.split_inclusive(|&byte| byte == b'\n').flat_map(|line| &line[26..]);
    assert!(cut.eq(lines.as_bytes()));
}
