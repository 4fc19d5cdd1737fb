//! `Hold`: a service directory that svscan holds by its descriptor.
//!
//! Its name may go, or may lead to another directory, while its service runs. What is done through a `Hold` concerns
//! the same service all the same.

use std::ffi::OsString;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Duration;

use unix::file::{Identity, open_file_of_process, write};
use unix::{descriptors, fifo};

use super::folder::{Folder, Home};
use super::state::State;
use super::status::{self, Status};
use super::survivor::{self, Survivor};

/// A service directory. The files in its `supervise/` are reached as [`Folder`] does it, or through the supervise that
/// has them open.
#[derive(Debug)]
pub struct Hold {
    home: Home,
    id: Identity,
    /// `supervise/lock`, once it may lose its name.
    lock: Option<OwnedFd>,
}

impl Hold {
    /// What a name leads to now.
    pub fn open(path: &Path) -> io::Result<Hold> {
        let home = Home::open(path)?;
        let id = home.id()?;
        Ok(Hold { home, id, lock: None })
    }

    /// Which directory it is.
    pub fn id(&self) -> Identity {
        self.id
    }

    fn folder(&self) -> Option<Folder> {
        self.home.folder().ok()
    }

    /// Whether a supervise runs in it.
    pub fn is_supervised(&self) -> bool {
        self.folder().is_some_and(|folder| folder.is_supervised().unwrap_or(false))
    }

    /// Its lock, by which a supervise is known.
    pub fn lock_id(&self) -> Option<Identity> {
        self.folder()?.lock_id()
    }

    /// Whether there is a script of this name that can be run.
    pub fn has_script(&self, name: &str) -> bool {
        self.home.has_script(name)
    }

    /// The process of the service, whether a supervise watches it or not. None as well where that can't be known.
    pub fn process(&self) -> Option<Survivor> {
        match &self.lock {
            Some(lock) => survivor::find(lock).ok()?,
            None => survivor::find(self.open_lock()?).ok()?,
        }
    }

    /// What its supervise, or the last one, has written. The status is read first: if that says that the service has
    /// ended, the state says how.
    pub fn written(&self) -> Option<(Status, State)> {
        let folder = self.folder()?;
        let status = Status::of(&folder.read("status", status::LENGTH).ok()?)?;
        Some((status, State::read(&folder).unwrap_or_default()))
    }

    fn open_lock(&self) -> Option<OwnedFd> {
        self.folder()?.lock().ok()?
    }

    /// Sends commands to its supervise without waiting. `supervise` is the number of that process, if it is known.
    /// False: no supervise listens, or it may not be told.
    pub fn tell(&self, supervise: Option<u32>, commands: &[u8]) -> bool {
        let control = self.folder().and_then(|folder| folder.pipe("control").ok()?);
        // Removed with its directory, it is still open in supervise.
        let control = control.or_else(|| {
            let pid = supervise?;
            fifo::open_of_process(pid, &number_of(pid, "supervise/control")?).ok()
        });
        control.is_some_and(|control| fifo::send(control, commands, Duration::ZERO).is_ok())
    }

    /// Leaves commands for a supervise that is about to be started. They are there as long as what is returned.
    pub fn leave_word(&self, commands: &[u8]) -> Option<OwnedFd> {
        let control = self.folder()?.pipe_to_keep("control").ok()?;
        (write(&control, commands).ok()? == commands.len()).then_some(control)
    }

    /// The name is gone, and the directory may go: keeps what says who the process of the service is.
    pub fn keep_lock(&mut self, supervise: Option<u32>) {
        if self.lock.is_none() {
            self.lock = self.open_lock().or_else(|| {
                let pid = supervise?;
                open_file_of_process(pid, &number_of(pid, "supervise/lock")?).ok()
            });
        }
    }
}

impl AsFd for Hold {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.home.as_fd()
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
    use std::process::{Child, Command};

    use unix::file::here;
    use unix::process::Process;

    use crate::service::rules::Session;
    use survivor::{Origin, Role};

    const CONTROL: &str = "supervise/control";
    const LOCK: &str = "supervise/lock";

    /// A service directory as supervise leaves it, without a lock, and what reads its commands.
    fn service(folder: &Path, name: &str) -> OwnedFd {
        fs::create_dir_all(folder.join(name).join("supervise")).unwrap();
        let control = folder.join(name).join(CONTROL);
        fifo::make(here(), control.as_os_str()).unwrap();
        fifo::open_to_read(here(), control.as_os_str()).unwrap()
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
        let held = Hold::open(&name("x")).unwrap();
        fs::remove_file(name("x")).unwrap();
        symlink(name("two"), name("x")).unwrap();
        fs::rename(name("one"), name("moved")).unwrap();
        assert!(held.tell(None, b"dx"));
        assert_eq!((said(&one).as_str(), said(&two).as_str()), ("dx", ""));
        fs::remove_dir_all(name("moved")).unwrap();
        assert!(!held.tell(None, b"dx"));
        // What has the pipe open is another process, since this one has the pipes of other tests open as well.
        let reader = one.try_clone().unwrap();
        let mut supervise = Command::new("/bin/sleep").arg("1000").stdin(reader).spawn().unwrap();
        let told = held.tell(Some(supervise.id()), b"k");
        end(&mut supervise);
        assert!(told);
        assert_eq!(said(&one), "k");
    }

