//! Following real loggers: nothing is lost, nothing comes twice, and where lines are gone that is said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking")]

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use harness::{Scratch, original, program, tool};

const MLOG: &str = env!("CARGO_BIN_EXE_mlog");

fn logger(here: &Scratch, program: &Path, script: &[&str]) -> Child {
    let mut command = Command::new(program);
    command.args(script).current_dir(here.path(".")).stdin(Stdio::piped()).stderr(Stdio::null());
    harness::spawn(&mut command)
}

fn follower(here: &Scratch, options: &[&str], output: Stdio) -> Child {
    let mut command = Command::new(MLOG);
    command.args(options).current_dir(here.path(".")).stdout(output).stderr(Stdio::piped());
    harness::spawn(&mut command)
}

/// A directory with an empty `current`, made by the logger itself.
fn made(program: &Path, script: &[&str]) -> Scratch {
    let here = Scratch::new();
    let mut child = logger(&here, program, script);
    drop(child.stdin.take());
    child.wait().unwrap();
    harness::until("current is there", || here.path("log/current").exists());
    here
}

fn text(from: usize, to: usize) -> String {
    (from..to).map(|number| format!("line {number} of a log that goes on and on\n")).collect()
}

/// Feeds lines in bursts, and waits for the logger's end.
fn feed(mut child: Child, lines: usize, burst: usize, pause: Duration) {
    let mut stdin = child.stdin.take().unwrap();
    for from in (0..lines).step_by(burst) {
        stdin.write_all(text(from, (from + burst).min(lines)).as_bytes()).unwrap();
        std::thread::sleep(pause);
    }
    drop(stdin);
    child.wait().unwrap();
}

/// Waits until a file holds this number of bytes, or has not grown for long.
fn until_full(path: &Path, size: usize) -> Vec<u8> {
    let begun = Instant::now();
    while fs::metadata(path).unwrap().len() < size as u64 && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    fs::read(path).unwrap()
}

fn end(mut child: Child) -> String {
    child.kill().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    said
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

/// Runs readers with a cursor, each killed after a moment, and the last one to its end.
fn killed_readers(here: &Scratch, mut random: u64, still_written: impl Fn() -> bool) -> String {
    let out = here.path("out");
    let open = || fs::OpenOptions::new().create(true).append(true).open(&out).unwrap();
    let options = ["-f", "-o", "none", "--cursor-file", "cursor", "log"];
    let (mut runs, mut said) = (0, String::new());
    while still_written() || runs < 10 {
        let child = follower(here, &options, open().into());
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis(20 + (random >> 33) % 200));
        said.push_str(&end(child));
        runs += 1;
    }
    let last = follower(here, &options[1..], open().into()).wait_with_output().unwrap();
    said + &String::from_utf8(last.stderr).unwrap()
}

#[test]
fn with_a_cursor_nothing_is_lost_and_nothing_comes_twice_whenever_the_reader_is_killed() {
    for script in [&["t", "s8192", "n400", "./log"][..], &["t", "s8192", "n400", "compress=zstd", "./log"]] {
        let here = made(&tool("multilog"), script);
        let child = logger(&here, &tool("multilog"), script);
        let feeder = std::thread::spawn(move || feed(child, 20_000, 40, Duration::from_millis(4)));
        let said = killed_readers(&here, 7, || !feeder.is_finished());
        feeder.join().unwrap();
        // What came after the last of them.
        let out = fs::OpenOptions::new().append(true).open(here.path("out")).unwrap();
        let options = ["-o", "none", "--cursor-file", "cursor", "log"];
        follower(&here, &options, out.into()).wait().unwrap();
        let got = fs::read(here.path("out")).unwrap();
        let expected = text(0, 20_000);
        let differs = got.iter().zip(expected.as_bytes()).position(|(a, b)| a != b);
        let around = differs
            .map(|at| String::from_utf8_lossy(&got[at.saturating_sub(200)..(at + 200).min(got.len())]));
        assert!(got == expected.as_bytes(), "{} of {} bytes: {said}{around:?}", got.len(), expected.len());
    }
}

