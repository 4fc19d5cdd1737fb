//! Every system call of a run is killed at, and failed. After a second run on the same pipe, every line is there
//! once.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use harness::{LogView, Scratch, strace, tool, until};
use rustix::process::{Pid, Signal, kill_process};

use crate::is_long;
use crate::storm::{end, start};

/// The short form takes every call whose number is a multiple of this.
const STEP: usize = 9;

/// Rotations, a long line, a selection; a processor would be traced as well, and so is left out here.
const SCRIPT: [&str; 7] = ["s4096", "n100", "./main", "-*", "+* 1*", "s5000", "./few"];

/// The same with what came later: standard output, counters, modes.
const LATER_WORDS: [&str; 10] =
    ["metrics=m.prom", "mode=0660", "1", "s4096", "n100", "./main", "-*", "+* 1*", "s5000", "./few"];

/// A logger with this script under strace.
#[derive(Clone, Copy)]
struct Traced<'a> {
    strace: &'a Path,
    script: &'a [&'a str],
}

/// When the lines come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Feed {
    /// Before the first run begins.
    AtOnce,
    /// One by one, while it runs.
    OneByOne,
}

/// Lines for [`Feed::OneByOne`], few enough for one file.
fn single_lines() -> Vec<u8> {
    (0..12).flat_map(|n| format!("line {n} {}\n", "x".repeat(20)).into_bytes()).collect()
}

fn input() -> Vec<u8> {
    let mut input = Vec::new();
    for n in 0..140 {
        let length = if n == 50 { 6000 } else { 20 + n % 50 };
        input.extend_from_slice(format!("line {n} {}\n", "x".repeat(length)).as_bytes());
    }
    input
}

/// What the second directory has to have: a star runs to the first space, and a 1 follows.
fn few(input: &[u8]) -> Vec<u8> {
    input.split_inclusive(|&b| b == b'\n').filter(|line| line[5] == b'1').flatten().copied().collect()
}

