//! `Held`: a service directory that is known by its descriptor. Its name may go, or lead to another one, while its service
//! runs: what is done with it here concerns the same service all the same.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use unix::file::{effective_user, hold_directory, is_executable, open_regular, place, stat, write};
use unix::{descriptors, fifo};

use super::place::Id;
use super::survivor::{self, Survivor};

const CONTROL: &str = "supervise/control";

/// A service directory.
#[derive(Debug)]
pub struct Held {
    directory: OwnedFd,
    id: Id,
    /// `supervise/lock`, once it may lose its name.
    lock: Option<OwnedFd>,
}

impl Held {
    /// What a name leads to now.
    pub fn open(path: &Path) -> io::Result<Held> {
        let directory = hold_directory(path)?;
        let id = place(&directory, Path::new(".")).ok_or(io::ErrorKind::NotFound)?;
        Ok(Held { directory, id, lock: None })
    }

    /// Which directory it is.
    pub fn id(&self) -> Id {
        self.id
    }

    /// Whether a supervise runs in it.
    pub fn is_supervised(&self) -> bool {
        fifo::open_to_tell(&self.directory, Path::new("supervise/ok")).is_ok()
    }

    /// Its lock, by which a supervise is known.
    pub fn lock_id(&self) -> Option<Id> {
        place(&self.directory, Path::new(survivor::FILE))
    }

    /// Whether there is a script of this name that can be run.
    pub fn has_script(&self, name: &str) -> bool {
        is_executable(&self.directory, Path::new(name))
    }

    /// The process of the service, whether a supervise watches it or not. None as well where that can't be known.
    pub fn process(&self) -> Option<Survivor> {
        match &self.lock {
            Some(lock) => survivor::find_by(lock).ok()?,
            None => survivor::find_by(self.open_lock(Path::new(survivor::FILE))?).ok()?,
        }
    }

    /// Whoever writes into it decides which process is signalled: only root and this process' own user are believed.
    fn open_lock(&self, path: &Path) -> Option<OwnedFd> {
        let lock = open_regular(&self.directory, path).ok()?;
        let owner = stat(&lock).ok()?.owner;
        (owner == 0 || owner == effective_user()).then_some(lock)
    }

    /// Sends commands to its supervise, of this number if that is known. False: none listens, or it may not be told.
    pub fn tell(&self, supervise: Option<u32>, commands: &[u8]) -> bool {
        let control = fifo::open_to_tell(&self.directory, Path::new(CONTROL));
        // Removed with its directory, it is still open in supervise.
        let control = control.or_else(|error| {
            let found = supervise.and_then(|pid| Some((pid, number_of(pid, CONTROL)?)));
            found.map_or(Err(error), |(pid, number)| fifo::open_of_process(pid, &number))
        });
        control.is_ok_and(|control| write(control, commands).is_ok_and(|sent| sent == commands.len()))
    }

    /// Leaves commands for a supervise that is about to be started. They are there as long as what is returned.
    pub fn leave_word(&self, commands: &[u8]) -> Option<OwnedFd> {
        let control = fifo::open_to_keep(&self.directory, Path::new(CONTROL)).ok()?;
        (write(&control, commands).ok()? == commands.len()).then_some(control)
    }

    /// The name is gone, and the directory may go: keeps what says who the process of the service is.
    pub fn keep_lock(&mut self, supervise: Option<u32>) {
        if self.lock.is_some() {
            return;
        }
        self.lock = self.open_lock(Path::new(survivor::FILE)).or_else(|| {
            let pid = supervise?;
            let path =
                Path::new("/proc").join(pid.to_string()).join("fd").join(number_of(pid, survivor::FILE)?);
            self.open_lock(&path)
        });
    }
}

impl AsFd for Held {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.directory.as_fd()
    }
}

