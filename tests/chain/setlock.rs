//! `setlock`: a program while a file is locked.

use std::os::unix::fs::PermissionsExt;

use harness::{Scratch, is_original, original, tool};

use crate::{refused, run, shell, text};

#[test]
fn the_file_is_made_for_its_owner_and_stays_locked_as_long_as_the_program_runs() {
    let here = Scratch::new();
    let shown = shell(
        &here,
        "\"$T\"/setlock lock sh -c '\"$T\"/setlock -n lock echo wrong; echo $?; \"$T\"/setlock -nx lock echo wrong; echo $?'
         \"$T\"/setlock -n lock echo free",
    );
    assert_eq!(shown.stderr, "setlock: fatal: unable to lock lock: temporary failure\n");
    assert_eq!(String::from_utf8(shown.stdout).unwrap(), "111\n0\nfree\n");
    assert_eq!(std::fs::metadata(here.path("lock")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn it_waits_as_long_as_somebody_has_the_lock() {
    let here = Scratch::new();
    let mut first = here
        .run(&tool("setlock"), &["lock", "sh", "-c", "echo first >>order; read line; echo end >>order"])
        .start();
    first.until("the lock is taken", || here.path("order").exists());
    let second = here.run(&tool("setlock"), &["-n", "-N", "lock", "sh", "-c", "echo second >>order"]).start();
    std::thread::sleep(std::time::Duration::from_millis(100));
    first.end().quietly();
    second.end().quietly();
    assert_eq!(std::fs::read_to_string(here.path("order")).unwrap(), "first\nend\nsecond\n");
}

#[test]
fn a_file_that_cannot_be_locked_is_111_or_0_on_demand() {
    let here = Scratch::new();
    refused(
        &run(&here, "setlock", &["no/file", "echo"]),
        111,
        "setlock: fatal: unable to open no/file: file does not exist",
    );
    refused(&run(&here, "setlock", &[".", "echo"]), 111, "setlock: fatal: unable to open .: is a directory");
    refused(
        &run(&here, "setlock", &["-xX", "no/file", "echo"]),
        111,
        "setlock: fatal: unable to open no/file: file does not exist",
    );
    assert_eq!(text(run(&here, "setlock", &["-x", "no/file", "echo", "wrong"])), "");
}

#[test]
fn a_word_with_two_dashes_ends_the_options() {
    let here = Scratch::new();
    assert_eq!(text(run(&here, "setlock", &["-n", "--", "file", "echo", "run"])), "run\n");
    assert_eq!(text(run(&here, "setlock", &["-n", "--whatever", "file", "echo", "run"])), "run\n");
    assert!(here.path("file").exists());
}

#[test]
fn what_is_not_understood_is_a_misuse() {
    let here = Scratch::new();
    let usage = "setlock: usage: setlock [ -nNxX ] file program [ arg ... ]";
    for arguments in [&[][..], &["file"], &["-n"], &["-n", "file"]] {
        refused(&run(&here, "setlock", arguments), 100, usage);
    }
    refused(
        &run(&here, "setlock", &["-z", "file", "true"]),
        100,
        &format!("setlock: illegal option -- z\n{usage}"),
    );
}

#[test]
fn locks_are_those_of_the_original_and_of_multilog() {
    let here = Scratch::new();
    let Some(other) = original("setlock") else { return };
    let other = other.to_str().unwrap().to_string();
    let ours = tool("setlock");
    let ours = ours.to_str().unwrap();
    for (outer, inner) in [(ours, &*other), (&*other, ours)] {
        let outcome = here.run(outer.as_ref(), &["lock", inner, "-n", "lock", "echo", "wrong"]).over("");
        assert_eq!(outcome.code, Some(111), "{outer} {inner}");
    }
    let multilog = if is_original() { original("multilog").unwrap() } else { tool("multilog") };
    let mut logger = here.run(&multilog, &["./main"]).start();
    logger.until("the directory is locked", || here.path("main/current").exists());
    assert_eq!(run(&here, "setlock", &["-n", "main/lock", "echo", "wrong"]).code, Some(111));
    logger.end().quietly();
    assert_eq!(text(run(&here, "setlock", &["-n", "main/lock", "echo", "free"])), "free\n");
}

#[test]
fn only_the_lock_stays_open() {
    let here = Scratch::new();
    let line = "sh -c 'ls /proc/$$/fd' >plain; \"$T\"/setlock lock sh -c 'ls /proc/$$/fd; ls -l /proc/$$/fd' >locked";
    text(shell(&here, line));
    let read = |name: &str| std::fs::read_to_string(here.path(name)).unwrap();
    let (plain, locked) = (read("plain"), read("locked"));
    let numbers = locked.lines().filter(|line| line.parse::<u32>().is_ok()).count();
    assert_eq!(numbers, plain.lines().count() + 1, "{locked}");
    assert!(locked.lines().any(|line| line.ends_with("/lock")), "{locked}");
}
