//! The whole program: multilog writes, mlog-ship ships, everything is killed, and the stream is read back.

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::time::{Duration, Instant};

use harness::Random;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::cluster::{self, Cluster, hosts};
use crate::peer::{Peer, Stored};
use crate::proxy::Proxy;
use crate::rounds;

/// Log directories and the shipper's state.
struct Yard {
    folder: TempDir,
    url: String,
    services: Vec<&'static str>,
    shipper: Option<Child>,
    /// How many lines each service has written.
    written: Vec<u64>,
}

impl Yard {
    fn new(hosts: &str, services: &[&'static str]) -> Yard {
        let yard = Yard {
            folder: tempfile::tempdir().unwrap(),
            url: format!("nats://{hosts}/LOGS?subject=logs.{{host}}.{{service}}"),
            services: services.to_vec(),
            shipper: None,
            written: vec![0; services.len()],
        };
        services.iter().for_each(|service| std::fs::create_dir(yard.directory(service)).unwrap());
        yard
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn directory(&self, service: &str) -> PathBuf {
        self.path(service)
    }

    fn command(&self, more: &[&str]) -> Command {
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

    fn start(&mut self, more: &[&str]) {
        self.shipper = Some(harness::spawn(&mut self.command(more)));
    }

    /// Kills the shipper with -9.
    fn kill(&mut self) {
        if let Some(mut child) = self.shipper.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Ends the shipper with TERM. How long it took.
    fn end(&mut self) -> Duration {
        let mut child = self.shipper.take().unwrap();
        let since = Instant::now();
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success(), "{status}: {}", self.said());
        since.elapsed()
    }

    /// What the shipper has said in all its runs.
    fn said(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// A multilog for a service.
    fn logger(&self, service: &str, script: &[&str]) -> Logger {
        Logger::of(&self.directory(service), script)
    }

    /// Writes numbered lines for every service in turn, from where it was, in loggers that end.
    fn write(&mut self, count: u64) {
        for (at, service) in self.services.clone().iter().enumerate() {
            let mut logger = self.logger(service, &["t", "s16384", "n1000"]);
            logger.lines(service, self.written[at]..self.written[at] + count);
            logger.end();
            self.written[at] += count;
        }
    }

    /// Waits until the stream has the last line of each service, and looks at all lines.
    fn assert_all_once(&self, peer: &Peer) {
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
    /// No batch is in the stream twice: a better word about what is wrong than numbers of lines.
    fn assert_batches_once(&self, peer: &Peer, is_wanted: impl Fn(&str) -> bool) {
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
    fn detail(&self, peer: &Peer, service: &str) -> String {
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

fn assert_in_order(service: &str, numbers: &[u64], count: u64, more: impl Fn() -> String) {
    for (wanted, found) in (0..count).zip(numbers) {
        assert_eq!(wanted, *found, "{service}: {} of {count} lines, {}", numbers.len(), more());
    }
    assert_eq!(numbers.len() as u64, count, "{service}, {}", more());
}

/// A multilog that is written to.
struct Logger {
    child: Child,
    input: Option<ChildStdin>,
}

impl Logger {
    fn of(directory: &Path, script: &[&str]) -> Logger {
        let mut command = Command::new(harness::tool("multilog"));
        command.args(script).arg(directory).stdin(Stdio::piped());
        let mut child = harness::spawn(&mut command);
        let input = child.stdin.take();
        Logger { child, input }
    }

    fn lines(&mut self, service: &str, numbers: std::ops::Range<u64>) {
        let mut text = Vec::new();
        for number in numbers {
            let padding = "x".repeat(usize::try_from(number % 61).unwrap());
            writeln!(text, "{service} {number} {padding}").unwrap();
        }
        self.input.as_mut().unwrap().write_all(&text).unwrap();
    }

    fn end(mut self) {
        drop(self.input.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// The numbers of the lines of each service, in the order of the stream. The bodies of a subject, one after the other, are
/// the log.
fn shipped(peer: &Peer) -> BTreeMap<String, Vec<u64>> {
    logs(peer.messages("LOGS"))
}

fn logs(messages: Vec<Stored>) -> BTreeMap<String, Vec<u64>> {
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
fn numbers(log: &[u8]) -> Vec<u64> {
    let text = std::str::from_utf8(log).unwrap();
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| line.split(' ').nth(2).unwrap().parse().unwrap()).collect()
}

const SERVICES: [&str; 3] = ["web", "db", "mail"];

#[test]
fn what_was_written_before_during_and_after_arrives_once() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &SERVICES);
    yard.write(500);
    yard.start(&[]);
    yard.assert_all_once(&peer);
    yard.write(500);
    yard.assert_all_once(&peer);
    let took = yard.end();
    assert!(took < Duration::from_secs(4), "{took:?}");
    yard.write(500);
    yard.start(&[]);
    yard.assert_all_once(&peer);
    assert_eq!(yard.said(), "");
}

/// Writes in pieces and kills the shipper at random, `rounds` times, beside `meanwhile`.
fn storm(yard: &mut Yard, peer: &Peer, rounds: usize, meanwhile: impl FnOnce(&AtomicBool) + Send) {
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let other = scope.spawn(|| meanwhile(&is_over));
        let mut random = Random::new(11);
        for round in 0..rounds {
            yard.start(&[]);
            let until = Instant::now() + Duration::from_millis(100 + random.below(1500));
            while Instant::now() < until {
                yard.write(1 + random.below(300));
            }
            if round % 5 == 4 && !other.is_finished() {
                let took = yard.end();
                assert!(took < Duration::from_secs(4), "{took:?}");
            } else {
                yard.kill();
            }
            // More lines than the batch in doubt had.
            yard.write(1 + random.below(300));
        }
        is_over.store(true, SeqCst);
        other.join().unwrap();
    });
    yard.start(&[]);
    yard.assert_all_once(peer);
    let said = yard.said();
    eprintln!("{:?} lines, said: {said}", yard.written);
    for wrong in ["repeated", "twice", "lost", "gap", "instance", "panicked"] {
        assert!(!said.contains(wrong), "{said}");
    }
}

/// Kills the leader of the stream with -9 again and again, until it is told to end. How often.
fn killing(cluster: &mut Cluster, reader: &Peer, is_over: &AtomicBool) -> u64 {
    let mut kills = 0;
    while !is_over.load(SeqCst) {
        std::thread::sleep(Duration::from_millis(700));
        if let Some(leader) = cluster.leader(reader, "LOGS") {
            cluster.kill(leader);
            kills += 1;
            std::thread::sleep(Duration::from_millis(700));
            cluster.start(leader);
        }
    }
    kills
}

#[test]
fn whoever_is_killed_no_line_is_lost_or_doubled() {
    let Some(program) = cluster::server() else { return };
    let mut cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &SERVICES);
    let (kills, reader) = (AtomicU64::new(0), cluster.peer());
    storm(&mut yard, &peer, rounds(12), |is_over| {
        kills.store(killing(&mut cluster, &reader, is_over), SeqCst);
    });
    eprintln!("{kills:?} leaders were killed");
    assert!(kills.load(SeqCst) > 0);
}

#[test]
fn a_connection_that_lies_loses_and_doubles_no_line() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let proxies: Vec<Proxy> = cluster.ports().iter().map(|&port| Proxy::of(port)).collect();
    let ports: Vec<u16> = proxies.iter().map(|proxy| proxy.port).collect();
    let mut yard = Yard::new(&hosts(&ports), &SERVICES);
    storm(&mut yard, &peer, rounds(8), |is_over| {
        let mut random = Random::new(5);
        while !is_over.load(SeqCst) {
            proxies[usize::try_from(random.below(3)).unwrap()].trouble(&mut random);
        }
    });
}

/// One server: nothing is replicated, and what was acknowledged is on its disk after a kill of the process.
fn single(program: &Path) {
    let mut cluster = Cluster::of(program, 1);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &SERVICES);
    storm(&mut yard, &peer, rounds(6), |is_over| {
        while !is_over.load(SeqCst) {
            std::thread::sleep(Duration::from_millis(900));
            cluster.kill(0);
            std::thread::sleep(Duration::from_millis(300));
            cluster.start(0);
        }
    });
}

#[test]
fn one_server_that_is_killed_loses_and_doubles_no_line() {
    let Some(program) = cluster::server() else { return };
    single(&program);
}

#[test]
fn an_old_server_that_is_killed_loses_and_doubles_no_line() {
    let Some(program) = cluster::old_server() else { return };
    single(&program);
}

/// What 2.9 may do: a batch that was sent again while it was on its way is stored twice. A reader knows that by its number.
#[test]
fn an_old_cluster_whose_leaders_are_killed_loses_nothing_and_doubles_whole_batches_at_most() {
    let Some(program) = cluster::old_server() else { return };
    let mut cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &SERVICES);
    let is_over = AtomicBool::new(false);
    let reader = cluster.peer();
    std::thread::scope(|scope| {
        scope.spawn(|| killing(&mut cluster, &reader, &is_over));
        for _ in 0..rounds(6) {
            yard.start(&[]);
            for _ in 0..10 {
                yard.write(100);
                std::thread::sleep(Duration::from_millis(100));
            }
            yard.kill();
        }
        is_over.store(true, SeqCst);
    });
    yard.start(&[]);
    let (since, wanted) = (Instant::now(), yard.written[0]);
    let mut doubled = 0;
    let found = loop {
        let mut messages = peer.messages("LOGS");
        let all = messages.len();
        let mut seen = HashSet::new();
        messages
            .retain(|one| seen.insert((one.subject.clone(), one.header("Mlog-Batch").unwrap().to_string())));
        doubled = doubled.max(all - messages.len());
        let found = logs(messages);
        if SERVICES
            .iter()
            .all(|service| found.get(*service).is_some_and(|lines| lines.last() == Some(&(wanted - 1))))
        {
            break found;
        }
        assert!(since.elapsed() < Duration::from_secs(120), "{}", yard.said());
        std::thread::sleep(Duration::from_millis(500));
    };
    for service in SERVICES {
        assert_in_order(service, &found[service], wanted, || yard.detail(&peer, service));
    }
    eprintln!("{doubled} batches were doubled: {}", yard.said());
}

#[test]
fn an_old_cluster_takes_each_line_once_while_shippers_are_killed() {
    let Some(program) = cluster::old_server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &SERVICES);
    storm(&mut yard, &peer, rounds(6), |_| {});
}

#[test]
fn a_subject_is_gone_on_with_after_a_purge_and_a_restart() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &["quiet"]);
    yard.start(&[]);
    yard.write(10);
    yard.assert_all_once(&peer);
    yard.end();
    peer.api("STREAM.PURGE.LOGS", &Value::Null);
    yard.start(&[]);
    yard.write(10);
    let since = Instant::now();
    while shipped(&peer).get("quiet").is_none_or(|lines| lines.last() != Some(&19)) {
        assert!(since.elapsed() < Duration::from_secs(30), "{}", yard.said());
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(shipped(&peer)["quiet"], (10..20).collect::<Vec<u64>>());
    assert_eq!(yard.said(), "");
}

#[test]
fn a_second_shipper_by_mistake_stops_and_says_so() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &["web"]);
    yard.start(&[]);
    yard.write(100);
    yard.assert_all_once(&peer);
    let mut other = Command::new(env!("CARGO_BIN_EXE_mlog-ship"));
    other
        .arg(yard.directory("web"))
        .arg("--state")
        .arg(yard.path("other"))
        .args(["--host", "h"])
        .arg(&yard.url);
    let mut other = harness::spawn(other.stdin(Stdio::null()).stderr(Stdio::piped()));
    let since = Instant::now();
    let status = loop {
        if let Some(status) = other.try_wait().unwrap() {
            break status;
        }
        assert!(since.elapsed() < Duration::from_secs(30));
        std::thread::sleep(Duration::from_millis(50));
    };
    let mut said = String::new();
    std::io::Read::read_to_string(&mut other.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("was sent by another mlog-ship, instance "), "{status}: {said}");
    yard.write(100);
    yard.assert_all_once(&peer);
}

