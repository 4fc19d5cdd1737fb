//! A thousand loggers that have nothing to do.

use std::io::{self, ErrorKind, Write};
use std::process::Child;
use std::time::Duration;

use super::{Start, Value};

const LOGGERS: usize = 1000;
/// Until everything is given back.
const SETTLE: Duration = Duration::from_secs(3);
/// How long nobody may wake up.
const WATCH: Duration = Duration::from_secs(5);

/// The median of their private dirty memory in kB, and how often all of them woke up.
pub(super) fn run(start: &Start<'_>) -> io::Result<Value> {
    let mut children = Vec::new();
    for number in 0..LOGGERS {
        let mut child = start.spawn(&start.place.join(number.to_string()))?;
        child.stdin.as_mut().ok_or(ErrorKind::BrokenPipe)?.write_all(b"one line\n")?;
        children.push(child);
    }
    std::thread::sleep(SETTLE);
    let before = sum(&children, "status", "voluntary_ctxt_switches:")?;
    std::thread::sleep(WATCH);
    let wakeups = sum(&children, "status", "voluntary_ctxt_switches:")? - before;
    let mut memory = Vec::new();
    for child in &children {
        memory.push(field(child.id(), "smaps_rollup", "Private_Dirty:")?);
    }
    for child in children {
        start.finish(child)?;
    }
    memory.sort();
    let note = format!("{wakeups} wake-ups in {} s", WATCH.as_secs());
    Ok(Value { value: memory[LOGGERS / 2] as f64, note, ..Value::default() })
}

fn sum(children: &[Child], file: &str, name: &str) -> io::Result<u64> {
    children.iter().map(|child| field(child.id(), file, name)).sum()
}

/// A number from a file of a process in /proc.
pub(super) fn field(pid: u32, file: &str, name: &str) -> io::Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/{file}"))?;
    let rest = text.lines().find_map(|line| line.strip_prefix(name));
    rest.and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| ErrorKind::InvalidData.into())
}
