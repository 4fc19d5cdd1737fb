//! The orderly stop. The original dies of TERM and leaves everything running.

use harness::{is_ignored, ours_only};
use rustix::process::Signal;

use crate::{LOG, SLEEP, Scan, until};

#[test]
fn services_end_first_and_loggers_read_what_they_left() {
    if ours_only("Stopping svscan") {
        for signal in [Signal::TERM, Signal::INT].into_iter().filter(|&signal| !is_ignored(signal)) {
            let mut scan = Scan::new();
            let run =
                "trap 'sleep 0.3; seq 1 20000; echo last; exit' TERM; echo up; while :; do sleep 0.05; done";
            scan.service("s/x", run, Some("sleep 0.5; exec cat >>all"));
            scan.service("s/y", SLEEP, None);
            scan.start();
            scan.until("s/x/log/all", |text| text == "up\n");
            until("y runs", || scan.ok("s/y"));
            let svscan = scan.svscan.take().unwrap();
            svscan.signal(signal);
            let outcome = svscan.wait();
            assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
            let all = scan.read("s/x/log/all");
            assert!(
                all.starts_with("up\n1\n2\n")
                    && all.ends_with("20000\nlast\n")
                    && all.lines().count() == 20_002
            );
            assert!(["s/x", "s/x/log", "s/y"].iter().all(|name| !scan.ok(name)));
        }
    }
}

#[test]
fn a_logger_that_dies_during_the_stop_is_started_again() {
    if ours_only("Stopping svscan") {
        let mut scan = Scan::new();
        let run = "trap 'seq 1 3000; exit' TERM; echo up; while :; do sleep 0.05; done";
        // Its first life ends before the stop does, its second reads the rest.
        let log = "if [ -e died ]; then exec cat >>all; fi; head -c 3 >>all; touch died; sleep 0.7; exit 1";
        scan.service("s/x", run, Some(log));
        scan.start();
        scan.until("s/x/log/all", |text| text == "up\n");
        let svscan = scan.svscan.take().unwrap();
        svscan.signal(Signal::TERM);
        assert_eq!(svscan.wait().code, Some(0));
        assert!(scan.read("s/x/log/all").ends_with("\n2999\n3000\n"));
    }
}

#[test]
fn a_second_term_kills_what_does_not_end() {
    if ours_only("Stopping svscan") {
        let mut scan = Scan::new();
        scan.service("s/x", "trap '' TERM; echo $$ >started; while :; do sleep 0.1; done", Some(LOG));
        scan.start();
        scan.until("s/x/started", |text| !text.is_empty());
        let mut svscan = scan.svscan.take().unwrap();
        svscan.signal(Signal::TERM);
        until("it is waited for", || svscan.said().contains("waiting for x (pid "));
        assert!(!svscan.has_ended());
        svscan.signal(Signal::TERM);
        assert_eq!(svscan.wait().code, Some(0));
        assert!(!scan.ok("s/x") && !scan.ok("s/x/log"));
    }
}

#[test]
fn with_a_limit_the_stop_ends_whatever_happens_and_says_what_nobody_has_read() {
    if ours_only("Stopping svscan") {
        let mut scan = Scan::new();
        let stubborn = "trap '' TERM; echo hello; echo $$ >started; while :; do sleep 0.1; done";
        scan.service("s/x", stubborn, Some("exec sleep 1000"));
        scan.service("s/y", SLEEP, Some(LOG));
        scan.start_with(&["-t", "2"]);
        scan.until("s/x/started", |text| !text.is_empty());
        until("they run", || scan.ok("s/x/log") && scan.ok("s/y/log"));
        let svscan = scan.svscan.take().unwrap();
        svscan.signal(Signal::TERM);
        let outcome = svscan.wait();
        // Whether it comes to say for whom it waits, at the same time, depends on the machine.
        let words: Vec<&str> = outcome.stderr.lines().filter(|line| !line.contains("waiting for")).collect();
        let [killing, more, threw_away] = words[..] else { panic!("{}", outcome.stderr) };
        let pid = scan.read("s/x/started").trim().to_string();
        assert_eq!(killing, format!("svscan: warning: killing what does not end: x (pid {pid})"));
        assert_eq!(more, "svscan: warning: killing what does not end: x/log (6 bytes unread)");
        assert_eq!(threw_away, "svscan: warning: threw away 6 bytes that x/log has not read");
        // It did not end in order.
        assert_eq!(outcome.code, Some(1));
        assert!(scan.all().iter().all(|name| !scan.ok(name)));
    }
}

#[test]
fn abort_leaves_everything_running() {
    if ours_only("Stopping svscan") {
        let mut scan = Scan::new();
        scan.service("s/x", SLEEP, Some(LOG));
        scan.start();
        until("it runs", || scan.ok("s/x") && scan.ok("s/x/log"));
        let mut svscan = scan.svscan.take().unwrap();
        svscan.signal(Signal::ABORT);
        until("svscan has ended", || svscan.has_ended());
        std::mem::forget(svscan);
        assert!(scan.ok("s/x") && scan.ok("s/x/log"));
    }
}

/// It was told before it had looked for the first time, and left what another svscan had started.
#[test]
fn a_svscan_that_is_told_to_stop_before_its_first_look_ends_what_runs() {
    if !ours_only("Stopping svscan") {
        return;
    }
    let mut scan = Scan::new();
    scan.service("s/x", SLEEP, Some(LOG));
    scan.start();
    until("it runs", || scan.ok("s/x") && scan.ok("s/x/log"));
    let mut killed = scan.svscan.take().unwrap();
    killed.signal(Signal::KILL);
    until("svscan is gone", || killed.has_ended());
    std::mem::forget(killed);
    // It waits for the lock, and signals wait for it.
    let directory = std::fs::File::open(scan.path("s")).unwrap();
    rustix::fs::flock(&directory, rustix::fs::FlockOperation::NonBlockingLockExclusive).unwrap();
    scan.start();
    let svscan = scan.svscan.take().unwrap();
    let blocked = || std::fs::read_to_string(format!("/proc/{}/status", svscan.pid())).unwrap();
    // ABRT, TERM, the end of a child, and of HUP and INT what is not ignored.
    let bit = |signal: Signal| u64::from(!is_ignored(signal)) << (signal.as_raw() - 1);
    let words = format!("SigBlk:\t{:016x}", 0x14020 | bit(Signal::HUP) | bit(Signal::INT));
    until("it waits", || blocked().contains(&words));
    svscan.signal(Signal::TERM);
    drop(directory);
    svscan.wait().quietly();
    assert!(!scan.ok("s/x") && !scan.ok("s/x/log"));
}

/// The original dies of it and leaves everything, and svshutdown ended with it.
#[test]
fn svshutdown_ends_what_an_original_svscan_runs() {
    let Some(theirs) = harness::original("svscan") else { return };
    if !ours_only("Stopping svscan") {
        return;
    }
    let mut scan = Scan::new();
    scan.service("s/x", "trap 'seq 1 2000; exit' TERM; echo up; while :; do sleep 0.05; done", Some(LOG));
    scan.svscan = Some(scan.here.run(&theirs, &["s"]).with("PATH", "/usr/bin:/bin").start());
    scan.until("s/x/log/all", |text| text == "up\n");
    // Their supervise does not listen in the first second of its service.
    let outcome = scan.here.run(&harness::tool("svshutdown"), &["s"]).over("");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(["s/x", "s/x/log"].iter().all(|name| !scan.ok(name)));
    assert!(scan.read("s/x/log/all").ends_with("\n1999\n2000\n"));
    scan.svscan.take().unwrap().wait();
}
