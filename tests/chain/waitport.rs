//! `waitport`: a program when others accept connections. The original package has no such tool.

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use harness::{Scratch, is_original, tool};

use crate::{refused, run, text};

#[test]
fn the_program_is_run_when_all_have_accepted_and_what_is_waited_for_is_said() {
    if is_original() {
        return;
    }
    let here = Scratch::new();
    let first = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = format!("tcp:127.0.0.1:{}", first.local_addr().unwrap().port());
    let out = here.path("out");
    let words = [&*port, "unix:socket", "--", "echo", "run"];
    let mut waiting =
        here.run(&tool("waitport"), &words).writing_to(std::fs::File::create(&out).unwrap()).start();
    let said = || std::fs::read_to_string(&out).unwrap();
    waiting.until("it says what it waits for", || said() == "waitport: waiting for unix:socket\n");
    waiting.until("it says so again", || said().lines().count() == 2);
    let _second = UnixListener::bind(here.path("socket")).unwrap();
    waiting.end().quietly();
    assert!(said().ends_with("waiting for unix:socket\nrun\n"), "{}", said());
}

#[test]
fn a_limit_and_words_that_are_no_addresses() {
    if is_original() {
        return;
    }
    let here = Scratch::new();
    let outcome = run(&here, "waitport", &["-t0", "unix:nowhere", "--", "echo", "run"]);
    refused(&outcome, 111, "waitport: fatal: unable to wait longer for unix:nowhere: timed out");
    let usage = "waitport: usage: waitport [ -t seconds ] tcp:host:port|unix:path ... -- child";
    for words in [&["x", "--", "true"][..], &["unix:a", "true"], &["unix:a", "--"], &["-tx", "--", "true"]] {
        refused(&run(&here, "waitport", words), 100, usage);
    }
    assert_eq!(
        text(run(&here, "waitport", &["--", "--", "echo", "nothing to wait for"])),
        "nothing to wait for\n"
    );
}

/// With a resolver that does not answer, or many addresses, `-t 1` took as long as all of them together.
#[test]
fn a_limit_is_one_for_everything() {
    if is_original() {
        return;
    }
    let here = Scratch::new();
    let line = "exec \"$T\"/waitport -t 1 tcp:far:1 tcp:192.0.2.1:1 tcp:far:2 unix:./nowhere -- echo run";
    if let Some(outcome) = crate::with_getent(&here, "#!/bin/sh\nexec sleep 40\n", line) {
        let words = "waitport: fatal: unable to wait longer for tcp:far:1 tcp:192.0.2.1:1 tcp:far:2 unix:./nowhere: timed out";
        refused(&outcome, 111, words);
        assert!(outcome.took < std::time::Duration::from_secs(20), "{outcome:?}");
    }
}

#[test]
fn the_largest_limit_is_for_ever() {
    if !is_original() {
        let here = Scratch::new();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp:{}", listener.local_addr().unwrap());
        let words = ["-t", "18446744073709551615", &address, "--", "echo", "run"];
        assert_eq!(text(run(&here, "waitport", &words)), "run\n");
    }
}
