//! Directories that are rotated, cut or replaced by hand, with clocks that step back and inodes that are used again.

use std::fs;

use harness::Scratch;

use crate::{append, end, follower, rotate, stamped};

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

/// As daemontools' multilog names archives: by the clock, which steps back now and then, and when `previous` has gone.
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
        fs::remove_file(file("previous")).unwrap();
        fs::rename(file("processed"), file(&format!("{}.s", &stamped(second + 1, "")[..25]))).unwrap();
        expected.push_str(&next[26..]);
        harness::until("the line behind it", || fs::read_to_string(&out).unwrap() == expected);
    }
    assert_eq!(end(following), "");
}
