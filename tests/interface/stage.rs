//! The place in which commands of documents are run: a folder with what they talk about, in which `/service` and some
//! other folders of a machine are folders of its own.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use harness::{Outcome, Run, Running, Scratch, is_root, tool, until};
use rustix::process::Signal;

use super::blocks::Block;
use super::scripts;

/// Folders of a machine that are in the stage.
const MOVED: [&str; 4] = ["/service", "/etc/sv", "/var/", "/run/"];

pub(super) struct Stage {
    here: Scratch,
    svscan: Option<Running>,
}

impl Stage {
    /// Everything that documents talk about, and nothing that runs.
    pub(super) fn new() -> Stage {
        let here = Scratch::new();
        for folder in ["bin", "service", "etc/sv", "run", "var/lib/report", "env"] {
            fs::create_dir_all(here.path(folder)).unwrap();
        }
        let stage = Stage { here, svscan: None };
        for name in ["server", "bin/mirror-everything"] {
            stage.script(name, "exit 0");
        }
        stage.script("bin/report", "exec cat");
        // It takes its programs from the system.
        let boot = fs::read_to_string(scripts().join("svscanboot")).unwrap();
        let (_, boot) = boot.split_once("\nPATH=").unwrap();
        let (_, boot) = boot.split_once('\n').unwrap();
        stage.script("bin/svscanboot", &format!("PATH='{}'\n{boot}", stage.search_path()));
        for name in ["var/log/web", "var/log/db", "main"] {
            let script = ["t", "+*", &format!("./{name}")].map(str::to_string);
            let multilog = stage.here.run(&tool("multilog"), &script);
            fs::create_dir_all(stage.here.path("var/log")).unwrap();
            multilog.over("status=200 ok\nstatus=503 failed\n").quietly();
        }
        stage
    }

    /// The services web, db and pool in `service`, and web, nginx and app-1 in `etc/sv`.
    pub(super) fn with_services(self) -> Stage {
        for name in
            ["service/web", "service/db", "service/pool", "etc/sv/web", "etc/sv/nginx", "etc/sv/app-1"]
        {
            self.script(&format!("{name}/run"), "echo begun\nexec sleep 1000");
            self.script(&format!("{name}/log/run"), "exec multilog t ./main");
        }
        self.here.write("service/pool/setsid", "");
        self
    }

    /// The same with svscan, which runs what is in `service`.
    pub(super) fn running(self) -> Stage {
        self.with_services().start()
    }

    /// Only the services that the examples enable are there, and nginx and app-1 are enabled.
    pub(super) fn enabling(self) -> Stage {
        let stage = self.with_services();
        fs::remove_dir_all(stage.here.path("service")).unwrap();
        fs::create_dir(stage.here.path("service")).unwrap();
        for name in ["nginx", "app-1"] {
            symlink(stage.here.path(format!("etc/sv/{name}")), stage.here.path(format!("service/{name}")))
                .unwrap();
        }
        stage.start()
    }

    fn start(mut self) -> Stage {
        let svscan = self.here.run(&tool("svscan"), &["-t", "5", "service"]);
        self.svscan = Some(svscan.with("PATH", &self.search_path()).start());
        for service in self.services() {
            for part in ["", "/log"] {
                until("a service is up", || {
                    let folder = self.here.path(format!("service/{service}{part}"));
                    self.here.run(&tool("svup"), &[folder]).over("").code == Some(0)
                });
            }
        }
        self
    }

    fn services(&self) -> Vec<String> {
        let names = fs::read_dir(self.here.path("service")).unwrap();
        let names = names.map(|name| name.unwrap().file_name().into_string().unwrap());
        names.filter(|name| self.here.path("service").join(name).is_dir()).collect()
    }

    fn script(&self, name: &str, text: &str) {
        let path = self.here.write(name, format!("#!/bin/sh\n{text}\n"));
        fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
    }

    /// Lets the user nobody come into the stage and write into the log directory `main`.
    pub(super) fn give_to_nobody(&self) {
        let nobody = Some(65534);
        fs::set_permissions(self.here.path("."), Permissions::from_mode(0o755)).unwrap();
        for name in ["main", "main/current", "main/lock"].iter().filter(|_| is_root()) {
            std::os::unix::fs::chown(self.here.path(name), nobody, nobody).unwrap();
        }
    }

