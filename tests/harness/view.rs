//! A log directory as a reader sees it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tai64tools::Stamp;

/// A file: its name, permission bits and bytes.
pub(crate) type File = (String, u32, Vec<u8>);

/// The contents of a log directory.
#[derive(Clone, Debug)]
pub struct LogView {
    /// The rotated files, in the order of their labels.
    pub archives: Vec<File>,
    /// `current`, if there is one.
    pub current: Option<File>,
    /// All other names, sorted.
    pub others: Vec<String>,
}

impl LogView {
    /// Looks. A directory that is not there yet is an empty one.
    pub fn of(directory: impl AsRef<Path>) -> LogView {
        let mut view = LogView { archives: vec![], current: None, others: vec![] };
        for entry in std::fs::read_dir(directory).into_iter().flatten() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            // A running logger may rename a file between the listing and the look at it.
            let (Ok(metadata), Ok(bytes)) = (entry.metadata(), std::fs::read(entry.path())) else { continue };
            let file = (name.clone(), metadata.permissions().mode() & 0o7777, bytes);
            match name.as_bytes() {
                b"current" => view.current = Some(file),
                [b'@', ..] => view.archives.push(file),
                _ => view.others.push(name),
            }
        }
        view.archives.sort();
        view.others.sort();
        view
    }

    /// Everything in it, in order.
    pub fn bytes(&self) -> Vec<u8> {
        self.archives.iter().chain(&self.current).flat_map(|(_, _, bytes)| bytes.clone()).collect()
    }

    /// The same as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Everything in it without the TAI64N stamps. Lines that have none are left out.
    pub fn unstamped(&self) -> Vec<u8> {
        self.unstamped_as(Stamp::Tai64n)
    }

    /// The same without stamps of this form.
    pub fn unstamped_as(&self, form: Stamp) -> Vec<u8> {
        let bytes = self.bytes();
        let lines = bytes.split_inclusive(|&b| b == b'\n');
        lines.flat_map(|line| form.text_behind(line).unwrap_or_default().to_vec()).collect()
    }

    /// Bytes of `current`.
    pub fn current(&self) -> &[u8] {
        self.current.as_ref().map(|(_, _, bytes)| &bytes[..]).unwrap_or_default()
    }

    /// Permission bits of `current`.
    pub fn current_mode(&self) -> u32 {
        self.current.as_ref().map_or(0, |(_, mode, _)| *mode)
    }

    /// The text after the labels of the archives.
    pub fn codes(&self) -> Vec<&str> {
        self.archives.iter().map(|(name, _, _)| &name[26..]).collect()
    }
}
