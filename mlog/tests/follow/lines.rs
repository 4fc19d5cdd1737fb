//! Every line of a running logger, to readers that keep up and to slow ones.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use harness::{Scratch, original, program, tool};

use crate::{end, feed, follower, logger, made, text};

/// Waits until a file holds this number of bytes, or has not grown for long.
fn until_full(path: &Path, size: usize) -> Vec<u8> {
    let begun = Instant::now();
    while fs::metadata(path).unwrap().len() < size as u64 && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    fs::read(path).unwrap()
}

/// However late the follower begins.
const FROM_THE_FIRST: &[&str] = &["-f", "-n", "4000", "-o", "none", "log"];

fn all_lines_come(program: &Path, script: &[&str]) {
    let here = made(program, script);
    let out = here.path("out");
    let following = follower(&here, FROM_THE_FIRST, fs::File::create(&out).unwrap().into());
    feed(logger(&here, program, script), 4000, 50, Duration::from_millis(2));
    let expected = text(0, 4000);
    let got = until_full(&out, expected.len());
    let said = end(following);
    assert!(got == expected.as_bytes(), "{script:?}: {}: {said}", difference(&got, expected.as_bytes()));
    assert_eq!(said, "", "{script:?}");
}

/// Where two texts part, and what they say there.
fn difference(got: &[u8], expected: &[u8]) -> String {
    let same = got.iter().zip(expected).take_while(|(got, expected)| got == expected).count();
    let near = |text: &[u8]| {
        let near = &text[same.saturating_sub(100).min(text.len())..(same + 400).min(text.len())];
        String::from_utf8_lossy(near).into_owned()
    };
    let (ours, theirs) = (near(got), near(expected));
    format!("{} bytes of {}, another from {same} on: {ours:?} and not {theirs:?}", got.len(), expected.len())
}

#[test]
fn all_lines_come_through_rotation_sealing_and_compression() {
    let ours = tool("multilog");
    for script in [
        &["t", "s4096", "n400", "./log"][..],
        &["s4096", "n400", "./log"],
        &["t", "s4096", "n400", "compress=zstd", "./log"],
        &["t", "s4096", "n400", "compress=gzip", "./log"],
        &["t", "s4096", "n400", "!gzip", "./log"],
    ] {
        all_lines_come(&ours, script);
    }
}

#[test]
fn all_lines_come_of_other_loggers() {
    if let Some(multilog) = original("multilog") {
        all_lines_come(&multilog, &["t", "s4096", "n400", "./log"]);
        all_lines_come(&multilog, &["t", "s4096", "n400", "!gzip", "./log"]);
    }
    if let Some(s6) = program("s6-log") {
        all_lines_come(&s6, &["t", "s4096", "n400", "./log"]);
        all_lines_come(&s6, &["T", "s4096", "n400", "./log"]);
    }
    if let Some(svlogd) = program("svlogd") {
        let here = Scratch::new();
        here.write("log/config", "s4096\nn400\n");
        here.write("log/current", "");
        let out = here.path("out");
        let following = follower(&here, FROM_THE_FIRST, fs::File::create(&out).unwrap().into());
        feed(logger(&here, &svlogd, &["-tt", "./log"]), 4000, 50, Duration::from_millis(2));
        let got = until_full(&out, text(0, 4000).len());
        assert_eq!((got == text(0, 4000).as_bytes(), end(following)), (true, String::new()));
    }
}

