//! svctl, over real services under our svscan.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod bad_input;
mod check;
mod commands;
mod examples;
mod hostile;
mod links;
mod status;

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use harness::{LogView, Outcome, Run, Running, Scratch, tool, until};
use rustix::process::Signal;

/// Runs until it is told to end.
const SLEEP: &str = "echo $$ >>started; echo hello; exec sleep 1000";

/// A scan directory in `s`, and service directories in `sv`.
struct Place {
    here: Scratch,
    svscan: Option<Running>,
}

impl Place {
    fn new() -> Place {
        let here = Scratch::new();
        for name in ["s", "sv"] {
            std::fs::create_dir(here.path(name)).unwrap();
        }
        Place { here, svscan: None }
    }

    /// The same with a svscan.
    fn running() -> Place {
        let mut place = Place::new();
        place.start();
        place
    }

    fn start(&mut self) {
        // What does not end with the test is killed.
        self.svscan =
            Some(self.here.run(&tool("svscan"), &["-t", "1", "s"]).with("PATH", &search_path()).start());
    }

    /// A service directory, in `sv`.
    fn service(&self, name: &str, run: &str) {
        self.script(&format!("sv/{name}/run"), run);
    }

    /// A logger for it.
    fn logger(&self, name: &str) {
        let script = format!("exec '{}' t ./main", tool("multilog").display());
        self.script(&format!("sv/{name}/log/run"), &script);
    }

    fn script(&self, name: &str, text: &str) {
        let path = self.here.write(name, format!("#!/bin/sh\n{text}\n"));
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// Links a service directory into the scan directory, and waits until its supervise runs.
    fn link(&self, name: &str) {
        symlink(self.path(format!("sv/{name}")), self.path(format!("s/{name}"))).unwrap();
        until("its supervise runs", || self.ok(&format!("s/{name}")));
    }

    /// A service that svscan runs.
    fn up(&self, name: &str, run: &str) {
        self.service(name, run);
        self.link(name);
        until("it is up", || self.svstat(name).contains(": up"));
    }

    fn path(&self, name: impl AsRef<std::path::Path>) -> PathBuf {
        self.here.path(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    fn ok(&self, name: &str) -> bool {
        self.here.run(&tool("svok"), &[name]).over("").code == Some(0)
    }

    fn svstat(&self, name: &str) -> String {
        let line = self.here.run(&tool("svstat"), &[format!("s/{name}")]).over("").stdout;
        String::from_utf8(line).unwrap()
    }

    /// A run of svctl in the scan directory.
    fn run(&self, words: &[impl AsRef<OsStr>]) -> Run {
        let scan = self.path("s");
        self.here
            .run(&tool("svctl"), words)
            .with("SVDIR", scan.to_str().unwrap())
            .with("PATH", &search_path())
    }

    /// What it did, with words that are parted by spaces.
    fn svctl(&self, words: &str) -> Outcome {
        self.run(&words.split(' ').collect::<Vec<_>>()).over("")
    }

    /// What it says on standard output when all goes well. On a busy machine it may have to wait.
    fn well(&self, words: &str) -> String {
        let Outcome { code, stdout, stderr, .. } = self.svctl(words);
        let only_waits = stderr.lines().all(|line| line.starts_with("svctl: waiting"));
        assert!(code == Some(0) && only_waits, "{words}: {code:?} {stderr}");
        String::from_utf8(stdout).unwrap()
    }

    /// What it says when it ends with this code.
    fn says(&self, words: &str, code: i32) -> String {
        let Outcome { code: is, stdout, stderr, .. } = self.svctl(words);
        let text = format!("{}{stderr}", String::from_utf8_lossy(&stdout));
        assert_eq!(is, Some(code), "{words}: {text}");
        text
    }

    /// The lines in the log of a service.
    fn logged(&self, name: &str) -> String {
        let log = LogView::of(self.path(format!("sv/{name}/log/main"))).unstamped();
        String::from_utf8(log).unwrap()
    }
}

impl Drop for Place {
    /// Nothing may go on running in a directory that is gone.
    fn drop(&mut self) {
        let Some(mut svscan) = self.svscan.take() else { return };
        if svscan.has_ended() {
            return;
        }
        svscan.signal(Signal::TERM);
        let begun = Instant::now();
        while !svscan.has_ended() && begun.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// The folder of the tools, and the usual ones.
fn search_path() -> String {
    format!("{}:/usr/bin:/bin", tool("supervise").parent().unwrap().display())
}
