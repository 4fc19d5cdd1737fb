//! What descriptor 0 may be, and which bytes may come from it.

use std::fs::File;
use std::io::{Read, Write};

use harness::{LogView, Scratch, ours_only, until, wakeups};
use rustix::process::Signal;

#[test]
fn every_byte_passes_unchanged() {
    let here = Scratch::new();
    let input: Vec<u8> = (0..=255u8).chain([b'\r', b'\n', 0, b'\n', b'\n', 0xff, b'\n']).collect();
    here.multilog(&["./main"]).over(&input).quietly();
    assert_eq!(LogView::of(here.path("main")).bytes(), input);
}

#[test]
fn a_last_line_without_newline_gets_one_and_no_input_is_no_line() {
    let here = Scratch::new();
    here.multilog(&["./a"]).over("one\ntwo").quietly();
    assert_eq!(LogView::of(here.path("a")).text(), "one\ntwo\n");
    here.multilog(&["./b"]).over("").quietly();
    assert_eq!(LogView::of(here.path("b")).text(), "");
}

#[test]
fn a_regular_file_is_read_to_its_end() {
    let here = Scratch::new();
    let text = (0..50_000).map(|n| format!("line {n}\n")).collect::<String>() + "last";
    let path = here.write("input", &text);
    here.multilog(&["s16777215", "./main"]).from(File::open(path).unwrap()).start().wait().quietly();
    assert!(LogView::of(here.path("main")).text() == text + "\n");
}

#[test]
fn the_null_device_and_a_socket_are_inputs() {
    let here = Scratch::new();
    here.multilog(&["./null"]).from(File::open("/dev/null").unwrap()).start().wait().quietly();
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let running = here.multilog(&["./socket"]).from(std::os::fd::OwnedFd::from(theirs)).start();
    (&ours).write_all(b"a\npart").unwrap();
    drop(ours);
    running.wait().quietly();
    assert_eq!(LogView::of(here.path("socket")).text(), "a\npart\n");
}

#[test]
fn a_line_is_in_current_before_more_is_waited_for() {
    let here = Scratch::new();
    let mut running = here.multilog(&["./main"]).start();
    let current = here.path("main/current");
    for n in 0..5 {
        running.write(format!("line {n}\n").as_bytes());
        let expected: String = (0..=n).map(|n| format!("line {n}\n")).collect();
        running.until("the line is there", || std::fs::read_to_string(&current).is_ok_and(|t| t == expected));
    }
    running.end().quietly();
}

#[test]
fn a_partial_line_is_completed_by_what_comes_later() {
    let here = Scratch::new();
    let mut running = here.multilog(&["./main"]).start();
    for piece in ["one ", "two ", "three\nfo", "ur\n"] {
        running.write(piece.as_bytes());
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    running.end().quietly();
    assert_eq!(LogView::of(here.path("main")).text(), "one two three\nfour\n");
}

/// Neither the loop nor what seals files, which both had something to do.
#[test]
fn a_logger_to_which_nothing_comes_does_not_wake_up() {
    let here = Scratch::new();
    let mut running = here.multilog(&["t", "s4096", "n3", "./main"]).start();
    running.write("a line\n".repeat(500).as_bytes());
    running.until("it has sealed files", || LogView::of(here.path("main")).codes().contains(&"s"));
    until("nothing is left to do", || {
        let before = wakeups(running.pid());
        std::thread::sleep(std::time::Duration::from_secs(3));
        wakeups(running.pid()) == before
    });
    running.end().quietly();
}

/// The bytes of a line that is not complete can be had by whoever reads the pipe next.
#[test]
fn a_partial_line_stays_in_the_pipe() {
    if ours_only("Exactly once") {
        let here = Scratch::new();
        let (mut read, write) = harness::pipe().unwrap();
        let mut running = here.multilog(&["./main"]).from(read.try_clone().unwrap()).start();
        (&write).write_all(b"whole\npart").unwrap();
        let current = here.path("main/current");
        running.until("the whole line is there", || std::fs::read(&current).is_ok_and(|t| t == b"whole\n"));
        running.signal(Signal::KILL);
        running.wait();
        (&write).write_all(b"ial\n").unwrap();
        drop(write);
        let mut rest = String::new();
        read.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "partial\n");
    }
}

#[test]
fn input_that_cannot_be_read_is_an_error() {
    if ours_only("Read errors") {
        let here = Scratch::new();
        let outcome = here.multilog(&["./main"]).from(File::open("/").unwrap()).start().wait();
        assert_eq!(outcome.code, Some(111));
        assert_eq!(outcome.stderr, "multilog: fatal: unable to read input: is a directory\n");
        assert_eq!(LogView::of(here.path("main")).current_mode(), 0o744);
    }
}

/// The packet at the end of what is compared was thrown away, and multilog waited for its bytes.
#[test]
fn packets_of_any_size_are_consumed_quietly() {
    if !ours_only("Exactly once") {
        return;
    }
    for size in [1, 500, 1023, 1025, 4096] {
        let here = Scratch::new();
        let flags = rustix::pipe::PipeFlags::DIRECT | rustix::pipe::PipeFlags::CLOEXEC;
        let (reader, writer) = rustix::pipe::pipe_with(flags).unwrap();
        let text: Vec<u8> =
            (0..14 * size).flat_map(|n| format!("{n}\n").into_bytes()).take(14 * size).collect();
        for packet in text.chunks(size) {
            assert_eq!(rustix::io::write(&writer, packet).unwrap(), packet.len());
        }
        let running = here.multilog(&["s16777215", "./main"]).from(reader).start();
        drop(writer);
        running.wait().quietly();
        let expected = if text.ends_with(b"\n") { text } else { [&text[..], b"\n"].concat() };
        assert!(LogView::of(here.path("main")).bytes() == expected, "{size}");
    }
}
