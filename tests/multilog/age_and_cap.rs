//! Archives that go by their age, and by the bytes of all files.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use harness::{LogView, Scratch, ours_only, strace, tool, until};
use tai64tools::Label;

const HEADING: &str = "Retention by age and size";
const DAY: u64 = 86_400;

fn lines(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("{n:059}\n")).collect()
}

/// An archive with a label that is this many seconds old.
fn archive(here: &Scratch, seconds: u64) -> PathBuf {
    labelled(here, SystemTime::now() - Duration::from_secs(seconds))
}

fn labelled(here: &Scratch, moment: SystemTime) -> PathBuf {
    let label = String::from_utf8(Label::from(moment).text().to_vec()).unwrap();
    here.write(&format!("main/{label}.s"), "an archive\n")
}

fn archives(here: &Scratch) -> usize {
    LogView::of(here.path("main")).archives.len()
}

/// How many bytes the archives and `current` have.
fn bytes(directory: &Path) -> u64 {
    let files = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    let counted = files.filter(|file| {
        let name = file.file_name().into_string().unwrap();
        name == "current" || name.starts_with('@')
    });
    // A file may have gone meanwhile.
    counted.filter_map(|file| Some(file.metadata().ok()?.len())).sum()
}

/// faketime works by preloading, so not on a program that is linked statically.
fn faketime() -> Option<PathBuf> {
    let program = std::fs::read(tool("multilog")).unwrap();
    let is_dynamic = program.windows(10).any(|part| part == b"ld-linux-x" || part == b"/ld-linux-");
    Some(PathBuf::from("/usr/bin/faketime")).filter(|path| path.exists() && is_dynamic)
}

#[test]
fn archives_go_by_their_age_while_no_line_comes() {
    if !ours_only(HEADING) {
        return;
    }
    let here = Scratch::new();
    here.multilog(&["./main"]).over("").quietly();
    let (older, newer) = (archive(&here, 57), archive(&here, 20));
    let mut running = here.multilog(&["age=1m", "./main"]).start();
    running.until("the older one goes", || !older.exists());
    assert!(newer.exists());
    running.end().quietly();
    assert!(newer.exists());
}

#[test]
fn what_a_start_makes_due_stays_for_an_hour_that_survives_restarts() {
    if !ours_only(HEADING) {
        return;
    }
    let here = Scratch::new();
    here.multilog(&["./main"]).over("").quietly();
    for seconds in [3 * DAY, 2 * DAY, DAY, 60] {
        archive(&here, seconds);
    }
    let hold = here.path("main/.age-hold");
    let start = |input: &str| here.multilog(&["s4096", "age=1h", "./main"]).over(input).quietly();
    for round in 1..4 {
        // Also when files are rotated meanwhile.
        start(&lines(0, 100));
        assert!(archives(&here) > 3 + round, "in round {round}");
    }
    let began = std::fs::read(&hold).unwrap();
    start("");
    assert_eq!(std::fs::read(&hold).unwrap(), began, "the hour is the same");
    // The hour began longer ago, before the machine was restarted.
    let label = Label::from(SystemTime::now() - Duration::from_secs(3601)).text();
    std::fs::write(&hold, [&label[..], b" 99999999999 another\n"].concat()).unwrap();
    let before = archives(&here);
    start("");
    assert_eq!(archives(&here), before - 3);
    start("");
    assert!(!hold.exists());
}

#[test]
fn the_oldest_goes_at_once_when_it_alone_is_due() {
    if !ours_only(HEADING) {
        return;
    }
    let here = Scratch::new();
    here.multilog(&["./main"]).over("").quietly();
    // The label stays ahead after a clock that was.
    let ahead = labelled(&here, UNIX_EPOCH + Duration::from_secs(200 * 365 * DAY));
    let changed = SystemTime::now() - Duration::from_secs(3 * DAY);
    File::options().write(true).open(&ahead).unwrap().set_modified(changed).unwrap();
    let outcome = here.multilog(&["age=2d", "./main"]).over("");
    assert_eq!(outcome.code, Some(0));
    assert!(!ahead.exists());
    let old = archive(&here, 3 * DAY);
    here.multilog(&["age=2d", "./main"]).over("").quietly();
    assert!(!old.exists() && !here.path("main/.age-hold").exists());
}

