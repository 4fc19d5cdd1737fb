//! Stamps of other forms: ISO 8601, and seconds or milliseconds since the epoch.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use harness::{LogView, Run, Scratch, ours_only, program, strace, tool};
use rustix::process::Signal;
use tai64tools::{Label, Stamp, label};

const FORMS: [(&str, Stamp); 4] = [
    ("t=iso", Stamp::Iso),
    ("t=iso-utc", Stamp::IsoUtc),
    ("t=unix", Stamp::Unix),
    ("t=unixms", Stamp::UnixMilliseconds),
];

/// The stamps of a log.
fn stamps(text: &str) -> Vec<&str> {
    text.lines().map(|line| line.split_once(' ').unwrap().0).collect()
}

/// The nanoseconds since the epoch that a stamp means.
fn instant(form: Stamp, stamp: &str) -> i128 {
    let digits = |text: &str| text.parse::<i128>().unwrap();
    match form {
        Stamp::Unix | Stamp::UnixMilliseconds => digits(&stamp.replace('.', "")),
        _ => {
            let (year, month, day) = (digits(&stamp[..4]), digits(&stamp[5..7]), digits(&stamp[8..10]));
            // Days from the first of March of the year 0, when years begin in March.
            let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
            let days =
                365 * year + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1 - 719_468;
            let seconds =
                digits(&stamp[11..13]) * 3600 + digits(&stamp[14..16]) * 60 + digits(&stamp[17..19]);
            let offset = match &stamp[29..30] {
                "Z" => 0,
                sign => {
                    digits(&format!("{sign}{}", digits(&stamp[30..32]) * 60 + digits(&stamp[33..35]))) * 60
                }
            };
            (days * 86_400 + seconds - offset) * 1_000_000_000 + digits(&stamp[20..29])
        }
    }
}

fn nanos(label: Label) -> i128 {
    i128::from(label.seconds() - label::EPOCH) * 1_000_000_000 + i128::from(label.nanos())
}

#[test]
fn every_line_has_a_stamp_of_the_form_and_they_increase_and_the_clock_is_now() {
    if ours_only("Forms of stamps") {
        for (word, form) in FORMS {
            let here = Scratch::new();
            let before = nanos(Label::now());
            here.multilog(&[word, "./main"])
                .with("TZ", "America/St_Johns")
                .over("x\n".repeat(3000))
                .quietly();
            let after = nanos(Label::now());
            let view = LogView::of(here.path("main"));
            assert_eq!(view.unstamped_as(form), "x\n".repeat(3000).as_bytes(), "{word}");
            let text = view.text();
            let instants: Vec<i128> = stamps(&text).iter().map(|stamp| instant(form, stamp)).collect();
            assert!(instants.windows(2).all(|pair| pair[0] < pair[1]), "{word}");
            assert!(before <= instants[0] && instants[2999] <= after + 3000, "{word}: {}", &text[..60]);
        }
    }
}

#[test]
fn a_form_that_is_none_is_a_misuse_and_other_words_that_begin_with_t_are_t() {
    if ours_only("Forms of stamps") {
        for word in ["t=foo", "t=", "t=ISO"] {
            for script in [&[word, "./main"][..], &["./main", word]] {
                let here = Scratch::new();
                let outcome = here.multilog(script).over("a\n");
                let said = format!(
                    "multilog: fatal: unable to understand {word}: not iso, iso-utc, unix or unixms\n"
                );
                assert_eq!((outcome.code, outcome.stderr), (Some(100), said));
                assert!(!here.path("main").exists());
            }
        }
        let here = Scratch::new();
        here.multilog(&["tiso", "./main"]).over("a\n").quietly();
        assert_eq!(LogView::of(here.path("main")).unstamped(), b"a\n");
        let outcome = here.multilog(&["./late", "t=iso"]).over("a\n");
        assert!(outcome.stderr.contains("ignoring t=iso: a stamp has to be the first action"), "{outcome:?}");
        assert_eq!((outcome.code, LogView::of(here.path("late")).text().as_str()), (Some(0), "a\n"));
    }
}

