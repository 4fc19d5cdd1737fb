//! svscan. It does the same on ours and on Debian's, except where DIFFERENCES.md says otherwise.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod alone;
mod chosen;
mod daemons;
mod guides;
mod matrix;
mod notify;
mod own_log;
mod scan;
mod situations;
mod stop;
mod storm;
mod take_over;

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use harness::{LogView, Running, Scratch, is_original, tool, until};

/// Runs until it is told to end.
const SLEEP: &str = "echo $$ >>started; exec sleep 1000";
/// Logs its input into `all`. What it has read and not written is lost when it is told to end.
const LOG: &str = "exec cat >>all";

/// A scan directory, in `s`.
struct Scan {
    here: Scratch,
    svscan: Option<Running>,
}

impl Scan {
    fn new() -> Scan {
        let here = Scratch::new();
        std::fs::create_dir(here.path("s")).unwrap();
        Scan { here, svscan: None }
    }

    /// Starts svscan with the tools under test in its PATH.
    fn start(&mut self) {
        self.start_with(&[]);
    }

    /// The same with options.
    fn start_with(&mut self, options: &[&str]) {
        let folder = tool("supervise").parent().unwrap().to_path_buf();
        let path = format!("{}:/usr/bin:/bin", folder.display());
        self.svscan =
            Some(self.here.run(&tool("svscan"), &[options, &["s"]].concat()).with("PATH", &path).start());
    }

    /// Makes a script.
    fn script(&self, name: &str, text: &str) {
        let path = self.here.write(name, format!("#!/bin/sh\n{text}\n"));
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// Makes a service, with a logger.
    fn service(&self, name: &str, run: &str, log: Option<&str>) {
        self.script(&format!("{name}/run"), run);
        if let Some(log) = log {
            self.script(&format!("{name}/log/run"), log);
        }
    }

    /// The script of a logger into `main` that loses nothing when it is told to end.
    fn multilog() -> String {
        format!("exec '{}' ./main", tool("multilog").display())
    }

    /// What the logger of a service has written into `main`.
    fn logged(&self, name: &str) -> String {
        LogView::of(self.path(name).join("log/main")).text()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.here.path(name)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Waits until a file holds this.
    fn until(&self, name: &str, holds: impl Fn(&str) -> bool) {
        until(name, || holds(&self.read(name)));
    }

    fn ok(&self, name: &str) -> bool {
        self.here.run(&tool("svok"), &[name]).over("").code == Some(0)
    }

    fn svc(&self, options: &str, names: &[&str]) {
        self.here.run(&tool("svc"), &[&[options], names].concat()).over("");
    }

    fn svstat(&self, name: &str) -> String {
        let line = self.here.run(&tool("svstat"), &[name]).over("").quietly().stdout;
        String::from_utf8(line).unwrap()
    }

    /// Every service below the scan directory.
    fn all(&self) -> Vec<String> {
        let mut all = Vec::new();
        for entry in std::fs::read_dir(self.path("s")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            all.extend([format!("s/{name}/log"), format!("s/{name}")]);
        }
        all
    }
}

impl Drop for Scan {
    /// The original leaves everything running when it ends.
    fn drop(&mut self) {
        if let Some(mut svscan) = self.svscan.take() {
            if svscan.has_ended() {
                return;
            }
            let signal =
                if is_original() { rustix::process::Signal::KILL } else { rustix::process::Signal::ABORT };
            svscan.signal(signal);
            std::mem::forget(svscan);
        }
        for name in self.all() {
            if self.ok(&name) {
                self.svc("-dxk", &[&name]);
            }
        }
    }
}
