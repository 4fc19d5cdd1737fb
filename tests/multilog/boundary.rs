//! `rotate=`: files are rotated at boundaries of local time.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use harness::{LogView, Run, Running, Scratch, ours_only, strace, tool, wakeups};
use tai64tools::Label;

const HEADING: &str = "Rotation by time";
/// 2026-11-25 23:00:00 UTC, which is midnight in Berlin.
const MIDNIGHT: i64 = 1_795_647_600;

/// faketime works by preloading, so not on a program that is linked statically.
fn can_fake() -> bool {
    let text = std::fs::read(tool("multilog")).unwrap();
    let dynamic = text.windows(9).any(|part| part == b"ld-linux-");
    if dynamic && Path::new("/usr/bin/faketime").exists() {
        return true;
    }
    eprintln!("skipped: no faketime, or a static program");
    false
}

/// A clock that can be set.
fn on_a_clock(here: &Scratch, run: Run) -> Run {
    let clock = here.path("clock");
    run.with("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1")
        .with("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap())
        .with("FAKETIME_NO_CACHE", "1")
        .with("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

fn set_clock(here: &Scratch, to: i64) {
    here.write("clock.new", format!("{:+}", to - Label::now().unix_seconds()));
    std::fs::rename(here.path("clock.new"), here.path("clock")).unwrap();
}

/// Logs a line at a time, and waits until `current` is what it has to be.
fn log(here: &Scratch, running: &mut Running, time: i64, line: &str, current: &str) {
    set_clock(here, time);
    running.write(line.as_bytes());
    let is_there = || LogView::of(here.path("main")).current() == current.as_bytes();
    running.until(&format!("{current:?} after {line:?}"), is_there);
}

#[test]
fn lines_of_after_midnight_are_in_a_new_file_wherever_the_clock_goes() {
    if !ours_only(HEADING) || !can_fake() {
        return;
    }
    let berlin =
        ["Europe/Berlin", "Asia/Kolkata"].map(|zone| Path::new("/usr/share/zoneinfo").join(zone).exists());
    let zones = [
        ("CET-1CEST,M3.5.0,M10.5.0/3", MIDNIGHT, true),
        ("Europe/Berlin", MIDNIGHT, berlin[0]),
        (":Asia/Kolkata", MIDNIGHT - 16_200, berlin[1]),
        ("", MIDNIGHT + 3600, true),
    ];
    for (zone, midnight, _) in zones.into_iter().filter(|(.., is_known)| *is_known) {
        let here = Scratch::new();
        set_clock(&here, midnight - 10);
        let run = here.multilog(&["n100", "rotate=1d", "./main"]).with("TZ", zone);
        let mut running = on_a_clock(&here, run).start();
        log(&here, &mut running, midnight - 5, "a\n", "a\n");
        log(&here, &mut running, midnight + 5, "b\n", "b\n");
        // Back over midnight, and to it again.
        log(&here, &mut running, midnight - 7200, "c\n", "b\nc\n");
        log(&here, &mut running, midnight + 60, "d\n", "b\nc\nd\n");
        // Far back, and to it again.
        log(&here, &mut running, midnight - 3 * 86_400 - 60, "far\n", "b\nc\nd\nfar\n");
        log(&here, &mut running, midnight + 61, "d2\n", "b\nc\nd\nfar\nd2\n");
        // Over several days.
        log(&here, &mut running, midnight + 5 * 86_400 + 60, "e\n", "e\n");
        log(&here, &mut running, midnight + 6 * 86_400 - 60, "f\n", "e\nf\n");
        running.end().quietly();
        let view = LogView::of(here.path("main"));
        let archives: Vec<&[u8]> = view.archives.iter().map(|file| &file.2[..]).collect();
        assert_eq!(archives, [&b"a\n"[..], b"b\nc\nd\nfar\nd2\n"], "{zone}");
        // A restart after a step back knows the boundary that was the last.
        set_clock(&here, midnight + 5 * 86_400 - 600);
        let run = here.multilog(&["n100", "rotate=1d", "./main"]).with("TZ", zone);
        let mut running = on_a_clock(&here, run).start();
        log(&here, &mut running, midnight + 5 * 86_400 - 500, "g\n", "e\nf\ng\n");
        log(&here, &mut running, midnight + 5 * 86_400 + 60, "h\n", "e\nf\ng\nh\n");
        log(&here, &mut running, midnight + 6 * 86_400 + 60, "i\n", "i\n");
        // It says that the clock was behind the newest label.
        assert_eq!(running.end().code, Some(0));
    }
}

fn archives(here: &Scratch) -> Vec<Vec<u8>> {
    LogView::of(here.path("main")).archives.into_iter().map(|file| file.2).collect()
}

#[test]
fn a_file_is_rotated_when_no_line_comes_and_an_empty_one_is_not() {
    if ours_only(HEADING) {
        let here = Scratch::new();
        let mut running = here.multilog(&["rotate=1s", "./main"]).start();
        for number in 1..3 {
            running.write(b"line\n");
            running.until("the rotation", || archives(&here).len() == number);
        }
        std::thread::sleep(Duration::from_millis(2100));
        running.end().quietly();
        assert_eq!(archives(&here), [b"line\n", b"line\n"]);
    }
}

#[test]
fn an_idle_logger_wakes_up_once_for_each_boundary() {
    if !ours_only(HEADING) {
        return;
    }
    for (script, least, most) in [("rotate=1s", 3, 6), ("rotate=1d", 0, 0)] {
        let here = Scratch::new();
        let mut running = here.multilog(&[script, "./main"]).start();
        running.write(b"line\n");
        running.until("the line", || LogView::of(here.path("main")).text() == "line\n");
        // The rotation, and the buffers that are given back.
        std::thread::sleep(Duration::from_millis(2500));
        let before = wakeups(running.pid());
        std::thread::sleep(Duration::from_secs(5));
        let waits = wakeups(running.pid()) - before;
        running.end().quietly();
        assert!((least..=most).contains(&waits), "{script}: {waits} waits");
    }
}

#[test]
fn what_a_boundary_has_rotated_is_compressed() {
    if ours_only(HEADING) {
        let here = Scratch::new();
        let mut running = here.multilog(&["rotate=2s", "compress=gzip", "./main"]).start();
        running.write(b"line\n");
        running.until("the archive", || LogView::of(here.path("main")).codes() == ["gz"]);
        running.end().quietly();
    }
}

/// Without descriptors for an alarm a limit of the wait does.
#[test]
fn a_file_is_rotated_in_time_with_few_descriptors_too() {
    if ours_only(HEADING) {
        let here = Scratch::new();
        let multilog = tool("multilog");
        let words = ["-c", "ulimit -n 10; exec \"$0\" rotate=1s ./main", multilog.to_str().unwrap()];
        let mut running = here.run(Path::new("/bin/sh"), &words).start();
        running.write(b"line\n");
        running.until("the rotation", || archives(&here).len() == 1);
        drop(running.end());
    }
}

#[test]
fn the_alarm_is_on_the_wall_clock_and_ends_when_that_is_set() {
    let Some(strace) = strace().filter(|_| ours_only(HEADING)) else { return };
    let here = Scratch::new();
    let multilog = tool("multilog");
    let words = [
        "-f",
        "-qq",
        "-e",
        "trace=timerfd_create,timerfd_settime",
        "-o",
        "trace",
        multilog.to_str().unwrap(),
    ];
    for (script, calls) in [(&["rotate=1d", "./main"][..], 2), (&["./main"], 0)] {
        let mut running = here.run(&strace, &[&words[..], script].concat()).start();
        running.write(b"line\n");
        running.until("the line", || LogView::of(here.path("main")).text().ends_with("line\n"));
        running.write(b"line\n");
        running.end().quietly();
        let trace = std::fs::read_to_string(here.path("trace")).unwrap();
        assert_eq!(trace.lines().count(), calls, "{trace}");
        assert!(calls == 0 || trace.contains("TFD_TIMER_ABSTIME|TFD_TIMER_CANCEL_ON_SET"), "{trace}");
    }
}

/// A zone in which it is noon.
fn noon() -> String {
    let hour = Label::now().unix_seconds() / 3600 % 24;
    format!("NOON{}", hour - 12)
}

#[test]
fn a_start_rotates_what_was_last_written_before_the_last_boundary() {
    if ours_only(HEADING) {
        let here = Scratch::new();
        let run = || here.multilog(&["rotate=1d", "./main"]).with("TZ", &noon());
        run().over("old\n").quietly();
        run().over("of today\n").quietly();
        assert_eq!(LogView::of(here.path("main")).current(), b"old\nof today\n");
        let days_ago = SystemTime::now() - Duration::from_secs(2 * 86_400);
        File::options().append(true).open(here.path("main/current")).unwrap().set_modified(days_ago).unwrap();
        // Also when no line comes.
        run().over("").quietly();
        assert_eq!(
            (archives(&here), LogView::of(here.path("main")).current().len()),
            (vec![b"old\nof today\n".to_vec()], 0)
        );
        run().over("new\n").quietly();
        assert_eq!(LogView::of(here.path("main")).current(), b"new\n");
    }
}

#[test]
fn a_span_that_does_not_divide_a_day_is_a_misuse() {
    if ours_only(HEADING) {
        for argument in ["rotate=", "rotate=5h", "rotate=2d", "rotate=0h", "rotate=daily"] {
            let here = Scratch::new();
            let outcome = here.multilog(&["./main", argument]).over("line\n");
            let said = format!(
                "multilog: fatal: unable to understand {argument}: not a span that divides a day \
                 (1s, 30m, 1h, 6h, ...), nor 1d (at midnight), nor 1w (on Monday)\n"
            );
            assert_eq!((outcome.code, outcome.stderr), (Some(100), said));
            assert!(!here.path("main").exists());
        }
    }
}
