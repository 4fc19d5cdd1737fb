//! A cursor: where a reader goes on after it was killed, or ended.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::{Scratch, tool};

use crate::{MLOG, append, end, feed, follower, logger, made, rotate, stamped, text};

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
