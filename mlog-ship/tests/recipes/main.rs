//! The recipes of the documentation for `exec:`, each with the program that it names.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod curl;
mod kafka;
mod postgresql;

use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use harness::{Run, Scratch, tool};

/// A process that is ended with the value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// A file of the repository.
fn file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path).canonicalize().unwrap()
}

/// The folder of peers.
fn peers() -> PathBuf {
    std::env::var_os("SHIP_PEERS").map_or_else(|| file(".").join("target/ship-peers"), PathBuf::from)
}

/// The shipper, which is killed when a test fails: with the thread that has started it.
fn ship(scratch: &Scratch, command: &str) -> Run {
    let sink = format!("exec:{command}");
    let arguments = ["web", "--state", "state", "--delay", "50ms", "--batch", "4K", "--host", "web1", &sink];
    let program = env!("CARGO_BIN_EXE_mlog-ship");
    let setpriv = Path::new("/usr/bin/setpriv");
    if !setpriv.exists() {
        return scratch.run(Path::new(program), &arguments);
    }
    scratch.run(setpriv, &[&["--pdeathsig", "KILL", program], &arguments[..]].concat())
}

/// Writes lines into `web`, with hostile ones among them, and gives back what is there then.
fn write(scratch: &Scratch, count: usize) -> Vec<Vec<u8>> {
    let mut text = Vec::new();
    for at in 0..count {
        text.extend_from_slice(format!("line {at} ").as_bytes());
        text.extend_from_slice(match at % 6 {
            0 => b"plain",
            1 => b"back\\slash \\n \\. \\x41",
            2 => b"tab\tquote'\" $HOME `id` %s",
            3 => b"\xff\xfe not UTF-8 \x80",
            4 => "\u{fc}ml\u{e4}ut \u{20ac}".as_bytes(),
            _ => b"nul\x00 escape\x1b return\r",
        });
        text.push(b'\n');
    }
    scratch.run(&tool("multilog"), &["t", "s9999999", "./web"]).over(text).quietly();
    let written = std::fs::read(scratch.path("web/current")).unwrap();
    let lines = written.strip_suffix(b"\n").unwrap().split(|&byte| byte == b'\n').map(<[u8]>::to_vec);
    lines.collect()
}

/// Runs a command to its end. What it says is the message of the failure.
fn run(command: &mut Command) -> Vec<u8> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}
