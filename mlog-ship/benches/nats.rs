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
mod measure;
#[path = "../tests/nats/peer.rs"]
mod peer;
#[path = "../tests/nats/proxy.rs"]
mod proxy;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use cluster::Cluster;
use measure::ROUNDS;
use peer::Peer;
use serde_json::{Value, json};

const BATCH: usize = 256 << 10;

fn main() {
    let Some(program) = cluster::server() else { return };
    let total = measure::total();
    let folder = tempfile::tempdir().unwrap();
    let directories = measure::directories(folder.path(), total);
    let mut ratios = Vec::new();
    for round in 0..ROUNDS {
        let plain = on_a_cluster(&program, |_, peer| publish(peer, &directories));
        let state = folder.path().join(format!("state{round}"));
        let (shipped, ticks) =
            on_a_cluster(&program, |cluster, _| measure::ship(&directories, &state, &url(cluster)));
        let read = measure::read(&directories);
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
    let state = folder.path().join("state0");
    on_a_cluster(&program, |cluster, _| measure::idle(&directories, &state, &url(cluster)));
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

fn url(cluster: &Cluster) -> String {
    format!("nats://{}/LOGS?subject=logs.{{host}}.{{service}}", cluster.hosts())
}
