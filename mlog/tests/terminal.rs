//! What is different on a terminal, and what the clock of a place shows twice or never.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking")]

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use harness::{Scratch, program};
use rustix::process::Signal;

const MLOG: &str = env!("CARGO_BIN_EXE_mlog");

#[test]
fn the_pager_is_for_a_terminal_and_only_where_it_is_asked_for() {
    let Some(script) = program("script") else { return };
    let here = Scratch::new();
    here.write("log/current", "a\nb\n");
    let on_terminal = |options: &str| {
        let command = format!("{MLOG} {options} log");
        let run = here.run(&script, &["-qec", &command, "/dev/null"]).with("PAGER", "sed s/^/paged:/");
        String::from_utf8(run.over("").stdout).unwrap().replace('\r', "")
    };
    assert_eq!(on_terminal(""), "a\nb\n");
    assert_eq!(on_terminal("--pager"), "paged:a\npaged:b\n");
    let seen = here.run(Path::new(MLOG), &["--pager", "log"]).with("PAGER", "sed s/^/paged:/").over("");
    assert_eq!((seen.code, &seen.stdout[..]), (Some(0), &b"a\nb\n"[..]));
}

/// Lines each ten minutes around the moment at which summer time ends, and one at which it begins.
#[test]
fn times_that_a_clock_shows_twice_or_never() {
    let here = Scratch::new();
    let line = |unix: u64| format!("@{:016x}00000000 x\n", (1u64 << 62) + 10 + unix);
    // From 2:00 to 2:50 twice, and 3:00.
    let autumn: String = (0..13).map(|number| line(1_792_886_400 + number * 600)).collect();
    here.write("autumn/current", autumn);
    // 1:50 and 3:00.
    here.write("spring/current", line(1_774_745_400) + &line(1_774_746_000));
    let count = |options: &[&str]| {
        let run = here.run(Path::new(MLOG), &[&["-c"], options].concat()).with("TZ", "Europe/Berlin");
        String::from_utf8(run.over("").stdout).unwrap().trim().parse::<u32>().unwrap()
    };
    assert_eq!(count(&["--since", "2026-10-25 02:30", "autumn"]), 10);
    assert_eq!(count(&["--until", "2026-10-25 02:30", "autumn"]), 10);
    assert_eq!(count(&["--since", "2026-03-29 02:30", "spring"]), 1);
    assert_eq!(count(&["--until", "2026-03-29 02:30", "spring"]), 2);
    assert_eq!(count(&["--until", "2026-03-29 01:59", "spring"]), 1);
}

#[test]
fn the_offset_of_labels_is_ten_seconds_or_with_leap_seconds() {
    let here = Scratch::new();
    here.write("log/current", format!("@{:016x}00000000 x\n", (1u64 << 62) + 1_792_886_437));
    for (offset, expected) in [("10", "2026-10-25 00:00:27"), ("leap", "2026-10-25 00:00:00")] {
        let seen = here.run(Path::new(MLOG), &["--tai-offset", offset, "-o", "utc", "log"]).over("");
        assert!(seen.stdout.starts_with(expected.as_bytes()), "{offset}: {seen:?}");
    }
}

/// A file of zeros that nobody waits for the end of.
#[test]
fn how_far_a_search_is_is_shown_on_a_terminal_and_nowhere_else() {
    let Some(script) = program("script") else { return };
    let here = Scratch::new();
    here.write("log/current", "");
    File::options().write(true).open(here.path("log/current")).unwrap().set_len(1 << 40).unwrap();
    let command = format!("exec {MLOG} -g x log >found");
    let mut running = here.run(&script, &["-qfc", &command, "seen"]).start();
    let seen = || fs::read_to_string(here.path("seen")).unwrap_or_default();
    running.until("a sign of progress", || seen().contains("MB read, "));
    running.signal(Signal::KILL);
    running.wait();
    let elsewhere = here.run(Path::new("/bin/sh"), &["-c", &format!("{command} 2>said")]).start();
    std::thread::sleep(Duration::from_secs(2));
    elsewhere.signal(Signal::KILL);
    elsewhere.wait();
    assert_eq!(fs::read_to_string(here.path("said")).unwrap(), "");
}
