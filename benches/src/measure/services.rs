//! Supervision of many services: how long until all run, what an idle one costs, how soon a command is obeyed.

use std::fs::{self, create_dir_all};
use std::io::{self, Error, ErrorKind};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use unix::process::Process;
use unix::signal::Signal;
use unix::{event, limit};

use super::{Start, Value};
use crate::definition::Services;

/// The time between two looks at what runs.
const LOOK: Duration = Duration::from_millis(1);
/// For what else runs and is open.
const ROOM: u64 = 500;
/// What takes longer than this will never come.
const LIMIT: Duration = Duration::from_secs(300);
/// Until nobody has anything to do.
const SETTLE: Duration = Duration::from_secs(6);
/// How long nobody may wake up.
const WATCH: Duration = Duration::from_secs(10);

/// Milliseconds from the start of a supervisor until all services run. The note says how long ours takes to end them.
pub(super) fn all_up(start: &Start<'_>, services: Services) -> io::Result<Value> {
    let crowd = Crowd::start(start, services)?;
    let value = crowd.took.as_secs_f64() * 1e3;
    let note = match start.run.stops {
        true => format!("all ended {:.0} ms after TERM", crowd.stop()?.as_secs_f64() * 1e3),
        false => String::new(),
    };
    Ok(Value { value, note, ..Value::default() })
}

/// The median of the private dirty memory of an idle supervise in kB, and how often all of them and their parent woke
/// up.
pub(super) fn idle(start: &Start<'_>, services: Services) -> io::Result<Value> {
    let crowd = Crowd::start(start, services)?;
    std::thread::sleep(SETTLE);
    let supervises = crowd.children()?;
    let wakeups = |pids: &[u32]| -> io::Result<u64> {
        pids.iter().map(|&pid| super::idle::field(pid, "status", "voluntary_ctxt_switches:")).sum()
    };
    let scan = [crowd.scan.id()];
    let before = (wakeups(&supervises)?, wakeups(&scan)?);
    std::thread::sleep(WATCH);
    let (of_supervises, of_scan) = (wakeups(&supervises)? - before.0, wakeups(&scan)? - before.1);
    let mut memory = Vec::new();
    for &pid in &supervises {
        memory.push(super::idle::field(pid, "smaps_rollup", "Private_Dirty:")?);
    }
    memory.sort();
    let middle = memory.get(memory.len() / 2).ok_or_else(|| Error::other("nobody supervises"))?;
    let seconds = WATCH.as_secs();
    let note = format!(
        "in {seconds} s {of_supervises} wake-ups of {} supervises, {of_scan} of svscan",
        memory.len()
    );
    Ok(Value { value: *middle as f64, note, ..Value::default() })
}

/// The median of the microseconds from the start of `svc -t` until the service has ended of it.
pub(super) fn command(start: &Start<'_>, services: Services) -> io::Result<Value> {
    let crowd = Crowd::start(start, services)?;
    // Later than a second after their starts, in which the original reads nothing.
    std::thread::sleep(Duration::from_secs(2));
    let mut samples = Vec::new();
    for number in 0..services.count {
        let service = start.place.join("s").join(number.to_string());
        let status = fs::read(service.join("supervise/status"))?;
        let pid = status.get(12..16).and_then(|pid| pid.try_into().ok()).map(u32::from_le_bytes);
        let process = pid.map(Process::find).transpose()?.flatten().ok_or(ErrorKind::NotFound)?;
        let mut svc = start.tool("svc")?;
        svc.arg("-t").arg(&service).stdin(Stdio::null());
        let begun = Instant::now();
        let mut svc = svc.spawn()?;
        if let Some(watch) = process.watch() {
            event::wait([watch], Some(LIMIT))?;
        }
        samples.push(begun.elapsed());
        svc.wait()?;
        // Its next start is not part of the next command.
        crowd.until(services.count + number + 1)?;
    }
    samples.sort();
    let value = samples[samples.len() / 2].as_secs_f64() * 1e6;
    Ok(Value { value, note: format!("{} commands", samples.len()), ..Value::default() })
}

