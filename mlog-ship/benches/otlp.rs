//! What shipping by OTLP costs: the processor time beside a reader that throws everything away, with and without compression,
//! and what is used while nothing is written.
//!
//! `cargo bench -p mlog-ship --bench otlp`; `SHIP_MIB` says how much is shipped each time (256), `READER` which `mlog` is
//! compared (target/tools/mlog).

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a failure ends the measurement"
)]
#![allow(dead_code, missing_docs, unreachable_pub, reason = "what is measured is the same for all sinks")]

mod measure;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use measure::ROUNDS;

fn main() {
    let total = measure::total();
    let folder = tempfile::tempdir().unwrap();
    let directories = measure::directories(folder.path(), total);
    let url = receiver();
    let kinds = [("gzip", ""), ("plain", "#gzip=no"), ("JSON and gzip", "#json")];
    let mut ratios = vec![Vec::new(); kinds.len()];
    for round in 0..ROUNDS {
        let read = measure::read(&directories).unwrap();
        for (at, (name, options)) in kinds.iter().enumerate() {
            let state = folder.path().join(format!("state{at}-{round}"));
            let (took, ticks) = measure::ship(&directories, &state, &format!("otlp:{url}{options}"));
            let ratio = ticks as f64 / read as f64;
            let rate = total as f64 / f64::from(1 << 20) / took.as_secs_f64();
            println!(
                "{name}: {rate:.1} MiB/s; processor time {ticks} ticks, mlog {read} ticks, ratio {ratio:.2}"
            );
            ratios[at].push(ratio);
        }
    }
    for ((name, _), ratios) in kinds.iter().zip(&mut ratios) {
        ratios.sort_by(f64::total_cmp);
        println!("processor time beside mlog, {name}, median of {ROUNDS}: {:.2}", ratios[ROUNDS / 2]);
    }
    measure::idle(&directories, &folder.path().join("state0-0"), &format!("otlp:{url}"));
}

/// Takes everything and keeps nothing. Its URL.
fn receiver() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || serve(stream));
        }
    });
    format!("http://127.0.0.1:{port}")
}

fn serve(stream: TcpStream) -> Option<()> {
    let mut stream = BufReader::with_capacity(256 << 10, stream);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).ok().filter(|&got| got > 2 || line == "\r\n")?;
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok()?;
            }
            if line == "\r\n" {
                break;
            }
        }
        std::io::copy(&mut (&mut stream).take(length), &mut std::io::sink()).ok()?;
        let answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n";
        stream.get_mut().write_all(answer).ok()?;
    }
}