#[test]
fn lines_that_are_longer_than_a_message_are_shipped_in_pieces() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::with(&program, 3, "max_payload: 8192");
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &["web"]);
    let mut logger = yard.logger("web", &["t", "s1000000", "n10"]);
    let long = "long ".repeat(20_000);
    logger.lines("web", 0..500);
    writeln!(logger.input.as_mut().unwrap(), "web 500 {long}").unwrap();
    logger.lines("web", 501..1000);
    logger.end();
    yard.written[0] = 1000;
    yard.start(&[]);
    yard.assert_all_once(&peer);
    let messages = peer.messages("LOGS");
    let pieces: Vec<&str> = messages.iter().filter_map(|message| message.header("Mlog-Line")).collect();
    assert_eq!((pieces.first(), pieces.last()), (Some(&"opens"), Some(&"closes")), "{pieces:?}");
    assert!(
        pieces.len() > 10 && pieces[1..pieces.len() - 1].iter().all(|piece| *piece == "continues"),
        "{pieces:?}"
    );
    let log: Vec<u8> = messages.into_iter().flat_map(|message| message.body).collect();
    assert!(String::from_utf8(log).unwrap().contains(&long));
}

#[test]
fn what_is_wrong_with_the_sink_ends_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let directories: Vec<PathBuf> =
        ["a", "b"].iter().map(|name| folder.path().join(name).join("main")).collect();
    directories.iter().for_each(|directory| std::fs::create_dir_all(directory).unwrap());
    let run = |url: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_mlog-ship"));
        command
            .args(&directories)
            .arg("--state")
            .arg(folder.path().join("state"))
            .args(["--host", "h"])
            .arg(url);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (url, says) in [
        ("nats://127.0.0.1:1/LOGS", "has no subject="),
        ("nats://127.0.0.1:1/LOGS?subject=logs.{hots}", "{hots}"),
        ("nats://u:secret@127.0.0.1:1/LO.GS?subject=x", "has a stream"),
        ("nats://127.0.0.1:1/LOGS?subject=logs.{host}", "have one subject, logs.h"),
    ] {
        let (code, said) = run(url);
        assert_eq!(code, Some(100), "{said}");
        assert!(said.contains(says) && said.lines().count() == 1 && !said.contains("secret"), "{said}");
    }
    assert!(!folder.path().join("state").exists());
}

