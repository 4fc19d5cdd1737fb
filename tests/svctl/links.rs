//! enable and disable.

use std::os::unix::fs::symlink;

use harness::until;

use crate::{Place, SLEEP};

#[test]
fn a_service_is_enabled_and_disabled_in_order_and_no_line_is_lost() {
    let place = Place::running();
    place.service("x", "trap 'seq 1 3000; exit' TERM; echo up; while :; do sleep 0.05; done");
    // The logger reads slowly, so that much is in the pipe when its turn comes.
    place
        .script("sv/x/log/run", &format!("sleep 1; exec '{}' t ./main", harness::tool("multilog").display()));
    let said = place.well("enable sv/x");
    assert!(said.contains("x: up, pid ") && said.contains("x/log: up, pid "), "{said}");
    assert_eq!(std::fs::read_link(place.path("s/x")).unwrap(), place.path("sv/x").canonicalize().unwrap());
    assert!(place.well("enable sv/x").contains("x: up, pid "), "once more is as well");
    until("it has set its trap", || place.logged("x") == "up\n");
    place.well("restart x/log");
    assert_eq!(place.well("disable x"), "x: disabled\n");
    assert!(place.path("s/x").symlink_metadata().is_err() && place.path("sv/x/run").exists());
    assert!(!place.ok("sv/x") && !place.ok("sv/x/log"));
    let expected: String = (1..=3000).map(|number| format!("{number}\n")).collect();
    assert_eq!(place.logged("x"), format!("up\n{expected}"));
    // And back, by another name.
    assert!(place.well("enable sv/x y").contains("y: up, pid "));
    assert_eq!(place.well("disable y/"), "y: disabled\n", "as a shell completes it");
}

#[test]
fn what_can_not_be_enabled_is_not_linked() {
    let place = Place::running();
    place.up("x", SLEEP);
    place.service("y", SLEEP);
    std::fs::create_dir_all(place.path("sv/empty")).unwrap();
    place.here.write("sv/plain/run", "#!/bin/sh\n");
    for (words, said) in [
        ("enable sv/none", "sv/none is no service directory: file does not exist"),
        ("enable sv/empty", "sv/empty is no service directory: it has no run"),
        ("enable sv/plain", "sv/plain is no service directory: its run can't be executed"),
        ("enable sv/y x", "s/x is there already and is not "),
        ("enable sv/y .y", "not a name for a service: .y"),
        ("enable sv/y a/b", "not a name for a service: a/b"),
    ] {
        let text = place.says(words, 100);
        assert!(text.contains(said), "{words}: {text}");
    }
    assert_eq!(std::fs::read_dir(place.path("s")).unwrap().count(), 1);
}

#[test]
fn without_a_svscan_a_link_is_made_and_that_is_said() {
    let place = Place::new();
    place.service("x", SLEEP);
    let said = place.says("enable sv/x", 1);
    assert!(said.contains("svctl: x: linked, but no svscan can be seen in "), "{said}");
    assert!(place.path("s/x").exists());
    assert_eq!(place.well("disable x"), "x: disabled\n");
    assert!(place.path("s/x").symlink_metadata().is_err());
}

/// `svscan s & svctl enable x` was too early now and then.
#[test]
fn a_svscan_that_comes_in_a_moment_is_waited_for() {
    let mut place = Place::new();
    place.service("x", SLEEP);
    let running = place.run(&["enable", "sv/x"]).start();
    std::thread::sleep(std::time::Duration::from_millis(300));
    place.start();
    let outcome = running.wait();
    let said = String::from_utf8(outcome.stdout).unwrap();
    assert!(outcome.code == Some(0) && said.starts_with("x: up, pid "), "{said}{}", outcome.stderr);
}

#[test]
fn a_service_that_is_down_from_the_start_is_not_waited_for() {
    let place = Place::running();
    place.service("x", SLEEP);
    place.here.write("sv/x/down", "");
    assert_eq!(place.well("enable sv/x"), "x: linked\n");
}

