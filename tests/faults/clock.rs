//! Clocks that step, and archives from the future.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use harness::{LogView, Scratch, tool};

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
        let (reader, mut writer) = std::io::pipe().unwrap();
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

/// The same within a run: the clock of the program follows a file.
#[test]
fn a_clock_that_steps_within_a_run() {
    let Some(faketime) = faketime() else { return };
    let here = Scratch::in_memory();
    let clock = here.write("clock", "+0d");
    let (reader, mut writer) = std::io::pipe().unwrap();
    let mut command = Command::new(&faketime);
    command.arg("now").arg(tool("multilog")).args(["t", "s4096", "n4", "./main"]).current_dir(here.path(""));
    command.env("FAKETIME_TIMESTAMP_FILE", &clock).env("FAKETIME_NO_CACHE", "1").env_remove("FAKETIME");
    let mut logger = start(command, &reader);
    drop(reader);
    let mut written = 0;
    for offset in ["+0d", "-1d", "+10y", "+0d", "-3650d", "+0d"] {
        std::fs::write(&clock, offset).unwrap();
        std::io::Write::write_all(&mut writer, &lines(written, written + 200)).unwrap();
        written += 200;
        let begun = std::time::Instant::now();
        let newest = lines(written - 1, written);
        while !LogView::of(here.path("main")).unstamped().ends_with(&newest) {
            assert!(begun.elapsed() < Duration::from_secs(10), "{offset}: the newest line is not there");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
    drop(writer);
    assert!(end(&mut logger, Duration::from_secs(20)).is_some());
    let log = LogView::of(here.path("main")).unstamped();
    assert!(lines(0, written).ends_with(&log) && log.len() > 4000, "{} bytes", log.len());
}

/// Two files in the same moment get two names. The original pauses for ever.
#[test]
fn a_clock_that_stands_still() {
    let Some(faketime) = faketime() else { return };
    let here = Scratch::in_memory();
    let (reader, mut writer) = std::io::pipe().unwrap();
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
