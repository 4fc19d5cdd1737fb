//! `waitport`: a program when others accept connections. Nothing like it is in the original package.

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