#[test]
fn a_dangling_link_is_named_and_removed() {
    let place = Place::running();
    symlink("/no/where", place.path("s/x")).unwrap();
    let said = place.says("status", 1);
    assert!(
        said.contains("s/x is a link to /no/where, which is not there: svctl disable removes the link"),
        "{said}"
    );
    assert!(place.says("start x", 100).contains("is a link to /no/where, which is not there"));
    assert_eq!(place.well("disable x"), "x: disabled; its link led nowhere\n");
    assert!(place.path("s/x").symlink_metadata().is_err());
}

#[test]
fn groups_and_globs_are_disabled_too() {
    let place = Place::running();
    for name in ["a1", "a2", "b", "c"] {
        place.up(name, SLEEP);
    }
    place.here.write("s/svctl.groups", "web: b\n");
    assert_eq!(place.well("disable a* @web a1"), "a1: disabled\na2: disabled\nb: disabled\n");
    assert!(place.path("s/c").exists() && !place.path("s/b").exists());
}

#[test]
fn only_links_are_removed() {
    let place = Place::running();
    place.script("s/x/run", SLEEP);
    for (words, said) in [
        ("disable x", "s/x is no link, and disable removes only links"),
        ("disable none", "no service none in "),
        ("disable ../sv", "../sv is no name in "),
        ("disable .", ". is no name in "),
    ] {
        let text = place.says(words, 100);
        assert!(text.contains(said), "{words}: {text}");
    }
    assert!(place.path("s/x/run").exists());
}

#[test]
fn a_logger_that_does_not_read_is_left_and_named() {
    let place = Place::running();
    place.service("x", "seq 1 20000 | head -c 20000; exec sleep 1000");
    place.script("sv/x/log/run", "exec sleep 1000");
    place.link("x");
    until("both run", || place.ok("s/x/log") && place.svstat("x/log").contains(": up"));
    until("the pipe has bytes", || place.svstat("x").contains(": up"));
    std::thread::sleep(std::time::Duration::from_millis(500));
    let said = place.says("-w 2 disable x", 1);
    assert!(
        said.contains(
            "svctl: x: its logger has not read 20000 bytes after 2 s; the link is removed, and svc -dx "
        ),
        "{said}"
    );
    assert!(!place.ok("sv/x") && place.ok("sv/x/log"));
    place.here.run(&harness::tool("svc"), &["-dx", "sv/x/log"]).over("");
}

#[test]
fn a_logger_that_is_not_up_is_left_with_what_it_has_to_read() {
    let place = Place::running();
    place.up("y", SLEEP);
    place.service("x", "echo one; exec sleep 1000");
    place.script("sv/x/log/run", "exit 1");
    place.here.write("sv/x/log/backoff", "60\n");
    place.link("x");
    until("the logger has ended", || {
        place.svstat("x/log").contains(" 2 seconds, want up")
            || place.svstat("x/log").contains(" 2 seconds, normally up, want up")
    });
    let said = place.says("-w 2 disable x y", 1);
    assert!(said.contains("y: disabled\n"), "the others are done all the same: {said}");
    assert!(said.contains("svctl: x: its logger "), "{said}");
    assert!(!place.ok("sv/x") && place.ok("sv/x/log"));
    place.here.run(&harness::tool("svc"), &["-dx", "sv/x/log"]).over("");
}

/// What was told is what is waited for.
#[test]
fn a_directory_that_is_replaced_meanwhile_is_another_service() {
    let place = Place::running();
    place.up("x", "trap '' TERM; echo >>begun; while [ ! -e go ]; do sleep 0.05; done");
    until("it ignores the signal", || !place.read("sv/x/begun").is_empty());
    let mut stop = place.run(&["-w", "30", "stop", "x"]).start();
    stop.until("it waits", || place.svstat("x").contains("want down"));
    std::fs::rename(place.path("sv/x"), place.path("sv/old")).unwrap();
    place.service("x", SLEEP);
    until("svscan has found the new one", || place.svstat("x").contains(": up"));
    assert!(!stop.has_ended());
    place.here.write("sv/old/go", "");
    let outcome = stop.wait();
    assert_eq!((outcome.code, &outcome.stdout[..]), (Some(0), &b"x: down\n"[..]), "{}", outcome.stderr);
    assert!(place.svstat("x").contains(": up"), "the new one was not told");
    place.here.run(&harness::tool("svc"), &["-dx", "sv/old"]).over("");
}
