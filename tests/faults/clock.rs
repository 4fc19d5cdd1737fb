//! Clocks that step, and archives from the future.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use harness::{LogView, Scratch, ours_only, tool};

use crate::storm::{end, start};

/// faketime works by preloading, so not on a program that is linked statically.
pub(crate) fn faketime() -> Option<PathBuf> {
    let path = PathBuf::from("/usr/bin/faketime");
    let dynamic = std::fs::read(tool("multilog"))
        .unwrap()
        .windows(10)
        .any(|part| part == b"ld-linux-x" || part == b"/ld-linux-");
    if path.exists() && dynamic {
        return Some(path);
    }
    eprintln!("skipped: no faketime, or a static program");
    None
}

fn lines(from: usize, to: usize) -> Vec<u8> {
    (from..to).flat_map(|n| format!("line {n:05} {}\n", "x".repeat(60)).into_bytes()).collect()
}

/// Runs with clocks that are off by what is said, one after the other; the newest lines are kept.
#[test]
fn a_clock_that_steps_between_runs() {
    let Some(faketime) = faketime() else { return };
    let here = Scratch::in_memory();
    for (round, offset) in ["+0d", "-1d", "+10y", "-1d", "-20y", "+1d"].iter().enumerate() {
        let (reader, mut writer) = harness::pipe().unwrap();
        let mut command = Command::new(&faketime);
        command.args(["-f", offset]).arg(tool("multilog")).args(["t", "s4096", "n4", "./main"]);
        command.current_dir(here.path(""));
        let mut logger = start(command, &reader);
        drop(reader);
        std::io::Write::write_all(&mut writer, &lines(round * 200, round * 200 + 200)).unwrap();
        drop(writer);
        assert!(end(&mut logger, Duration::from_secs(20)).is_some());
        let log = LogView::of(here.path("main")).unstamped();
        let all = lines(0, round * 200 + 200);
        assert!(all.ends_with(&log) && log.len() > 4000, "{offset}: {} bytes", log.len());
    }
}

/// Said at the start, and then not at every rotation. A clock that is a little behind is the rule after a step.
#[test]
fn a_clock_that_is_far_behind_is_said_once() {
    let Some(faketime) = faketime().filter(|_| ours_only("Labels and the clock")) else { return };
    for (ahead, said) in
        [("+0d", None), ("+30s", None), ("+90m", Some("90 minutes")), ("+400d", Some("400 days"))]
    {
        let here = Scratch::in_memory();
        let words =
            ["-f", ahead, tool("multilog").to_str().unwrap(), "s4096", "n4", "./main"].map(String::from);
        here.run(&faketime, &words).over(lines(0, 200)).quietly();
        let outcome = here.multilog(&["s4096", "n4", "./main"]).over(lines(200, 600));
        let expected = said.map_or(String::new(), |said| {
            // Less the time between the two.
            let said = said.replace("90 m", "89 m").replace("400", "399");
            format!(
                "multilog: warning: the clock is {said} behind the newest file in ./main, \
                 whose label is where labels go on\n"
            )
        });
        assert_eq!((outcome.code, outcome.stderr), (Some(0), expected), "{ahead}");
    }
}

/// The same within a run: the clock of the program follows a file.
#[test]
fn a_clock_that_steps_within_a_run() {
    if faketime().is_none() {
        return;
    }
    let here = Scratch::in_memory();
    let clock = here.write("clock", "+0d");
    let (reader, mut writer) = harness::pipe().unwrap();
    let mut command = Command::new(tool("multilog"));
    command.args(["t", "s4096", "n4", "./main"]).current_dir(here.path(""));
    // The program of that name would say one time for good.
    command.env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1").env("FAKETIME_TIMESTAMP_FILE", &clock);
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    let mut logger = start(command, &reader);
    drop(reader);
    let mut written = 0;
    for (offset, days) in [("+0d", 0), ("-1d", -1), ("+10y", 3650), ("+0d", 0), ("-3650d", -3650), ("+0d", 0)]
    {
        std::fs::write(&clock, offset).unwrap();
        std::io::Write::write_all(&mut writer, &lines(written, written + 200)).unwrap();
        written += 200;
        let begun = std::time::Instant::now();
        let newest = lines(written - 1, written);
        while !LogView::of(here.path("main")).unstamped().ends_with(&newest) {
            assert!(begun.elapsed() < Duration::from_secs(10), "{offset}: the newest line is not there");
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!((day_of_the_last_stamp(&here) - today() - days).abs() < 5, "{offset} is not the time");
    }
    drop(writer);
    assert!(end(&mut logger, Duration::from_secs(20)).is_some());
    let log = LogView::of(here.path("main")).unstamped();
    assert!(lines(0, written).ends_with(&log) && log.len() > 4000, "{} bytes", log.len());
}

/// Days since 1970 of the newest line.
fn day_of_the_last_stamp(here: &Scratch) -> i64 {
    let view = LogView::of(here.path("main"));
    let text = view.bytes();
    let line = text[..text.len() - 1].rsplit(|&byte| byte == b'\n').next().unwrap();
    tai64tools::Label::parse(&line[..25]).unwrap().unix_seconds() / 86400
}

fn today() -> i64 {
    tai64tools::Label::now().unix_seconds() / 86400
}

/// Two files in the same moment get two names. The original pauses for ever.
#[test]
fn a_clock_that_stands_still() {
    let Some(faketime) = faketime() else { return };
    let here = Scratch::in_memory();
    let (reader, mut writer) = harness::pipe().unwrap();
    let mut command = Command::new(&faketime);
    command.args(["-f", "2026-01-01 00:00:00"]).arg(tool("multilog")).args(["t", "s4096", "n100", "./main"]);
    command.current_dir(here.path(""));
    let mut logger = start(command, &reader);
    drop(reader);
    std::io::Write::write_all(&mut writer, &lines(0, 400)).unwrap();
    drop(writer);
    assert!(end(&mut logger, Duration::from_secs(5)).is_some());
    let view = LogView::of(here.path("main"));
    assert!(view.unstamped() == lines(0, 400) && view.archives.len() > 8);
}