/// Star patterns, fnmatch and regular expressions.
#[test]
fn patterns_see_the_stamp_of_each_form() {
    if ours_only("Forms of stamps") {
        let iso = [
            &["+2*T*+00:00 x*"][..],
            &["F", "+2[0-9]*T*+00:00 x*"],
            &["R", r"+^\d{4}-\d\d-\d\dT.{18}\+00:00 x"],
        ];
        let utc = [&["+2*Z x*"][..], &["F", "+2*T*Z x*"], &["R", r"+^2.{28}Z x"]];
        let unix = [&["+*. x*", "+* x*"][..], &["F", "+[0-9]*.????????? x*"], &["R", r"+^\d+\.\d{9} x"]];
        let milliseconds = [&["+1* x*"][..], &["F", "+[0-9]*.?????? x*"], &["R", r"+^\d{12,}\.\d{6} x"]];
        for ((word, form), scripts) in FORMS.into_iter().zip([iso, utc, unix, milliseconds]) {
            for patterns in scripts {
                let here = Scratch::new();
                let script = [&[word, "-*"], patterns, &["./main"]].concat();
                here.multilog(&script).with("TZ", "UTC0").over("x1\ny x\nx2\n x\n").quietly();
                let view = LogView::of(here.path("main"));
                assert_eq!(view.unstamped_as(form), b"x1\nx2\n", "{script:?}: {}", view.text());
            }
        }
    }
}

/// Some value of TZ, or none.
fn in_zone(run: Run, zone: Option<&str>) -> Run {
    match zone {
        Some(zone) => run.with("TZ", zone),
        None => run.without("TZ"),
    }
}

#[test]
fn the_local_time_is_that_of_tai64nlocal_in_every_kind_of_zone() {
    if ours_only("Forms of stamps") {
        let zones = [
            Some("Europe/Berlin"),
            Some("Asia/Kolkata"),
            Some("America/New_York"),
            Some("right/Australia/Lord_Howe"),
            Some(":Asia/Kathmandu"),
            Some("AEST-10AEDT,M10.1.0,M4.1.0/3"),
            Some("No/Such_Zone"),
            Some(""),
            None,
        ];
        for zone in zones {
            let here = Scratch::new();
            in_zone(here.multilog(&["t=iso", "./main"]), zone).over("x\n").quietly();
            let text = LogView::of(here.path("main")).text();
            let stamp = stamps(&text)[0];
            // A zone that counts leap seconds itself shows a time that is 27 seconds behind. Not every system has one.
            let is_there = |zone: &str| Path::new("/usr/share/zoneinfo").join(zone).exists();
            let counts = zone.is_some_and(|zone| zone.starts_with("right/") && is_there(zone));
            let leap = if counts { 27_000_000_000 } else { 0 };
            let instant = instant(Stamp::Iso, stamp) + leap;
            let (seconds, nanos) = (instant / 1_000_000_000, instant % 1_000_000_000);
            let label = format!("@{:016x}{nanos:08x}\n", i128::from(label::EPOCH) + seconds);
            let local = in_zone(here.run(&tool("tai64nlocal"), &["-i"]), zone).over(label).quietly();
            assert_eq!(String::from_utf8(local.stdout).unwrap(), format!("{stamp}\n"), "{zone:?}");
        }
    }
}

/// Runs with a clock that faketime shows. None, and a word about it, where that is impossible.
fn with_clock(run: Run, clock: &str) -> Option<Run> {
    program("faketime")?;
    let bytes = std::fs::read(tool("multilog")).unwrap();
    if !bytes.windows(9).any(|part| part == b"ld-linux-") {
        eprintln!("skipped: a static program");
        return None;
    }
    let run = run.with("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1");
    Some(run.with("FAKETIME_DONT_FAKE_MONOTONIC", "1").with("FAKETIME", clock))
}

#[test]
fn a_change_to_summer_time_shows_within_a_run() {
    if ours_only("Forms of stamps") {
        let here = Scratch::new();
        let run = here.multilog(&["t=iso", "./main"]).with("TZ", "Europe/Berlin");
        let Some(run) = with_clock(run, "@2026-03-29 01:59:58") else { return };
        let mut running = run.start();
        let text = || LogView::of(here.path("main")).text();
        running.write(b"x\n");
        running.until("the first line is there", || text().ends_with(" x\n"));
        let stdin = std::cell::RefCell::new(running.take_stdin());
        running.until("it is summer", || {
            std::io::Write::write_all(&mut *stdin.borrow_mut(), b"y\n").unwrap();
            std::thread::sleep(Duration::from_millis(50));
            text().contains("+02:00 y\n")
        });
        drop(stdin);
        running.wait().quietly();
        let text = text();
        assert!(text.starts_with("2026-03-29T01:59:5"), "{text}");
        assert!(text.contains("2026-03-29T01:59:59.") && text.contains("2026-03-29T03:00:0"), "{text}");
        let instants: Vec<i128> = stamps(&text).iter().map(|stamp| instant(Stamp::Iso, stamp)).collect();
        assert!(instants.windows(2).all(|pair| pair[0] < pair[1]), "{text}");
    }
}