fn copy(from: &Path, to: &Path) {
    if to.exists() {
        std::fs::remove_dir_all(to).unwrap();
    }
    std::fs::create_dir(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().flatten() {
        std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
    }
}

#[test]
fn a_state_that_was_restored_goes_on_behind_what_the_stream_has() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 1);
    let peer = cluster.stream("LOGS", json!({}));
    let mut yard = Yard::new(&cluster.hosts(), &["web"]);
    yard.write(500);
    yard.start(&[]);
    yard.assert_all_once(&peer);
    yard.end();
    let (state, kept) = (yard.path("state"), yard.path("kept"));
    copy(&state, &kept);
    yard.write(2000);
    yard.start(&[]);
    yard.assert_all_once(&peer);
    yard.end();
    copy(&kept, &state);
    yard.write(500);
    yard.start(&[]);
    yard.assert_all_once(&peer);
}

#[test]
fn term_is_obeyed_while_nobody_answers() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 1);
    let peer = cluster.stream("LOGS", json!({}));
    let proxy = Proxy::of(cluster.ports()[0]);
    let mut yard = Yard::new(&hosts(&[proxy.port]), &["web"]);
    yard.write(100);
    yard.start(&[]);
    yard.assert_all_once(&peer);
    proxy.swallow(true);
    yard.write(100);
    std::thread::sleep(Duration::from_millis(500));
    let took = yard.end();
    assert!(took < Duration::from_millis(3500), "{took:?}");
    proxy.swallow(false);
    yard.write(100);
    yard.start(&[]);
    yard.assert_all_once(&peer);
    // Nor is it waited for a server that is not there.
    proxy.close(true);
    yard.write(100);
    std::thread::sleep(Duration::from_millis(500));
    let took = yard.end();
    assert!(took < Duration::from_millis(3500), "{took:?}");
}

#[test]
fn a_stream_that_is_made_later_gets_all_that_was_written() {
    let Some(program) = cluster::server() else { return };
    let cluster = Cluster::of(&program, 1);
    let mut yard = Yard::new(&cluster.hosts(), &["web"]);
    yard.url.push_str("&zstd=1&replicas=1");
    yard.write(500);
    yard.start(&[]);
    let since = Instant::now();
    while !yard.said().contains("there is no stream LOGS: with --create it is made") {
        assert!(since.elapsed() < Duration::from_secs(20), "{}", yard.said());
        std::thread::sleep(Duration::from_millis(50));
    }
    yard.end();
    yard.start(&["--create"]);
    yard.write(500);
    let peer = cluster.peer();
    while peer.try_api("STREAM.INFO.LOGS", &Value::Null).is_none_or(|info| info.get("error").is_some()) {
        std::thread::sleep(Duration::from_millis(50));
    }
    yard.assert_all_once(&peer);
    assert!(peer.messages("LOGS").iter().any(|message| message.header("Content-Encoding") == Some("zstd")));
    assert!(!yard.said().contains("repeated"), "{}", yard.said());
}
