//! Starting a child that is bound to the thread that started it, and waiting for its end.

use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::Duration;

use rustix::process::{Pid, PidfdFlags, WaitOptions, WaitStatus, pidfd_open};

mod child;

use child::{Plan, ToOpen};

use crate::signal::Signal;
use crate::{event, limit};

/// What a child is started with. Descriptors that are not named here stay as they are, close-on-exec.
pub struct Command<'a> {
    /// The program, by path.
    pub program: &'a OsStr,
    /// All arguments, argv 0 included.
    pub arguments: &'a [&'a OsStr],
    /// The child's working directory.
    pub directory: BorrowedFd<'a>,
    /// A descriptor of ours, and which number it has in the child.
    pub given: (BorrowedFd<'a>, RawFd),
    /// Files of that directory that the child opens itself, so that this process needs no descriptors for them.
    pub files: &'a [Opening<'a>],
    /// How the message begins that says which of them can't be opened: its name and the reason come behind it.
    pub complaint: &'a [u8],
}

/// A file that a child opens: a regular one, and never through a symbolic link.
#[derive(Clone, Copy, Debug)]
pub struct Opening<'a> {
    /// Its name in the child's directory.
    pub name: &'a OsStr,
    /// What for.
    pub access: Access,
    /// Its number in the child.
    pub number: RawFd,
    /// The mode of what is made. None: 0644.
    pub mode: Option<u32>,
}

/// What a child opens a file for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// To read it; it must exist.
    Read,
    /// To read it; an empty one is made where there is none.
    ReadOrMake,
    /// To write to it; it must not exist.
    New,
    /// Not at all: the child gets /dev/null, which reads as empty and takes whatever is written to it.
    Nothing,
}

impl Access {
    fn flags(self) -> libc::c_int {
        let how = match self {
            Access::Read => libc::O_RDONLY,
            Access::ReadOrMake => libc::O_RDONLY | libc::O_CREAT,
            Access::Nothing => libc::O_RDWR,
            Access::New => libc::O_RDWR | libc::O_CREAT | libc::O_EXCL,
        };
        // NONBLOCK: a named pipe in the place of a file must not hold the child up.
        how | libc::O_NOFOLLOW | libc::O_NOCTTY | libc::O_NONBLOCK
    }
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

/// A running child. It is killed when the thread that started it ends: a logger that dies must not leave a processor
/// behind that writes into its directory.
#[derive(Debug)]
pub struct Child {
    pid: Pid,
    watch: Option<OwnedFd>,
}

/// How long a wait for a child sleeps between looks where no descriptor can be had for it or for the bell.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

impl Child {
    /// Waits until the child ends, `bell` can be read, or for `limit`. None: it has not ended.
    pub fn wait_or(
        &self,
        bell: Option<BorrowedFd<'_>>,
        limit: Option<Duration>,
    ) -> io::Result<Option<Ending>> {
        if let Some(ending) = self.ended(WaitOptions::NOHANG)? {
            return Ok(Some(ending));
        }
        let sleep = if bell.is_some() && self.watch.is_some() { limit } else { Some(self.look_again(limit)) };
        match (bell, &self.watch) {
            (Some(bell), Some(watch)) => drop(event::wait([bell, watch.as_fd()], sleep)?),
            (Some(bell), None) => drop(event::wait([bell], sleep)?),
            (None, Some(watch)) => drop(event::wait([watch.as_fd()], sleep)?),
            (None, None) => drop(event::wait([], sleep)?),
        }
        self.ended(WaitOptions::NOHANG)
    }

    fn look_again(&self, limit: Option<Duration>) -> Duration {
        limit.map_or(LOOK_AGAIN, |limit| limit.min(LOOK_AGAIN))
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
    let files = command.files.iter().map(ToOpen::new).collect::<io::Result<Vec<_>>>()?;
    let plan = Plan {
        program: &program,
        arguments: pointers(&arguments),
        environment: pointers(&environment),
        directory: command.directory.as_raw_fd(),
        given: (command.given.0.as_raw_fd(), command.given.1),
        files,
        complaint: command.complaint,
        limit: limit::inherited_descriptors(),
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

    fn shell(script: &str, directory: &File, files: &[Opening<'_>]) -> Child {
        spawn(&Command {
            program: OsStr::new("/bin/sh"),
            arguments: &[OsStr::new("sh"), OsStr::new("-c"), OsStr::new(script)],
            directory: directory.as_fd(),
            given: (File::create("/dev/null").unwrap().as_fd(), 1),
            files,
            complaint: b"test: ",
        })
        .unwrap()
    }

    fn ending(child: &Child) -> Ending {
        loop {
            if let Some(ending) = child.wait_or(None, None).unwrap() {
                return ending;
            }
        }
    }

    fn opening(name: &str, access: Access, number: RawFd) -> Opening<'_> {
        Opening { name: OsStr::new(name), access, number, mode: None }
    }

    #[test]
    fn a_child_has_its_directory_and_files_and_its_ending_is_told() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("in"), "text\n").unwrap();
        let here = File::open(directory.path()).unwrap();
        let files = [
            opening("in", Access::Read, 0),
            opening("made", Access::ReadOrMake, 4),
            opening("out", Access::New, 5),
        ];
        let child = shell("cat >&5; pwd >&5; cat <&4 >&5; exit 7", &here, &files);
        assert_eq!(ending(&child), Ending::Exited(7));
        let said = std::fs::read_to_string(directory.path().join("out")).unwrap();
        let place = directory.path().canonicalize().unwrap();
        assert_eq!(said, format!("text\n{}\n", place.to_str().unwrap()));
        assert_eq!(std::fs::read(directory.path().join("made")).unwrap(), b"");
    }

    #[test]
    fn a_child_opens_regular_files_only_and_what_is_new_must_not_be_there() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("old"), "").unwrap();
        std::fs::create_dir(directory.path().join("folder")).unwrap();
        std::os::unix::fs::symlink("old", directory.path().join("link")).unwrap();
        let here = File::open(directory.path()).unwrap();
        for (name, access, code) in [
            ("old", Access::Read, 0),
            ("old", Access::New, 111),
            ("none", Access::Read, 111),
            ("folder", Access::ReadOrMake, 111),
            ("link", Access::Read, 111),
        ] {
            let child = shell("exit 0", &here, &[opening(name, access, 4)]);
            assert_eq!(ending(&child), Ending::Exited(code), "{name} {access:?}");
        }
    }

    /// The -1 of a failed fork was once taken for the number of a child. To kill this "child" would have killed every
    /// process.
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
        assert_eq!(child.wait_or(Some(bell.as_fd()), None).unwrap(), None);
        assert_eq!(child.wait_or(None, Some(Duration::from_millis(1))).unwrap(), None);
        assert_eq!(child.kill().unwrap(), Some(Ending::Crashed(libc::SIGKILL)));
    }
}
