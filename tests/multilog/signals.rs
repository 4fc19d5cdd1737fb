//! TERM, HUP, INT, ALRM.

use std::io::{Read, Write};
use std::process::ChildStdin;
use std::thread::JoinHandle;
use std::time::Duration;

use harness::{LogView, Scratch, is_ignored, ours_only};
use rustix::process::Signal;

fn is(path: &std::path::Path, text: &str) -> bool {
    std::fs::read_to_string(path).is_ok_and(|found| found == text)
}

#[test]
fn term_ends_cleanly_when_there_is_nothing_to_do() {
    let here = Scratch::new();
    let mut running = here.multilog(&["./main"]).start();
    running.write(b"a\n");
    let current = here.path("main/current");
    running.until("the line is there", || is(&current, "a\n"));
    let stdin = running.take_stdin();
    running.signal(Signal::TERM);
    running.wait().quietly();
    drop(stdin);
    assert_eq!(LogView::of(here.path("main")).current_mode(), 0o744);
}

#[test]
fn alrm_rotates_what_is_not_empty() {
    let here = Scratch::new();
    let mut running = here.multilog(&["n5", "./main"]).start();
    let current = here.path("main/current");
    running.until("it listens", || current.exists());
    std::thread::sleep(Duration::from_millis(100));
    running.signal(Signal::ALARM);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(LogView::of(here.path("main")).archives.len(), 0);
    running.write(b"a\n");
    running.until("the line is there", || is(&current, "a\n"));
    running.signal(Signal::ALARM);
    running.until("it was rotated", || LogView::of(here.path("main")).codes() == ["s"]);
    running.write(b"b\n");
    running.end().quietly();
    let view = LogView::of(here.path("main"));
    assert_eq!((view.archives.len(), view.current()), (1, &b"b\n"[..]));
}

#[test]
fn alrm_in_a_line_keeps_the_line_whole() {
    let here = Scratch::new();
    let mut running = here.multilog(&["./main"]).start();
    let current = here.path("main/current");
    running.write(b"a\npart");
    running.until("the first line is there", || is(&current, "a\n"));
    std::thread::sleep(Duration::from_millis(50));
    running.signal(Signal::ALARM);
    running.until("it was rotated", || LogView::of(here.path("main")).archives.len() == 1);
    running.write(b"ial\n");
    running.end().quietly();
    let view = LogView::of(here.path("main"));
    assert_eq!(view.text(), "a\npartial\n");
}

/// The original waits for the end of the line that it has begun to read.
#[test]
fn term_leaves_what_is_not_a_whole_line_in_the_pipe() {
    if ours_only("TERM") {
        let here = Scratch::new();
        let (mut read, write) = harness::pipe().unwrap();
        let mut running = here.multilog(&["./main"]).from(read.try_clone().unwrap()).start();
        (&write).write_all(b"whole\npart").unwrap();
        let current = here.path("main/current");
        running.until("the whole line is there", || is(&current, "whole\n"));
        running.signal(Signal::TERM);
        running.wait().quietly();
        drop(write);
        let mut rest = String::new();
        read.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "part");
        assert_eq!(LogView::of(here.path("main")).current_mode(), 0o744);
    }
}

/// Writes a line again and again until nobody reads it.
fn flood(mut to: ChildStdin, line: &'static str) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let lines = line.repeat(4096);
        while to.write_all(lines.as_bytes()).is_ok() {}
    })
}

/// A writer that never pauses must not keep the signal from being seen.
#[test]
fn term_is_obeyed_in_a_flood() {
    let here = Scratch::new();
    let mut running = here.multilog(&["s16777215", "n2", "./main"]).start();
    let flood = flood(running.take_stdin(), "0123456789abcde\n");
    let current = here.path("main/current");
    running.until("it logs", || std::fs::metadata(&current).is_ok_and(|m| m.len() > 0));
    std::thread::sleep(Duration::from_millis(100));
    running.signal(Signal::TERM);
    running.wait().quietly();
    flood.join().unwrap();
    assert_eq!(LogView::of(here.path("main")).current_mode(), 0o744);
}

