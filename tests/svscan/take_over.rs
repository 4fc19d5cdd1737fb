//! A new svscan after one that was killed. The original's starts second supervises, which fail on the lock every
//! five seconds for as long as the first ones live, and makes a pipe that none of them uses.

use std::path::Path;
use std::time::Duration;

use harness::{is_root, original, ours_only, tool, until};
use rustix::process::Signal;

use crate::{LOG, SLEEP, Scan};

/// Writes numbers, one by one.
const COUNT: &str = "n=0; while :; do n=$((n+1)); echo $n; sleep 0.01; done";

impl Scan {
    /// Kills svscan alone, and starts another.
    pub(crate) fn kill_and_start(&mut self) {
        self.kill();
        self.start();
    }

    fn kill(&mut self) {
        let mut svscan = self.svscan.take().unwrap();
        svscan.signal(Signal::KILL);
        until("svscan is gone", || svscan.has_ended());
        std::mem::forget(svscan);
    }

    /// The process of the supervise that runs in a directory. None: there is none just now.
    fn supervise_of(&self, name: &str) -> Option<u32> {
        let place = self.path(name).canonicalize().unwrap();
        let all = std::fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let mut all = all.filter_map(|name| name.parse().ok()).filter(|pid: &u32| {
            let process = Path::new("/proc").join(pid.to_string());
            let is_there = std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == place);
            is_there && std::fs::read(process.join("comm")).is_ok_and(|name| name == b"supervise\n")
        });
        all.next()
    }

    /// The same of services that all have one.
    fn supervises_of<const N: usize>(&self, names: [&str; N]) -> [u32; N] {
        names.map(|name| self.supervise_of(name).unwrap())
    }

    /// Waits until there is another one that serves; the old one may be about to end.
    fn until_not(&self, before: u32, name: &str) {
        let is_another = || self.supervise_of(name).is_some_and(|pid| pid != before);
        until("it has another supervise", || is_another() && self.ok(name));
    }

    /// Kills that and leaves the service alone.
    pub(crate) fn kill_supervise(&self, name: &str) {
        kill(self.supervise_of(name).unwrap());
        until("supervise is gone", || !self.ok(name));
    }

    /// The process of a service that runs, or is about to.
    fn pid(&self, name: &str) -> u32 {
        let status = self.path(name).join("supervise/status");
        let mut pid = 0;
        until("it runs", || {
            let status = std::fs::read(&status).unwrap_or_default();
            pid = status.get(12..16).map_or(0, |pid| u32::from_le_bytes(pid.try_into().unwrap()));
            pid != 0
        });
        pid
    }

    /// A service that counts and its logger.
    fn counting(&self, name: &str) {
        self.service(name, COUNT, Some(&Scan::multilog()));
    }

    /// Waits for this number of further lines.
    fn until_counted(&self, name: &str, more: usize) {
        let lines = self.logged(name).lines().count();
        until("more lines", || self.logged(name).lines().count() > lines + more);
    }

    /// Ends everything, and looks whether the log is 1, 2, 3 without a hole.
    fn stop_and_check(mut self, name: &str) {
        let svscan = self.svscan.take().unwrap();
        svscan.signal(Signal::TERM);
        let outcome = svscan.wait();
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
        for name in self.all() {
            assert!(!self.ok(&name), "{name} still runs");
        }
        let all = self.logged(name);
        let expected: String = (1..=all.lines().count()).map(|n| format!("{n}\n")).collect();
        assert_eq!(all, expected, "the log has a hole or a second copy in it");
    }
}

fn kill(pid: u32) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::KILL).unwrap();
}

#[test]
fn a_new_svscan_watches_supervises_that_live_and_no_line_is_lost() {
    if ours_only("A svscan after one that was killed") {
        let mut scan = Scan::new();
        scan.counting("s/x");
        scan.service("s/y", SLEEP, None);
        scan.start();
        scan.until_counted("s/x", 10);
        until("y runs", || scan.ok("s/y"));
        let before = scan.supervises_of(["s/x", "s/x/log", "s/y"]);
        for round in 0..5u64 {
            scan.kill_and_start();
            std::thread::sleep(Duration::from_millis(round * 30));
        }
        scan.until_counted("s/x", 100);
        assert_eq!(scan.supervises_of(["s/x", "s/x/log", "s/y"]), before);
        assert_eq!(scan.read("s/y/started").lines().count(), 1);
        scan.stop_and_check("s/x");
    }
}

