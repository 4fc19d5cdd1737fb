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
    assert!(place.says("status", 111).contains("x        no supervise"));
    // Another directory may have been meant.
    let said = place.says("shutdown", 0);
    assert!(said.contains("svctl: no svscan and no supervise can be seen in "), "{said}");
}

/// `svctl -d /etc status` showed eighty services without a supervise.
#[test]
fn a_directory_without_any_run_is_no_scan_directory() {
    let place = Place::new();
    for name in ["s/a/conf.d", "s/b/run", "s/b/log"] {
        std::fs::create_dir_all(place.path(name)).unwrap();
    }
    for words in ["status", "start a", "stopall", "shutdown", "log"] {
        let said = place.says(words, 100);
        assert!(
            said.contains("(from $SVDIR) is no scan directory: none of the directories in it has a run"),
            "{said}"
        );
        assert!(said.contains("no svscan can be seen in it: name one with -d"), "{said}");
    }
    // Where svscan runs, it is one.
    let mut place = place;
    place.start();
    until("svscan is seen", || {
        place.svctl("status").code == Some(111) || place.svctl("status").code == Some(1)
    });
}

#[test]
fn a_service_before_the_command_is_turned_round() {
    let said = Place::new().says("nginx restart", 100);
    assert!(said.contains("unknown command nginx; the command is first: svctl restart nginx\n"), "{said}");
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

/// What a tool does when a user without rights runs it.
fn as_nobody(place: &Place, name: &str, words: &[&str]) -> Outcome {
    std::fs::set_permissions(place.path("."), PermissionsExt::from_mode(0o755)).unwrap();
    let program = tool(name);
    let words = [&["nobody", program.to_str().unwrap()], words].concat();
    place.here.run(&tool("setuidgid"), &words).with("SVDIR", place.path("s").to_str().unwrap()).over("")
}

/// Whether that user can run our tools at all.
fn nobody_may_run_them(place: &Place) -> bool {
    if !needs_root() {
        return false;
    }
    let may = as_nobody(place, "svctl", &["--help"]).code == Some(0);
    if !may {
        eprintln!("skipped: nobody may not run {}", tool("svctl").display());
    }
    may
}

#[test]
fn who_has_no_right_is_told_whose_it_is_and_a_group_can_get_it() {
    let place = Place::running();
    if !nobody_may_run_them(&place) {
        return;
    }
    place.up("x", SLEEP);
    let nobody = |words: &[&str]| as_nobody(&place, "svctl", words);
    let refused = nobody(&["stop", "x"]);
    assert_eq!(refused.code, Some(111), "{}", refused.stderr);
    assert!(refused.stderr.contains("x: no right to use "), "{}", refused.stderr);
    assert!(
        refused.stderr.contains("which belongs to user number 0 (this is user number 65534)"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("svctl group GROUP x"), "{}", refused.stderr);
    let status = nobody(&["status"]);
    assert_eq!(status.code, Some(111), "{}", status.stderr);
    assert!(String::from_utf8_lossy(&status.stdout).contains("no right to look"));
    place.well("group nogroup x");
    let stopped = nobody(&["stop", "x"]);
    assert_eq!((stopped.code, &stopped.stdout[..]), (Some(0), &b"x: down\n"[..]), "{}", stopped.stderr);
    assert!(place.says("group no-such-group x", 111).contains("unknown group no-such-group"));
    let refused = nobody(&["disable", "x"]);
    assert_eq!(refused.code, Some(111));
    assert!(refused.stderr.contains("unable to remove ") && place.path("s/x").exists(), "{}", refused.stderr);
}

/// `svctl shutdown` and svshutdown ended with 0, and nothing had ended.
#[test]
fn who_has_no_right_is_not_told_that_a_shutdown_went_well() {
    let place = Place::running();
    if !nobody_may_run_them(&place) {
        return;
    }
    place.up("x", SLEEP);
    for (name, words) in [("svctl", &["shutdown"][..]), ("svshutdown", &["s"])] {
        let refused = as_nobody(&place, name, words);
        assert_eq!(refused.code, Some(111), "{}", refused.stderr);
        assert!(refused.stderr.contains(": fatal: unable to stop svscan in "), "{}", refused.stderr);
    }
    // The same where svscan is gone and its services live.
    place.svscan.as_ref().unwrap().signal(rustix::process::Signal::KILL);
    until("no svscan is seen", || !place.svctl("-w 0 enable sv/x").stderr.is_empty());
    let refused = as_nobody(&place, "svshutdown", &["s"]);
    assert_eq!(refused.code, Some(111), "{}", refused.stderr);
    assert!(refused.stderr.contains("svshutdown: fatal: unable to control x: "), "{}", refused.stderr);
    assert!(place.svstat("x").contains(": up"));
    place.well("shutdown");
}

/// That there is no log directory was said of one that can't be read.
#[test]
fn who_may_not_read_a_log_is_told_so() {
    let place = Place::running();
    if !nobody_may_run_them(&place) {
        return;
    }
    place.service("x", "echo hello; exec sleep 1000");
    place.logger("x");
    place.link("x");
    until("it has a log", || place.logged("x") == "hello\n");
    std::fs::set_permissions(place.path("sv/x/log/main"), PermissionsExt::from_mode(0o700)).unwrap();
    let refused = as_nobody(&place, "svctl", &["log", "x"]);
    assert_eq!(refused.code, Some(111), "{}", refused.stderr);
    let said = &refused.stderr;
    assert!(said.contains("x: unable to read ") && said.contains("/x/log/main"), "{said}");
}