/// How often each call is made in a run without trouble.
fn calls(traced: Traced<'_>) -> BTreeMap<String, usize> {
    let here = Scratch::in_memory();
    let trace = here.path("trace");
    let arguments = ["-f".into(), "-o".into(), trace.clone().into_os_string()];
    run(&here, traced, &arguments, &input(), Feed::AtOnce);
    let mut calls = BTreeMap::new();
    for line in std::fs::read_to_string(trace).unwrap().lines() {
        let call = line.split_whitespace().nth(1).and_then(|rest| rest.split_once('('));
        if let Some((name, _)) =
            call.filter(|(name, _)| name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'))
        {
            *calls.entry(name.to_string()).or_default() += 1;
        }
    }
    calls
}

/// One run under strace, and, on the same pipe, another one without.
fn run(here: &Scratch, traced: Traced<'_>, arguments: &[OsString], input: &[u8], feed: Feed) {
    let (reader, mut writer) = harness::pipe().unwrap();
    if feed == Feed::AtOnce {
        writer.write_all(input).unwrap();
    }
    let folder = here.path("");
    let script = traced.script;
    let mut command = Command::new(traced.strace);
    command.args(arguments).arg(tool("multilog")).args(script).current_dir(&folder);
    let mut first = start(command, &reader);
    if feed == Feed::OneByOne {
        // Not before it listens.
        until("it listens or is gone", || {
            here.path("main/current").exists() || first.try_wait().unwrap().is_some()
        });
        for line in input.split_inclusive(|&byte| byte == b'\n') {
            writer.write_all(line).unwrap();
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    // Killed, or at the end of what there is: then it waits, and is told to end.
    let children = format!("/proc/{0}/task/{0}/children", first.id());
    let logged = || LogView::of(here.path("main")).bytes().len() >= input.len();
    let begun = std::time::Instant::now();
    while first.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(8) && !logged() {
        std::thread::sleep(Duration::from_millis(1));
    }
    std::thread::sleep(Duration::from_millis(2));
    let tracees = std::fs::read_to_string(children).unwrap_or_default();
    let tracees = tracees.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?));
    let tracees: Vec<Pid> = tracees.collect();
    // One that is gone already is no trouble.
    let signal = |signal| tracees.iter().filter_map(|&pid| kill_process(pid, signal).err()).count();
    signal(Signal::TERM);
    if end(&mut first, Duration::from_secs(8)).is_none() {
        signal(Signal::KILL);
    }
    drop(writer);
    let mut second = Command::new(tool("multilog"));
    second.args(script).current_dir(&folder);
    let mut second = start(second, &reader);
    drop(reader);
    assert!(end(&mut second, Duration::from_secs(20)).is_some(), "the second run never ends");
}

fn check(traced: Traced<'_>, call: &str, what: &str, when: usize, feed: Feed) {
    let here = Scratch::in_memory();
    let inject = format!("inject={call}:{what}:when={when}");
    let arguments =
        ["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject].map(OsString::from);
    let input = if feed == Feed::AtOnce { input() } else { single_lines() };
    run(&here, traced, &arguments, &input, feed);
    let main = LogView::of(here.path("main"));
    assert!(
        main.bytes() == input,
        "{call} {what} at {when}: {} bytes of {}",
        main.bytes().len(),
        input.len()
    );
    assert!(
        LogView::of(here.path("few")).bytes() == few(&input),
        "{call} {what} at {when}: the second directory"
    );
}

/// Places of a call at which something is to happen.
fn places(count: usize, offset: usize) -> impl Iterator<Item = usize> {
    let step = if is_long() { 1 } else { STEP };
    (1..=count).filter(move |place| (place + offset) % step == 0)
}

/// Kills at calls, in a step of `1 + skipped` of those that [`places`] has.
fn check_kills(traced: Traced<'_>, skipped: usize) {
    let mut runs = 0;
    for (offset, (call, count)) in calls(traced).iter().enumerate() {
        // The program is not there yet, or not anymore.
        if ["execve", "exit_group", "exit"].contains(&call.as_str()) {
            continue;
        }
        for when in places(*count, offset).step_by(1 + skipped) {
            check(traced, call, "signal=KILL", when, Feed::AtOnce);
            runs += 1;
        }
    }
    println!("{runs} runs");
}

/// The same with failures.
fn check_failures(traced: Traced<'_>, skipped: usize) {
    let (mut runs, mut offset) = (0, 0);
    for (call, count) in calls(traced) {
        // Those that the loader needs, and those whose failure the kernel does not know.
        let errors: &[&str] = match call.as_str() {
            "write" | "pwrite64" | "pwritev2" | "splice" => &["ENOSPC", "EIO", "EINTR", "EAGAIN", "EDQUOT"],
            "fsync" | "ftruncate" | "fchmod" | "unlinkat" | "linkat" | "renameat" | "renameat2"
            | "openat" | "mkdir" => &["EIO", "ENOSPC", "EACCES"],
            "tee" | "read" | "newfstatat" | "fstat" | "getdents64" | "statx" => &["EIO", "EINTR"],
            "ppoll" | "epoll_create1" | "epoll_ctl" | "fcntl" | "eventfd2" | "pipe2" | "clone3" => {
                &["EMFILE", "ENOMEM"]
            }
            _ => continue,
        };
        for error in errors {
            offset += 1;
            for when in places(count, offset).step_by(1 + skipped) {
                check(traced, &call, &format!("error={error}"), when, Feed::AtOnce);
                runs += 1;
            }
        }
    }
    println!("{runs} runs");
}

#[test]
fn killed_at_any_system_call() {
    let Some(strace) = strace() else { return };
    check_kills(Traced { strace: &strace, script: &SCRIPT }, 0);
}

#[test]
fn killed_at_system_calls_of_later_words() {
    let Some(strace) = strace() else { return };
    check_kills(Traced { strace: &strace, script: &LATER_WORDS }, 2);
}

#[test]
fn killed_at_any_call_of_a_line_that_comes_alone() {
    let Some(strace) = strace() else { return };
    let traced = Traced { strace: &strace, script: &SCRIPT };
    for call in ["ppoll", "tee", "read", "write", "pwrite64", "splice"] {
        for when in 1..=if is_long() { 14 } else { 6 } {
            check(traced, call, "signal=KILL", when, Feed::OneByOne);
        }
    }
}

#[test]
fn failed_at_any_system_call() {
    let Some(strace) = strace() else { return };
    check_failures(Traced { strace: &strace, script: &SCRIPT }, 0);
}

#[test]
fn failed_at_system_calls_of_later_words() {
    let Some(strace) = strace() else { return };
    check_failures(Traced { strace: &strace, script: &LATER_WORDS }, 2);
}

#[test]
fn failed_at_any_splice() {
    let Some(strace) = strace() else { return };
    for script in [&SCRIPT[..], &LATER_WORDS[..]] {
        let traced = Traced { strace: &strace, script };
        for when in 1..=calls(traced)["splice"] {
            check(traced, "splice", "error=ENOSPC", when, Feed::AtOnce);
        }
    }
}
