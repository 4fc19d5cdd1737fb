//! Named pipes that take commands: made, opened from both sides, and looked at before they are believed.
//!
//! They are reached below a directory that is held, never through a symbolic link. Opening never blocks, whatever is
//! there in the place of a pipe.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, mkfifoat, open, openat};
use rustix::io::Errno;
use rustix::pipe::fcntl_setpipe_size;

use crate::held::{Kind, Look, look_at, look_for, look_through};
use crate::{descriptors, event};

/// The number of the error of a pipe that is opened for writing and that nobody reads: ENXIO.
pub const NOBODY_READS: i32 = libc::ENXIO;

/// Makes a named pipe for its owner alone. One that is there stays as it is, with its group and its mode.
pub fn make(directory: impl AsFd, name: &OsStr) -> io::Result<()> {
    match mkfifoat(directory, name, Mode::RUSR | Mode::WUSR) {
        Ok(()) | Err(Errno::EXIST) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Opens the pipe for reading without waiting for a writer. The descriptor is close-on-exec and non-blocking. EPERM: it
/// is no named pipe, or its owner is neither this process's user nor root, and so is not trusted.
pub fn open_to_read(directory: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    let directory = directory.as_fd();
    believe(look_for(directory, name)?)?;
    let file = openat(directory, name, OFlags::RDONLY | ALWAYS, Mode::empty())?;
    believe(look_at(&file)?)?;
    Ok(file)
}

/// Whoever owns it decides who may give commands.
fn believe(look: Look) -> io::Result<()> {
    if look.kind == Kind::Pipe && look.is_trusted() { Ok(()) } else { Err(Errno::PERM.into()) }
}

/// Opens it for writing. ENXIO: nobody reads. Close-on-exec; writes never wait: [`send`] does.
pub fn open_to_write(directory: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    open_checked(directory, name, OFlags::WRONLY)
}

/// The same from both sides, so that what is written is kept for who reads later.
pub fn open_to_keep(directory: impl AsFd, name: &OsStr) -> io::Result<OwnedFd> {
    open_checked(directory, name, OFlags::RDWR)
}

fn open_checked(directory: impl AsFd, name: &OsStr, how: OFlags) -> io::Result<OwnedFd> {
    let directory = directory.as_fd();
    look_for(directory, name)?.kind.must_be(Kind::Pipe)?;
    let file = openat(directory, name, how | ALWAYS, Mode::empty())?;
    look_at(&file)?.kind.must_be(Kind::Pipe)?;
    Ok(file)
}

/// Opens the one that a process has as this descriptor for writing, whether it still has a name or not.
pub fn open_of_process(pid: u32, number: &OsStr) -> io::Result<OwnedFd> {
    let path = descriptors::path(pid, number);
    look_through(&path)?.kind.must_be(Kind::Pipe)?;
    let file = open(&path, OFlags::WRONLY | ALWAYS.difference(OFlags::NOFOLLOW), Mode::empty())?;
    look_at(&file)?.kind.must_be(Kind::Pipe)?;
    Ok(file)
}

const ALWAYS: OFlags = OFlags::NONBLOCK.union(OFlags::NOFOLLOW).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);

/// Writes a few bytes, all or none, and waits at most so long for room. EAGAIN: there was none.
pub fn send(pipe: impl AsFd, bytes: &[u8], patience: Duration) -> io::Result<()> {
    let begun = Instant::now();
    loop {
        match crate::file::write(&pipe, bytes) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
            Err(error) => {
                let left = patience.checked_sub(begun.elapsed()).ok_or(error)?;
                event::wait_for_room(&pipe, left)?;
            }
        }
    }
}

/// Makes it as small as it can be: a page. All pipes of a user share a limit, and commands are bytes.
pub fn shrink(file: impl AsFd) {
    // What is refused stays as it is.
    fcntl_setpipe_size(file, 4096).ok();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::here;

    #[test]
    fn a_full_pipe_is_waited_for_so_long_and_no_longer() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("pipe");
        let name = path.as_os_str();
        make(here(), name).unwrap();
        assert_eq!(open_to_write(here(), name).unwrap_err().raw_os_error(), Some(NOBODY_READS));
        let reader = open_to_read(here(), name).unwrap();
        let writer = open_to_write(here(), name).unwrap();
        while send(&writer, &[b'x'; 100], Duration::ZERO).is_ok() {}
        let error = send(&writer, &[b'x'; 100], Duration::from_millis(30)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
        std::thread::scope(|scope| {
            let sent = scope.spawn(|| send(&writer, &[b'x'; 100], Duration::from_secs(60)));
            std::thread::sleep(Duration::from_millis(20));
            let mut buffer = [0; 1 << 16];
            crate::pipe::read(&reader, &mut buffer).unwrap();
            sent.join().unwrap().unwrap();
        });
    }

    #[test]
    fn what_is_no_pipe_is_not_opened_and_a_link_is_not_followed() {
        let place = tempfile::tempdir().unwrap();
        let pipe = place.path().join("pipe");
        make(here(), pipe.as_os_str()).unwrap();
        let _reader = open_to_read(here(), pipe.as_os_str()).unwrap();
        let (file, link) = (place.path().join("file"), place.path().join("link"));
        std::fs::write(&file, "").unwrap();
        std::os::unix::fs::symlink("pipe", &link).unwrap();
        for path in [&file, &link] {
            assert!(open_to_write(here(), path.as_os_str()).is_err());
            assert!(open_to_keep(here(), path.as_os_str()).is_err());
            assert!(open_to_read(here(), path.as_os_str()).is_err());
        }
        assert!(open_to_write(here(), pipe.as_os_str()).is_ok());
    }
    #[test]
    fn of_another_process_only_a_pipe_is_opened_with_a_name_or_without() {
        use std::os::fd::AsRawFd;
        let place = tempfile::tempdir().unwrap();
        let (pipe, file) = (place.path().join("pipe"), place.path().join("file"));
        make(here(), pipe.as_os_str()).unwrap();
        let reader = open_to_read(here(), pipe.as_os_str()).unwrap();
        let file = std::fs::File::create_new(file).unwrap();
        drop(std::fs::remove_file(&pipe));
        let open = |number: i32| open_of_process(std::process::id(), OsStr::new(&number.to_string()));
        send(open(reader.as_raw_fd()).unwrap(), b"x", Duration::ZERO).unwrap();
        assert_eq!(crate::pipe::read(&reader, &mut [0; 9]).unwrap(), 1);
        assert!(open(file.as_raw_fd()).is_err());
        let read = |number: i32| {
            crate::file::open_file_of_process(std::process::id(), OsStr::new(&number.to_string()))
        };
        assert!(read(file.as_raw_fd()).is_ok() && read(reader.as_raw_fd()).is_err());
    }
}
