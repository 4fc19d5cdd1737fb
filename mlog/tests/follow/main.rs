//! Following loggers: nothing is lost, nothing comes twice, and where lines are gone that is said.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod cursor;
mod lines;
mod rotation;
mod services;

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use harness::Scratch;

const MLOG: &str = env!("CARGO_BIN_EXE_mlog");

fn logger(here: &Scratch, program: &Path, script: &[&str]) -> Child {
    let mut command = Command::new(program);
    command.args(script).current_dir(here.path(".")).stdin(Stdio::piped()).stderr(Stdio::null());
    harness::spawn(&mut command)
}

fn follower(here: &Scratch, options: &[&str], output: Stdio) -> Child {
    let mut command = Command::new(MLOG);
    command.args(options).current_dir(here.path(".")).stdout(output).stderr(Stdio::piped());
    harness::spawn(&mut command)
}

/// A directory with an empty `current`, made by the logger itself.
fn made(program: &Path, script: &[&str]) -> Scratch {
    let here = Scratch::new();
    let mut child = logger(&here, program, script);
    drop(child.stdin.take());
    child.wait().unwrap();
    harness::until("current is there", || here.path("log/current").exists());
    here
}

fn text(from: usize, to: usize) -> String {
    (from..to).map(|number| format!("line {number} of a log that goes on and on\n")).collect()
}

/// Feeds lines in bursts, and waits for the logger's end.
fn feed(mut child: Child, lines: usize, burst: usize, pause: Duration) {
    let mut stdin = child.stdin.take().unwrap();
    for from in (0..lines).step_by(burst) {
        stdin.write_all(text(from, (from + burst).min(lines)).as_bytes()).unwrap();
        std::thread::sleep(pause);
    }
    drop(stdin);
    child.wait().unwrap();
}

fn end(mut child: Child) -> String {
    child.kill().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    child.wait().unwrap();
    said
}

/// Rotates as loggers do, with a label of this second, and deletes what is older than the last archives.
fn rotate(here: &Scratch, directory: &str, second: u64, keep: usize) {
    let label = format!("@{:024x}.s", ((1u128 << 62) + 10 + 1_795_000_000 + u128::from(second)) << 32);
    fs::rename(here.path(format!("{directory}/current")), here.path(format!("{directory}/{label}"))).unwrap();
    here.write(&format!("{directory}/current"), "");
    let entries = fs::read_dir(here.path(directory)).unwrap();
    let mut names: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension().is_some()).collect();
    names.sort();
    let spare = names.len().saturating_sub(keep);
    names.drain(..spare).for_each(|name| fs::remove_file(name).unwrap());
}

fn stamped(second: u64, text: &str) -> String {
    format!("@{:024x} {text}\n", ((1u128 << 62) + 10 + 1_795_000_000 + u128::from(second)) << 32)
}

fn append(here: &Scratch, directory: &str, text: &str) {
    let mut current =
        fs::OpenOptions::new().append(true).open(here.path(format!("{directory}/current"))).unwrap();
    current.write_all(text.as_bytes()).unwrap();
}
