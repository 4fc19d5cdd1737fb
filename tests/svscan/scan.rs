//! What is started, and when.

use std::time::{Duration, Instant};

use harness::{ours_only, wakeups};
use rustix::process::{Pid, Signal, kill_process};

use crate::{LOG, SLEEP, Scan, until};

#[test]
fn a_service_and_its_logger_run_with_a_pipe_between_them() {
    let mut scan = Scan::new();
    scan.service("s/x", "echo line $$; exec sleep 1000", Some(LOG));
    scan.service("s/.hidden", SLEEP, None);
    scan.here.write("s/file", "");
    scan.start();
    scan.until("s/x/log/all", |text| text.starts_with("line "));
    // supervise starts it, and writes its status then.
    until("it is shown", || scan.svstat("s/x").starts_with("s/x: up (pid "));
    until("its logger is shown", || scan.svstat("s/x/log").starts_with("s/x/log: up (pid "));
    assert!(!scan.path("s/.hidden/started").exists());
}

/// With cat as the logger a line was missing once, in Debian's too: TERM had come between its read and its write.
#[test]
fn nothing_is_lost_when_the_logger_and_its_supervise_die() {
    let mut scan = Scan::new();
    scan.service(
        "s/x",
        "n=0; while [ $n -lt 60 ]; do echo line $n; n=$((n+1)); sleep 0.1; done; exec sleep 1000",
        Some(&Scan::multilog()),
    );
    scan.start();
    until("a few lines", || scan.logged("s/x").contains("line 3\n"));
    scan.svc("-dx", &["s/x/log"]);
    until("the logger's supervise is gone", || !scan.ok("s/x/log"));
    until("all lines", || scan.logged("s/x").contains("line 59\n"));
    let expected: String = (0..60).map(|n| format!("line {n}\n")).collect();
    assert_eq!(scan.logged("s/x"), expected);
}

#[test]
fn a_link_that_appears_is_a_service_and_one_that_is_gone_is_not_started_again() {
    let mut scan = Scan::new();
    scan.service("x", SLEEP, Some(LOG));
    scan.start();
    std::thread::sleep(Duration::from_millis(300));
    std::os::unix::fs::symlink("../x", scan.path("s/x")).unwrap();
    scan.until("x/started", |text| text.lines().count() == 1);
    until("supervise runs", || scan.ok("x") && scan.ok("x/log"));
    std::fs::remove_file(scan.path("s/x")).unwrap();
    scan.svc("-dx", &["x", "x/log"]);
    until("both are gone", || !scan.ok("x") && !scan.ok("x/log"));
    std::thread::sleep(Duration::from_millis(6500));
    assert!(!scan.ok("x") && !scan.ok("x/log"));
    assert_eq!(scan.read("x/started").lines().count(), 1);
}

/// Within five seconds in the original.
#[test]
fn a_link_is_seen_at_once() {
    if ours_only("Scanning") {
        let mut scan = Scan::new();
        scan.service("x", SLEEP, None);
        scan.service("y", SLEEP, None);
        scan.start();
        std::thread::sleep(Duration::from_millis(500));
        let begun = Instant::now();
        std::os::unix::fs::symlink("../x", scan.path("s/x")).unwrap();
        std::fs::rename(scan.path("y"), scan.path("s/y")).unwrap();
        scan.until("x/started", |text| !text.is_empty());
        scan.until("s/y/started", |text| !text.is_empty());
        // The next scan would be after five seconds.
        assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    }
}

#[test]
fn a_supervise_that_died_is_started_again_and_two_names_are_one_service() {
    let mut scan = Scan::new();
    scan.service("s/x", SLEEP, None);
    std::os::unix::fs::symlink("x", scan.path("s/y")).unwrap();
    scan.start();
    // Its supervise obeys from the beginning, and would end it before its first line.
    scan.until("s/x/started", |text| !text.is_empty());
    scan.svc("-dx", &["s/x"]);
    until("supervise is gone", || !scan.ok("s/x"));
    until("supervise runs again", || scan.ok("s/x"));
    scan.until("s/x/started", |text| text.lines().count() == 2);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(scan.read("s/x/started").lines().count(), 2);
}

/// The original finds the directory at any moment of its making, most of the time without its `log`.
#[test]
fn a_directory_that_is_copied_in_is_never_without_its_logger() {
    if ours_only("Scanning") {
        let mut scan = Scan::new();
        scan.service("x", "echo $$; exec sleep 1000", Some(LOG));
        scan.start();
        std::thread::sleep(Duration::from_millis(300));
        for n in 0..100 {
            let copy = format!(
                "mkdir s/x{n}; sleep 0.0{}; cp x/run s/x{n}; mkdir s/x{n}/log; cp x/log/run s/x{n}/log",
                n % 10
            );
            let line = if n % 2 == 0 { copy } else { format!("cp -r x s/x{n}") };
            scan.here.run("/bin/sh".as_ref(), &["-c", &line]).over("").quietly();
        }
        for n in 0..100 {
            scan.until(&format!("s/x{n}/log/all"), |text| !text.is_empty());
        }
    }
}

