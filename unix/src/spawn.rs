//! Starting a child that is bound to the thread that started it, and waiting for its end.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, pidfd_open};

use crate::{event, inherited};

/// What a child is started with. Descriptors that are not named here stay as they are, close-on-exec.
pub struct Command<'a> {
    /// The program, by path.
    pub program: &'a OsStr,
    /// All arguments, argv 0 included.
    pub arguments: &'a [&'a OsStr],
    /// The child's working directory.
    pub directory: BorrowedFd<'a>,
    /// Which descriptor of ours becomes which number in the child.
    pub descriptors: &'a [(BorrowedFd<'a>, RawFd)],
}

/// How a child ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// With an exit code.
    Exited(u8),
    /// By a signal.
    Crashed(i32),
}

impl Ending {
    /// From the number that wait(2) gives.
    pub(crate) fn of_raw(status: i32) -> Ending {
        if libc::WIFEXITED(status) {
            Ending::Exited(u8::try_from(libc::WEXITSTATUS(status) & 0xff).unwrap_or(u8::MAX))
        } else {
            Ending::Crashed(libc::WTERMSIG(status))
        }
    }

    pub(crate) fn of(status: WaitStatus) -> Ending {
        Ending::of_raw(status.as_raw())
    }
}

/// A running child. It is killed when the thread that started it ends, so a logger that dies does
/// not leave a processor behind that writes into its directory.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    watch: Option<OwnedFd>,
}

/// How long a wait for a child sleeps between looks where the kernel has no pidfd_open(2).
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl Child {
    /// Waits until the child ends or `bell` can be read. None: the bell.
    pub fn wait_or(&self, bell: impl AsFd) -> io::Result<Option<Ending>> {
        loop {
            if let Some(ending) = self.ended(WaitOptions::NOHANG)? {
                return Ok(Some(ending));
            }
            let rung = match &self.watch {
                Some(watch) => event::wait([bell.as_fd(), watch.as_fd()], None)?[0],
                None => event::wait([bell.as_fd()], Some(LOOK_AGAIN))?[0],
            };
            if rung.readable {
                return self.ended(WaitOptions::NOHANG);
            }
        }
    }

    /// Kills the child and waits for its end.
    pub fn kill(&self) -> io::Result<Option<Ending>> {
        // ESRCH can't happen before the child was waited for; whatever else fails shows in the wait.
        rustix::process::kill_process(self.pid, Signal::KILL).ok();
        self.ended(WaitOptions::empty())
    }

    fn ended(&self, options: WaitOptions) -> io::Result<Option<Ending>> {
        let status = rustix::io::retry_on_intr(|| rustix::process::waitpid(Some(self.pid), options))?;
        Ok(status.map(|(_, status)| Ending::of(status)))
    }
}

/// Starts the child.
///
/// It has the signal mask empty, SIGPIPE as this program was started with, all other signals default,
/// and dies with the thread that calls this.
pub fn spawn(command: &Command<'_>) -> io::Result<Child> {
    let program = c_string(command.program)?;
    let arguments = command.arguments.iter().map(|a| c_string(a)).collect::<io::Result<Vec<_>>>()?;
    let environment = std::env::vars_os().map(|(k, v)| variable(k, &v)).collect::<io::Result<Vec<_>>>()?;
    // Copies above every number of the map, so that no dup2 below overwrites one that is still needed.
    let above = command.descriptors.iter().map(|&(_, to)| to + 1).max().unwrap_or(0).max(3);
    let sources = command
        .descriptors
        .iter()
        .map(|(fd, to)| Ok((rustix::io::fcntl_dupfd_cloexec(fd, above)?, *to)))
        .collect::<io::Result<Vec<_>>>()?;
    let plan = Plan {
        program: &program,
        arguments: pointers(&arguments),
        environment: pointers(&environment),
        directory: command.directory.as_raw_fd(),
        descriptors: sources.iter().map(|(fd, to)| (fd.as_raw_fd(), *to)).collect(),
        parent: rustix::process::getpid().as_raw_nonzero().get(),
    };
    // SAFETY: between fork and exec the child calls async-signal-safe functions only and allocates
    // nothing; everything it needs was made before in `plan`.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        // SAFETY: this is the child of a fork, and `plan` is complete.
        unsafe { plan.become_child() }
    }
    let pid = forked(pid)?;
    let watch = pidfd_open(pid, PidfdFlags::empty()).ok();
    Ok(Child { pid, watch })
}

/// The process that a fork has made, as its parent sees it.
///
/// The number of a failure must not become that of a process: -1 is every process there is to kill(2).
pub(crate) fn forked(result: libc::pid_t) -> io::Result<Pid> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Pid::from_raw(result).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Everything the child needs, ready made.
struct Plan<'a> {
    program: &'a CString,
    arguments: Vec<*const libc::c_char>,
    environment: Vec<*const libc::c_char>,
    directory: RawFd,
    descriptors: Vec<(RawFd, RawFd)>,
    parent: i32,
}

