//! What shipping to NATS costs: the throughput beside a plain publisher on the same cluster of three servers, the processor
//! time beside a reader that throws everything away, and what is used while nothing is written.
//!
//! `cargo bench -p mlog-ship --bench nats`; `SHIP_MIB` says how much is shipped each time (256), `READER` which `mlog` is
//! compared (target/tools/mlog).

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a failure ends the measurement"
)]
#![allow(dead_code, missing_docs, unreachable_pub, reason = "the servers are those of the tests")]

#[path = "../tests/nats/cluster.rs"]
mod cluster;
#[path = "../tests/nats/links.rs"]
mod links;
#[path = "../tests/nats/peer.rs"]
mod peer;
#[path = "../tests/nats/proxy.rs"]
mod proxy;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use cluster::Cluster;
use mlog_ship::state::{Disk, Slots};
use peer::Peer;
use serde_json::{Value, json};

/// The number of directories, and of subjects of the publisher.
const LANES: usize = 4;
const BATCH: usize = 256 << 10;
const ROUNDS: usize = 5;

fn main() {
    let Some(program) = cluster::server() else { return };
    let total = std::env::var("SHIP_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(256usize) << 20;
    let folder = tempfile::tempdir().unwrap();
    let directories: Vec<PathBuf> = (0..LANES).map(|lane| folder.path().join(format!("d{lane}"))).collect();
    directories.iter().for_each(|directory| fill(directory, total / LANES));
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        let plain = on_a_cluster(&program, |_, peer| publish(peer, &directories));
        let (shipped, ticks) =
            on_a_cluster(&program, |cluster, _| ship(cluster, &directories, folder.path(), round));
        let read = read(&directories);
        let per_second = |time: Duration| total as f64 / f64::from(1 << 20) / time.as_secs_f64();
        println!(
            "plain publisher {:.1} MiB/s, mlog-ship {:.1} MiB/s, ratio {:.2}; processor time: mlog-ship {ticks} ticks, mlog {read:?} ticks",
            per_second(plain),
            per_second(shipped),
            plain.as_secs_f64() / shipped.as_secs_f64(),
        );
        ratios.push(plain.as_secs_f64() / shipped.as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    println!("ratio to the plain publisher, median of {ROUNDS}: {:.2}", ratios[ROUNDS / 2]);
    on_a_cluster(&program, |cluster, _| idle(cluster, &directories, folder.path()));
}

/// A directory whose `current` has this many bytes.
fn fill(directory: &Path, bytes: usize) {
    std::fs::create_dir(directory).unwrap();
    let mut text = Vec::with_capacity(bytes + 200);
    let mut number = 0u64;
    while text.len() < bytes {
        let stamp = format!("@40000000{:08x}{:08x}", 0x6b07_0000 + number / 1000, number % 1000 * 1_000_000);
        let words = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        writeln!(
            text,
            "{stamp} 192.0.2.{} - \"GET /{words:x} HTTP/1.1\" 200 {}",
            words % 251,
            words % 70_001
        )
        .unwrap();
        number += 1;
    }
    std::fs::write(directory.join("current"), text).unwrap();
    std::fs::write(directory.join("lock"), "").unwrap();
}

fn on_a_cluster<T>(program: &Path, measure: impl FnOnce(&Cluster, &Peer) -> T) -> T {
    let cluster = Cluster::of(program, 3);
    let peer = cluster.stream("LOGS", json!({}));
    measure(&cluster, &peer)
}

/// Publishes the same bytes in pieces of the same size over one connection, one in flight on each subject, and waits for
/// each acknowledgement.
fn publish(peer: &Peer, directories: &[PathBuf]) -> Duration {
    let texts: Vec<Vec<u8>> =
        directories.iter().map(|one| std::fs::read(one.join("current")).unwrap()).collect();
    let since = Instant::now();
    std::thread::scope(|scope| {
        for (lane, text) in texts.iter().enumerate() {
            scope.spawn(move || {
                for piece in text.chunks(BATCH) {
                    peer.publish(&format!("logs.h.{lane}"), piece).unwrap();
                }
            });
        }
    });
    let took = since.elapsed();
    let state = peer.api("STREAM.INFO.LOGS", &Value::Null);
    assert!(
        state.pointer("/state/bytes").and_then(Value::as_u64).unwrap()
            > texts.iter().map(|text| text.len() as u64).sum()
    );
    took
}

fn shipper(cluster: &Cluster, directories: &[PathBuf], state: &Path) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mlog-ship"));
    command.args(directories).arg("--state").arg(state).args(["--host", "h"]);
    command.arg(format!("nats://{}/LOGS?subject=logs.{{host}}.{{service}}", cluster.hosts()));
    command.stdin(Stdio::null()).spawn().unwrap()
}

/// Ships all directories: how long that took, and the ticks of the processor.
fn ship(cluster: &Cluster, directories: &[PathBuf], folder: &Path, round: usize) -> (Duration, u64) {
    let state = folder.join(format!("state{round}"));
    let since = Instant::now();
    let mut child = shipper(cluster, directories, &state);
    // All have the same lines.
    let end = size(&directories[0]);
    while shipped(&state, end) < LANES {
        assert!(since.elapsed() < Duration::from_secs(600) && child.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(5));
    }
    let took = since.elapsed();
    let ticks = ticks(child.id());
    child.kill().unwrap();
    child.wait().unwrap();
    (took, ticks)
}

fn size(directory: &Path) -> u64 {
    std::fs::metadata(directory.join("current")).unwrap().len()
}

/// How many lanes' states say that all up to this offset was taken.
fn shipped(state: &Path, end: u64) -> usize {
    let Ok(files) = std::fs::read_dir(state) else { return 0 };
    let disk = Disk::new(state);
    let is_shipped = |file: &std::fs::DirEntry| {
        let name = file.file_name().to_string_lossy().into_owned();
        let found = name.starts_with("nats.").then(|| Slots::read(&disk, &name).ok().flatten()).flatten();
        let kept = found.map(|found| found.kept).filter(|kept| kept.intent.is_none());
        kept.and_then(|kept| kept.cursor).is_some_and(|cursor| cursor.place.offset == end)
    };
    files.flatten().filter(is_shipped).count()
}

/// The ticks of a reader of the same directories, or nothing where there is none.
fn read(directories: &[PathBuf]) -> Option<u64> {
    let reader = std::env::var_os("READER").map_or("target/tools/mlog".into(), PathBuf::from);
    let mut command = Command::new(reader);
    let mut child = command.args(["-o", "none"]).args(directories).stdout(Stdio::null()).spawn().ok()?;
    let since = Instant::now();
    while state(child.id()) != "Z" {
        assert!(since.elapsed() < Duration::from_secs(600));
        std::thread::sleep(Duration::from_millis(5));
    }
    let ticks = ticks(child.id());
    child.wait().unwrap();
    Some(ticks)
}

/// What the system says of a process, behind its name.
fn fields(pid: u32) -> Vec<String> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    text.rsplit(')').next().unwrap().split_whitespace().map(String::from).collect()
}

fn state(pid: u32) -> String {
    fields(pid)[0].clone()
}

/// User and system time, in hundredths of a second on most machines.
fn ticks(pid: u32) -> u64 {
    let fields = fields(pid);
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// What is used while nothing is written.
fn idle(cluster: &Cluster, directories: &[PathBuf], folder: &Path) {
    let mut child = shipper(cluster, directories, &folder.join("state0"));
    // A line, so that it is connected.
    let mut current = std::fs::File::options().append(true).open(directories[0].join("current")).unwrap();
    current.write_all(b"@400000006b17000000000000 one more\n").unwrap();
    std::thread::sleep(Duration::from_secs(12));
    let before = harness::wakeups(child.id());
    std::thread::sleep(Duration::from_secs(20));
    let woken = harness::wakeups(child.id()) - before;
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let resident = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    println!("idle after {LANES} directories were shipped: {resident}, {woken} wake-ups in 20 s");
    child.kill().unwrap();
    child.wait().unwrap();
}