/// Which descriptor of a supervise is that file of its service, whether that still has a name or not.
fn number_of(supervise: u32, file: &str) -> Option<OsString> {
    let is_it = |target: &PathBuf| {
        let target = target.to_string_lossy();
        let target = target.strip_suffix(" (deleted)").unwrap_or(&target);
        target.strip_suffix(file).is_some_and(|front| front.ends_with('/'))
    };
    descriptors::of(supervise).ok()?.into_iter().find(|(_, target)| is_it(target)).map(|(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// A service directory as supervise leaves it, without a lock, and what reads its commands.
    fn service(folder: &Path, name: &str) -> OwnedFd {
        fs::create_dir_all(folder.join(name).join("supervise")).unwrap();
        let control = folder.join(name).join(CONTROL);
        fifo::make(&control).unwrap();
        fifo::open_to_read(&control).unwrap()
    }

    fn said(reader: &OwnedFd) -> String {
        let mut bytes = [0; 20];
        let length = unix::pipe::read(reader, &mut bytes).unwrap_or(0);
        String::from_utf8_lossy(&bytes[..length]).into_owned()
    }

    /// By its name svscan told a directory of which nothing ran any more, or nobody.
    #[test]
    fn commands_reach_the_directory_that_was_opened_whatever_its_name_leads_to() {
        let folder = tempfile::tempdir().unwrap();
        let name = |name: &str| folder.path().join(name);
        let (one, two) = (service(folder.path(), "one"), service(folder.path(), "two"));
        symlink(name("one"), name("x")).unwrap();
        let held = Held::open(&name("x")).unwrap();
        fs::remove_file(name("x")).unwrap();
        symlink(name("two"), name("x")).unwrap();
        fs::rename(name("one"), name("moved")).unwrap();
        assert!(held.tell(None, b"dx"));
        assert_eq!((said(&one).as_str(), said(&two).as_str()), ("dx", ""));
        fs::remove_dir_all(name("moved")).unwrap();
        assert!(!held.tell(None, b"dx"));
        // This process is the one that reads.
        assert!(held.tell(Some(std::process::id()), b"k"));
        assert_eq!(said(&one), "k");
    }

    #[test]
    fn only_a_named_pipe_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let reader = service(folder.path(), "x");
        let control = folder.path().join("x").join(CONTROL);
        let held = Held::open(&folder.path().join("x")).unwrap();
        let elsewhere = folder.path().join("elsewhere");
        fs::rename(&control, &elsewhere).unwrap();
        symlink(&elsewhere, &control).unwrap();
        assert!(!held.tell(None, b"d") && held.leave_word(b"d").is_none());
        fs::remove_file(&control).unwrap();
        fs::write(&control, "text").unwrap();
        assert!(!held.tell(None, b"d") && held.leave_word(b"d").is_none());
        assert_eq!((said(&reader).as_str(), fs::read_to_string(&control).unwrap().as_str()), ("", "text"));
    }

    /// A user who puts a lock of his own into his service directory could name any process.
    #[test]
    fn only_a_lock_of_root_or_of_this_user_names_a_process() {
        let folder = tempfile::tempdir().unwrap();
        drop(service(folder.path(), "x"));
        let held = Held::open(&folder.path().join("x")).unwrap();
        let path = folder.path().join("x").join(survivor::FILE);
        let lock = fs::OpenOptions::new().create_new(true).read(true).write(true).open(&path).unwrap();
        let child = unix::process::Process::fork(|| {
            std::thread::sleep(std::time::Duration::from_secs(1000));
            0
        })
        .unwrap();
        let (role, session) = (survivor::Role::Run, crate::service::rules::Session::Shared);
        survivor::remember(&lock, &child, survivor::Origin { role, session, note: None }).unwrap();
        assert_eq!(held.process().unwrap().process.pid(), child.pid());
        // Without the right to give it away that is all.
        if std::os::unix::fs::chown(&path, Some(65534), None).is_ok() {
            assert!(held.process().is_none());
        }
        child.signal(unix::process::Signal::KILL).unwrap();
        child.wait().unwrap();
    }

    #[test]
    fn what_was_left_is_there_for_who_reads_later() {
        let folder = tempfile::tempdir().unwrap();
        drop(service(folder.path(), "x"));
        let held = Held::open(&folder.path().join("x")).unwrap();
        assert!(!held.tell(None, b"d"));
        let word = held.leave_word(b"dx").unwrap();
        let reader = fifo::open_to_read(&folder.path().join("x").join(CONTROL)).unwrap();
        drop(word);
        assert_eq!(said(&reader), "dx");
    }
}
