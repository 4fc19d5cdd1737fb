//! `Files`: what is done to the files of a state directory, so that a test can fail, kill and cut the power at each of it.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// The files of a directory.
pub trait Files {
    /// An open file.
    type File;

    /// Reads a file.
    fn read(&self, name: &str) -> io::Result<Vec<u8>>;
    /// Makes a file, or makes it empty.
    fn create(&self, name: &str) -> io::Result<Self::File>;
    /// Writes all of a text.
    fn write(&self, file: &mut Self::File, text: &[u8]) -> io::Result<()>;
    /// Waits until what was written is on the disk.
    fn sync(&self, file: &Self::File) -> io::Result<()>;
    /// Gives a file a name, in the place of what had it.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Waits until the names are on the disk.
    fn sync_names(&self) -> io::Result<()>;
}

/// Replaces a file: beside it, to the disk, in its place, on the disk.
///
/// # Errors
///
/// One of this has failed. The file has its old text, or the new one.
pub fn replace<F: Files>(files: &F, name: &str, text: &[u8]) -> io::Result<()> {
    let beside = format!("{name}.new");
    let mut file = files.create(&beside)?;
    files.write(&mut file, text)?;
    files.sync(&file)?;
    files.rename(&beside, name)?;
    files.sync_names()
}

/// A real directory.
#[derive(Clone, Debug)]
pub struct Disk(PathBuf);

impl Disk {
    /// By its path.
    pub fn new(path: &Path) -> Disk {
        Disk(path.to_owned())
    }
}

impl Files for Disk {
    type File = File;

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        std::fs::read(self.0.join(name))
    }

    fn create(&self, name: &str) -> io::Result<File> {
        File::create(self.0.join(name))
    }

    fn write(&self, file: &mut File, text: &[u8]) -> io::Result<()> {
        file.write_all(text)
    }

    fn sync(&self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        std::fs::rename(self.0.join(from), self.0.join(to))
    }

    fn sync_names(&self) -> io::Result<()> {
        File::open(&self.0)?.sync_all()
    }
}
