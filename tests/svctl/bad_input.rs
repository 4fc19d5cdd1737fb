//! What is wrong is said: which, where it was looked for, and what to do.

use std::os::unix::fs::PermissionsExt;

use harness::{Outcome, needs_root, tool, until};

use crate::{Place, SLEEP};

#[test]
fn what_is_not_there_is_a_misuse() {
    let place = Place::running();
    place.up("x", SLEEP);
    place.here.write("s/file", "");
    for (words, said) in [
        ("start none", "no service none in "),
        ("start none", "(from $SVDIR)"),
        ("start z*", "no service fits z* in "),
        ("start x/log", "no service x/log in "),
        ("start file", "file in "),
        ("start a/b", "a/b is neither a name in "),
        ("start /no/where", "no service /no/where: file does not exist"),
        ("start ./none", "no service ./none: file does not exist"),
        ("start x none", "no service none in "),
        (
            "-d /no/where status",
            "/no/where (from -d) is no scan directory: file does not exist: name one with -d",
        ),
        ("-d /etc/passwd status", "/etc/passwd (from -d) is no scan directory: not a directory"),
        ("-d sv/x status", "sv/x (from -d) is a service directory, since it has a run"),
        ("start", "usage: svctl "),
        ("nonsense x", "unknown command nonsense"),
        ("-w soon start x", "not a number of seconds: soon"),
    ] {
        let text = place.says(words, 100);
        assert!(text.contains(said), "{words}: {text}");
    }
    assert_eq!(place.read("sv/x/started").lines().count(), 1, "nothing was told");
    let empty = place.run(&["start", ""]).over("");
    assert_eq!((empty.code, &*empty.stderr), (Some(100), "svctl: fatal: an empty name is no service\n"));
}

#[test]
fn a_usual_scan_directory_is_looked_for_last() {
    let place = Place::new();
    let outcome = place.here.run(&tool("svctl"), &["status"]).without("SVDIR").over("");
    // The machine of a test may have one.
    if outcome.code == Some(100) {
        let words = "no scan directory: SVDIR is not set, and none of these is there: /service, /etc/service, \
                     /var/service: name one with -d";
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
    let given = place.run(&["-d", "s", "status"]).with("SVDIR", "/no/where").over("");
    assert_eq!((given.code, &*given.stderr), (Some(0), "svctl: no services in s (from -d)\n"));
}

#[test]
fn without_a_svscan_it_is_said_that_there_is_none() {
    let place = Place::new();
    place.service("x", SLEEP);
    std::os::unix::fs::symlink(place.path("sv/x"), place.path("s/x")).unwrap();
    for words in ["start x", "stop x", "kill x"] {
        let said = place.says(words, 111);
        assert!(said.contains("svctl: x: no supervise runs in "), "{said}");
        assert!(
            said.contains(", and no svscan can be seen in ") && said.contains(": start one: svscan "),
            "{said}"
        );
    }
    assert!(place.says("status", 1).contains("x        no supervise"));
}

#[test]
fn a_service_whose_supervise_has_left_is_started_when_svscan_starts_it_again() {
    let place = Place::running();
    place.up("x", SLEEP);
    place.here.run(&tool("svc"), &["-dx", "s/x"]).over("").quietly();
    until("it has left", || !place.ok("s/x"));
    let said = place.says("stop x", 111);
    assert!(said.contains("no supervise runs in ") && said.contains("; svscan does, pid "), "{said}");
    // svscan does so after five seconds.
    let outcome = place.svctl("start x");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("waiting for x (its supervise)"), "{}", outcome.stderr);
}

#[test]
fn who_has_no_right_is_told_whose_it_is_and_a_group_can_get_it() {
    if !needs_root() {
        return;
    }
    let place = Place::running();
    std::fs::set_permissions(place.path("."), PermissionsExt::from_mode(0o755)).unwrap();
    place.up("x", SLEEP);
    let scan = place.path("s");
    let nobody = |words: &[&str]| -> Outcome {
        let svctl = tool("svctl");
        let words = [&["nobody", svctl.to_str().unwrap()], words].concat();
        place.here.run(&tool("setuidgid"), &words).with("SVDIR", scan.to_str().unwrap()).over("")
    };
    let refused = nobody(&["stop", "x"]);
    if refused.stderr.contains("unable to run") {
        eprintln!("skipped: nobody may not run {}", tool("svctl").display());
        return;
    }
    assert_eq!(refused.code, Some(111), "{}", refused.stderr);
    assert!(refused.stderr.contains("x: no right to use "), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("which belongs to user number 0 (this is user number 65534)"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("svctl group GROUP x"), "{}", refused.stderr);
    assert!(String::from_utf8_lossy(&nobody(&["status"]).stdout).contains("no right to look"));
    place.well("group nogroup x");
    let stopped = nobody(&["stop", "x"]);
    assert_eq!((stopped.code, &stopped.stdout[..]), (Some(0), &b"x: down\n"[..]), "{}", stopped.stderr);
    assert!(place.says("group no-such-group x", 111).contains("unknown group no-such-group"));
    let refused = nobody(&["disable", "x"]);
    assert_eq!(refused.code, Some(111));
    assert!(refused.stderr.contains("unable to remove ") && place.path("s/x").exists(), "{}", refused.stderr);
}
