//! Waiting: for input, for a signal, for another thread, for time on the monotonic clock.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::epoll;
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;

/// What a wait says about one descriptor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Something can be read without waiting (or an error can).
    pub readable: bool,
    /// The other side has closed.
    pub hung_up: bool,
}

/// Waits until one of `fds` has something, or for `limit`. A signal that is not blocked ends it early.
pub fn wait<const N: usize>(fds: [BorrowedFd<'_>; N], limit: Option<Duration>) -> io::Result<[Readiness; N]> {
    let mut polled = fds.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN));
    let limit = limit.map(timespec);
    match poll(&mut polled, limit.as_ref()) {
        Ok(_) => {}
        Err(Errno::INTR) => return Ok([Readiness::default(); N]),
        Err(error) => return Err(error.into()),
    }
    Ok(std::array::from_fn(|i| {
        let events = polled[i].revents();
        Readiness {
            readable: events.intersects(PollFlags::IN | PollFlags::ERR | PollFlags::NVAL),
            hung_up: events.contains(PollFlags::HUP),
        }
    }))
}

/// Waits until one of any number of descriptors has something, or for `limit`; which, the caller finds out.
pub fn wait_any(fds: &[BorrowedFd<'_>], limit: Option<Duration>) -> io::Result<()> {
    let mut polled: Vec<PollFd<'_>> =
        fds.iter().map(|&fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    match poll(&mut polled, limit.map(timespec).as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Waits until a pipe takes a write of up to a page without blocking, but not longer than `limit`. A signal also ends
/// the wait.
pub fn wait_for_room(pipe: impl AsFd, limit: Duration) -> io::Result<()> {
    match poll(&mut [PollFd::new(&pipe, PollFlags::OUT)], Some(&timespec(limit))) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Waits until `target` takes a write of up to a page without waiting, or `other` can be read, or for `limit`.
///
/// True when the write can go ahead.
pub fn wait_writable(target: impl AsFd, other: impl AsFd, limit: Option<Duration>) -> io::Result<bool> {
    let (target, other) = (target.as_fd(), other.as_fd());
    let mut polled = [PollFd::new(&target, PollFlags::OUT), PollFd::new(&other, PollFlags::IN)];
    match poll(&mut polled, limit.map(timespec).as_ref()) {
        Ok(_) | Err(Errno::INTR) => Ok(!polled[0].revents().is_empty()),
        Err(error) => Err(error.into()),
    }
}

/// Waits until something can be read, also an end or an error. A signal ends it early.
pub fn until_readable(fd: impl AsFd) -> io::Result<()> {
    wait_any(&[fd.as_fd()], None)
}

/// Waits until something can be written, if only to be told an error. A signal ends it early.
pub fn until_writable(fd: impl AsFd) -> io::Result<()> {
    match poll(&mut [PollFd::new(&fd, PollFlags::OUT)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn timespec(limit: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(limit.subsec_nanos()),
    }
}

/// A descriptor that one thread rings and another waits for.
#[derive(Debug)]
pub struct Bell(OwnedFd);

impl Bell {
    /// A bell that has not been rung.
    pub fn new() -> io::Result<Bell> {
        Ok(Bell(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?))
    }

    /// Wakes whoever waits. Ringing twice before anybody listens is ringing once.
    pub fn ring(&self) {
        rustix::io::write(&self.0, &1u64.to_ne_bytes()).ok();
    }

    /// Forgets that it was rung.
    pub fn quiet(&self) {
        rustix::io::read(&self.0, &mut [0u8; 8]).ok();
    }
}

impl AsFd for Bell {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Any number of descriptors behind one, which is readable while one of them is. Those that are closed leave it.
#[derive(Debug)]
pub struct Set(OwnedFd);

impl Set {
    /// Without any.
    pub fn new() -> io::Result<Set> {
        Ok(Set(epoll::create(epoll::CreateFlags::CLOEXEC)?))
    }

    /// Adds one.
    pub fn add(&self, fd: impl AsFd) -> io::Result<()> {
        Ok(epoll::add(&self.0, fd, epoll::EventData::new_u64(0), epoll::EventFlags::IN)?)
    }
}

impl AsFd for Set {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A watch that wakes for a write to a pipe, also when something unread is still in it.
///
/// poll(2) would return at once for as long as a partial line stays in the pipe. Not every write
/// wakes it: a write that is larger than the room in a pipe that is not empty blocks without waking
/// anybody (Linux 6.18, pipe_write), and kernels 5.5 to 5.14 wake for the first byte only. So there
/// has to be a timer beside it.
#[derive(Debug)]
pub struct EdgeWatch(OwnedFd);

impl EdgeWatch {
    /// Watches `pipe`.
    pub fn new(pipe: impl AsFd) -> io::Result<EdgeWatch> {
        let set = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let flags = epoll::EventFlags::IN | epoll::EventFlags::HUP | epoll::EventFlags::ET;
        epoll::add(&set, pipe, epoll::EventData::new_u64(0), flags)?;
        Ok(EdgeWatch(set))
    }

    /// Takes the event, so that only what comes after this call wakes. True when there was one.
    pub fn take(&self) -> bool {
        let none = epoll::Event { flags: epoll::EventFlags::empty(), data: epoll::EventData::new_u64(0) };
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        matches!(epoll::wait(&self.0, &mut [none], Some(&now)), Ok(1))
    }
}

impl AsFd for EdgeWatch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_watch_wakes_once_though_nothing_was_read() {
        let (read, write) = crate::pipe::new().unwrap();
        let watch = EdgeWatch::new(&read).unwrap();
        assert!(!watch.take());
        rustix::io::write(&write, b"1").unwrap();
        assert!(watch.take());
        assert!(!watch.take());
    }

    #[test]
    fn a_set_is_readable_while_one_of_it_is() {
        let set = Set::new().unwrap();
        let (bell, other) = (Bell::new().unwrap(), Bell::new().unwrap());
        set.add(&bell).unwrap();
        set.add(&other).unwrap();
        let readable = || wait([set.as_fd()], Some(Duration::ZERO)).unwrap()[0].readable;
        assert!(!readable());
        bell.ring();
        assert!(readable());
        drop(bell);
        assert!(!readable());
    }

    #[test]
    fn a_bell_rings_once_for_many_rings() {
        let bell = Bell::new().unwrap();
        bell.ring();
        bell.ring();
        let [rung] = wait([bell.as_fd()], Some(Duration::ZERO)).unwrap();
        assert!(rung.readable);
        bell.quiet();
        let [rung] = wait([bell.as_fd()], Some(Duration::ZERO)).unwrap();
        assert!(!rung.readable);
    }
}
