//! Every situation and every way of stopping. Each stop ends, in order, and names what was lost or left.

use std::fs::File;
use std::path::Path;

use harness::{Running, is_root, ours_only, tool};
use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use crate::situations::{Expect, HANGS, REMOVED, Situation, Way, situations};
use crate::{Scan, until};

/// What is said of a pipe that nobody will read any more.
const UNREAD: &str = " bytes that x/log has not read";

/// A stop of one kind in one situation.
struct Stop<'a> {
    scan: Scan,
    way: Way,
    situation: &'a Situation,
}

impl Stop<'_> {
    /// Everything runs.
    fn start(&self) -> Running {
        let Stop { scan, way, situation } = self;
        let multilog = Scan::multilog();
        scan.service("etc/x", situation.run, Some(situation.log.unwrap_or(&multilog)));
        (situation.prepare)(scan);
        std::os::unix::fs::symlink("../etc/x", scan.path("s/x")).unwrap();
        let svscan = tool("svscan");
        let path = format!("{}:/usr/bin:/bin", svscan.parent().unwrap().display());
        let limit = if *way == Way::Limit { format!("-t {}", situation.limit) } else { String::new() };
        let line = format!("exec '{}' {limit} s >/dev/null 2>said", svscan.display());
        let words: &[&str] = match way {
            Way::Interrupt => &["/usr/bin/script", "-qec", &line, "/dev/null"],
            Way::First => {
                &["/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", &line]
            }
            _ => &["/usr/bin/setsid", "sh", "-c", &line],
        };
        let run =
            scan.here.run(Path::new(words[0]), &words[1..]).with("PATH", &path).with("SHELL", "/bin/sh");
        let running = run.start();
        scan.until("etc/x/started", |text| !text.is_empty());
        until("both have a supervise", || scan.ok("etc/x") && scan.ok("etc/x/log"));
        if situation.log.is_none() && situation.expect != Expect::Lost {
            until("the logger reads", || scan.logged("etc/x") == "up\n");
        }
        running
    }

    /// The svscan.
    fn svscan(&self, running: &Running) -> Pid {
        let (mut pid, parent) = (running.pid(), running.pid());
        if matches!(self.way, Way::First | Way::Interrupt) {
            let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"));
            pid = children.unwrap().trim().parse().unwrap();
        }
        Pid::from_raw(i32::try_from(pid).unwrap()).unwrap()
    }

    /// Begins the stop. What is returned ends with it.
    fn begin(&self, mut running: Running) -> Running {
        let svscan = self.svscan(&running);
        match self.way {
            Way::Term | Way::Limit | Way::First => kill_process(svscan, Signal::TERM).unwrap(),
            Way::TermToAll => kill_process_group(svscan, Signal::TERM).unwrap(),
            Way::Interrupt => running.write(b"\x03"),
            Way::Svshutdown => {
                let svshutdown = self.scan.here.run(&tool("svshutdown"), &["s"]).over("");
                // It ends as svscan does.
                let outcome = running.wait();
                assert_eq!(svshutdown.code, outcome.code, "{}", svshutdown.stderr);
                return self
                    .scan
                    .here
                    .run(Path::new("/bin/sh"), &["-c", &format!("exit {}", outcome.code.unwrap())])
                    .start();
            }
            Way::SvshutdownAlone => {
                kill_process(svscan, Signal::KILL).unwrap();
                running.wait();
                let svshutdown = tool("svshutdown");
                let path = format!("{}:/usr/bin:/bin", svshutdown.parent().unwrap().display());
                let line = format!("exec '{}' s >/dev/null 2>said", svshutdown.display());
                let run = self.scan.here.run(Path::new("/usr/bin/setsid"), &["sh", "-c", &line]);
                return run.with("PATH", &path).start();
            }
        }
        running
    }

    /// Who works below the directory of the test.
    fn left(&self) -> Vec<(i32, String)> {
        let folder = self.scan.path("");
        let mut left = Vec::new();
        for entry in std::fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            if std::fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(&folder)) {
                left.push((pid, std::fs::read_to_string(entry.path().join("comm")).unwrap_or_default()));
            }
        }
        left
    }

    /// As it ends in this way.
    fn expected(&self) -> Expect {
        match (self.way, self.situation.expect) {
            (Way::Limit, Expect::LoggerLeft) => Expect::Lost,
            (Way::Limit | Way::First, Expect::WorkerLeft) => Expect::InOrder,
            // Its logger has nowhere to be started again.
            (Way::TermToAll | Way::Interrupt, _) if self.situation.name == REMOVED => Expect::SomeLost,
            (_, expect) => expect,
        }
    }

    /// Runs it to its end.
    fn go(self) {
        let mut running = self.start();
        (self.situation.arrange)(&self.scan);
        let stubborn = self.situation.expect == Expect::Stubborn;
        if stubborn && self.way == Way::Svshutdown {
            return self.svshutdown_waits(running);
        }
        running = self.begin(running);
        if stubborn {
            running = self.is_named(running);
        }
        let outcome = running.wait();
        let said = self.scan.read("said");
        let about = format!("{}, {:?}: {:?} {said}", self.situation.name, self.way, outcome.code);
        let expected = self.expected();
        let in_order = match expected {
            Expect::InOrder | Expect::Stubborn => true,
            Expect::SomeLost => !said.contains(UNREAD),
            Expect::Lost | Expect::LoggerLeft | Expect::WorkerLeft => false,
        };
        if !(stubborn && self.way == Way::SvshutdownAlone) {
            assert_eq!(outcome.code, Some(i32::from(!in_order)), "{about}");
        }
        self.check_log(&about);
        self.check_words(&about, &said);
        self.check_rest(&about);
        (self.situation.check)(&self.scan, self.way);
    }

    /// svshutdown waits as long as svscan does.
    fn svshutdown_waits(self, running: Running) {
        let mut svshutdown = self.scan.here.run(&tool("svshutdown"), &["s"]).start();
        let running = self.is_named(running);
        assert_eq!(running.wait().code, Some(0));
        until("svshutdown has ended", || svshutdown.has_ended());
        self.check_rest("svshutdown waits");
    }

    /// It is waited for and named, until another TERM comes or the limit is over.
    fn is_named(&self, mut running: Running) -> Running {
        let pid = self.scan.read("etc/x/started").trim().to_string();
        if self.way == Way::First {
            self.scan.until("said", |text| text.contains("waiting for x (pid "));
            return running;
        }
        self.scan.until("said", |text| text.contains(&format!("waiting for x (pid {pid})")));
        assert!(!running.has_ended());
        match self.way {
            Way::Interrupt => running.write(b"\x03"),
            Way::Limit => {}
            Way::SvshutdownAlone => {
                kill_process(self.svscan(&running), Signal::TERM).unwrap();
                self.scan.svc("-k", &["etc/x"]);
                until("all have ended", || self.left().is_empty());
            }
            _ => kill_process(self.svscan(&running), Signal::TERM).unwrap(),
        }
        running
    }

    fn check_log(&self, about: &str) {
        let folder = if self.scan.path("moved").exists() { "moved" } else { "etc/x" };
        let readable = self.situation.log.is_none() && self.expected() != Expect::Lost;
        if readable && self.situation.name != REMOVED {
            let stubborn = self.situation.expect == Expect::Stubborn;
            let numbers: String = (1..=2000).map(|n| format!("{n}\n")).collect();
            let expected = if stubborn { "up\n".into() } else { format!("up\n{numbers}last\n") };
            let log = self.scan.logged(folder);
            // It was told to end and killed at once, and came as far as it came, in a line perhaps.
            let is_killed = self.way == Way::Limit && self.situation.name == HANGS;
            let begins = || log.starts_with("up\n") && expected.starts_with(log.trim_end_matches('\n'));
            assert!(log == expected || (is_killed && begins()), "{about}: {log}");
        }
        if folder == "moved" || self.situation.has_its_name {
            let started = self.scan.read(&format!("{folder}/started"));
            assert_eq!(started.lines().count(), 1, "{about}: it was started again");
        }
    }

    fn check_words(&self, about: &str, said: &str) {
        // What was killed when the limit was over has not come to be left.
        let is_said = |words: &str| assert!(said.contains(words), "{about}: {words}");
        if self.way != Way::Limit || self.situation.expect == Expect::Lost {
            is_said(self.situation.says);
        }
        match self.expected() {
            Expect::InOrder | Expect::Stubborn => {
                let words = ["left ", "threw away", "keeps ending", "unable to run"];
                let bad = words.iter().any(|word| said.contains(word));
                assert!(!bad, "{about}");
            }
            Expect::Lost => is_said("threw away 8901 bytes that x/log has not read"),
            // What its logger came to read before it was told to end is not among it: all, perhaps.
            Expect::SomeLost => assert!(said.contains(UNREAD) || !said.contains("left "), "{about}"),
            Expect::LoggerLeft => is_said("left x/log (8901 bytes unread)"),
            Expect::WorkerLeft => {
                is_said("waiting for x/log (pipe held by pid ");
                is_said("left x/log (pipe held by pid ");
                is_said(" sleep)");
            }
        }
    }

    fn check_rest(&self, about: &str) {
        if self.way == Way::First {
            return;
        }
        let left = self.left();
        let stays = matches!(self.expected(), Expect::LoggerLeft | Expect::WorkerLeft);
        assert!(!self.scan.ok("etc/x"), "{about}: {left:?}");
        // The end of the terminal may have ended them.
        if !(stays && self.way == Way::Interrupt) {
            assert!(left.is_empty() != stays, "{about}: {left:?}");
        }
        for (pid, _) in left {
            kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).ok();
        }
    }
}

