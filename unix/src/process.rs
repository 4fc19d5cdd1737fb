//! Processes that are watched: children, and processes that an earlier program started and that are taken over.
//!
//! A pidfd holds the process where the kernel has one. So a signal reaches this process or none.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, WaitOptions, kill_process, kill_process_group, pidfd_open, pidfd_send_signal,
};

use crate::pidfd;
use crate::signal::Signal;
use crate::spawn::{Ending, forked};
use crate::tool::SYSTEM;

/// The number of the error of a signal that nobody is there to get: ESRCH.
pub const NO_SUCH_PROCESS: i32 = libc::ESRCH;

/// A process.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    watch: Option<OwnedFd>,
    origin: Origin,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Child,
    Adopted,
}

/// How a process ended; nobody knows of one that was not a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended(pub Option<Ending>);

impl Process {
    /// Makes a child that runs `body` and ends with its code. It is an error if this process has more than one thread:
    /// the child would be a copy with the calling thread alone, and whatever another thread held would stay held for
    /// ever.
    pub fn fork(body: impl FnOnce() -> u8) -> io::Result<Process> {
        require_one_thread()?;
        // SAFETY: this process has one thread, so its copy is a whole one.
        unsafe { Process::fork_whatever_runs(body) }
    }

    /// The same without a look at threads.
    ///
    /// # Safety
    ///
    /// This process has one thread, or `body` does only what a signal handler may do: it takes no lock and allocates
    /// nothing.
    pub(crate) unsafe fn fork_whatever_runs(body: impl FnOnce() -> u8) -> io::Result<Process> {
        // SAFETY: the caller's: the child does nothing that its being a copy could break. It ends here.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            // Also when `body` panics: what the parent does after this call is never done by its copy.
            let end = EndsHere(SYSTEM);
            let code = body();
            std::mem::forget(end);
            drop(EndsHere(code));
        }
        let pid = forked(pid)?;
        Ok(Process { pid, watch: pidfd_open(pid, PidfdFlags::empty()).ok(), origin: Origin::Child })
    }

    /// Takes over a process of this number that began at this time and still runs. An error: it can't be known.
    pub fn adopt(pid: u32, began: u64) -> io::Result<Option<Process>> {
        // The descriptor first: what it holds can't become another process while it is looked at.
        let Some(process) = Process::find(pid)? else { return Ok(None) };
        match process.began() {
            Ok(found) => Ok((found == Some(began)).then_some(process)),
            // Gone meanwhile - or there is no /proc.
            Err(_) if process.ended()?.is_some() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Watches a process of this number, whoever it is. None: there is none. ENOSYS: the kernel has no such descriptor.
    pub fn find(pid: u32) -> io::Result<Option<Process>> {
        let pid = i32::try_from(pid).ok().filter(|&pid| pid > 0).and_then(Pid::from_raw);
        let Some(pid) = pid else { return Ok(None) };
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(watch) => Ok(Some(Process { pid, watch: Some(watch), origin: Origin::Adopted })),
            Err(Errno::SRCH | Errno::INVAL) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Its number.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// When it began, in the kernel's ticks since the machine was started. None: it has ended.
    pub fn began(&self) -> io::Result<Option<u64>> {
        Ok(began_of(&std::fs::read(format!("/proc/{}/stat", self.pid()))?))
    }

    /// Readable when it has ended. None: the kernel has no such descriptor.
    pub fn watch(&self) -> Option<BorrowedFd<'_>> {
        self.watch.as_ref().map(AsFd::as_fd)
    }

    /// Whether it has ended. Only once, for a child.
    pub fn ended(&self) -> io::Result<Option<Ended>> {
        if self.origin == Origin::Adopted {
            let Some(watch) = self.watch() else { return Ok(Some(Ended(None))) };
            let [readiness] = crate::event::wait([watch], Some(std::time::Duration::ZERO))?;
            return Ok(readiness.readable.then(|| Ended(self.ending_of_another(watch))));
        }
        let status =
            rustix::io::retry_on_intr(|| rustix::process::waitpid(Some(self.pid), WaitOptions::NOHANG))?;
        Ok(status.map(|(_, status)| Ended(Some(Ending::of(status)))))
    }

    /// Waits for the end of a child.
    pub fn wait(&self) -> io::Result<Ending> {
        let status =
            rustix::io::retry_on_intr(|| rustix::process::waitpid(Some(self.pid), WaitOptions::empty()))?;
        Ok(status.map_or(Ending::Crashed(0), |(_, status)| Ending::of(status)))
    }

    /// How a process that has ended and is not a child did so: its parent is told first.
    fn ending_of_another(&self, watch: BorrowedFd<'_>) -> Option<Ending> {
        let of_zombie = || {
            let stat = std::fs::read(format!("/proc/{}/stat", self.pid())).ok()?;
            ending_of(&stat)
        };
        pidfd::ending(watch).or_else(of_zombie).or_else(|| pidfd::ending(watch))
    }

    /// Sends a signal to the group that the process leads. EINVAL: the kernel can't do so safely.
    pub fn signal_group(&self, signal: Signal) -> io::Result<()> {
        match (self.watch(), self.origin) {
            (Some(watch), Origin::Adopted) => pidfd::signal_group(watch, signal),
            // The number of a child that was not waited for is nobody else's, neither is its group's.
            (_, Origin::Child) => Ok(kill_process_group(self.pid, signal)?),
            (None, Origin::Adopted) => Err(Errno::INVAL.into()),
        }
    }

    /// Sends a signal. One that has ended gets none.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        match self.watch() {
            Some(watch) => pidfd_send_signal(watch, signal)?,
            // A child that was not waited for keeps its number.
            None => kill_process(self.pid, signal)?,
        }
        Ok(())
    }
}

