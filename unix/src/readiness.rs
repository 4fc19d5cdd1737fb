//! The descriptor by which a program says that it is ready: a newline is written to it, and it is closed. That is s6's
//! protocol, and `notification-fd` of a service directory names its number.

use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;

/// A descriptor that the program was started with, taken for this purpose. Programs that are run do not get it.
#[derive(Debug)]
pub struct Readiness(OwnedFd);

impl Readiness {
    /// Takes the descriptor of this number. EBADF: the program was started without it, or it can't be written to.
    pub fn take(number: RawFd) -> io::Result<Readiness> {
        // SAFETY: the call has no pointers and changes nothing; it fails where the descriptor is closed.
        let flags = unsafe { libc::fcntl(number, libc::F_GETFD) };
        // Whatever this process opens closes itself at an exec. So what does not was there at the start.
        if number < 3 || flags == -1 || flags & libc::FD_CLOEXEC != 0 {
            return Err(Errno::BADF.into());
        }
        // SAFETY: the descriptor is open and was there at the start, so nothing in this process owns it. It is taken
        // once: from here on it closes itself at an exec.
        let descriptor = unsafe {
            libc::fcntl(number, libc::F_SETFD, flags | libc::FD_CLOEXEC);
            OwnedFd::from_raw_fd(number)
        };
        let flags = rustix::fs::fcntl_getfl(&descriptor)?;
        if flags.contains(OFlags::PATH) || (flags & OFlags::RWMODE) == OFlags::RDONLY {
            return Err(Errno::BADF.into());
        }
        Ok(Readiness(descriptor))
    }

    /// Says it, and closes the descriptor. It never waits: EAGAIN where there is no room for a byte.
    pub fn say(self) -> io::Result<()> {
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        if poll(&mut [PollFd::new(&self.0, PollFlags::OUT)], Some(&now))? == 0 {
            return Err(Errno::AGAIN.into());
        }
        match crate::file::write(self.0.as_fd(), b"\n")? {
            0 => Err(io::ErrorKind::WriteZero.into()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::fd::{AsRawFd, IntoRawFd};

    use super::*;

    #[test]
    fn it_is_a_newline_and_then_the_end() {
        let (reader, writer) = crate::pipe::new().unwrap();
        rustix::io::fcntl_setfd(&writer, rustix::io::FdFlags::empty()).unwrap();
        let readiness = Readiness::take(writer.into_raw_fd()).unwrap();
        readiness.say().unwrap();
        let mut said = Vec::new();
        std::fs::File::from(reader).read_to_end(&mut said).unwrap();
        assert_eq!(said, b"\n");
    }

    #[test]
    fn what_is_ours_or_closed_or_for_reading_is_not_taken() {
        let (reader, writer) = crate::pipe::new().unwrap();
        let refused = |number| Readiness::take(number).unwrap_err().raw_os_error();
        assert_eq!(refused(writer.as_raw_fd()), Some(libc::EBADF));
        assert_eq!(refused(1_000_000), Some(libc::EBADF));
        assert_eq!(refused(-1), Some(libc::EBADF));
        assert_eq!(refused(2), Some(libc::EBADF));
        rustix::io::fcntl_setfd(&reader, rustix::io::FdFlags::empty()).unwrap();
        assert_eq!(refused(reader.into_raw_fd()), Some(libc::EBADF));
    }
}
