//! One svscan for a directory, and which process is believed to be one.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::time::{Duration, Instant};

use harness::{is_root, ours_only, spawn, tool, until};
use rustix::fs::{FlockOperation, flock};
use rustix::process::Signal;

use crate::{LOG, SLEEP, Scan};

impl Scan {
    /// Another svscan in the same directory, to its end.
    fn second(&self) -> harness::Outcome {
        let path = format!("{}:/usr/bin:/bin", tool("supervise").parent().unwrap().display());
        self.here.run(&tool("svscan"), &["s"]).with("PATH", &path).over("")
    }
}

/// Both ran everything they found, and the end of the second ended the services of the first.
#[test]
fn a_second_svscan_names_the_first_and_ends() {
    if !ours_only("One svscan for a directory") {
        return;
    }
    let mut scan = Scan::new();
    scan.service("s/x", SLEEP, Some(LOG));
    scan.start();
    scan.until("s/x/started", |text| !text.is_empty());
    let first = scan.svscan.as_ref().unwrap().pid();
    let outcome = scan.second();
    let words = format!("svscan: fatal: unable to lock directory: svscan runs here already, pid {first}\n");
    assert_eq!((outcome.code, outcome.stderr), (Some(111), words));
    assert!(scan.ok("s/x") && scan.ok("s/x/log"));
    let svscan = scan.svscan.take().unwrap();
    svscan.signal(Signal::TERM);
    assert_eq!(svscan.wait().quietly().code, Some(0));
}

/// Anybody who may read the directory can lock it.
#[test]
fn a_lock_of_something_else_is_warned_about() {
    if !ours_only("One svscan for a directory") {
        return;
    }
    let mut scan = Scan::new();
    scan.service("s/x", SLEEP, Some(LOG));
    let directory = std::fs::File::open(scan.path("s")).unwrap();
    flock(&directory, FlockOperation::NonBlockingLockExclusive).unwrap();
    scan.start();
    scan.until("s/x/started", |text| !text.is_empty());
    let svscan = scan.svscan.take().unwrap();
    svscan.signal(Signal::TERM);
    let outcome = svscan.wait();
    let words =
        format!("svscan: warning: unable to lock directory, going on: pid {} has it\n", std::process::id());
    assert_eq!((outcome.code, outcome.stderr), (Some(0), words));
}

#[test]
fn a_second_svscan_starts_as_soon_as_the_first_has_ended() {
    if !ours_only("One svscan for a directory") {
        return;
    }
    let mut scan = Scan::new();
    scan.service("s/x", SLEEP, Some(LOG));
    scan.start();
    for signal in [Signal::ABORT, Signal::KILL, Signal::TERM] {
        until("it runs", || scan.ok("s/x") && scan.ok("s/x/log"));
        let first = scan.svscan.take().unwrap();
        until("it has the lock", || {
            let locks = std::fs::read_to_string("/proc/locks").unwrap();
            locks.contains(&format!(" WRITE {} ", first.pid()))
        });
        first.signal(signal);
        // It waits for the first, which has not ended yet.
        scan.start();
        if signal == Signal::TERM {
            first.wait().quietly();
        } else {
            // What runs has its descriptors.
            std::mem::forget(first);
        }
    }
    until("it runs", || scan.ok("s/x") && scan.ok("s/x/log"));
    let svscan = scan.svscan.take().unwrap();
    svscan.signal(Signal::TERM);
    svscan.wait().quietly();
}

#[test]
fn the_first_process_never_ends_for_a_lock() {
    if !is_root() || !Path::new("/usr/bin/unshare").exists() {
        return eprintln!("skipped: needs root and unshare");
    }
    if !ours_only("One svscan for a directory") {
        return;
    }
    let scan = Scan::new();
    let svscan = tool("svscan");
    let path = format!("{}:/usr/bin:/bin", svscan.parent().unwrap().display());
    let script = format!(
        "'{0}' s >/dev/null 2>other & until [ -s locked ]; do sleep 0.1; flock -n s true || echo yes >locked; done\n\
         exec '{0}' s 2>said",
        svscan.display()
    );
    let words = ["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", &script];
    let mut run = scan.here.run(Path::new("/usr/bin/unshare"), &words).with("PATH", &path).start();
    scan.until("said", |text| text.contains("unable to lock directory, going on: pid "));
    assert!(!run.has_ended());
    run.signal(Signal::KILL);
    run.wait();
}

/// svshutdown, run by root, told it to end and waited for it.
#[test]
fn somebody_elses_process_of_that_name_is_not_believed() {
    if !is_root() || !ours_only("One svscan for a directory") {
        return eprintln!("skipped: needs root");
    }
    let scan = Scan::new();
    let open = |name: &str| {
        let all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(scan.path(name), all).unwrap();
    };
    scan.here.copy("/bin/sleep".as_ref(), "svscan");
    ["", "s", "svscan"].iter().for_each(|name| open(name));
    let mut command = std::process::Command::new(scan.path("svscan"));
    let mut other = spawn(command.arg("1000").uid(65534).gid(65534).current_dir(scan.path("s")));
    let comm = format!("/proc/{}/comm", other.id());
    until("it has that name", || std::fs::read(&comm).unwrap() == b"svscan\n");
    scan.here.run(&tool("svshutdown"), &["s"]).over("").quietly();
    assert!(other.try_wait().unwrap().is_none(), "it was told to end");
    other.kill().unwrap();
    other.wait().unwrap();
}

/// It took up to ten seconds: until the first scan that came after the five.
#[test]
fn a_supervise_that_has_ended_comes_back_when_five_seconds_are_over() {
    if !ours_only("Scanning") {
        return;
    }
    let mut scan = Scan::new();
    ["s/killed", "s/told"].iter().for_each(|name| scan.service(name, SLEEP, None));
    scan.start();
    until("they run", || scan.ok("s/killed") && scan.ok("s/told"));
    // In the middle between two scans.
    std::thread::sleep(Duration::from_millis(2500));
    scan.kill_supervise("s/killed");
    scan.svc("-dx", &["s/told"]);
    until("both are gone", || !scan.ok("s/killed") && !scan.ok("s/told"));
    let begun = Instant::now();
    until("both are back", || scan.ok("s/killed") && scan.ok("s/told"));
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(4) && took < Duration::from_secs(7), "{took:?}");
}

/// `-t 18446744073709551615` panicked when the stop began.
#[test]
fn a_limit_may_be_as_long_as_a_number() {
    if !ours_only("Stopping svscan") {
        return;
    }
    let mut scan = Scan::new();
    scan.service("s/x", SLEEP, Some(LOG));
    scan.start_with(&["-t", "18446744073709551615"]);
    until("it runs", || scan.ok("s/x") && scan.ok("s/x/log"));
    let svscan = scan.svscan.take().unwrap();
    svscan.signal(Signal::TERM);
    svscan.wait().quietly();
}