/// The end of a child's process, at the latest when this is dropped.
struct EndsHere(u8);

impl Drop for EndsHere {
    fn drop(&mut self) {
        // SAFETY: ends the process without running what the parent has registered for its own end.
        unsafe { libc::_exit(i32::from(self.0)) }
    }
}

/// EDEADLK where this process has more threads than one. EPERM: neither the kernel nor /proc says.
fn require_one_thread() -> io::Result<()> {
    // SAFETY: a number. For a process with one thread the call does nothing, and it fails for others.
    let alone = unsafe { libc::unshare(libc::CLONE_THREAD) } == 0;
    let threads = || {
        // A directory has two names, and one in each directory within it.
        let tasks = std::fs::metadata("/proc/self/task")?;
        Ok::<u64, io::Error>(std::os::unix::fs::MetadataExt::nlink(&tasks).saturating_sub(2))
    };
    match alone || io::Error::last_os_error().raw_os_error() != Some(libc::EINVAL) && threads()? == 1 {
        true => Ok(()),
        false => Err(Errno::DEADLK.into()),
    }
}

/// From the text of /proc/PID/stat: the 22nd field, counted behind the name, which may contain anything.
fn began_of(stat: &[u8]) -> Option<u64> {
    let mut fields = fields_of(stat)?;
    let state = fields.next()?;
    let began = fields.nth(18)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some(began)
}

/// From the text of /proc/PID/stat of a zombie: its last field.
fn ending_of(stat: &[u8]) -> Option<Ending> {
    let mut fields = fields_of(stat)?;
    let state = fields.next()?;
    let status = fields.nth(48)?.parse().ok()?;
    (state == "Z").then(|| Ending::of_raw(status))
}

/// The fields behind the name, the state first.
fn fields_of(stat: &[u8]) -> Option<impl Iterator<Item = &str>> {
    let end = stat.iter().rposition(|&byte| byte == b')')?;
    Some(std::str::from_utf8(&stat[end + 1..]).ok()?.split_ascii_whitespace())
}

/// Makes a child as [`Process::fork`] does, for callers that have many children. Only its number is kept, which is not
/// used again until [`reap`] has returned it.
pub fn start(body: impl FnOnce() -> u8) -> io::Result<u32> {
    Process::fork(body).map(|process| process.pid())
}

/// A child that has ended, whichever, and how.
pub fn reap() -> Option<(u32, Ending)> {
    let ended = rustix::io::retry_on_intr(|| rustix::process::wait(WaitOptions::NOHANG));
    let (pid, status) = ended.ok()??;
    Some((pid.as_raw_nonzero().get().unsigned_abs(), Ending::of(status)))
}

