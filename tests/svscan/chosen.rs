//! `--main`: a service that runs once, whose end is the end of all and the exit code; also as the first process.

use std::path::Path;

use harness::{Outcome, Running, is_root, ours_only, tool};
use rustix::process::Signal;

use crate::{LOG, SLEEP, Scan, until};

const HEADING: &str = "The main service";

/// Where svscan runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Here.
    Here,
    /// In a namespace of processes, as their first, which is what a container is to it.
    First,
}

/// The places that this machine can make.
fn places() -> Vec<Place> {
    if is_root() && Path::new("/usr/bin/unshare").exists() {
        return vec![Place::Here, Place::First];
    }
    eprintln!("skipped: svscan as the first process, which needs root and unshare");
    vec![Place::Here]
}

impl Scan {
    /// Starts svscan with a main service, in a place.
    fn start_main(&self, place: Place, words: &[&str]) -> Running {
        let svscan = tool("svscan");
        let path = format!("{}:/usr/bin:/bin", svscan.parent().unwrap().display());
        let words = [&[svscan.to_str().unwrap()], words, &["s"]].concat();
        let namespaces: &[&str] = match place {
            Place::Here => &["/usr/bin/env"],
            Place::First => &["/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc"],
        };
        let words = [namespaces, &words].concat();
        self.here.run(Path::new(words[0]), &words[1..]).with("PATH", &path).start()
    }

    fn run_main(&self, place: Place, words: &[&str]) -> Outcome {
        let outcome = self.start_main(place, words).wait();
        assert!(self.all().iter().all(|name| !self.ok(name)), "{place:?}: {outcome:?}");
        outcome
    }
}

#[test]
fn its_code_or_its_signal_is_the_exit_code_and_all_others_end_before() {
    if !ours_only(HEADING) {
        return;
    }
    for place in places() {
        for (run, code) in [
            ("exit 0", 0),
            ("exit 7", 7),
            ("sleep 0.5; exit 255", 255),
            ("kill -9 $$", 137),
            ("sleep 0.3; kill -15 $$", 143),
            ("exec /no/such/program 2>/dev/null", 127),
        ] {
            let scan = Scan::new();
            scan.service("s/job", &format!("echo once >>ran; echo said\n{run}"), Some(&Scan::multilog()));
            let other = "trap 'seq 1 2000; exit' TERM; echo up; while :; do sleep 0.05; done";
            scan.service("s/other", other, Some(&Scan::multilog()));
            let outcome = scan.run_main(place, &["--main", "job"]);
            assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(code), ""), "{place:?}, {run}");
            assert_eq!(scan.read("s/job/ran"), "once\n", "{place:?}, {run}");
            assert_eq!(scan.logged("s/job"), "said\n");
            let logged = scan.logged("s/other");
            assert!(logged.is_empty() || logged.ends_with("\n1999\n2000\n"), "{logged}");
        }
    }
}

/// A file `down` keeps it from running by itself; that it was chosen is a wish of its own.
#[test]
fn neither_down_nor_an_earlier_run_changes_that() {
    if !ours_only(HEADING) {
        return;
    }
    for place in places() {
        let scan = Scan::new();
        scan.service("s/job", "echo once >>ran; read code <code; exit $code", None);
        scan.here.write("s/job/down", "");
        for code in [3, 4] {
            scan.here.write("s/job/code", format!("{code}\n"));
            assert_eq!(scan.run_main(place, &["--main=job"]).code, Some(code));
        }
        assert_eq!(scan.read("s/job/ran"), "once\nonce\n");
    }
}

#[test]
fn finish_runs_before_the_end() {
    if ours_only(HEADING) {
        for place in places() {
            let scan = Scan::new();
            scan.service("s/job", "exit 9", None);
            scan.script("s/job/finish", "sleep 0.3; echo $1 $2 >finished");
            assert_eq!(scan.run_main(place, &["--main", "job"]).code, Some(9));
            assert_eq!(scan.read("s/job/finished"), "9 0\n");
        }
    }
}

/// As `docker stop` does it: the code is that with which the main service has answered the signal.
#[test]
fn after_a_term_its_code_is_the_exit_code_too() {
    if !ours_only(HEADING) {
        return;
    }
    let own = "trap 'echo bye; exit 6' TERM; echo up; while :; do sleep 0.05; done";
    for (run, code) in [(own, 6), ("echo up; exec sleep 1000", 143)] {
        let scan = Scan::new();
        scan.service("s/job", run, Some(&Scan::multilog()));
        let svscan = scan.start_main(Place::Here, &["--main", "job"]);
        until("it is up", || scan.logged("s/job").starts_with("up\n"));
        svscan.signal(Signal::TERM);
        assert_eq!(svscan.wait().code, Some(code));
        assert!(scan.all().iter().all(|name| !scan.ok(name)));
    }
}

