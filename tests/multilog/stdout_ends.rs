//! Action `1` when multilog is ended while nobody reads standard output.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use harness::{LogView, PipeReader, PipeWriter, Scratch, ours_only, pipe};
use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::stdout::{DIFFERENCE, all_of, assert_each_line_is_there, lines};

/// A full pipe that nobody reads: the log waits, TERM ends it, and the next one loses and repeats nothing in the
/// directory, and loses nothing on standard output.
#[test]
fn term_ends_it_within_a_second_while_nobody_reads() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    for script in [&["t", "s16777215", "./main", "1"][..], &["./main", "1"], &["1"]] {
        let here = Scratch::new();
        let (reader, writer) = pipe().unwrap();
        let (input, mut feed) = pipe().unwrap();
        let all = lines(20_000);
        let feeding = all.clone();
        let feeder = std::thread::spawn(move || feed.write_all(feeding.as_bytes()).unwrap());
        let start = || {
            here.multilog(script)
                .from(input.try_clone().unwrap())
                .writing_to(writer.try_clone().unwrap())
                .start()
        };
        for signal in [Signal::TERM, Signal::KILL] {
            let running = start();
            std::thread::sleep(Duration::from_millis(700));
            let begun = Instant::now();
            running.signal(signal);
            let outcome = running.wait();
            assert!(begun.elapsed() < Duration::from_secs(1), "{script:?} {signal:?}");
            assert_eq!(outcome.code.is_some(), signal == Signal::TERM, "{outcome:?}");
            assert_eq!(outcome.stderr, "");
        }
        let running = start();
        drop(writer);
        let reader = std::thread::spawn(move || all_of(reader));
        feeder.join().unwrap();
        running.wait().quietly();
        let printed = reader.join().unwrap();
        assert_each_line_is_there(&printed, 20_000);
        if script.len() > 1 {
            let log = LogView::of(here.path("main"));
            let text =
                String::from_utf8(if script[0] == "t" { log.unstamped() } else { log.bytes() }).unwrap();
            assert!(all.ends_with(&text) && (script[0] != "t" || text == all), "{script:?}");
        }
    }
}

#[test]
fn a_full_disk_behind_standard_output_is_waited_for_and_term_ends_that() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut running = here.multilog(&["./main", "1"]).writing_to(full).start();
    running.write(b"a\n");
    let current = here.path("main/current");
    running.until("the directory has it", || std::fs::read(&current).is_ok_and(|text| text == b"a\n"));
    std::thread::sleep(Duration::from_millis(200));
    let (begun, stdin) = (Instant::now(), running.take_stdin());
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert!(begun.elapsed() < Duration::from_secs(1));
    let said = "multilog: warning: unable to write to standard output, pausing: ";
    assert!(outcome.code == Some(0) && outcome.stderr.starts_with(said), "{outcome:?}");
    // The line is in the pipe and in the log.
    assert_eq!(LogView::of(here.path("main")).text(), "a\n");
    drop(stdin);
}

const LOG_AND_PRINT: [&str; 3] = ["s16777215", "./main", "1"];

/// Logs and prints while nobody reads, and is ended by this signal. The log stays as it was, and is returned.
fn end_while_nobody_reads(here: &Scratch, input: &PipeReader, output: &PipeWriter, signal: Signal) -> String {
    let mut running = here
        .multilog(&LOG_AND_PRINT)
        .from(input.try_clone().unwrap())
        .writing_to(output.try_clone().unwrap())
        .start();
    let current = || std::fs::read_to_string(here.path("main/current")).unwrap_or_default();
    // What a pipe has room for is 64 KiB.
    running.until("the log is ahead", || current().len() > 64 << 10);
    std::thread::sleep(Duration::from_millis(100));
    let seen = current();
    running.signal(signal);
    let outcome = running.wait();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert!(current() == seen, "{signal:?}");
    assert!(here.path("main/.journal").exists());
    seen
}