/// Why this number of services can't run here. None: it can.
pub(super) fn hindrance(services: Services) -> Option<String> {
    if services.count == 0 {
        return None;
    }
    let processes = services.count * if services.loggers { 4 } else { 2 };
    let number = |path: &str| fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let allowed = limit::get(limit::Resource::Nproc).soft.unwrap_or(u64::MAX);
    let (room, most) = (processes + ROOM, number("/proc/sys/kernel/pid_max")?.min(allowed));
    if most < room {
        return Some(format!("needs {room} processes, {most} are allowed"));
    }
    let files = limit::get(limit::Resource::Nofile).hard.unwrap_or(u64::MAX);
    let needed = ROOM + if services.loggers { services.count * 2 } else { 0 };
    if files < needed {
        return Some(format!("needs {needed} descriptors, {files} are allowed"));
    }
    let memory = fs::read_to_string("/proc/meminfo").ok()?;
    let free = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let free: u64 = free?.trim().trim_end_matches(" kB").parse().ok()?;
    // A supervise, a shell that has become something small, and what the kernel keeps of each.
    let needed = processes * 400;
    (free < needed).then(|| format!("needs {needed} kB of memory, {free} are free"))
}

/// A supervisor and the services below it, which are killed when it goes.
struct Crowd<'a> {
    scan: Child,
    place: &'a Path,
    /// A byte for each start.
    up: PathBuf,
    /// From the start until all ran.
    took: Duration,
}

impl<'a> Crowd<'a> {
    fn start(start: &Start<'a>, services: Services) -> io::Result<Crowd<'a>> {
        let mut command = start.command(start.place)?;
        let up = std::path::absolute(start.place)?.join("up");
        fs::write(&up, "")?;
        let say = format!("#!/bin/sh\necho >>'{}'\n", up.display());
        for number in 0..services.count {
            let service = start.place.join("s").join(number.to_string());
            script(&service.join("run"), &format!("{say}exec sleep 1000000\n"))?;
            if services.loggers {
                script(&service.join("log/run"), &format!("{say}exec cat\n"))?;
            }
        }
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let expected = services.count * if services.loggers { 2 } else { 1 };
        let begun = Instant::now();
        let scan = command.spawn()?;
        let mut crowd = Crowd { scan, place: start.place, up, took: Duration::ZERO };
        crowd.until(expected)?;
        crowd.took = begun.elapsed();
        Ok(crowd)
    }

    /// Waits until there have been this many starts.
    fn until(&self, starts: u64) -> io::Result<()> {
        let begun = Instant::now();
        while fs::metadata(&self.up)?.len() < starts {
            if begun.elapsed() > LIMIT {
                return Err(Error::other(format!("no {starts} starts in {} s", LIMIT.as_secs())));
            }
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Tells it to end everything, and how long that took.
    fn stop(mut self) -> io::Result<Duration> {
        let begun = Instant::now();
        let scan = Process::find(self.scan.id())?.ok_or(ErrorKind::NotFound)?;
        scan.signal(Signal::TERM)?;
        self.scan.wait()?;
        Ok(begun.elapsed())
    }

    /// Those that the supervisor has started.
    fn children(&self) -> io::Result<Vec<u32>> {
        let pid = self.scan.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        Ok(children.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect())
    }
}

impl Drop for Crowd<'_> {
    /// Each supervisor ends in a way of its own, and some do not end what they have started.
    fn drop(&mut self) {
        self.scan.kill().ok();
        self.scan.wait().ok();
        let Ok(place) = fs::canonicalize(self.place) else { return };
        while kill_all_in(&place) > 0 {
            std::thread::sleep(LOOK * 20);
        }
    }
}

/// Kills every process that works below a folder; how many there were.
fn kill_all_in(place: &Path) -> usize {
    let mut found = 0;
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        if fs::read_link(entry.path().join("cwd")).is_ok_and(|cwd| cwd.starts_with(place)) {
            found += 1;
            if let Ok(Some(process)) = Process::find(pid) {
                process.signal(Signal::KILL).ok();
            }
        }
    }
    found
}

fn script(path: &Path, text: &str) -> io::Result<()> {
    create_dir_all(path.parent().unwrap_or(Path::new(".")))?;
    fs::write(path, text)?;
    fs::set_permissions(path, PermissionsExt::from_mode(0o755))
}