/// However fast lines come, files are rotated and closed between them.
#[test]
fn alrm_and_term_in_a_flood_leave_whole_lines() {
    for (stamp, length) in [(&[][..], 17), (&["t"], 43)] {
        let here = Scratch::new();
        let mut running = here.multilog(&[stamp, &["s16777215", "n5", "./main"]].concat()).start();
        let flood = flood(running.take_stdin(), "eighteen of them.\n");
        let current = here.path("main/current");
        running.until("it logs", || std::fs::metadata(&current).is_ok_and(|m| m.len() > 0));
        for _ in 0..20 {
            std::thread::sleep(Duration::from_millis(5));
            running.signal(Signal::ALARM);
        }
        std::thread::sleep(Duration::from_millis(5));
        running.signal(Signal::TERM);
        running.wait().quietly();
        flood.join().unwrap();
        let view = LogView::of(here.path("main"));
        assert!(view.text().lines().all(|line| line.len() == length), "{stamp:?}");
        for (name, _, bytes) in view.archives.iter().chain(&view.current) {
            assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "{stamp:?} {name}");
        }
    }
}

/// What was taken from a socket can't be put back, so it is written.
#[test]
fn term_writes_what_was_read_of_a_line_that_cannot_be_left() {
    if ours_only("TERM") {
        let here = Scratch::new();
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut running = here.multilog(&["./main"]).from(std::os::fd::OwnedFd::from(theirs)).start();
        (&ours).write_all(b"whole\npart").unwrap();
        let current = here.path("main/current");
        running.until("the whole line is there", || is(&current, "whole\n"));
        running.signal(Signal::TERM);
        running.wait().quietly();
        assert_eq!(LogView::of(here.path("main")).text(), "whole\npart\n");
    }
}

#[test]
fn nothing_is_lost_between_a_logger_that_is_told_to_end_and_the_next() {
    let here = Scratch::new();
    let (read, write) = harness::pipe().unwrap();
    let writer = std::thread::spawn(move || {
        for n in 0..20_000 {
            (&write).write_all(format!("line {n}\n").as_bytes()).unwrap();
        }
    });
    for _ in 0..20 {
        let running = here.multilog(&["s16777215", "./main"]).from(read.try_clone().unwrap()).start();
        std::thread::sleep(Duration::from_millis(5));
        running.signal(Signal::TERM);
        // Before it has taken the signals over, TERM ends it at once, and it has read nothing.
        running.wait();
    }
    let running = here.multilog(&["s16777215", "./main"]).from(read).start();
    writer.join().unwrap();
    running.wait();
    let expected: String = (0..20_000).map(|n| format!("line {n}\n")).collect();
    assert!(LogView::of(here.path("main")).text() == expected);
}

/// The original dies of them, and what it had buffered is gone.
#[test]
fn int_and_hup_read_what_is_there_first() {
    if ours_only("INT and HUP") {
        for signal in [Signal::INT, Signal::HUP].into_iter().filter(|&signal| !is_ignored(signal)) {
            let here = Scratch::new();
            let mut running = here.multilog(&["./main"]).start();
            let current = here.path("main/current");
            running.until("it listens", || current.exists());
            std::thread::sleep(Duration::from_millis(50));
            let mut stdin = running.take_stdin();
            running.signal(Signal::STOP);
            stdin.write_all(b"last words\n").unwrap();
            running.signal(signal);
            running.signal(Signal::CONT);
            running.wait().quietly();
            let view = LogView::of(here.path("main"));
            assert_eq!((view.current(), view.current_mode()), (&b"last words\n"[..], 0o744));
        }
    }
}