#[test]
fn what_is_in_the_log_stays_there_when_it_is_ended_while_nobody_reads() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    for signal in [Signal::TERM, Signal::INT] {
        let here = Scratch::new();
        let (reader, writer) = pipe().unwrap();
        let (input, mut feed) = pipe().unwrap();
        let (all, feeding) = (lines(20_000), lines(20_000));
        let feeder = std::thread::spawn(move || feed.write_all(feeding.as_bytes()).unwrap());
        let seen = end_while_nobody_reads(&here, &input, &writer, signal);
        assert!(all.starts_with(&seen));
        let next = here.multilog(&LOG_AND_PRINT).from(input).writing_to(writer).start();
        let reader = std::thread::spawn(move || all_of(reader));
        feeder.join().unwrap();
        next.wait().quietly();
        assert!(LogView::of(here.path("main")).text() == all, "{signal:?}");
        assert_each_line_is_there(&reader.join().unwrap(), 20_000);
        assert!(!here.path("main/.journal").exists());
    }
}

/// As when a container is ended together with its pipes.
#[test]
fn what_is_in_the_log_stays_there_when_the_input_is_gone() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let (_reader, writer) = pipe().unwrap();
    let (input, mut feed) = pipe().unwrap();
    let feeder = std::thread::spawn(move || feed.write_all(lines(20_000).as_bytes()).ok());
    let seen = end_while_nobody_reads(&here, &input, &writer, Signal::TERM);
    drop(input);
    feeder.join().unwrap();
    let outcome = here.multilog(&LOG_AND_PRINT).over("other\n").quietly();
    assert_eq!(outcome.stdout, b"other\n");
    assert!(LogView::of(here.path("main")).text() == format!("{seen}other\n"));
    assert!(!here.path("main/.journal").exists());
}

/// Nothing can be left in a socket: the log has what was read, and what standard output lacks is said.
#[test]
fn from_a_socket_the_lines_that_nobody_read_are_counted() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    for script in [&["s16777215", "./main", "1"][..], &["t", "n1000", "s4096", "./main", "1"], &["1"]] {
        let here = Scratch::new();
        let (reader, writer) = pipe().unwrap();
        let (theirs, mut feed) = UnixStream::pair().unwrap();
        let feeder = std::thread::spawn(move || feed.write_all(lines(100_000).as_bytes()).map(|()| feed));
        let running = here.multilog(script).from(OwnedFd::from(theirs)).writing_to(writer).start();
        std::thread::sleep(Duration::from_millis(700));
        let begun = Instant::now();
        running.signal(Signal::TERM);
        let outcome = running.wait();
        assert!(begun.elapsed() < Duration::from_secs(2), "{script:?}");
        feeder.join().unwrap().unwrap_err();
        let printed = all_of(reader);
        let view = LogView::of(here.path("main"));
        let log = if script[0] == "t" { view.unstamped() } else { view.bytes() };
        let (has_log, log) = (script.len() > 1, String::from_utf8(log).unwrap());
        let said = "multilog: warning: unable to write to standard output in time, lines left out: ";
        let count: usize = outcome.stderr.strip_prefix(said).unwrap().trim_end().parse().unwrap();
        assert!(count > 0);
        assert_eq!(outcome.code, Some(if has_log { 0 } else { 111 }));
        if has_log {
            // The last line may have been read in part.
            assert!(lines(100_000).starts_with(log.trim_end()) && log.ends_with('\n'), "{script:?}");
            assert_eq!(printed.matches('\n').count() + count, log.lines().count());
        }
    }
}

/// A terminal that was hung up before the start was taken for a device that may recover: nothing was ever logged.
#[test]
fn a_terminal_that_was_hung_up_before_the_start_is_gone() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    for (script, code) in [(&["1", "./main"][..], 0), (&["1"], 111)] {
        let here = Scratch::new();
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let output = rustix::fs::open(name, flags, Mode::empty()).unwrap();
        drop(terminal);
        let outcome = here.multilog(script).writing_to(output).over("one\ntwo\n");
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        assert!(outcome.stderr.contains("unable to write to standard output"), "{outcome:?}");
        assert!(!outcome.stderr.contains("pausing"), "{outcome:?}");
        if code == 0 {
            assert_eq!(LogView::of(here.path("main")).text(), "one\ntwo\n");
        }
    }
}
