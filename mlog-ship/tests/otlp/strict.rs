//! The strict decoder: OpenTelemetry's own classes, in Python.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::decode::{Got, decode};

/// A program of the peers that `tests/install-ship.sh` installs. None: it is not there, and the test says so.
pub(crate) fn peer(name: &str) -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = std::env::var_os("SHIP_PEERS").map_or_else(|| root.join("target/ship-peers"), PathBuf::from);
    let found = [folder.join("bin").join(name), folder.join(name)].into_iter().find(|path| path.exists());
    if found.is_none() {
        eprintln!("skipped: there is no {name} in {}; tests/install-ship.sh installs it", folder.display());
    }
    found
}

/// Whether Python has a module.
pub(crate) fn python_with(module: &str) -> Option<PathBuf> {
    let python = peer("python3")?;
    let known =
        Command::new(&python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    let known = known.unwrap().success();
    if !known {
        eprintln!("skipped: Python has no {module}");
    }
    known.then_some(python)
}

/// Decodes requests, which are media types and bodies, with the strict decoder, and requires that the other decoder finds
/// the same.
pub(crate) fn check(requests: &[(String, Vec<u8>)]) {
    let Some(python) = python_with("opentelemetry.proto.collector.logs.v1.logs_service_pb2") else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/otlp/strict.py");
    let mut child =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let requests = requests.to_vec();
    let copy = requests.clone();
    let writer = std::thread::spawn(move || {
        for (media, body) in copy {
            let kind = if media == "application/json" { b'j' } else { b'p' };
            let length = (body.len() as u32).to_be_bytes();
            // A decoder that ended has said why.
            if input.write_all(&[&[kind], &length[..], &body].concat()).is_err() {
                return;
            }
        }
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the strict decoder refused a request");
    let answers: Vec<Vec<serde_json::Value>> = output
        .stdout
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(answers.len(), requests.len());
    for ((media, body), answer) in requests.iter().zip(answers) {
        let ours: Vec<_> = decode(media, body).iter().map(as_json).collect();
        assert_eq!(ours, answer);
    }
}

fn as_json(got: &Got) -> serde_json::Value {
    let hex: String = got.body.iter().map(|byte| format!("{byte:02x}")).collect();
    serde_json::json!([
        got.service,
        got.host,
        got.time,
        got.observed,
        got.number,
        got.severity,
        got.string,
        hex,
        got.path,
        got.uid,
        got.piece,
        got.last
    ])
}