/// Every one of the four that hold the pipe may be the one that is left.
#[test]
fn the_pipe_is_taken_over_from_whoever_holds_it() {
    if ours_only("A svscan after one that was killed") {
        for killed in [
            &["supervise s/x/log"][..],
            &["supervise s/x"],
            &["supervise s/x/log", "supervise s/x"],
            &["supervise s/x/log", "supervise s/x", "s/x"],
            &["supervise s/x/log", "s/x/log"],
            &["supervise s/x/log", "s/x/log", "supervise s/x"],
        ] {
            let mut scan = Scan::new();
            // It goes on counting, waits where it would be killed for writing without a reader, and is one copy.
            let run = "trap '' PIPE; exec 9>lock; flock -n 9 || echo two >>../../two\n\
                       n=$(cat n 2>/dev/null || echo 0)\n\
                       while :; do\n\
                       echo $((n+1)) 2>/dev/null && n=$((n+1)) && echo $n >new && mv new n 9>&-; sleep 0.02 9>&-\n\
                       done";
            // Where this is killed it may have read what it has not written: that must not be lost either.
            let multilog = tool("multilog");
            let log = format!(
                "exec 9>lock; flock -n 9 || echo two >>../../../two; exec '{}' ./main",
                multilog.display()
            );
            scan.service("s/x", run, Some(&log));
            scan.start();
            scan.until_counted("s/x", 5);
            scan.kill();
            for name in killed {
                match name.strip_prefix("supervise ") {
                    Some(name) => scan.kill_supervise(name),
                    None => kill(scan.pid(name)),
                }
            }
            scan.start();
            scan.until_counted("s/x", 50);
            assert_eq!(scan.read("two"), "", "{killed:?}");
            until("all have a supervise", || scan.ok("s/x") && scan.ok("s/x/log"));
            let svscan = scan.svscan.take().unwrap();
            svscan.signal(Signal::TERM);
            assert_eq!(svscan.wait().code, Some(0), "{killed:?}");
            // A service that is killed between its line and its count says the number again.
            let mut numbers: Vec<u32> = scan.logged("s/x").lines().map(|n| n.parse().unwrap()).collect();
            numbers.dedup();
            let count = u32::try_from(numbers.len()).unwrap();
            assert_eq!(numbers, (1..=count).collect::<Vec<_>>(), "{killed:?}");
        }
    }
}

#[test]
fn what_ends_later_is_started_again_by_the_new_one() {
    if ours_only("A svscan after one that was killed") {
        let mut scan = Scan::new();
        scan.counting("s/x");
        scan.start();
        scan.until_counted("s/x", 10);
        scan.kill_and_start();
        let [before] = scan.supervises_of(["s/x/log"]);
        std::thread::sleep(Duration::from_millis(300));
        scan.svc("-dx", &["s/x/log"]);
        scan.until_not(before, "s/x/log");
        scan.until_counted("s/x", 50);
        scan.stop_and_check("s/x");
    }
}

/// So this is how one comes to ours without ending anything.
#[test]
fn what_the_originals_svscan_has_left_is_taken_over_too() {
    let Some(theirs) = original("svscan") else { return };
    if ours_only("A svscan after one that was killed") {
        let mut scan = Scan::new();
        scan.counting("s/x");
        scan.svscan = Some(scan.here.run(&theirs, &["s"]).with("PATH", "/usr/bin:/bin").start());
        scan.until_counted("s/x", 10);
        let [service, logger] = scan.supervises_of(["s/x", "s/x/log"]);
        scan.kill_and_start();
        std::thread::sleep(Duration::from_millis(300));
        scan.svc("-dx", &["s/x/log"]);
        scan.until_not(logger, "s/x/log");
        scan.until_counted("s/x", 50);
        assert_eq!(scan.supervise_of("s/x"), Some(service));
        scan.stop_and_check("s/x");
    }
}