/// Makes a directory this process' working directory.
pub fn change_directory(path: &Path) -> io::Result<()> {
    rustix::process::chdir(path)?;
    Ok(())
}

/// The working directory, to come back to.
pub fn here() -> io::Result<OwnedFd> {
    Ok(rustix::fs::open(".", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Makes a directory that was the working directory the working directory again.
pub fn go_back(directory: impl AsFd) -> io::Result<()> {
    rustix::process::fchdir(directory)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_is_watched_to_its_end() {
        // SAFETY: the child does nothing.
        let child = unsafe { Process::fork_whatever_runs(|| 7) }.unwrap();
        crate::event::wait([child.watch().unwrap()], None).unwrap();
        assert_eq!(child.ended().unwrap(), Some(Ended(Some(Ending::Exited(7)))));
    }

    #[test]
    fn a_process_with_more_threads_than_one_makes_no_copy_of_itself() {
        // The tests of a crate run in threads, so here are at least two.
        let error = std::thread::spawn(|| Process::fork(|| 0).unwrap_err()).join().unwrap();
        assert_eq!(error.raw_os_error(), Some(libc::EDEADLK));
    }

    /// It would do what its parent does after the fork, a second time.
    #[test]
    fn a_child_that_panics_ends_where_it_is() {
        // SAFETY: a box of nothing is not allocated, and there is no message.
        let child =
            unsafe { Process::fork_whatever_runs(|| std::panic::resume_unwind(Box::new(()))) }.unwrap();
        assert_eq!(child.wait().unwrap(), Ending::Exited(SYSTEM));
    }

    #[test]
    fn a_process_is_taken_over_by_its_number_and_its_beginning() {
        let sleep = || {
            std::thread::sleep(std::time::Duration::from_secs(1000));
            0
        };
        // SAFETY: the child sleeps, which neither allocates nor takes a lock.
        let child = unsafe { Process::fork_whatever_runs(sleep) }.unwrap();
        let began = child.began().unwrap().unwrap();
        assert!(Process::adopt(child.pid(), began + 1).unwrap().is_none());
        let adopted = Process::adopt(child.pid(), began).unwrap().unwrap();
        assert_eq!(adopted.ended().unwrap(), None);
        adopted.signal(Signal::KILL).unwrap();
        crate::event::wait([child.watch().unwrap()], None).unwrap();
        // It is a zombie now, which counts as ended.
        let killed = Some(Ended(Some(Ending::Crashed(9))));
        assert_eq!(adopted.ended().unwrap(), killed);
        assert!(Process::adopt(child.pid(), began).unwrap().is_none());
        assert_eq!(child.ended().unwrap(), killed);
        // Its parent knows now; whether others are told depends on the kernel.
        let told = if pidfd::tells() { killed } else { Some(Ended(None)) };
        assert_eq!(adopted.ended().unwrap(), told);
        assert!(Process::adopt(child.pid(), began).unwrap().is_none());
        assert!(Process::find(0).unwrap().is_none());
    }

    #[test]
    fn the_ending_of_a_zombie_is_the_last_field() {
        let stat = |state: &str| {
            let fields: Vec<String> = (4..52).map(|number| number.to_string()).collect();
            format!("1 (x) y) {state} {} 256\n", fields.join(" "))
        };
        assert_eq!(ending_of(stat("Z").as_bytes()), Some(Ending::Exited(1)));
        assert_eq!(ending_of(stat("S").as_bytes()), None);
        assert_eq!(ending_of(b"1 (x) Z 1 2 3"), None);
    }

    #[test]
    fn the_beginning_is_behind_the_name_whatever_that_is() {
        let stat = |name: &str, state: &str| {
            format!("1 ({name}) {state} 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 4242 21\n")
        };
        assert_eq!(began_of(stat("x", "S").as_bytes()), Some(4242));
        assert_eq!(began_of(stat("a) R 1 2 (b", "R").as_bytes()), Some(4242));
        assert_eq!(began_of(stat("x", "Z").as_bytes()), None);
        assert_eq!(began_of(b"1 (x) S 2"), None);
    }
}
