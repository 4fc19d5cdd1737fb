//! supervise, svc, svok and svstat. They do the same on ours, on Debian's and on any mixture, except where
//! DIFFERENCES.md says otherwise.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod clock;
mod commands;
mod companions;
mod faults;
mod finish;
mod interop;
mod life;
mod misuse;
mod random;
mod ready;
mod rules;
mod survivor;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use harness::{Outcome, Running, Scratch, tool, until};

/// Where a supervise and the tools that talk to it come from.
struct Tools {
    supervise: PathBuf,
    svc: PathBuf,
    svstat: PathBuf,
    svok: PathBuf,
}

impl Tools {
    /// Those under test.
    fn under_test() -> Tools {
        Tools { supervise: tool("supervise"), svc: tool("svc"), svstat: tool("svstat"), svok: tool("svok") }
    }
}

/// A directory with a service in `x`.
struct Service {
    here: Scratch,
    tools: Tools,
    supervise: Option<Running>,
}

impl Service {
    /// With this script, not started.
    fn new(run: &str) -> Service {
        let service = Service { here: Scratch::new(), tools: Tools::under_test(), supervise: None };
        service.script("run", &format!("#!/bin/sh\n{run}\n"));
        service
    }

    /// Makes an executable file in it.
    fn script(&self, name: &str, text: &str) {
        let script = self.here.write(&format!("x/{name}"), text);
        std::fs::set_permissions(script, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// The same, and a supervise runs in it.
    fn up(run: &str) -> Service {
        let mut service = Service::new(run);
        service.start();
        service
    }

    /// Starts supervise and waits until it answers.
    fn start(&mut self) {
        let mut running = self.here.run(&self.tools.supervise, &["x"]).start();
        running.until("supervise runs", || self.ok());
        self.supervise = Some(running);
    }

    fn ok(&self) -> bool {
        self.here.run(&self.tools.svok, &["x"]).over("").code == Some(0)
    }

    /// Sends commands.
    fn svc(&self, options: &str) {
        self.here.run(&self.tools.svc, &[options, "x"]).over("").quietly();
    }

    /// What svstat says behind `x: `.
    fn stat(&self) -> String {
        let line = self.here.run(&self.tools.svstat, &["x"]).over("").quietly().stdout;
        String::from_utf8(line).unwrap().trim_end().strip_prefix("x: ").unwrap().to_string()
    }

    /// The same with numbers as `N`.
    fn state(&self) -> String {
        let stat = self.stat();
        let words: Vec<&str> = stat.split(' ').collect();
        let named = words.iter().map(|word| if word.parse::<u64>().is_ok() { "N" } else { *word });
        let text = named.collect::<Vec<_>>().join(" ");
        text.split("(pid ").enumerate().fold(String::new(), |all, (at, part)| match at {
            0 => part.to_string(),
            _ => format!("{all}(pid N{}", &part[part.find(')').unwrap()..]),
        })
    }

    /// The process that svstat names.
    fn pid(&self) -> Option<u32> {
        self.stat().split("(pid ").nth(1)?.split(')').next()?.parse().ok()
    }

    /// The process of a service that runs, or is about to.
    fn running(&self) -> u32 {
        self.until("up (pid N) N seconds");
        self.pid().unwrap()
    }

    /// Waits until svstat says this.
    fn until(&self, state: &str) {
        until(state, || self.state() == state);
    }

    /// The lines that the service wrote into `log`.
    fn log(&self) -> Vec<String> {
        self.read("log").lines().map(String::from).collect()
    }

    /// A file of it; empty if it is not there.
    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.here.path("x").join(name)).unwrap_or_default()
    }

    /// Waits until the log has this number of lines.
    fn until_log(&self, lines: usize) -> Vec<String> {
        until("lines in the log", || self.log().len() >= lines);
        self.log()
    }

    /// Tells supervise to leave and kills its service, and returns how supervise ended.
    fn leave(mut self) -> Outcome {
        self.svc("-dxk");
        self.supervise.take().unwrap().wait()
    }

    /// Waits until supervise, which was told to, has left.
    fn supervise_ends(&self) {
        until("supervise has left", || !self.ok());
    }

    /// Kills supervise itself.
    fn kill_supervise(&mut self) {
        let running = self.supervise.take().unwrap();
        running.signal(rustix::process::Signal::KILL);
        // Its service still has the pipes that this would wait for.
        until("supervise is gone", || !self.ok());
        std::mem::forget(running);
    }
}

impl Drop for Service {
    /// Nothing may go on running in a directory that is gone.
    fn drop(&mut self) {
        if self.ok() {
            self.here.run(&self.tools.svc, &["-dxk", "x"]).over("");
        }
    }
}

/// Whether a process is there and is no zombie.
fn lives(pid: u32) -> bool {
    state_of(pid).is_some_and(|state| state != 'Z')
}

/// Its letter in /proc.
fn state_of(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat")).ok()?;
    stat[stat.rfind(')')? + 1..].trim_start().chars().next()
}
