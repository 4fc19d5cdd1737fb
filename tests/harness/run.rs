//! Running a tool: arguments, input, signals, and what came out, never for longer than a limit.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::under_test::tool;

/// A run that takes longer hangs; it is killed and the test fails.
const LIMIT: Duration = Duration::from_secs(60);

/// A fresh directory that a test works in.
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    /// Makes it.
    #[allow(clippy::new_without_default, reason = "it makes a directory")]
    pub fn new() -> Scratch {
        Scratch(tempfile::tempdir().unwrap())
    }

    /// Makes it in memory where the machine has a place for that: no test of durability, but fast.
    pub fn in_memory() -> Scratch {
        Scratch(tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap())
    }

    /// A path in it.
    pub fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(name)
    }

    /// Starts to describe a run of the `multilog` under test in it.
    pub fn multilog(&self, arguments: &[&str]) -> Run {
        self.run(&tool("multilog"), arguments)
    }

    /// The same for any program.
    pub fn run(&self, program: &Path, arguments: &[impl AsRef<OsStr>]) -> Run {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(self.0.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Run(command)
    }

    /// Writes a file in it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

/// A run that has not begun.
pub struct Run(Command);

impl Run {
    /// Runs it over `input` to its end.
    pub fn over(self, input: impl AsRef<[u8]>) -> Outcome {
        let mut running = self.start();
        running.write(input.as_ref());
        running.end()
    }

    /// Uses something else than a pipe of ours as standard input.
    pub fn from(mut self, input: impl Into<Stdio>) -> Run {
        self.0.stdin(input);
        self
    }

    /// Uses something else than a pipe of ours as standard output.
    pub fn writing_to(mut self, output: impl Into<Stdio>) -> Run {
        self.0.stdout(output);
        self
    }

    /// Uses something else than a pipe of ours as standard error.
    pub fn saying_to(mut self, output: impl Into<Stdio>) -> Run {
        self.0.stderr(output);
        self
    }

    /// Sets a variable.
    pub fn with(mut self, key: &str, value: &str) -> Run {
        self.0.env(key, value);
        self
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        let mut child = self.0.spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = collect(child.stdout.take());
        let stderr = collect(child.stderr.take());
        Running { child, stdin, stdout, stderr }
    }
}

fn collect(from: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut from) = from {
            from.read_to_end(&mut bytes).unwrap();
        }
        bytes
    })
}

/// A run that goes on.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
}

impl Running {
    /// Writes to its standard input. That it has ended before is no failure here.
    pub fn write(&mut self, bytes: &[u8]) {
        let stdin = self.stdin.as_mut().unwrap();
        if stdin.write_all(bytes).is_ok() {
            stdin.flush().unwrap();
        }
    }

    /// Its standard input, to be kept open by the test.
    pub fn take_stdin(&mut self) -> ChildStdin {
        self.stdin.take().unwrap()
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Closes its standard input and waits for its end.
    pub fn end(mut self) -> Outcome {
        drop(self.stdin.take());
        self.wait()
    }

    /// Waits for its end with its standard input left open.
    pub fn wait(mut self) -> Outcome {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if begun.elapsed() > LIMIT {
                self.child.kill().unwrap();
                self.child.wait().unwrap();
                panic!("it hangs: {}", String::from_utf8_lossy(&self.stderr.join().unwrap()));
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        drop(self.stdin.take());
        Outcome {
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.join().unwrap(),
            stderr: String::from_utf8_lossy(&self.stderr.join().unwrap()).into_owned(),
            took: begun.elapsed(),
        }
    }

    /// Waits until `condition` holds, and fails the test when it never does.
    pub fn until(&mut self, what: &str, mut condition: impl FnMut() -> bool) {
        let begun = Instant::now();
        while !condition() {
            assert!(begun.elapsed() < LIMIT, "never: {what}");
            assert!(!self.has_ended(), "ended before: {what}");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; None when a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it wrote to descriptor 1.
    pub stdout: Vec<u8>,
    /// What it wrote to descriptor 2.
    pub stderr: String,
    /// How long the wait for its end took.
    pub took: Duration,
}

impl Outcome {
    /// Fails the test unless it ended with 0 and said nothing.
    pub fn quietly(self) -> Outcome {
        assert_eq!((self.code, self.stderr.as_str()), (Some(0), ""), "{self:?}");
        self
    }
}

/// Waits until a condition holds, and fails the test when it never does.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < LIMIT / 2, "never: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// How often the threads of a process have waited for something.
pub fn wakeups(pid: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of = |thread: std::io::Result<std::fs::DirEntry>| -> u64 {
        let status = std::fs::read_to_string(thread.unwrap().path().join("status")).unwrap();
        let waits = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        waits.unwrap().trim().parse().unwrap()
    };
    threads.map(of).sum()
}
