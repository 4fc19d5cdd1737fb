//! `Kept`: a small file that is written new and renamed, so that a reader never sees half of it.
//!
//! On a full disk it is overwritten in place: its block is there already, and it is never longer than a block.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use unix::diag::{Message, warn};

/// A file and what it holds.
pub(super) struct Kept {
    path: &'static str,
    new: &'static str,
    holds: Vec<u8>,
    /// Whether it could not be written, and that was said.
    troubled: bool,
}

impl Kept {
    /// The file of this name, which is written under the other one.
    pub(super) fn new(path: &'static str, new: &'static str) -> Kept {
        Kept { path, new, holds: Vec::new(), troubled: false }
    }

    /// What an earlier process has left. None: nothing, and as long as there is nothing but `nothing` to say it is not
    /// made.
    pub(super) fn found(&mut self, nothing: &[u8]) -> Option<Vec<u8>> {
        let found = fs::read(self.path).ok();
        self.holds = found.as_deref().unwrap_or(nothing).to_vec();
        found
    }

    /// Makes it hold this, which is as long as it was. A failure is warned about once; `whose` is the directory.
    pub(super) fn hold(&mut self, bytes: &[u8], whose: &[u8]) {
        if self.holds == bytes {
            return;
        }
        let Err(error) = self.replace(bytes) else {
            (self.holds, self.troubled) = (bytes.to_vec(), false);
            return;
        };
        let in_place = fs::OpenOptions::new().write(true).open(self.path);
        let overwritten = in_place.and_then(|file| file.write_all_at(bytes, 0));
        self.holds.clear();
        if !std::mem::replace(&mut self.troubled, true) {
            let verb = if overwritten.is_ok() { "unable to replace " } else { "unable to write " };
            let message = Message::new(verb).and(whose).and("/").and(self.path);
            warn("supervise", &message.because(&error));
        }
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let mut open = fs::OpenOptions::new();
        let mut file = open.write(true).create(true).truncate(true).mode(0o644).open(self.new)?;
        file.write_all(bytes)?;
        fs::rename(self.new, self.path)
    }
}