#[test]
fn its_own_log_goes_on_in_the_same_pipe() {
    if ours_only("A svscan after one that was killed") {
        let mut scan = Scan::new();
        scan.script("s/.svscan/log/run", LOG);
        scan.service("s/y", COUNT, None);
        scan.start();
        scan.until("s/.svscan/log/all", |text| text.contains("10\n"));
        let [before] = scan.supervises_of(["s/.svscan/log"]);
        scan.kill_and_start();
        std::os::unix::fs::symlink("nowhere", scan.path("s/dangling")).unwrap();
        let words = "svscan: warning: unable to stat dangling: file does not exist\n";
        scan.until("s/.svscan/log/all", |text| text.contains(words));
        assert_eq!(scan.supervise_of("s/.svscan/log"), Some(before));
        std::fs::remove_file(scan.path("s/dangling")).unwrap();
        let log = scan.path("s/.svscan/log/all");
        let svscan = scan.svscan.take().unwrap();
        svscan.signal(Signal::TERM);
        assert_eq!(svscan.wait().code, Some(0));
        let all = std::fs::read_to_string(log).unwrap().replace(words, "");
        let expected: String = (1..=all.lines().count()).map(|n| format!("{n}\n")).collect();
        assert_eq!(all, expected);
    }
}

/// Its supervise would be started again only seconds later, and nobody would tell the service.
#[test]
fn a_service_whose_supervise_was_just_killed_is_ended_too() {
    if ours_only("Stopping svscan") {
        let mut scan = Scan::new();
        scan.service("s/x", SLEEP, Some(LOG));
        scan.start();
        scan.until("s/x/started", |text| !text.is_empty());
        until("it runs", || scan.ok("s/x") && scan.ok("s/x/log"));
        let pid = scan.pid("s/x");
        scan.kill_supervise("s/x");
        let svscan = scan.svscan.take().unwrap();
        svscan.signal(Signal::TERM);
        assert_eq!(svscan.wait().code, Some(0));
        // Nobody may have waited for it.
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        assert!(stat.is_empty() || stat.contains(") Z "), "{stat}");
        assert_eq!(scan.read("s/x/started").lines().count(), 1);
    }
}

/// As the first process of a container: signals reach it though the kernel gives it no default actions, and it is the
/// parent of whoever has lost his own.
#[test]
fn it_can_be_the_first_process() {
    if !is_root() || !Path::new("/usr/bin/unshare").exists() {
        return eprintln!("skipped: needs root and unshare");
    }
    if ours_only("Stopping svscan") {
        let scan = Scan::new();
        scan.service(
            "s/x",
            "(sleep 0.1; exec sleep 0.1) & (exec 2>/dev/null; cat /proc/1/comm); exec sleep 1000",
            Some(LOG),
        );
        let svscan = tool("svscan");
        let folder = svscan.parent().unwrap();
        let path = format!("{}:/usr/bin:/bin", folder.display());
        let script = format!("exec 0<&- 1>&-; exec '{}' s", svscan.display());
        let words = ["--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", &script];
        let mut run = scan.here.run(Path::new("/usr/bin/unshare"), &words).with("PATH", &path).start();
        scan.until("s/x/log/all", |text| text == "svscan\n");
        let children = || {
            let parent = run.pid();
            std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap_or_default()
        };
        let first: u32 = children().trim().parse().unwrap();
        let zombies = || {
            let children = std::fs::read_to_string(format!("/proc/{first}/task/{first}/children")).unwrap();
            let stat = |pid: &str| std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            children.split_ascii_whitespace().filter(|pid| stat(pid).contains(") Z ")).count()
        };
        scan.svc("-t", &["s/x"]);
        scan.until("s/x/log/all", |text| text == "svscan\nsvscan\n");
        std::thread::sleep(Duration::from_millis(500));
        assert_eq!(zombies(), 0);
        let pid = rustix::process::Pid::from_raw(i32::try_from(first).unwrap()).unwrap();
        rustix::process::kill_process(pid, Signal::TERM).unwrap();
        until("it has ended", || run.has_ended());
        assert!(!scan.ok("s/x") && !scan.ok("s/x/log"));
    }
}