/// What is closed when svscan begins is what it puts pipes in the place of.
#[test]
fn descriptors_that_were_closed_do_not_matter() {
    let mut scan = Scan::new();
    scan.service("s/x", "echo line; exec sleep 1000", Some(LOG));
    let svscan = harness::tool("svscan");
    let path = format!("{}:/usr/bin:/bin", svscan.parent().unwrap().display());
    let shell = ["-c", "exec \"$0\" s <&- >&- 2>&-", svscan.to_str().unwrap()];
    scan.svscan = Some(scan.here.run("/bin/sh".as_ref(), &shell).with("PATH", &path).start());
    scan.until("s/x/log/all", |text| text == "line\n");
    until("both run", || scan.ok("s/x") && scan.ok("s/x/log"));
}

#[test]
fn a_log_that_comes_later_is_warned_about() {
    if ours_only("Scanning") {
        let mut scan = Scan::new();
        scan.service("s/x", SLEEP, None);
        scan.start();
        until("it runs", || scan.ok("s/x"));
        scan.script("s/x/log/run", LOG);
        let svscan = scan.svscan.take().unwrap();
        let words = "svscan: warning: not running x/log, which came later than the service\n";
        svscan.signal(Signal::HUP);
        until("it is said", || svscan.said() == words);
        // And once only.
        svscan.signal(Signal::HUP);
        std::thread::sleep(Duration::from_millis(200));
        svscan.signal(Signal::TERM);
        assert_eq!(svscan.wait().stderr, words);
    }
}

/// A supervise waits for what happens, svscan looks every five seconds.
#[test]
fn nobody_wakes_up_without_a_reason() {
    let mut scan = Scan::new();
    let names: Vec<String> = (0..10).map(|n| format!("s/{n}")).collect();
    names.iter().for_each(|name| scan.service(name, SLEEP, Some(LOG)));
    scan.start();
    until("all run", || {
        names.iter().all(|name| scan.ok(name) && !scan.read(&format!("{name}/started")).is_empty())
    });
    // The original waits for a second after each start.
    std::thread::sleep(Duration::from_secs(2));
    let svscan = scan.svscan.as_ref().unwrap().pid();
    let children = std::fs::read_to_string(format!("/proc/{svscan}/task/{svscan}/children")).unwrap();
    let children: Vec<u32> = children.split_ascii_whitespace().map(|pid| pid.parse().unwrap()).collect();
    let of_children = || -> u64 { children.iter().copied().map(wakeups).sum() };
    assert_eq!(children.len(), 20);
    let before = (of_children(), wakeups(svscan));
    std::thread::sleep(Duration::from_secs(11));
    assert_eq!(of_children(), before.0);
    // A look may wait for the disk as well.
    assert!(wakeups(svscan) - before.1 <= 9);
}

#[test]
fn services_outlive_svscan() {
    let mut scan = Scan::new();
    scan.service("s/x", SLEEP, Some(LOG));
    scan.start();
    until("it runs", || scan.svstat("s/x").contains("up (pid"));
    let before = scan.svstat("s/x").split(')').next().unwrap().to_string();
    let svscan = scan.svscan.take().unwrap();
    kill_process(Pid::from_raw(svscan.pid() as i32).unwrap(), Signal::KILL).unwrap();
    std::mem::forget(svscan);
    scan.start();
    std::thread::sleep(Duration::from_millis(1500));
    assert!(scan.svstat("s/x").starts_with(&before));
    assert_eq!(scan.read("s/x/started").lines().count(), 1);
}

#[test]
fn a_directory_that_is_none_is_said() {
    let scan = Scan::new();
    let outcome = scan.here.run(&harness::tool("svscan"), &["nowhere"]).over("");
    let words = "svscan: fatal: unable to chdir to nowhere: file does not exist\n";
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(111), words));
}

/// Each service with a log takes two descriptors. Those that don't get any are warned about, not started without a pipe, and
/// tried again.
#[test]
fn with_few_descriptors_some_services_run_with_their_loggers_and_svscan_goes_on() {
    if ours_only("Scanning") {
        let mut scan = Scan::new();
        for n in 10..50 {
            scan.service(&format!("s/x{n}"), "echo line; exec sleep 1000", Some(LOG));
        }
        let svscan = harness::tool("svscan");
        let path = format!("{}:/usr/bin:/bin", svscan.parent().unwrap().display());
        let line = "ulimit -n 64; exec \"$0\" s";
        let shell =
            scan.here.run("/bin/sh".as_ref(), &["-c", line, svscan.to_str().unwrap()]).with("PATH", &path);
        scan.svscan = Some(shell.start());
        scan.until("s/x10/log/all", |text| !text.is_empty());
        until("some run", || (10..40).filter(|n| scan.ok(&format!("s/x{n}"))).count() > 20);
        std::thread::sleep(Duration::from_millis(300));
        for n in 10..50 {
            let (main, log) = (format!("s/x{n}"), format!("s/x{n}/log"));
            until(&format!("x{n} runs with its logger or not at all"), || scan.ok(&main) == scan.ok(&log));
        }
        let svscan = scan.svscan.take().unwrap();
        svscan.signal(Signal::TERM);
        let outcome = svscan.wait();
        assert_eq!(outcome.code, Some(0));
        let words = "svscan: warning: unable to create pipe for x49: process cannot open more files\n";
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    }
}
