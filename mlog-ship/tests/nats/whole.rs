//! The whole system: nginx under svscan, its log through multilog and mlog-ship into three servers, everything killed at
//! random, and the requests counted at the other end.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::{Random, Scratch, tool};
use serde_json::json;

use crate::cluster::{self, Cluster};
use crate::peer::Peer;

const NGINX: &str = "/usr/sbin/nginx";
/// Requests that are sent at once.
const WINDOW: usize = 50;
const ANSWER: &[u8] = b"done\n";

/// A scan directory with a web server and a shipper.
struct Machine {
    here: Scratch,
    svscan: Option<Child>,
}

impl Machine {
    fn new(hosts: &str) -> Machine {
        let machine = Machine { here: Scratch::new(), svscan: None };
        let socket = machine.socket();
        let conf = format!(
            "daemon off; master_process on; worker_processes 2; pid nginx.pid; error_log stderr crit;\n\
             events {{ worker_connections 64; }}\n\
             http {{ log_format short 'request $request_uri'; access_log /dev/stdout short; keepalive_requests 100000000;\n\
             client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;\n\
             server {{ listen unix:{}; location / {{ return 200 'done\\n'; }} }} }}\n",
            socket.display()
        );
        machine.here.write("scan/web/nginx.conf", conf);
        machine.here.write("scan/web/setsid", "");
        machine.here.write("scan/web/down-signal", "QUIT\n");
        let web = format!("rm -f '{}'; exec {NGINX} -p \"$PWD\" -c nginx.conf -e stderr", socket.display());
        machine.service("web", &web);
        let multilog = tool("multilog");
        let log = format!("exec {} t compress=zstd rotate=1h s300000 n100000 ./main", multilog.display());
        machine.service("web/log", &log);
        let ship = format!(
            "exec {} -S {} -u web --state ../../state --host h --delay 300ms --metrics ../../ship.prom \
             'nats://{hosts}/LOGS?subject=logs.{{host}}.{{service}}'",
            env!("CARGO_BIN_EXE_mlog-ship"),
            machine.here.path("scan").display()
        );
        machine.service("ship", &ship);
        machine
    }

    fn socket(&self) -> PathBuf {
        self.here.path("nginx.sock")
    }