/// With several directories the last second may come again.
#[test]
fn with_a_cursor_of_several_directories_nothing_is_lost_whenever_the_reader_is_killed() {
    let here = Scratch::new();
    let names = ["one", "two", "three"];
    let feeders = names.map(|name| {
        let child =
            logger(&here, &tool("multilog"), &["t", "s8192", "n400", "compress=gzip", &format!("./{name}")]);
        harness::until(name, || here.path(format!("{name}/current")).exists());
        std::thread::spawn(move || feed(child, 4_000, 40, Duration::from_millis(8)))
    });
    let options =
        ["-f", "-o", "none", "--prefix", "always", "--cursor-file", "cursor", "one", "two", "three"];
    let out = || fs::OpenOptions::new().create(true).append(true).open(here.path("out")).unwrap();
    let (mut random, mut said, mut runs) = (11u64, String::new(), 0);
    while runs < 6 || feeders.iter().any(|feeder| !feeder.is_finished()) {
        let child = follower(&here, &options, out().into());
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        std::thread::sleep(Duration::from_millis(20 + (random >> 33) % 200));
        said.push_str(&end(child));
        runs += 1;
    }
    feeders.into_iter().for_each(|feeder| feeder.join().unwrap());
    let last = follower(&here, &options[1..], out().into()).wait_with_output().unwrap();
    said.push_str(&String::from_utf8(last.stderr).unwrap());
    let got = fs::read_to_string(here.path("out")).unwrap();
    for name in names {
        let prefix = format!("{name}: line ");
        let number = |line: &str| line.split(' ').next().unwrap().parse::<usize>().unwrap();
        let numbers: Vec<usize> =
            got.lines().filter_map(|line| line.strip_prefix(&prefix)).map(number).collect();
        let unique: std::collections::BTreeSet<usize> = numbers.iter().copied().collect();
        assert!(unique.iter().copied().eq(0..4_000), "{name}: {} of 4000 came: {said}", unique.len());
        let back = numbers.windows(2).filter(|two| two[1] <= two[0]).count();
        assert!(back <= runs, "{name}: {back} repetitions in {runs} runs");
    }
}