    #[test]
    fn only_a_named_pipe_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let reader = service(folder.path(), "x");
        let control = folder.path().join("x").join(CONTROL);
        let held = Hold::open(&folder.path().join("x")).unwrap();
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
        let held = Hold::open(&folder.path().join("x")).unwrap();
        let (lock, mut child) = locked(folder.path(), "x");
        assert_eq!(held.process().unwrap().process.pid(), child.id());
        // Without the right to give it away that is all.
        if std::os::unix::fs::chown(folder.path().join("x").join(LOCK), Some(65534), None).is_ok() {
            assert!(held.process().is_none());
            std::os::unix::fs::fchown(&lock, Some(unix::file::effective_user()), None).unwrap();
            assert!(held.process().is_some());
            std::os::unix::fs::chown(folder.path().join("x/supervise"), Some(65534), None).unwrap();
            assert!(held.process().is_none() && held.lock_id().is_none());
        }
        end(&mut child);
    }

    /// A lock of a service with a process, and the process.
    fn locked(folder: &Path, name: &str) -> (fs::File, Child) {
        let path = folder.join(name).join(LOCK);
        let lock = fs::OpenOptions::new().create_new(true).read(true).write(true).open(path).unwrap();
        let child = Command::new("/bin/sleep").arg("1000").spawn().unwrap();
        let process = Process::find(child.id()).unwrap().unwrap();
        let origin = Origin { role: Role::Run, session: Session::Shared, note: None };
        survivor::remember(&lock, &process, origin).unwrap();
        (lock, child)
    }

    fn end(child: &mut Child) {
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// A stop of the copy would have ended the process of the service that it is a copy of.
    #[test]
    fn a_copied_lock_names_nobody_with_a_name_or_without() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        drop((service(folder.path(), "one"), service(folder.path(), "two")));
        let (lock, mut child) = locked(folder.path(), "one");
        fs::copy(at("one").join(LOCK), at("two").join(LOCK)).unwrap();
        let copy = fs::File::open(at("two").join(LOCK)).unwrap();
        for (name, named) in [("one", true), ("two", false)] {
            let mut held = Hold::open(&at(name)).unwrap();
            assert_eq!(held.process().is_some(), named);
            held.keep_lock(None);
            fs::remove_dir_all(at(name)).unwrap();
            assert_eq!((held.process().is_some(), held.lock_id()), (named, None));
        }
        drop(lock);
        drop(copy);
        end(&mut child);
    }

    #[test]
    fn a_lock_that_was_removed_is_found_where_supervise_has_it_open() {
        for copied in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            drop(service(folder.path(), "x"));
            let mut held = Hold::open(&folder.path().join("x")).unwrap();
            let (lock, mut child) = locked(folder.path(), "x");
            let path = folder.path().join("x").join(LOCK);
            // What has it open is another process, since this one has the locks of other tests open as well.
            let open = if copied {
                drop(lock);
                fs::copy(&path, folder.path().join("copy")).unwrap();
                fs::rename(folder.path().join("copy"), &path).unwrap();
                fs::File::open(&path).unwrap()
            } else {
                lock
            };
            let mut supervise = Command::new("/bin/sleep").arg("1000").stdin(open).spawn().unwrap();
            fs::remove_dir_all(folder.path().join("x")).unwrap();
            assert!(held.process().is_none());
            held.keep_lock(Some(supervise.id()));
            assert!(held.lock.is_some());
            assert_eq!(held.process().map(|found| found.process.pid()), (!copied).then(|| child.id()));
            end(&mut supervise);
            end(&mut child);
        }
    }

    /// The owner of a directory gave the control pipe of another service a second name in it.
    #[test]
    fn a_pipe_of_somebody_else_with_a_second_name_is_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let (one, two) = (service(folder.path(), "one"), service(folder.path(), "two"));
        let at = |name: &str| folder.path().join(name);
        if std::os::unix::fs::chown(at("two/supervise"), Some(65534), None).is_err() {
            return;
        }
        let held = Hold::open(&at("two")).unwrap();
        assert!(held.tell(None, b"d") && held.leave_word(b"x").is_some());
        fs::remove_file(at("two").join(CONTROL)).unwrap();
        fs::hard_link(at("one").join(CONTROL), at("two").join(CONTROL)).unwrap();
        assert!(!held.tell(None, b"d") && held.leave_word(b"d").is_none());
        assert_eq!((said(&one).as_str(), said(&two).as_str()), ("", "dx"));
    }

    #[test]
    fn what_was_left_is_there_for_who_reads_later() {
        let folder = tempfile::tempdir().unwrap();
        drop(service(folder.path(), "x"));
        let held = Hold::open(&folder.path().join("x")).unwrap();
        assert!(!held.tell(None, b"d"));
        let word = held.leave_word(b"dx").unwrap();
        let reader = fifo::open_to_read(here(), folder.path().join("x").join(CONTROL).as_os_str()).unwrap();
        drop(word);
        assert_eq!(said(&reader), "dx");
    }
}
