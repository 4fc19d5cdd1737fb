//! Runs a tool, with arguments, input and signals, and collects its output, never for longer than a limit.

use std::ffi::OsStr;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::under_test::tool;

/// A run that takes longer hangs; it is killed and the test fails.
const LIMIT: Duration = Duration::from_secs(60);

/// A thread that makes a child holds this lock for reading; a thread that has a file open which may be a script holds
/// it for writing. A child of another thread has a copy of that descriptor until it becomes its program, and until then
/// the script could not be run: ETXTBSY.
static CHILDREN: RwLock<()> = RwLock::new(());

/// A fresh directory that a test works in.
pub struct Scratch(tempfile::TempDir);

impl Scratch {
    /// Makes it.
    #[allow(clippy::new_without_default, reason = "it makes a directory")]
    pub fn new() -> Scratch {
        with_the_usual_umask();
        Scratch(tempfile::tempdir().unwrap())
    }

    /// Makes it in memory where the machine has a place for that: no test of durability, but fast.
    pub fn in_memory() -> Scratch {
        with_the_usual_umask();
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

    /// Writes a file in it, which may be a script or a program that is run at once.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let _no_child_begins = CHILDREN.write().unwrap_or_else(PoisonError::into_inner);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    /// Copies a program into it.
    pub fn copy(&self, program: &Path, name: &str) -> PathBuf {
        let path = self.path(name);
        let _no_child_begins = CHILDREN.write().unwrap_or_else(PoisonError::into_inner);
        std::fs::copy(program, &path).unwrap();
        path
    }
}

/// Many users have a group of their own and 002, and what a group can change is warned about.
fn with_the_usual_umask() {
    rustix::process::umask(rustix::fs::Mode::from(0o022));
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

    /// Takes a variable away.
    pub fn without(mut self, key: &str) -> Run {
        self.0.env_remove(key);
        self
    }

    /// Starts it.
    pub fn start(mut self) -> Running {
        let mut child = spawn(&mut self.0);
        let stdin = child.stdin.take();
        let stdout = Output::of(child.stdout.take());
        let stderr = Output::of(child.stderr.take());
        Running { child, stdin, stdout, stderr }
    }
}

/// Starts what is described in another way than a [`Run`], beside tests that write scripts. It has become its program when
/// this returns.
pub fn spawn(command: &mut Command) -> Child {
    let _nothing_is_written = CHILDREN.read().unwrap_or_else(PoisonError::into_inner);
    command.spawn().unwrap()
}

/// What comes out of a run, as it comes.
struct Output {
    bytes: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Output {
    fn of(from: Option<impl Read + Send + 'static>) -> Output {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let into = bytes.clone();
        let reader = std::thread::spawn(move || {
            let mut piece = [0; 1 << 16];
            let mut from = from;
            while let Some(from) = &mut from {
                match from.read(&mut piece).unwrap() {
                    0 => break,
                    length => into.lock().unwrap().extend(&piece[..length]),
                }
            }
        });
        Output { bytes, reader }
    }

    /// All of it. What the run has left may still have it open, and then its end never comes.
    fn whole(self) -> Vec<u8> {
        let begun = Instant::now();
        while !self.reader.is_finished() {
            assert!(begun.elapsed() < LIMIT, "somebody still writes: {}", self.so_far());
            std::thread::sleep(Duration::from_millis(1));
        }
        self.reader.join().unwrap();
        std::mem::take(&mut self.bytes.lock().unwrap())
    }

    fn so_far(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }
}

/// A run that goes on.
pub struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: Output,
    stderr: Output,
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

    /// What it has written to descriptor 2 until now.
    pub fn said(&self) -> String {
        self.stderr.so_far()
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
                panic!("it hangs: {}", self.stderr.so_far());
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        drop(self.stdin.take());
        Outcome {
            code: status.code(),
            signal: status.signal(),
            stdout: self.stdout.whole(),
            stderr: String::from_utf8_lossy(&self.stderr.whole()).into_owned(),
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

/// Whether a program that has just been started takes a signal as it wants to, and does not die of it any more.
pub fn blocks(pid: u32, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let set = status.lines().find_map(|line| line.strip_prefix("SigBlk:")).map(str::trim);
    let set = set.and_then(|set| u64::from_str_radix(set, 16).ok()).unwrap_or(0);
    set >> (signal.as_raw() - 1) & 1 == 1
}

/// Waits until a process has done all that there was to do, and waits for something.
pub fn until_it_rests(pid: u32) {
    let is_asleep = |thread: std::io::Result<std::fs::DirEntry>| {
        let stat = std::fs::read_to_string(thread.unwrap().path().join("stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('S'))
    };
    until("the process rests", || {
        let before = wakeups(pid);
        std::thread::sleep(Duration::from_millis(20));
        let mut threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        threads.all(is_asleep) && wakeups(pid) == before
    });
}

/// How often the threads of a process have waited for something.
pub fn wakeups(pid: u32) -> u64 {
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let of = |thread: std::io::Result<std::fs::DirEntry>| -> u64 {
        // A thread may end meanwhile.
        let Ok(status) = std::fs::read_to_string(thread.unwrap().path().join("status")) else { return 0 };
        let waits = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        waits.unwrap().trim().parse().unwrap()
    };
    threads.map(of).sum()
}
