//! `fghack`: keeps a program that goes into the background in the foreground.

use std::time::Duration;

use harness::Scratch;

use crate::{refused, run, shell, text};

#[test]
fn it_waits_for_what_went_into_the_background() {
    let here = Scratch::new();
    let outcome = run(
        &here,
        "fghack",
        &["sh", "-c", "(sleep 0.4; echo late >file) </dev/null >/dev/null 2>&1 & exit 3"],
    );
    assert_eq!((outcome.code, &*outcome.stderr), (Some(3), ""));
    assert!(outcome.took > Duration::from_millis(300), "{:?}", outcome.took);
    assert_eq!(std::fs::read_to_string(here.path("file")).unwrap(), "late\n");
}

#[test]
fn the_exit_code_is_the_programs_and_a_crash_is_111() {
    let here = Scratch::new();
    for code in [0, 1, 100, 111, 255] {
        assert_eq!(run(&here, "fghack", &["sh", "-c", &format!("exit {code}")]).code, Some(code));
    }
    refused(&run(&here, "fghack", &["sh", "-c", "kill -9 $$"]), 111, "fghack: fatal: child crashed");
}

#[test]
fn the_program_has_the_pipe_in_thirty_one_descriptors() {
    let here = Scratch::new();
    let shown = text(shell(
        &here,
        "\"$T\"/fghack sh -c 'readlink /proc/$$/fd/*' | sort | uniq -c | sort -rn | head -1",
    ));
    assert!(shown.trim().starts_with("31 pipe:"), "{shown}");
}

#[test]
fn what_is_written_into_the_pipe_is_dropped() {
    let here = Scratch::new();
    assert_eq!(
        text(run(&here, "fghack", &["sh", "-c", "head -c 200000 /dev/zero >&4; echo done"])),
        "done\n"
    );
}