impl Drop for Stop<'_> {
    /// Where it has failed.
    fn drop(&mut self) {
        let left = self.left();
        if std::thread::panicking() {
            eprintln!(
                "{}, {:?}: left {left:?}, said {}",
                self.situation.name,
                self.way,
                self.scan.read("said")
            );
        }
        for (pid, _) in left {
            kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).ok();
        }
    }
}

/// All situations at once: they wait most of the time.
fn every_situation(way: Way) {
    if !ours_only("Stopping svscan") {
        return;
    }
    let situations = situations();
    let only = std::env::var("SITUATION").unwrap_or_default();
    let all = situations.iter().filter(|situation| {
        situation.name.contains(&only) && (situation.has_its_name || way != Way::SvshutdownAlone)
    });
    std::thread::scope(|scope| {
        let stops: Vec<_> = all
            .map(|situation| {
                // What fails is named so.
                let thread = std::thread::Builder::new().name(format!("{way:?}, {}", situation.name));
                thread.spawn_scoped(scope, move || Stop { scan: Scan::new(), way, situation }.go()).unwrap()
            })
            .collect();
        let failed = stops.into_iter().filter_map(|stop| stop.join().err()).count();
        assert_eq!(failed, 0, "so many have failed");
    });
}

#[test]
fn term_ends_everything_in_order_and_names_what_it_leaves() {
    every_situation(Way::Term);
}

/// systemd sends TERM to all processes of a service: supervises died at once, and svscan left what they had run.
#[test]
fn term_to_all_processes_does() {
    every_situation(Way::TermToAll);
}

#[test]
fn an_interrupt_from_a_terminal_does() {
    if File::open("/usr/bin/script").is_err() {
        return eprintln!("skipped: there is no script");
    }
    every_situation(Way::Interrupt);
}

#[test]
fn a_limit_ends_what_does_not_end() {
    every_situation(Way::Limit);
}

#[test]
fn svshutdown_does_what_term_does() {
    every_situation(Way::Svshutdown);
}

#[test]
fn svshutdown_does_it_without_a_svscan() {
    every_situation(Way::SvshutdownAlone);
}

#[test]
fn the_first_process_has_a_limit_of_its_own() {
    if !is_root() || !Path::new("/usr/bin/unshare").exists() {
        return eprintln!("skipped: needs root and unshare");
    }
    every_situation(Way::First);
}