#[test]
fn a_clock_that_is_ahead_deletes_nothing_for_an_hour() {
    let Some(faketime) = faketime().filter(|_| ours_only(HEADING)) else { return };
    let here = Scratch::new();
    here.multilog(&["s4096", "n100", "./main"]).over(lines(0, 300)).quietly();
    let before = archives(&here);
    let multilog = tool("multilog");
    for offset in ["+40d", "+3000d", "+40d"] {
        let words = ["-f", offset, multilog.to_str().unwrap(), "s4096", "age=30d", "./main"];
        here.run(&faketime, &words).over("").quietly();
        assert_eq!(archives(&here), before, "{offset}");
        assert!(here.path("main/.age-hold").exists());
    }
    // The clock is right again.
    here.multilog(&["s4096", "age=30d", "./main"]).over("").quietly();
    assert!(archives(&here) == before && !here.path("main/.age-hold").exists());
}

#[test]
fn a_directory_stays_below_its_cap() {
    if !ours_only(HEADING) {
        return;
    }
    let all = lines(0, 2000);
    // A file has about 2100 bytes.
    for (words, expected) in [
        (&["cap=20k"][..], 8..10),
        (&["cap=20k", "n3"], 2..3),
        (&["cap=20k", "n100"], 8..10),
        (&["cap=20k", "age=1d"], 8..10),
        (&["cap=20k", "compress=gzip"], 10..60),
        (&["cap=20k", "!cat"], 8..10),
    ] {
        let here = Scratch::new();
        let words = [&["s4096"], words, &["./main"]].concat();
        here.multilog(&words).over(&all).quietly();
        let (bytes, archives) = (bytes(&here.path("main")), archives(&here));
        assert!(bytes <= 20 << 10, "{words:?}: {bytes}");
        assert!(expected.contains(&archives), "{words:?}: {archives}");
        if !words.contains(&"compress=gzip") {
            assert!(all.ends_with(&LogView::of(here.path("main")).text()));
        }
    }
}

/// The number of files is not limited then, and a lower cap counts at the next start, also without a line.
#[test]
fn a_lower_cap_counts_at_the_start() {
    if !ours_only(HEADING) {
        return;
    }
    let here = Scratch::new();
    let all = lines(0, 30_000);
    here.multilog(&["s4096", "cap=3M", "./main"]).over(&all).quietly();
    // More than go at once.
    assert!(archives(&here) > 500);
    let running = here.multilog(&["s4096", "cap=10k", "./main"]).start();
    until("the others are gone", || bytes(&here.path("main")) <= 10 << 10);
    running.end().quietly();
    assert!(all.ends_with(&LogView::of(here.path("main")).text()));
}

#[test]
fn what_can_t_be_understood_is_a_misuse_and_nothing_is_opened() {
    if !ours_only(HEADING) {
        return;
    }
    for (words, argument, allowed) in [
        (&["age=30"][..], "age=30", "30d"),
        (&["age=59s"], "age=59s", "a minute or more"),
        (&["cap=10T"], "cap=10T", "10G"),
        (&["cap="], "cap=", "4096 or more"),
        (&["cap=50k"], "./main", "s99999"),
    ] {
        let here = Scratch::new();
        let outcome = here.multilog(&[words, &["./main"]].concat()).over("");
        assert_eq!(outcome.code, Some(100), "{outcome:?}");
        let said = outcome.stderr;
        assert!(said.contains(&format!("{argument}: ")) && said.contains(allowed), "{said}");
        assert!(said.lines().count() == 1 && !here.path("main").exists());
    }
}

/// A look at each archive at the start, where `cap=` asks for that, and then a number of calls for each rotation that is
/// the same however many there are.
#[test]
fn many_archives_cost_nothing_at_a_rotation() {
    let Some(strace) = strace().filter(|_| ours_only(HEADING)) else { return };
    let calls = |script: &[&str], archives: u64, rotations: usize| {
        let here = Scratch::in_memory();
        here.multilog(&["./main"]).over("").quietly();
        for second in 0..archives {
            labelled(&here, SystemTime::now() - Duration::from_secs(1000 + second));
        }
        let multilog = tool("multilog");
        let words = ["-f", "-o", "calls", multilog.to_str().unwrap(), "s4096"];
        let input = lines(0, rotations * 35);
        here.run(&strace, &[&words[..], script, &["./main"]].concat()).over(input).quietly();
        let trace = std::fs::read_to_string(here.path("calls")).unwrap();
        trace.lines().filter(|line| line.contains("stat") && !line.contains("resumed")).count()
    };
    for (script, at_start) in [(&["age=1d"][..], 0), (&["cap=1G"], 3000), (&["age=1d", "cap=1G"], 3000)] {
        let few = calls(script, 10, 60);
        let many = calls(script, 3000, 60);
        assert!(many <= few + at_start + 100, "{script:?}: {few} and {many}");
        let longer = calls(script, 3000, 120);
        assert!(longer <= many + 60 * 12, "{script:?}: {many} and {longer}");
    }
}