/// The original does not look at TERM while it pauses.
#[test]
fn term_is_obeyed_while_a_processor_hangs_and_the_file_stays() {
    if ours_only("TERM") {
        let here = Scratch::new();
        let mut running = here.multilog(&["s4096", "!exec sleep 1000", "./main"]).start();
        running.write(&b"0123456789012345678901234567890123456789\n".repeat(60));
        running.until("it was rotated", || LogView::of(here.path("main")).codes().contains(&"t"));
        let stdin = running.take_stdin();
        running.signal(Signal::TERM);
        std::thread::sleep(Duration::from_millis(700));
        assert!(!running.has_ended());
        running.signal(Signal::TERM);
        let outcome = running.wait().quietly();
        assert!(outcome.took < Duration::from_secs(2));
        drop(stdin);
        let view = LogView::of(here.path("main"));
        assert!(view.codes().contains(&"u"));
        assert_eq!(view.current_mode(), 0o744);
    }
}

/// timeout(1) sends TERM to its child and to its group: the second one of a pair like that once made
/// multilog leave files that it had the time to seal.
#[test]
fn two_terms_at_once_are_one() {
    if ours_only("TERM") {
        let here = Scratch::new();
        let mut running = here.multilog(&["s4096", "n100", "!sleep 0.3; cat", "./main"]).start();
        running.write(&b"0123456789012345678901234567890123456789\n".repeat(60));
        running.until("it was rotated", || LogView::of(here.path("main")).codes().contains(&"t"));
        let stdin = running.take_stdin();
        running.signal(Signal::TERM);
        std::thread::sleep(Duration::from_millis(20));
        running.signal(Signal::TERM);
        running.wait().quietly();
        drop(stdin);
        assert_eq!(LogView::of(here.path("main")).codes(), ["s"]);
    }
}

/// systemd and timeout(1) send TERM to everything at once: the processor dies of it.
#[test]
fn a_processor_that_is_ended_with_its_logger_is_run_again_before_the_end() {
    if ours_only("TERM") {
        let here = Scratch::new();
        let flag = here.path("flag");
        let command = format!(
            "!echo $$ >{0}.pid; [ -e {0} ] || {{ touch {0}; sleep 1000 </dev/null >/dev/null 2>&1 & wait; }}; cat",
            flag.display()
        );
        let mut running = here.multilog(&["s4096", "n100", &command, "./main"]).start();
        running.write(&b"0123456789012345678901234567890123456789\n".repeat(60));
        running.until("the processor runs", || flag.exists());
        let stdin = running.take_stdin();
        running.signal(Signal::TERM);
        let processor = std::fs::read_to_string(here.path("flag.pid")).unwrap();
        let processor = rustix::process::Pid::from_raw(processor.trim().parse().unwrap()).unwrap();
        rustix::process::kill_process(processor, Signal::TERM).unwrap();
        let outcome = running.wait();
        drop(stdin);
        assert_eq!(outcome.code, Some(0));
        assert_eq!(LogView::of(here.path("main")).codes(), ["s"]);
    }
}

#[test]
fn term_is_obeyed_while_a_processor_fails() {
    if ours_only("TERM") {
        let here = Scratch::new();
        let mut running = here.multilog(&["s4096", "!exit 1", "./main"]).start();
        running.write(&b"0123456789012345678901234567890123456789\n".repeat(600));
        std::thread::sleep(Duration::from_millis(300));
        let stdin = running.take_stdin();
        running.signal(Signal::TERM);
        let outcome = running.wait();
        assert_eq!(outcome.code, Some(0));
        assert!(outcome.took < Duration::from_secs(2));
        drop(stdin);
    }
}

/// The end of the line was seen only when something else came behind it.
#[test]
fn term_within_a_line_of_a_socket_ends_with_the_line() {
    if ours_only("TERM") {
        let here = Scratch::new();
        let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
        let mut running = here.multilog(&["./main"]).from(std::os::fd::OwnedFd::from(theirs)).start();
        (&ours).write_all(&[b'x'; 1500]).unwrap();
        let current = here.path("main/current");
        running
            .until("the beginning is there", || std::fs::read(&current).is_ok_and(|text| text.len() == 1500));
        running.signal(Signal::TERM);
        std::thread::sleep(Duration::from_millis(100));
        (&ours).write_all(b"y\n").unwrap();
        running.wait().quietly();
        assert_eq!(LogView::of(here.path("main")).text(), "x".repeat(1500) + "y\n");
    }
}
