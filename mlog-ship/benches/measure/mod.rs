//! What the measurements of all sinks have in common: lines, the processor time of programs, and what is used while nothing
//! is written.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mlog_ship::state::{Disk, Slots};

/// The number of directories.
pub const LANES: usize = 4;
/// How often everything is measured.
pub const ROUNDS: usize = 5;

/// How much is shipped each time.
pub fn total() -> usize {
    std::env::var("SHIP_MIB").ok().and_then(|text| text.parse().ok()).unwrap_or(256usize) << 20
}

/// Directories that have so much together.
pub fn directories(folder: &Path, total: usize) -> Vec<PathBuf> {
    let directories: Vec<PathBuf> = (0..LANES).map(|lane| folder.join(format!("d{lane}"))).collect();
    directories.iter().for_each(|directory| fill(directory, total / LANES));
    directories
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

/// A shipper of these directories.
pub fn shipper(directories: &[PathBuf], state: &Path, sink: &str) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mlog-ship"));
    command.args(directories).arg("--state").arg(state).args(["--host", "h", sink]);
    command.stdin(Stdio::null()).spawn().unwrap()
}

/// Ships all directories: how long that took, and the ticks of the processor.
pub fn ship(directories: &[PathBuf], state: &Path, sink: &str) -> (Duration, u64) {
    let since = Instant::now();
    let mut child = shipper(directories, state, sink);
    // All have the same lines.
    let end = size(&directories[0]);
    while shipped(state, end) < LANES {
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
        let found = (name.starts_with("nats.") || name.starts_with("otlp."))
            .then(|| Slots::read(&disk, &name).ok().flatten())
            .flatten();
        let kept = found.map(|found| found.kept).filter(|kept| kept.intent.is_none());
        kept.and_then(|kept| kept.cursor).is_some_and(|cursor| cursor.place.offset == end)
    };
    files.flatten().filter(is_shipped).count()
}

/// The ticks of a reader of the same directories, or nothing where there is none.
pub fn read(directories: &[PathBuf]) -> Option<u64> {
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

/// What is used while nothing is written, once a line has come so that it is connected.
pub fn idle(directories: &[PathBuf], state: &Path, sink: &str) {
    let mut child = shipper(directories, state, sink);
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