/// A pipe that outlives its readers, with `bytes` in it.
fn pipe_with(bytes: &[u8]) -> (harness::PipeReader, harness::PipeWriter) {
    let (reader, mut writer) = harness::pipe().unwrap();
    std::io::Write::write_all(&mut writer, bytes).unwrap();
    (reader, writer)
}

#[test]
fn after_a_kill_the_stamps_go_on_from_the_last_one_in_each_form() {
    if ours_only("Forms of stamps") {
        for (word, form) in FORMS {
            let here = Scratch::new();
            let (reader, mut writer) = pipe_with(b"one\n");
            let start = |clock| {
                let run = here.multilog(&[word, "./main"]).with("TZ", "UTC0");
                Some(with_clock(run.from(Stdio::from(reader.try_clone().unwrap())), clock)?.start())
            };
            let text = || LogView::of(here.path("main")).text();
            let Some(mut running) = start("2026-11-25 12:00:01") else { return };
            running.until("the first line is there", || text().ends_with(" one\n"));
            running.signal(Signal::KILL);
            running.wait();
            // The clock has stepped back by a second, which is not followed.
            std::io::Write::write_all(&mut writer, b"two\n").unwrap();
            drop(writer);
            start("2026-11-25 12:00:00").unwrap().wait().quietly();
            let text = text();
            let instants: Vec<i128> = stamps(&text).iter().map(|stamp| instant(form, stamp)).collect();
            let first = 1_795_608_001_000_000_000;
            assert_eq!(instants, [first, first + 1], "{text}");
        }
    }
}

#[test]
fn a_line_that_another_form_has_begun_is_continued_and_the_next_has_the_new_form() {
    if ours_only("Forms of stamps") {
        for signal in [Signal::KILL, Signal::TERM] {
            let forms = [("t", Stamp::Tai64n), FORMS[0], FORMS[2], FORMS[3], FORMS[1], ("t", Stamp::Tai64n)];
            for pair in forms.windows(2) {
                let here = Scratch::new();
                let (reader, mut writer) = pipe_with(&[b'x'; 5000]);
                let start = |word| {
                    here.multilog(&[word, "./main"]).from(Stdio::from(reader.try_clone().unwrap())).start()
                };
                let mut running = start(pair[0].0);
                running
                    .until("the beginning is there", || LogView::of(here.path("main")).bytes().len() >= 5000);
                running.signal(signal);
                running.wait();
                std::io::Write::write_all(&mut writer, b"yyy\nnext\n").unwrap();
                drop(writer);
                start(pair[1].0).wait().quietly();
                let bytes = LogView::of(here.path("main")).bytes();
                let end = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
                let first = [&[b'x'; 5000][..], b"yyy\n"].concat();
                assert_eq!(pair[0].1.text_behind(&bytes[..end]), Some(&first[..]), "{signal:?} {pair:?}");
                assert_eq!(pair[1].1.text_behind(&bytes[end..]), Some(&b"next\n"[..]), "{signal:?} {pair:?}");
            }
        }
    }
}

#[test]
fn the_zone_is_read_before_the_directories_and_never_again() {
    let Some(strace) = strace().filter(|_| ours_only("Forms of stamps")) else { return };
    for zone in [Some("Europe/Berlin"), None] {
        let here = Scratch::new();
        let multilog = tool("multilog");
        let words = ["-f", "-e", "trace=file", "-o", "trace", multilog.to_str().unwrap(), "t=iso", "./main"];
        let mut running = in_zone(here.run(&strace, &words), zone).start();
        let lines = || LogView::of(here.path("main")).text().lines().count();
        for line in 1..5 {
            running.write(b"x\n");
            running.until("the line is there", || lines() == line);
            std::thread::sleep(Duration::from_millis(400));
        }
        running.end().quietly();
        let trace = std::fs::read_to_string(here.path("trace")).unwrap();
        let of_zone = |line: &&str| line.contains("zoneinfo") || line.contains("localtime");
        let calls: Vec<&str> = trace.lines().filter(of_zone).collect();
        assert_eq!(calls.len(), 1, "{zone:?}: {calls:?}");
        assert!(trace.find(calls[0]) < trace.find("lock"), "{trace}");
    }
}