    fn service(&self, name: &str, run: &str) {
        let path = self.here.write(&format!("scan/{name}/run"), format!("#!/bin/sh\n{run}\n"));
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn start(&mut self) {
        let log = std::fs::File::options().create(true).append(true).open(self.here.path("said")).unwrap();
        let mut command = Command::new(tool("svscan"));
        command.arg(self.here.path("scan")).stdin(Stdio::null());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.svscan = Some(harness::spawn(&mut command));
    }

    fn said(&self) -> String {
        std::fs::read_to_string(self.here.path("said")).unwrap_or_default()
    }

    fn svc(&self, option: &str, service: &str) {
        let mut command = Command::new(tool("svc"));
        command
            .arg(option)
            .arg(self.here.path("scan").join(service))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        harness::spawn(&mut command).wait().unwrap();
    }

    /// An orderly stop.
    fn stop(&mut self) {
        let Some(mut svscan) = self.svscan.take() else { return };
        Command::new("kill").arg(svscan.id().to_string()).status().unwrap();
        let begun = Instant::now();
        while svscan.try_wait().unwrap().is_none() {
            if begun.elapsed() > Duration::from_secs(60) {
                svscan.kill().unwrap();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A client that asks for `/1`, `/2` and so on, and knows which it got an answer for.
#[derive(Default)]
struct Client {
    asked: AtomicUsize,
    answered: Mutex<Vec<usize>>,
    is_done: AtomicBool,
}

impl Client {
    fn run(&self, socket: &Path, most: usize) {
        while !self.is_done.load(Ordering::Relaxed) && self.asked.load(Ordering::Relaxed) < most {
            if self.connected(socket, most).is_none() {
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }

    /// Asks in windows until the connection breaks.
    fn connected(&self, socket: &Path, most: usize) -> Option<()> {
        let mut stream = UnixStream::connect(socket).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        loop {
            let first = self.asked.fetch_add(WINDOW, Ordering::Relaxed) + 1;
            let question = |number: usize| format!("GET /{number} HTTP/1.1\r\nHost: h\r\n\r\n");
            let questions: String = (first..first + WINDOW).map(question).collect();
            let mut answers = Vec::new();
            let whole = ask(&mut stream, questions.as_bytes(), &mut answers);
            let count = memchr::memmem::find_iter(&answers, ANSWER).count();
            self.answered.lock().unwrap().extend(first..first + count);
            whole?;
            if first + WINDOW > most || self.is_done.load(Ordering::Relaxed) {
                return Some(());
            }
        }
    }

    fn count(&self) -> usize {
        self.answered.lock().unwrap().len()
    }
}

/// Reads the answers of a window.
fn ask(stream: &mut UnixStream, questions: &[u8], answers: &mut Vec<u8>) -> Option<()> {
    stream.write_all(questions).ok()?;
    let mut piece = [0; 1 << 14];
    while memchr::memmem::find_iter(answers, ANSWER).count() < WINDOW {
        match stream.read(&mut piece).ok()? {
            0 => return None,
            length => answers.extend_from_slice(&piece[..length]),
        }
    }
    Some(())
}

/// How often each request is in the stream.
fn shipped(peer: &Peer) -> HashMap<usize, usize> {
    let mut times = HashMap::new();
    for message in peer.messages("LOGS") {
        for line in String::from_utf8(message.body).unwrap().lines() {
            let number = line.split_once(" request /").and_then(|(_, number)| number.parse().ok());
            *times.entry(number.unwrap_or_else(|| panic!("{line}"))).or_default() += 1;
        }
    }
    times
}

/// One thing that goes wrong.
fn harm(random: &mut Random, machine: &Machine, cluster: &mut Cluster, peer: &Peer) {
    match random.below(8) {
        0..3 => machine.svc("-k", "ship"),
        3 | 4 => machine.svc("-k", "web/log"),
        5 => machine.svc("-h", "web"),
        6 => machine.svc("-t", "ship"),
        _ => {
            let Some(leader) = cluster.leader(peer, "LOGS") else { return };
            cluster.kill(leader);
            std::thread::sleep(Duration::from_millis(random.below(1500)));
            cluster.start(leader);
        }
    }
}

#[test]
fn every_request_to_nginx_arrives_once_while_everything_is_killed_at_random() {
    let Some(server) = cluster::server() else { return };
    if !Path::new(NGINX).exists() {
        eprintln!("skipped: there is no {NGINX}");
        return;
    }
    let long = std::env::var_os("SHIP_LONG").is_some();
    let most = if long { 1_000_000 } else { 20_000 };
    let mut cluster = Cluster::of(&server, 3);
    let peer = cluster.stream("LOGS", json!({}));
    let mut machine = Machine::new(&cluster.hosts());
    machine.start();
    let socket = machine.socket();
    harness::until("nginx answers", || UnixStream::connect(&socket).is_ok());
    let client = Client::default();
    let mut random = Random::new(29);
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| client.run(&socket, most));
        let mut kills = 0;
        while !asking.is_finished() || kills < 12 {
            std::thread::sleep(Duration::from_millis(200 + random.below(1500)));
            harm(&mut random, &machine, &mut cluster, &peer);
            kills += 1;
            if begun.elapsed() > Duration::from_secs(1800) {
                client.is_done.store(true, Ordering::Relaxed);
            }
        }
    });
    assert!(client.count() > most / 2, "{} answers: {}", client.count(), machine.said());
    let answered = client.answered.lock().unwrap();
    let last = Instant::now();
    loop {
        let times = shipped(&peer);
        let missing = answered.iter().filter(|number| !times.contains_key(number)).count();
        let twice = times.values().filter(|times| **times > 1).count();
        assert_eq!(twice, 0, "of {} requests: {}", answered.len(), machine.said());
        if missing == 0 {
            break;
        }
        assert!(last.elapsed() < Duration::from_secs(90), "{missing} missing: {}", machine.said());
        std::thread::sleep(Duration::from_millis(500));
    }
    machine.stop();
}