    pub(super) fn path(&self, name: &str) -> std::path::PathBuf {
        self.here.path(name)
    }

    fn search_path(&self) -> String {
        let tools = tool("multilog").parent().unwrap().display().to_string();
        format!("{}:{tools}:{}", self.here.path("bin").display(), std::env::var("PATH").unwrap())
    }

    /// Commands with the folders of the stage in the place of those of the machine.
    fn moved(&self, commands: &str) -> String {
        let here = self.here.path("").display().to_string();
        let here = here.trim_end_matches('/');
        let mut moved = String::new();
        let mut rest = commands;
        while let Some(letter) = rest.chars().next() {
            let is_whole =
                !moved.ends_with(|letter: char| letter.is_alphanumeric() || "./*".contains(letter));
            if is_whole && MOVED.iter().any(|folder| rest.starts_with(folder)) {
                moved.push_str(here);
            }
            moved.push(letter);
            rest = &rest[letter.len_utf8()..];
        }
        moved
    }

    fn run(&self, commands: &str, words: &[&str]) -> Run {
        let script = format!("set -e\nexec 2>&1\n{}", self.moved(commands));
        let all: Vec<&str> = words[1..].iter().copied().chain(["sh", "-c", &script]).collect();
        let program = if words[0] == "pgrphack" { tool("pgrphack") } else { "/usr/bin/env".into() };
        let service = self.here.path("service");
        let run = self.here.run(&program, &all).with("PATH", &self.search_path());
        run.with("SVDIR", service.to_str().unwrap()).with("PAGER", "cat").with("NO_COLOR", "1")
    }

    /// What the commands printed, with the names of the machine's folders, when they have ended with this code.
    pub(super) fn prints(&self, block: &Block, code: i32) -> String {
        let Outcome { code: is, stdout, .. } = self.run(&block.commands, &["env"]).over("a line\n");
        let here = self.here.path("").display().to_string();
        let text = String::from_utf8_lossy(&stdout).replace(here.trim_end_matches('/'), "");
        assert_eq!(is, Some(code), "{}: {text}", block.commands);
        text
    }

    /// Commands that go on until they are told to end: they are when there is output, or this file.
    pub(super) fn goes_on(&self, block: &Block, until_there_is: Option<&str>) {
        // An example before may have left it.
        until_there_is.map(|file| fs::remove_file(self.here.path(file)).ok());
        let output = fs::File::create(self.here.path("output")).unwrap();
        let mut running = self.run(&block.commands, &["pgrphack"]).writing_to(output).start();
        let printed = || fs::read_to_string(self.here.path("output")).unwrap();
        running.until(&block.commands, || match until_there_is {
            Some(file) => self.here.path(file).exists(),
            None => printed().ends_with('\n'),
        });
        // A file is waited for where nothing is printed as long as all goes well.
        let printed = until_there_is.map_or_else(String::new, |_| printed());
        assert_eq!(printed, "", "{}", block.commands);
        let group = rustix::process::Pid::from_raw(running.pid() as i32).unwrap();
        rustix::process::kill_process_group(group, Signal::TERM).unwrap();
        running.wait();
        self.is_quiet();
    }

    /// Waits until no supervise is left.
    fn is_quiet(&self) {
        for service in self.services() {
            let folder = self.here.path(format!("service/{service}"));
            until("supervise has ended", || {
                self.here.run(&tool("svok"), &[&folder]).over("").code != Some(0)
            });
        }
    }
}

impl Drop for Stage {
    /// Nothing may go on running in a folder that is gone.
    fn drop(&mut self) {
        let Some(mut svscan) = self.svscan.take() else { return };
        if !svscan.has_ended() {
            svscan.signal(Signal::TERM);
        }
        while !std::thread::panicking() && !svscan.has_ended() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}

/// Whether a document is one of these.
pub(super) fn is(document: &Path, names: &[&str]) -> bool {
    document.file_stem().is_some_and(|stem| names.iter().any(|name| stem == *name))
}