/// The code of a child that could not become the program: daemontools' for system failures.
const CANNOT_RUN: libc::c_int = 111;

impl Plan<'_> {
    /// # Safety
    /// Only in the child of a fork.
    unsafe fn become_child(&self) -> ! {
        // SAFETY: every call is async-signal-safe and gets numbers or pointers into `self`, which
        // the copied address space still has; the pointer arrays end with null.
        unsafe {
            libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
            if libc::getppid() != self.parent || libc::fchdir(self.directory) != 0 {
                libc::_exit(CANNOT_RUN);
            }
            for &(from, to) in &self.descriptors {
                if libc::dup2(from, to) == -1 {
                    libc::_exit(CANNOT_RUN);
                }
            }
            libc::signal(libc::SIGXFSZ, libc::SIG_DFL);
            let pipe = if inherited::sigpipe_was_ignored() { libc::SIG_IGN } else { libc::SIG_DFL };
            libc::signal(libc::SIGPIPE, pipe);
            let mut none: libc::sigset_t = std::mem::zeroed();
            libc::sigemptyset(&raw mut none);
            libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
            libc::execve(self.program.as_ptr(), self.arguments.as_ptr(), self.environment.as_ptr());
            libc::_exit(CANNOT_RUN)
        }
    }
}

/// For a system call. EINVAL for a NUL.
pub(crate) fn c_string(text: &OsStr) -> io::Result<CString> {
    CString::new(text.as_bytes()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

fn variable(mut key: OsString, value: &OsStr) -> io::Result<CString> {
    key.push("=");
    key.push(value);
    CString::new(key.into_vec()).map_err(|_| io::Error::from_raw_os_error(libc::EINVAL))
}

/// As exec(2) wants them: a null at the end.
pub(crate) fn pointers(strings: &[CString]) -> Vec<*const libc::c_char> {
    strings.iter().map(|s| s.as_ptr()).chain([std::ptr::null()]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    fn shell(script: &str, directory: &File, descriptors: &[(BorrowedFd<'_>, RawFd)]) -> Child {
        spawn(&Command {
            program: OsStr::new("/bin/sh"),
            arguments: &[OsStr::new("sh"), OsStr::new("-c"), OsStr::new(script)],
            directory: directory.as_fd(),
            descriptors,
        })
        .unwrap()
    }

    #[test]
    fn a_child_has_its_directory_and_descriptors_and_its_ending_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let output = directory.path().join("out");
        let file = File::create(&output).unwrap();
        let here = File::open(directory.path()).unwrap();
        let bell = event::Bell::new().unwrap();
        let child = shell("pwd >&5; exit 7", &here, &[(file.as_fd(), 5)]);
        assert_eq!(child.wait_or(&bell).unwrap(), Some(Ending::Exited(7)));
        let said = std::fs::read_to_string(&output).unwrap();
        assert_eq!(said.trim_end(), directory.path().canonicalize().unwrap().to_str().unwrap());
    }

    /// The -1 of a fork that failed was taken for the number of a child, and would have been killed as such: everything.
    #[test]
    fn a_fork_that_fails_has_made_no_process() {
        assert!(forked(-1).is_err());
        assert!(forked(0).is_err());
        assert_eq!(forked(7).unwrap().as_raw_nonzero().get(), 7);
    }

    #[test]
    fn a_child_that_hangs_can_be_left_by_a_bell_and_killed() {
        let here = File::open("/").unwrap();
        let bell = event::Bell::new().unwrap();
        bell.ring();
        let child = shell("exec sleep 1000", &here, &[]);
        assert_eq!(child.wait_or(&bell).unwrap(), None);
        assert_eq!(child.kill().unwrap(), Some(Ending::Crashed(libc::SIGKILL)));
    }

    #[test]
    fn descriptors_of_the_map_may_swap() {
        let directory = tempfile::tempdir().unwrap();
        let make = |name: &str| {
            let path = directory.path().join(name);
            std::fs::write(&path, name).unwrap();
            File::open(path).unwrap()
        };
        let (a, b) = (make("a"), make("b"));
        let (x, y) = (a.as_raw_fd(), b.as_raw_fd());
        let bell = event::Bell::new().unwrap();
        let here = File::open(directory.path()).unwrap();
        let script = format!("[ $(cat /proc/self/fd/{x})$(cat /proc/self/fd/{y}) = ba ]");
        let child = shell(&script, &here, &[(b.as_fd(), x), (a.as_fd(), y)]);
        assert_eq!(child.wait_or(&bell).unwrap(), Some(Ending::Exited(0)));
    }
}
