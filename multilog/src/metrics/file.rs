//! The file of the counters: it is replaced as a whole, through a name beside it that the node exporter does not read.

use std::ffi::{OsStr, OsString};
use std::io;

use unix::file::{self, How, Identity};

/// What the name of the next file ends in. What has it and is ours was left by a kill.
const NEXT: &str = ".multilog";
/// Another user reads it, whatever `mode=` says.
const MODE: u32 = 0o644;

/// The path as seen from the root, without links. As it is where that can't be found out.
pub fn resolved(path: &OsStr) -> OsString {
    let whole = |path: &OsStr| std::fs::canonicalize(path).ok().map(OsString::from);
    let within = || {
        // A file that is not there yet.
        let path = std::path::Path::new(path);
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let mut found = std::fs::canonicalize(parent.unwrap_or(std::path::Path::new("."))).ok()?;
        found.push(path.file_name()?);
        Some(OsString::from(found))
    };
    whole(path).or_else(within).unwrap_or_else(|| path.to_owned())
}

/// The file.
#[derive(Debug)]
pub struct File {
    path: OsString,
    next: OsString,
    /// The device and the inode that it had when this process wrote it. None: it did not.
    ours: Option<Identity>,
}

impl File {
    /// Nothing is opened.
    pub fn new(path: &OsStr) -> File {
        File::with_next(path, NEXT)
    }

    /// The same for another program: what the name of its next file ends in.
    pub fn with_next(path: &OsStr, end: &str) -> File {
        let mut next = path.to_owned();
        next.push(end);
        File { path: path.to_owned(), next, ours: None }
    }

    /// Its path.
    pub fn path(&self) -> &OsStr {
        &self.path
    }

    /// The path of the next file. It is what can't be made after an error that something exists already.
    pub fn next(&self) -> &OsStr {
        &self.next
    }

    /// Whether another process has replaced the file since this one wrote it. What is no file is none of a logger.
    pub fn is_replaced(&self) -> bool {
        let now = file::lookup(file::here(), &self.path);
        matches!((self.ours, now), (Some(ours), Ok(Some(stat))) if stat.regular && stat.identity != ours)
    }

    /// Replaces what it says. A failure leaves it as it was.
    ///
    /// # Errors
    ///
    /// It can't be written, or something else is where the next file has to be (`AlreadyExists`).
    pub fn replace(&mut self, text: &[u8]) -> io::Result<()> {
        let written = self.write_next(text).and_then(|identity| {
            file::rename(file::here(), &self.next, &self.path)?;
            Ok(identity)
        });
        match written {
            Ok(identity) => {
                self.ours = Some(identity);
                Ok(())
            }
            // What another process has put there is not removed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
            Err(error) => {
                file::remove(file::here(), &self.next).ok();
                Err(error)
            }
        }
    }

    fn write_next(&self, text: &[u8]) -> io::Result<Identity> {
        let file = match self.make_next() {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                if !self.is_left()? {
                    return Err(error);
                }
                file::remove(file::here(), &self.next)?;
                self.make_next()?
            }
            made => made?,
        };
        file::set_mode(&file, MODE)?;
        let mut left = text;
        while !left.is_empty() {
            match file::write(&file, left)? {
                0 => return Err(io::ErrorKind::WriteZero.into()),
                written => left = &left[written..],
            }
        }
        Ok(file::stat(&file)?.identity)
    }

    fn make_next(&self) -> io::Result<impl std::os::fd::AsFd> {
        file::open(file::here(), &self.next, How::New, MODE)
    }

    /// Whether a killed logger has left the next file there.
    fn is_left(&self) -> io::Result<bool> {
        let stat = file::lookup(file::here(), &self.next)?;
        Ok(stat.is_none_or(|stat| stat.regular && stat.owner == file::effective_user()))
    }

    /// Removes it, unless another process has put another one in its place.
    ///
    /// # Errors
    ///
    /// It can't be removed.
    pub fn remove(&mut self) -> io::Result<()> {
        let Some(ours) = self.ours.take() else { return Ok(()) };
        let stat = file::lookup(file::here(), &self.path)?;
        let is_ours = stat.is_some_and(|stat| stat.identity == ours);
        if is_ours { file::remove(file::here(), &self.path) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn at(here: &tempfile::TempDir) -> (File, std::path::PathBuf, std::path::PathBuf) {
        let path = here.path().join("a.prom");
        let next = here.path().join("a.prom.multilog");
        (File::new(path.as_os_str()), path, next)
    }

    #[test]
    fn it_is_replaced_as_a_whole_and_removed_at_the_end() {
        let here = tempfile::tempdir().unwrap();
        let (mut file, path, next) = at(&here);
        file.replace(b"one\n").unwrap();
        let first = std::fs::File::open(&path).unwrap();
        file.replace(b"two\n").unwrap();
        assert_eq!(std::io::read_to_string(first).unwrap(), "one\n");
        assert_eq!(std::fs::read(&path).unwrap(), b"two\n");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o644);
        file.remove().unwrap();
        file.remove().unwrap();
        assert!(!path.exists() && !next.exists());
    }

    #[test]
    fn what_a_kill_has_left_is_cleared_and_what_others_have_put_there_is_not() {
        let here = tempfile::tempdir().unwrap();
        let (mut file, path, next) = at(&here);
        std::fs::write(&next, "half").unwrap();
        file.replace(b"one\n").unwrap();
        assert!(!next.exists());
        std::fs::write(here.path().join("victim"), "victim").unwrap();
        symlink("victim", &next).unwrap();
        assert_eq!(file.replace(b"two\n").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read(here.path().join("victim")).unwrap(), b"victim");
        assert_eq!(std::fs::read(&path).unwrap(), b"one\n");
        assert!(next.is_symlink());
    }

    #[test]
    fn the_file_of_another_process_stays() {
        let here = tempfile::tempdir().unwrap();
        let (mut file, path, _) = at(&here);
        file.replace(b"one\n").unwrap();
        let (mut other, ..) = at(&here);
        other.replace(b"other\n").unwrap();
        file.remove().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"other\n");
    }

    #[test]
    fn a_failure_leaves_nothing_beside_it() {
        let here = tempfile::tempdir().unwrap();
        let (mut file, path, next) = at(&here);
        std::fs::create_dir(&path).unwrap();
        assert!(file.replace(b"one\n").is_err());
        assert!(!next.exists());
    }

    #[test]
    fn a_path_is_seen_from_the_root_without_links() {
        let here = tempfile::tempdir().unwrap();
        let real = here.path().canonicalize().unwrap();
        std::fs::create_dir(here.path().join("dir")).unwrap();
        symlink("dir", here.path().join("link")).unwrap();
        let seen = |name: &str| resolved(here.path().join(name).as_os_str());
        assert_eq!(seen("link"), real.join("dir").into_os_string());
        assert_eq!(seen("link/new.prom"), real.join("dir/new.prom").into_os_string());
        assert_eq!(seen("no/where"), here.path().join("no/where").into_os_string());
    }
}
