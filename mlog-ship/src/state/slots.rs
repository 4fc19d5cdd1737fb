//! `Slots`: the file of a lane: room for two texts, of which the one with the higher version holds.
//!
//! A text is written over the older one, and synced. A kill or a power cut within that leaves a text that is torn, which its
//! checksum says, and the other one beside it. This costs one sync for each text, and changes nothing about the file but its
//! bytes.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::files::{Files, replace};
use super::kept::{Found, Kept};

/// No text shares a block with the other one.
const BLOCK: usize = 4096;
/// What a text has at most besides the path.
const TEXT: usize = 1024;

/// The file of a lane.
#[derive(Debug)]
pub struct Slots<F: Files> {
    files: F,
    name: String,
    directory: PathBuf,
    /// The version of the last text. 0: there is no file.
    version: u64,
    /// The room for a text.
    room: usize,
    file: Option<F::File>,
}

impl<F: Files> Slots<F> {
    /// Reads the file of a lane: what holds. None: there is no file.
    ///
    /// # Errors
    ///
    /// It can't be read, or is damaged (`InvalidData`).
    pub fn read(files: &F, name: &str) -> io::Result<Option<Found>> {
        let bytes = match files.read(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let halves = bytes.split_at(bytes.len() / 2);
        let texts = [halves.0, halves.1].map(|half| Kept::parse(trimmed(half)));
        let newer = texts.into_iter().flatten().max_by_key(|found| found.version);
        newer.map(Some).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    /// The file of a lane whose last text has this version; 0: it is made with the first text.
    pub fn new(files: F, name: &str, directory: &Path, version: u64) -> Slots<F> {
        let room = room(directory);
        Slots { files, name: name.into(), directory: directory.into(), version, room, file: None }
    }

    /// Waits until what was read is on the disk.
    ///
    /// # Errors
    ///
    /// It is not known to be.
    pub fn settle(&mut self) -> io::Result<()> {
        if self.version > 0 {
            let file = self.files.open(&self.name)?;
            self.files.sync(&file)?;
            self.file = Some(file);
        }
        self.files.sync_names()
    }

    /// Writes a text.
    ///
    /// # Errors
    ///
    /// It is not known to be on the disk. The text before it is, or this one.
    pub fn write(&mut self, kept: &Kept) -> io::Result<()> {
        let version = self.version + 1;
        let mut text = kept.text(version, &self.directory);
        if text.len() > self.room {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        text.resize(self.room, b'\n');
        let place = if version.is_multiple_of(2) { 0 } else { self.room };
        if self.version == 0 {
            let mut whole = vec![b'\n'; 2 * self.room];
            whole[place..place + self.room].copy_from_slice(&text);
            replace(&self.files, &self.name, &whole)?;
        } else {
            let file = match self.file.take() {
                Some(file) => file,
                None => self.files.open(&self.name)?,
            };
            self.files.write(&file, place as u64, &text)?;
            self.files.sync(&file)?;
            self.file = Some(file);
        }
        self.version = version;
        Ok(())
    }
}

/// The room for a text, the same for a directory whatever its text is.
fn room(directory: &Path) -> usize {
    // Each byte of a path may need three.
    (3 * directory.as_os_str().as_bytes().len() + TEXT).next_multiple_of(BLOCK)
}

/// A text without what fills its room.
fn trimmed(half: &[u8]) -> &[u8] {
    let end = half.iter().rposition(|&byte| byte != b'\n').map_or(0, |last| last + 2);
    &half[..end.min(half.len())]
}

#[cfg(test)]
mod tests {
    use super::super::Disk;
    use super::*;

    fn kept(number: u64) -> Kept {
        Kept { number, memory: "m".repeat(200), ..Kept::default() }
    }

    #[test]
    fn the_newer_text_holds_and_the_older_one_where_it_is_torn() {
        let folder = tempfile::tempdir().unwrap();
        let (disk, path) = (Disk::new(folder.path()), folder.path().join("lane"));
        assert_eq!(Slots::read(&disk, "lane").unwrap(), None);
        let directory = Path::new("/var/log/web");
        let mut slots = Slots::new(disk.clone(), "lane", directory, 0);
        for number in 1..6 {
            slots.write(&kept(number)).unwrap();
            let found = Slots::read(&disk, "lane").unwrap().unwrap();
            assert_eq!(found, Found { version: number, directory: directory.into(), kept: kept(number) });
        }
        let mut bytes = std::fs::read(&path).unwrap();
        assert_eq!(bytes.len(), 2 * BLOCK);
        bytes[BLOCK + 30] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Slots::read(&disk, "lane").unwrap().unwrap().kept, kept(4));
        bytes[30] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert_eq!(Slots::read(&disk, "lane").unwrap_err().kind(), io::ErrorKind::InvalidData);
        std::fs::write(&path, "").unwrap();
        assert_eq!(Slots::read(&disk, "lane").unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_file_that_was_removed_is_missed() {
        let folder = tempfile::tempdir().unwrap();
        let mut slots = Slots::new(Disk::new(folder.path()), "lane", Path::new("/"), 0);
        slots.write(&kept(1)).unwrap();
        slots.write(&kept(2)).unwrap();
        std::fs::remove_file(folder.path().join("lane")).unwrap();
        assert_eq!(slots.write(&kept(3)).unwrap_err().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn the_longest_path_has_room() {
        let folder = tempfile::tempdir().unwrap();
        let long = "/\u{e9}".repeat(1365);
        let mut slots = Slots::new(Disk::new(folder.path()), "lane", Path::new(&long), 0);
        slots.write(&kept(u64::MAX)).unwrap();
    }
}