fn cursor_run(here: &Scratch) -> (String, String, Option<i32>) {
    let output = Command::new(MLOG)
        .args(["-o", "none", "--cursor-file", "cursor", "log"])
        .current_dir(here.path("."))
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

fn archive(here: &Scratch, second: u64) -> PathBuf {
    here.path(format!("log/@{:024x}.s", ((1u128 << 62) + 10 + 1_795_000_000 + u128::from(second)) << 32))
}

#[test]
fn a_cursor_goes_on_where_it_was_through_rotation_and_says_what_became_of_its_place() {
    let here = Scratch::new();
    here.write("log/current", "a\nb\nhalf");
    assert_eq!(cursor_run(&here), ("a\nb\n".into(), String::new(), Some(0)));
    assert_eq!(cursor_run(&here), (String::new(), String::new(), Some(1)));
    here.write("log/current", "a\nb\nhalf a line\n");
    assert_eq!(cursor_run(&here).0, "half a line\n");
    // Rotated, compressed, and gone on with.
    let packed = Command::new("gzip").arg("-c").arg(here.path("log/current")).output().unwrap().stdout;
    fs::write(archive(&here, 1), packed).unwrap();
    here.write("log/current", "c\n");
    assert_eq!(cursor_run(&here), ("c\n".into(), String::new(), Some(0)));
    // What it stood in is gone.
    fs::rename(here.path("log/current"), archive(&here, 2)).unwrap();
    fs::remove_file(archive(&here, 1)).unwrap();
    fs::remove_file(archive(&here, 2)).unwrap();
    here.write("log/current", "e\n");
    fs::write(archive(&here, 4), "d\n").unwrap();
    let (out, said, code) = cursor_run(&here);
    assert_eq!((&*out, code), ("d\ne\n", Some(3)), "{said}");
    assert!(said.contains("log: lines may be missing"), "{said}");
    // The directory was made anew.
    fs::remove_dir_all(here.path("log")).unwrap();
    here.write("log/current", "new\n");
    let (out, said, code) = cursor_run(&here);
    assert_eq!((&*out, code), ("new\n", Some(3)));
    assert!(said.contains("another directory"), "{said}");
}

#[test]
fn what_is_no_cursor_is_refused_and_left_alone() {
    let here = Scratch::new();
    here.write("log/current", "a\n");
    here.write("cursor", "my diary\n");
    let (out, said, code) = cursor_run(&here);
    assert_eq!((&*out, &*said, code), ("", "mlog: fatal: cursor is not a cursor\n", Some(2)));
    assert_eq!(fs::read_to_string(here.path("cursor")).unwrap(), "my diary\n");
}

#[test]
fn a_current_that_is_truncated_or_replaced_is_said() {
    let here = Scratch::new();
    here.write("log/current", "a\nb\n");
    let out = here.path("out");
    let following = follower(&here, &["-f", "-o", "none", "log"], fs::File::create(&out).unwrap().into());
    let until = |text: &str| {
        harness::until(text, || fs::read_to_string(&out).unwrap().ends_with(text));
    };
    until("b\n");
    here.write("log/current", "c\n");
    until("c\n");
    here.write("log/new", "d\n");
    fs::rename(here.path("log/new"), here.path("log/current")).unwrap();
    until("d\n");
    let said = end(following);
    assert_eq!(fs::read_to_string(&out).unwrap(), "a\nb\nc\nd\n");
    assert_eq!(said.matches("log: lines may be missing").count(), 2, "{said}");
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

/// Rotates as loggers do, with a label of this second, and deletes what is older than the last archives.
fn rotate(here: &Scratch, directory: &str, second: u64, keep: usize) {
    let label = format!("@{:024x}.s", ((1u128 << 62) + 10 + 1_795_000_000 + u128::from(second)) << 32);
    fs::rename(here.path(format!("{directory}/current")), here.path(format!("{directory}/{label}"))).unwrap();
    here.write(&format!("{directory}/current"), "");
    let entries = fs::read_dir(here.path(directory)).unwrap();
    let mut names: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some()).collect();
    names.sort();
    let spare = names.len().saturating_sub(keep);
    names.drain(..spare).for_each(|name| fs::remove_file(name).unwrap());
}

fn stamped(second: u64, text: &str) -> String {
    format!("@{:024x} {text}\n", ((1u128 << 62) + 10 + 1_795_000_000 + u128::from(second)) << 32)
}

fn append(here: &Scratch, directory: &str, text: &str) {
    let mut current =
        fs::OpenOptions::new().append(true).open(here.path(format!("{directory}/current"))).unwrap();
    current.write_all(text.as_bytes()).unwrap();
}

/// A file system that uses the inode of a deleted file for the next one, as ext4 does.
#[test]
fn a_hundred_rotations_in_which_inodes_are_used_again() {
    use std::os::unix::fs::MetadataExt;
    let here = Scratch::new();
    here.write("log/current", "");
    let out = here.path("out");
    let following = follower(&here, &["-f", "-o", "none", "log"], fs::File::create(&out).unwrap().into());
    let mut inodes = std::collections::BTreeSet::new();
    let mut expected = String::new();
    for round in 0..120u64 {
        for number in 0..3 {
            let line = stamped(round * 10 + number, &format!("{round}.{number}"));
            append(&here, "log", &line);
            expected.push_str(&line[26..]);
        }
        harness::until("the lines of a round", || fs::metadata(&out).unwrap().len() == expected.len() as u64);
        inodes.insert(fs::metadata(here.path("log/current")).unwrap().ino());
        rotate(&here, "log", round * 10 + 5, 2);
    }
    let said = end(following);
    assert_eq!((fs::read_to_string(&out).unwrap(), said), (expected, String::new()));
    if inodes.len() > 60 {
        eprintln!("skipped: this file system does not use inodes again");
    }
}

/// Rounds of lines for two directories, one of which has a clock that steps back. `labels`: its labels go back with it, as
/// those of daemontools do, and not only its stamps. What came, and what was said.
fn rounds_of_two(labels: bool, with_cursor: bool) -> (String, String) {
    let here = Scratch::new();
    here.write("a/current", "");
    here.write("b/current", "");
    let out = here.path("out");
    let shown = ["-o", "none", "--prefix", "always", "a", "b"];
    let open = || fs::OpenOptions::new().create(true).append(true).open(&out).unwrap();
    let following = (!with_cursor).then(|| follower(&here, &[&["-f"], &shown[..]].concat(), open().into()));
    let (mut second, mut said) = ([9000u64, 9000], String::new());
    for round in 0..24 {
        for (at, directory) in ["a", "b"].into_iter().enumerate() {
            second[at] += 10;
            if at == 0 && round % 6 == 3 {
                second[at] -= 500;
            }
            append(&here, directory, &stamped(second[at], &format!("{round}")));
        }
        if round % 2 == 1 {
            let label = if labels { second[0] + 1 } else { 20_000 + round };
            rotate(&here, "a", label, 99);
            append(&here, "a", &stamped(second[0] + 2, &format!("{round} and more")));
        }
        let come = || fs::read_to_string(&out).unwrap().lines().count() as u64;
        let expected = 2 * (round + 1) + round.div_ceil(2);
        if with_cursor {
            let options = [&["--cursor-file", "cursor"], &shown[..]].concat();
            let ended = follower(&here, &options, open().into()).wait_with_output().unwrap();
            said.push_str(&String::from_utf8(ended.stderr).unwrap());
            assert_eq!(come(), expected, "round {round}: {said}");
        } else {
            harness::until("the lines of a round", || come() == expected);
        }
    }
    said.push_str(&following.map(end).unwrap_or_default());
    (fs::read_to_string(&out).unwrap(), said)
}

/// Within a directory and between directories. Where labels go back, a reader that comes again can't know what else came.
#[test]
fn a_clock_that_steps_back_costs_no_line() {
    for (labels, with_cursor) in [(false, false), (false, true), (true, false), (true, true)] {
        let (got, said) = rounds_of_two(labels, with_cursor);
        for directory in ["a: ", "b: "] {
            let lines = got.lines().filter_map(|line| line.strip_prefix(directory));
            let rounds: Vec<u32> =
                lines.map(|line| line.split(' ').next().unwrap().parse().unwrap()).collect();
            assert!(rounds.is_sorted() && rounds.last() == Some(&23), "{labels} {with_cursor}: {got}{said}");
        }
        let doubts = said.matches("a: lines may be missing").count();
        assert_eq!(doubts, said.lines().count(), "{said}");
        assert!(doubts == 0 || labels && with_cursor, "{labels} {with_cursor}: {said}");
    }
}

/// One of several directories is made anew: it is read from its start, and the others go on.
#[test]
fn a_directory_that_is_made_anew_under_a_cursor_of_several() {
    let here = Scratch::new();
    let read = || {
        let options = ["--cursor-file", "cursor", "-o", "none", "--prefix", "always", "a", "b"];
        let ended = follower(&here, &options, Stdio::piped()).wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (text(ended.stdout), text(ended.stderr), ended.status.code())
    };
    for directory in ["a", "b"] {
        here.write(&format!("{directory}/current"), stamped(10, "old"));
        rotate(&here, directory, 11, 9);
        append(&here, directory, &stamped(12, "current"));
    }
    assert_eq!(read().0.lines().count(), 4);
    fs::remove_dir_all(here.path("a")).unwrap();
    here.write("a/current", stamped(20, "new"));
    append(&here, "b", &stamped(20, "more"));
    let (out, said, code) = read();
    let mut lines: Vec<&str> = out.lines().collect();
    lines.sort_unstable();
    assert_eq!((&lines[..], code), (&["a: new", "b: more"][..], Some(3)), "{said}");
    assert!(said.contains("a is another directory than it was") && said.lines().count() == 1, "{said}");
    assert_eq!(read(), (String::new(), String::new(), Some(1)));
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

/// As daemontools' multilog names archives: by the clock, which steps back now and then.
#[test]
fn a_processor_that_changes_the_text_while_the_clock_steps_back_costs_no_line() {
    let here = Scratch::new();
    here.write("log/current", "");
    let out = here.path("out");
    let following = follower(&here, &["-f", "-o", "none", "log"], fs::File::create(&out).unwrap().into());
    let (mut second, mut expected) = (9000, String::new());
    let file = |name: &str| here.path(format!("log/{name}"));
    for round in 0..24 {
        second += 10;
        if round % 6 == 3 {
            second -= 500;
        }
        let line = stamped(second, &format!("{round}"));
        append(&here, "log", &line);
        expected.push_str(&line[26..]);
        harness::until("the line", || fs::read_to_string(&out).unwrap() == expected);
        fs::rename(file("current"), file("previous")).unwrap();
        let next = stamped(second + 2, &format!("{round} and more"));
        here.write("log/current", &next);
        here.write("log/processed", line.replace(" ", " changed "));
        fs::rename(file("processed"), file(&format!("{}.s", &stamped(second + 1, "")[..25]))).unwrap();
        fs::remove_file(file("previous")).unwrap();
        expected.push_str(&next[26..]);
        harness::until("the line behind it", || fs::read_to_string(&out).unwrap() == expected);
    }
    assert_eq!(end(following), "");
}