/// What a consumer gets that takes 16 kB every 50 milliseconds.
fn slowly(mut child: Child, enough: impl Fn(&[u8]) -> bool) -> (String, String, Option<i32>) {
    let mut stdout = child.stdout.take().unwrap();
    let (mut all, mut piece) = (Vec::new(), vec![0; 16_000]);
    while !enough(&all) {
        let got = stdout.read(&mut piece).unwrap();
        all.extend_from_slice(&piece[..got]);
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(stdout);
    let code = child.wait().unwrap().code();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    (String::from_utf8(all).unwrap(), said, code)
}

/// Also where the archive in which the reader stands is replaced by its compressed form, or by what a processor makes of it.
#[test]
fn a_slow_consumer_gets_every_line_that_is_still_there() {
    for how in ["", "compress=zstd", "compress=gzip", "!gzip"] {
        let script: Vec<&str> =
            ["t", "s16384", "n400", how, "./log"].into_iter().filter(|word| !word.is_empty()).collect();
        let here = made(&tool("multilog"), &script);
        let following = follower(&here, &["-f", "-o", "none", "log"], Stdio::piped());
        harness::until_it_rests(following.id());
        feed(logger(&here, &tool("multilog"), &script), 20_000, 1000, Duration::ZERO);
        let expected = text(0, 20_000);
        let (got, said, _) = slowly(following, |all| all.len() >= expected.len());
        assert_eq!((got == expected, &*said), (true, ""), "{how}: {} lines", got.lines().count());
    }
}

/// In a directory in which nothing was before the reader, and with a logger that spares what it seals.
#[test]
fn where_lines_are_gone_the_gap_is_said_with_its_bounds() {
    for script in [
        &["t", "s16384", "n3", "./log"][..],
        &["t", "s4096", "n2", "./log"],
        &["t", "s4096", "n3", "compress=zstd", "./log"],
    ] {
        each_gap_is_said(script);
    }
}

fn each_gap_is_said(script: &[&str]) {
    let here = made(&tool("multilog"), script);
    let following = follower(&here, &["-f", "-n", "0", "-o", "tai64n", "log"], Stdio::piped());
    harness::until_it_rests(following.id());
    feed(logger(&here, &tool("multilog"), script), 20_000, 1000, Duration::from_millis(5));
    let last = "line 19999 of a log that goes on and on\n";
    let (got, said, code) = slowly(following, |all| all.ends_with(last.as_bytes()));
    let lines: Vec<(&str, usize)> =
        got.lines().map(|line| (&line[..25], line.split(' ').nth(2).unwrap().parse().unwrap())).collect();
    let gaps: Vec<String> = lines
        .windows(2)
        .filter(|pair| pair[1].1 != pair[0].1 + 1)
        .map(|pair| {
            assert!(pair[1].1 > pair[0].1, "lines come again: {pair:?}");
            format!("after {} before {}", pair[0].0, pair[1].0)
        })
        .collect();
    assert!(!gaps.is_empty() && lines.len() < 20_000, "{}", lines.len());
    for gap in &gaps {
        assert!(said.contains(gap), "{gap} is not in {said}");
    }
    assert_eq!(code, Some(3), "{said}");
}

#[test]
fn inodes_that_are_used_again_confuse_nobody() {
    let script = ["t", "s4096", "n3", "./log"];
    let here = made(&tool("multilog"), &script);
    let out = here.path("out");
    let following = follower(&here, FROM_THE_FIRST, fs::File::create(&out).unwrap().into());
    feed(logger(&here, &tool("multilog"), &script), 8000, 20, Duration::from_millis(2));
    harness::until("the last line", || fs::read(&out).unwrap().ends_with(text(7999, 8000).as_bytes()));
    let said = end(following);
    let got = String::from_utf8(fs::read(&out).unwrap()).unwrap();
    let numbers: Vec<usize> =
        got.lines().map(|line| line.split(' ').nth(1).unwrap().parse().unwrap()).collect();
    let jumps = numbers.windows(2).filter(|pair| pair[1] != pair[0] + 1).count();
    assert!(numbers.windows(2).all(|pair| pair[1] > pair[0]));
    assert!(said.lines().count() >= jumps, "{jumps} jumps: {said}");
}

#[test]
fn a_follower_ends_quietly_when_nobody_reads_any_more() {
    let here = Scratch::new();
    here.write("log/current", "a\n");
    let mut following = follower(&here, &["-f", "-o", "none", "log"], Stdio::piped());
    let mut byte = [0];
    following.stdout.as_mut().unwrap().read_exact(&mut byte).unwrap();
    drop(following.stdout.take());
    let output = following.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
}

#[test]
fn following_takes_the_last_ten_lines_first_and_patterns_and_context_as_they_come() {
    let here = Scratch::new();
    here.write("log/current", text(0, 30));
    let out = here.path("out");
    let options = ["-f", "-g", " 2[0-9] |new", "-C", "1", "-o", "none", "-n", "1", "log"];
    let following = follower(&here, &options, fs::File::create(&out).unwrap().into());
    harness::until("the last line", || fs::read_to_string(&out).unwrap().contains("line 29"));
    let mut current = fs::OpenOptions::new().append(true).open(here.path("log/current")).unwrap();
    current.write_all(b"x\ny\nnew\nz\nw\n").unwrap();
    harness::until("the new line", || fs::read_to_string(&out).unwrap().ends_with("z\n"));
    end(following);
    assert_eq!(fs::read_to_string(&out).unwrap(), text(28, 30) + "y\nnew\nz\n");
}

/// As one behind a pager that nobody pages on.
#[test]
fn a_reader_that_is_stopped_keeps_one_deleted_file_at_most() {
    let script = ["t", "s4096", "n3", "./log"];
    let here = made(&tool("multilog"), &script);
    let following = follower(&here, &["-f", "-o", "none", "log"], Stdio::piped());
    feed(logger(&here, &tool("multilog"), &script), 20_000, 1000, Duration::from_millis(5));
    let descriptors = fs::read_dir(format!("/proc/{}/fd", following.id())).unwrap();
    let opened: Vec<PathBuf> =
        descriptors.filter_map(|one| fs::read_link(one.unwrap().path()).ok()).collect();
    let deleted = opened.iter().filter(|path| path.to_string_lossy().ends_with("(deleted)")).count();
    assert!(deleted <= 1 && opened.len() < 17, "{opened:?}");
    end(following);
}

/// The follower takes its lines from `current` or from the archive, whichever is there when it looks.
#[test]
fn a_processor_that_changes_the_text_costs_no_line() {
    for processor in ["!sed s/line/LINE/", "!sed s/log/changed/"] {
        let script = ["t", "s4096", "n400", processor, "./log"];
        let here = made(&tool("multilog"), &script);
        let out = here.path("out");
        let following = follower(&here, FROM_THE_FIRST, fs::File::create(&out).unwrap().into());
        feed(logger(&here, &tool("multilog"), &script), 4000, 50, Duration::from_millis(2));
        let got = || fs::read_to_string(&out).unwrap();
        harness::until("the last line", || got().contains("3999 of"));
        let said = end(following);
        let numbers =
            got().lines().map(|line| line.split(' ').nth(1).unwrap().parse().unwrap()).collect::<Vec<u32>>();
        assert!(numbers == (0..4000).collect::<Vec<_>>(), "{processor}: {} lines: {said}", numbers.len());
        assert_eq!(said, "", "{processor}");
    }
}
