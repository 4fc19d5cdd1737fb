//! `Letters`: lines that an engine will never take, kept in a log directory that mlog reads and mlog-ship can ship again.
//!
//! A directory for each lane: `current`, and archives with labels, each with whole lines, as multilog with
//! `s1048576 n100` leaves them. What is set aside is on the disk before the cursor moves.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tai64tools::Label;

/// A file is full with this many bytes.
const FULL: u64 = 1 << 20;
/// How many full files are kept.
const KEPT: usize = 100;

/// Takes lines that are refused.
pub trait Letters: Send {
    /// Keeps whole lines. True: older ones had to go.
    ///
    /// # Errors
    ///
    /// They are not on the disk.
    fn set_aside(&mut self, lines: &[u8]) -> io::Result<bool>;
    /// Where they are.
    fn place(&self) -> &Path;
}

/// A log directory, which is made when it is needed.
#[derive(Debug)]
pub struct Refused {
    path: PathBuf,
    current: Option<File>,
    full: u64,
    kept: usize,
}

impl Refused {
    /// Nothing is opened.
    pub fn new(path: PathBuf) -> Refused {
        Refused { path, current: None, full: FULL, kept: KEPT }
    }

    fn open(&mut self) -> io::Result<&mut File> {
        if self.current.is_none() {
            std::fs::DirBuilder::new().mode(0o700).recursive(true).create(&self.path)?;
            let how = || OpenOptions::new().read(true).append(true).create(true).mode(0o644).clone();
            // What makes it a log directory also while there is no `current`.
            how().open(self.path.join("lock"))?;
            let mut file = how().open(self.path.join("current"))?;
            end_last_line(&mut file)?;
            File::open(&self.path)?.sync_all()?;
            self.current = Some(file);
        }
        self.current.as_mut().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    /// Makes `current` an archive, and deletes those that are too many. True: there were some.
    fn rotate(&mut self) -> io::Result<bool> {
        let Some(file) = self.current.take() else { return Ok(false) };
        file.set_permissions(std::fs::Permissions::from_mode(0o744))?;
        file.sync_all()?;
        let mut archives = self.archives()?;
        let mut label = Label::now();
        if let Some((newest, _)) = archives.last() {
            label = label.max(newest.next());
        }
        let name = [&label.text()[..], b".s"].concat();
        let name = String::from_utf8_lossy(&name).into_owned();
        std::fs::rename(self.path.join("current"), self.path.join(&name))?;
        archives.push((label, self.path.join(name)));
        let many = archives.len().saturating_sub(self.kept);
        for (_, path) in archives.drain(..many) {
            std::fs::remove_file(path)?;
        }
        Ok(many > 0)
    }

    fn archives(&self) -> io::Result<Vec<(Label, PathBuf)>> {
        let mut archives = Vec::new();
        for entry in self.path.read_dir()? {
            let entry = entry?;
            if let Some(label) = Label::parse(entry.file_name().as_encoded_bytes()) {
                archives.push((label, entry.path()));
            }
        }
        archives.sort();
        Ok(archives)
    }
}

/// Ends a line of which a kill or a full disk has kept the end away.
fn end_last_line(file: &mut File) -> io::Result<()> {
    let size = file.seek(SeekFrom::End(0))?;
    if size > 0 {
        let mut last = [0];
        file.seek(SeekFrom::Start(size - 1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(())
}

impl Letters for Refused {
    fn set_aside(&mut self, lines: &[u8]) -> io::Result<bool> {
        let full = self.full;
        let file = self.open()?;
        let before = file.metadata()?.len();
        if let Err(error) = file.write_all(lines).and_then(|()| file.sync_data()) {
            file.set_len(before).ok();
            return Err(error);
        }
        if before + lines.len() as u64 >= full { self.rotate() } else { Ok(false) }
    }

    fn place(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mlog::store::Store;

    fn text_of(path: &Path) -> String {
        let store = Store::new(path);
        let snapshot = store.snapshot().unwrap();
        let names = snapshot.archives.iter().map(|one| one.name.to_str().unwrap().to_string());
        names
            .chain(["current".to_string()])
            .map(|name| std::fs::read_to_string(path.join(name)).unwrap_or_default())
            .collect()
    }

    #[test]
    fn what_is_set_aside_is_a_log_directory_with_a_bound() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("refused/one");
        let mut refused = Refused { full: 8, kept: 2, ..Refused::new(path.clone()) };
        assert!(!path.exists());
        for (lines, many, text) in [
            ("one\n", false, "one\n"),
            ("two\n", false, "one\ntwo\n"),
            ("three\n", false, "one\ntwo\nthree\n"),
            ("four\n", false, "one\ntwo\nthree\nfour\n"),
            ("longer than all\n", true, "three\nfour\nlonger than all\n"),
        ] {
            assert_eq!(refused.set_aside(lines.as_bytes()).unwrap(), many, "{lines}");
            assert_eq!(text_of(&path), text);
        }
    }

    #[test]
    fn a_line_that_was_torn_is_ended_before_another_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("current"), "torn").unwrap();
        let mut refused = Refused::new(folder.path().to_owned());
        refused.set_aside(b"whole\n").unwrap();
        assert_eq!(text_of(folder.path()), "torn\nwhole\n");
    }
}
