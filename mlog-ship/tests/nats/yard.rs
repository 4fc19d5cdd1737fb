//! `Yard`: log directories that multilog writes and mlog-ship ships, and the stream beside them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::peer::{Peer, Stored};

/// Log directories and the shipper's state.
pub struct Yard {
    pub folder: TempDir,
    pub url: String,
    pub services: Vec<&'static str>,
    pub shipper: Option<Child>,
    /// How many lines each service has written.
    pub written: Vec<u64>,
}

impl Yard {
    pub fn new(hosts: &str, services: &[&'static str]) -> Yard {
        let yard = Yard {
            folder: tempfile::tempdir().unwrap(),
            url: format!("nats://{hosts}/LOGS?subject=logs.{{host}}.{{service}}"),
            services: services.to_vec(),
            shipper: None,
            written: vec![0; services.len()],
        };
        // A shipper that begins before the first logger finds log directories.
        services.iter().for_each(|service| yard.logger(service, &["t"]).end());
        yard
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn directory(&self, service: &str) -> PathBuf {
        self.path(service)
    }

    pub fn command(&self, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mlog-ship"));
        command.args(self.services.iter().map(|service| self.directory(service)));
        command
            .arg("--state")
            .arg(self.path("state"))
            .args(["--host", "h", "--delay", "50ms", "--batch", "16K"]);
        command.args(more).arg(&self.url).stdin(Stdio::null());
        let log = std::fs::File::options().create(true).append(true).open(self.path("log")).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        command
    }

    pub fn start(&mut self, more: &[&str]) {
        self.shipper = Some(harness::spawn(&mut self.command(more)));
    }

    /// Kills the shipper with -9.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.shipper.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Ends the shipper with TERM. How long it took.
    pub fn end(&mut self) -> Duration {
        let mut child = self.shipper.take().unwrap();
        harness::until("the signal is waited for", || harness::blocks(child.id(), Signal::TERM));
        let since = Instant::now();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.said());
        since.elapsed()
    }

    /// What the shipper has said in all its runs.
    pub fn said(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// A multilog for a service.
    pub fn logger(&self, service: &str, script: &[&str]) -> Logger {
        Logger::of(&self.directory(service), script)
    }

    /// Writes numbered lines for every service in turn, from where it was, in loggers that end.
    pub fn write(&mut self, count: u64) {
        for (at, service) in self.services.clone().iter().enumerate() {
            let mut logger = self.logger(service, &["t", "s16384", "n1000"]);
            logger.lines(service, self.written[at]..self.written[at] + count);
            logger.end();
            self.written[at] += count;
        }
    }

    /// Waits until the stream has the last line of each service, and looks at all lines.
    pub fn assert_all_once(&self, peer: &Peer) {
        let since = Instant::now();
        loop {
            let found = shipped(peer);
            let is_there = |(at, service): (usize, &&str)| {
                let last = found.get(*service).and_then(|lines| lines.last().copied());
                self.written[at] == 0 || last == Some(self.written[at] - 1)
            };
            if self.services.iter().enumerate().all(is_there) {
                for (at, service) in self.services.iter().enumerate() {
                    let of = |subject: &str| subject.ends_with(service);
                    self.assert_batches_once(peer, of);
                    let numbers = found.get(*service).cloned().unwrap_or_default();
                    assert_in_order(service, &numbers, self.written[at], || self.detail(peer, service));
                }
                return;
            }
            let counts: BTreeMap<_, _> =
                found.iter().map(|(service, lines)| (service, lines.len())).collect();
            assert!(
                since.elapsed() < Duration::from_secs(120),
                "{counts:?} of {:?}:\n{}",
                self.written,
                self.said()
            );
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

impl Yard {
    /// Nothing was said but of outages.
    pub fn assert_quiet(&self) {
        let said = self.said();
        eprintln!("{:?} lines, said: {said}", self.written);
        for wrong in ["repeated", "twice", "lost", "gap", "missing", "instance", "panicked"] {
            assert!(!said.contains(wrong), "{said}");
        }
    }

    /// No batch is in the stream twice: a better word about what is wrong than numbers of lines.
    pub fn assert_batches_once(&self, peer: &Peer, is_wanted: impl Fn(&str) -> bool) {
        let messages: Vec<Stored> =
            peer.messages("LOGS").into_iter().filter(|one| is_wanted(&one.subject)).collect();
        let batch = |message: &Stored| message.header("Mlog-Batch").unwrap().parse::<u64>().unwrap();
        for two in messages.windows(2) {
            let is_next = batch(&two[1]) == batch(&two[0]) + 1;
            let show = |one: &Stored| format!("{} {:?}\n", one.sequence, one.headers);
            assert!(is_next, "{}{}{}", show(&two[0]), show(&two[1]), self.said());
        }
    }
}

impl Yard {
    /// What is known of a service: the bounds of its batches, and what was said.
    pub fn detail(&self, peer: &Peer, service: &str) -> String {
        let mut text = String::from("\n");
        for message in peer.messages("LOGS").iter().filter(|message| message.subject.ends_with(service)) {
            let header = |name| message.header(name).unwrap();
            let log = String::from_utf8_lossy(&message.body);
            let number =
                |line: Option<&str>| line.and_then(|line| line.split(' ').nth(2)).unwrap_or("?").to_string();
            let (from, to) = (number(log.lines().next()), number(log.lines().last()));
            let bounds = (header("Mlog-First"), header("Mlog-End"));
            let count = log.lines().count();
            text.push_str(&format!(
                "{} batch {} {count} lines {from} to {to} {bounds:?}\n",
                message.sequence,
                header("Mlog-Batch")
            ));
        }
        text + &self.said()
    }
}

impl Drop for Yard {
    fn drop(&mut self) {
        self.kill();
    }
}

pub fn assert_in_order(service: &str, numbers: &[u64], count: u64, more: impl Fn() -> String) {
    for (wanted, found) in (0..count).zip(numbers) {
        assert_eq!(wanted, *found, "{service}: {} of {count} lines, {}", numbers.len(), more());
    }
    assert_eq!(numbers.len() as u64, count, "{service}, {}", more());
}

/// A multilog that is written to.
pub struct Logger {
    pub child: Child,
    pub input: Option<ChildStdin>,
}

impl Logger {
    pub fn of(directory: &Path, script: &[&str]) -> Logger {
        let mut command = Command::new(harness::tool("multilog"));
        command.args(script).arg(directory).stdin(Stdio::piped());
        let mut child = harness::spawn(&mut command);
        let input = child.stdin.take();
        Logger { child, input }
    }

    pub fn lines(&mut self, service: &str, numbers: std::ops::Range<u64>) {
        let mut text = Vec::new();
        for number in numbers {
            let padding = "x".repeat(usize::try_from(number % 61).unwrap());
            writeln!(text, "{service} {number} {padding}").unwrap();
        }
        self.input.as_mut().unwrap().write_all(&text).unwrap();
    }

    pub fn end(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// The numbers of the lines of each service, in the order of the stream. The bodies of a subject, one after the other, are
/// the log.
pub fn shipped(peer: &Peer) -> BTreeMap<String, Vec<u64>> {
    logs(peer.messages("LOGS"))
}

pub fn logs(messages: Vec<Stored>) -> BTreeMap<String, Vec<u64>> {
    let mut logs: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    for message in messages {
        assert_eq!(message.header("Mlog-Bytes"), Some(&*message.body.len().to_string()));
        assert_eq!(message.header("Mlog-Crc"), Some(&*format!("{:08x}", crc32fast::hash(&message.body))));
        logs.entry(message.subject).or_default().extend(message.body);
    }
    logs.into_iter()
        .map(|(subject, log)| {
            let service = subject.rsplit('.').next().unwrap().to_string();
            (service, numbers(&log))
        })
        .collect()
}

/// The numbers in stamped lines.
pub fn numbers(log: &[u8]) -> Vec<u64> {
    let text = std::str::from_utf8(log).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| line.split(' ').nth(2).unwrap().parse().unwrap()).collect()
}