/// The first process of a namespace gets the signal that it waits for from outside, by its number there.
#[test]
fn a_first_process_that_gets_term_ends_with_its_code() {
    if !ours_only(HEADING) || places().len() < 2 {
        return;
    }
    let scan = Scan::new();
    let run = "trap 'echo bye; exit 6' TERM; echo up; while :; do sleep 0.05; done";
    scan.service("s/job", run, Some(&Scan::multilog()));
    let unshare = scan.start_main(Place::First, &["--main", "job"]);
    until("it is up", || scan.logged("s/job") == "up\n");
    let children = format!("/proc/{0}/task/{0}/children", unshare.pid());
    let first: i32 = std::fs::read_to_string(children).unwrap().trim().parse().unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_raw(first).unwrap(), Signal::TERM).unwrap();
    assert_eq!(unshare.wait().code, Some(6));
    assert_eq!(scan.logged("s/job"), "up\nbye\n");
}

/// A supervise that is killed takes nothing with it, and the next one does not run the service again.
#[test]
fn it_runs_once_also_where_its_supervise_is_killed() {
    if !ours_only(HEADING) {
        return;
    }
    let scan = Scan::new();
    scan.service("s/job", "echo $$ >>started; while [ ! -e go ]; do sleep 0.05; done; exit 5", Some(LOG));
    let svscan = scan.start_main(Place::Here, &["--main", "job"]);
    scan.until("s/job/started", |text| text.ends_with('\n'));
    scan.kill_supervise("s/job");
    until("another one runs", || scan.ok("s/job"));
    scan.here.write("s/job/go", "");
    let outcome = svscan.wait();
    // Older kernels do not tell others than its parent how a process has ended.
    assert!([Some(5), Some(111)].contains(&outcome.code), "{outcome:?}");
    assert_eq!(scan.read("s/job/started").lines().count(), 1);
    assert!(scan.all().iter().all(|name| !scan.ok(name)));
}

/// One that was started to run for ever is from then on one that runs once.
#[test]
fn what_another_svscan_has_left_running_is_chosen_as_well() {
    if !ours_only(HEADING) {
        return;
    }
    let mut scan = Scan::new();
    scan.service("s/job", "echo $$ >>started; while [ ! -e go ]; do sleep 0.05; done; exit 5", Some(LOG));
    scan.start();
    scan.until("s/job/started", |text| text.ends_with('\n'));
    let killed = scan.svscan.take().unwrap();
    killed.signal(Signal::KILL);
    std::mem::forget(killed);
    let svscan = scan.start_main(Place::Here, &["--main", "job"]);
    until("it runs once", || scan.svstat("s/job").contains("once") || !scan.svstat("s/job").contains("want"));
    std::thread::sleep(std::time::Duration::from_millis(500));
    scan.here.write("s/job/go", "");
    let outcome = svscan.wait();
    assert!([Some(5), Some(111)].contains(&outcome.code), "{outcome:?}");
    assert_eq!(scan.read("s/job/started").lines().count(), 1);
}

#[test]
fn a_name_that_is_none_starts_nothing() {
    if !ours_only(HEADING) {
        return;
    }
    let scan = Scan::new();
    scan.service("s/x", SLEEP, None);
    scan.here.write("s/file", "");
    for (name, code, words) in [
        ("y", 111, "svscan: fatal: unable to find service y: file does not exist\n"),
        ("file", 111, "svscan: fatal: unable to find service file: not a directory\n"),
        ("x/", 100, "svscan: fatal: no name of a service: x/\n"),
        (".x", 100, "svscan: fatal: no name of a service: .x\n"),
    ] {
        let outcome = scan.run_main(Place::Here, &["--main", name]);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(code), words));
        assert!(!scan.path("s/x/started").exists());
    }
}

/// A container without its main service would be of no use, and nobody would restart it.
#[test]
fn one_that_cannot_be_supervised_is_the_end_too() {
    if !ours_only(HEADING) {
        return;
    }
    let scan = Scan::new();
    scan.service("s/job", SLEEP, None);
    scan.here.write("s/job/supervise", "no directory");
    scan.service("s/other", SLEEP, Some(LOG));
    let outcome = scan.run_main(Place::Here, &["--main", "job"]);
    assert_eq!(outcome.code, Some(111), "{outcome:?}");
    assert!(outcome.stderr.contains("supervise: fatal: unable to use job/supervise"), "{outcome:?}");
    assert!(scan.path("s/other/started").exists() && !scan.path("s/job/started").exists());
}
