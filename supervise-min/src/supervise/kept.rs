//! `Kept`: a small file that is written new and renamed, so that a reader never sees half of it.
//!
//! A new file gets the group and the mode of the file that it replaces. On a full disk the old file is overwritten in
//! place: its block is allocated already, and the text is never longer than a block.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};
use std::os::fd::OwnedFd;
use std::rc::Rc;

use unix::diag::{Message, warn};
use unix::file::{How, open, remove, rename, write_at};
use unix::held::{Kind, Look, look_at, look_for, set_group};

use crate::service::folder::Folder;

/// Mode of the first file, before the umask.
const MODE: u32 = 0o644;

/// A file and what it holds.
pub(super) struct Kept {
    folder: Rc<Folder>,
    name: &'static str,
    new: &'static str,
    /// Whose group and mode the first one gets.
    model: &'static str,
    holds: Vec<u8>,
    /// Whether it could not be written, and that was said.
    troubled: bool,
}

impl Kept {
    /// The file `name`, which is written under the name `new` and renamed. As long as there is none, its group and mode
    /// come from the file `model`.
    pub(super) fn new(
        folder: &Rc<Folder>,
        name: &'static str,
        new: &'static str,
        model: &'static str,
    ) -> Kept {
        Kept { folder: Rc::clone(folder), name, new, model, holds: Vec::new(), troubled: false }
    }

    /// The first `limit` bytes of what an earlier process has left. None: there is no such file. Then none is made as
    /// long as there is only `nothing` to say.
    pub(super) fn found(&mut self, nothing: &[u8], limit: usize) -> Option<Vec<u8>> {
        let found = self.folder.read(self.name, limit).ok();
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
        let overwritten = self.overwrite(bytes);
        self.holds.clear();
        if !std::mem::replace(&mut self.troubled, true) {
            let verb = if overwritten.is_ok() { "unable to replace " } else { "unable to write " };
            let message = Message::new(verb).and(whose).and("/supervise/").and(self.name);
            warn("supervise", &message.because(&error));
        }
    }

    fn replace(&self, bytes: &[u8]) -> io::Result<()> {
        let (name, new) = (OsStr::new(self.name), OsStr::new(self.new));
        let file = match open(&*self.folder, new, How::New, MODE) {
            // A process that was killed has left it, or it is no file of ours.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                remove(&*self.folder, new)?;
                open(&*self.folder, new, How::New, MODE)?
            }
            opened => opened?,
        };
        write_all(&file, bytes)?;
        if let Some(old) = self.look(self.name) {
            if take_rights(&file, old).is_err() {
                // Who is not in that group can't give it a file, and can still write into one that it has.
                remove(&*self.folder, new)?;
                return self.overwrite(bytes);
            }
        } else if let Some(model) = self.look(self.model) {
            take_rights(&file, model).ok();
        }
        rename(&*self.folder, new, name)
    }

    fn look(&self, name: &str) -> Option<Look> {
        look_for(&*self.folder, OsStr::new(name)).ok().filter(|look| look.kind == Kind::File)
    }

    fn overwrite(&self, bytes: &[u8]) -> io::Result<()> {
        let file = open(&*self.folder, OsStr::new(self.name), How::Write, 0)?;
        look_at(&file)?.kind.must_be(Kind::File)?;
        match write_at(&file, bytes, 0)? {
            written if written == bytes.len() => Ok(()),
            _ => Err(ErrorKind::WriteZero.into()),
        }
    }
}

fn write_all(file: &OwnedFd, bytes: &[u8]) -> io::Result<()> {
    match unix::file::write(file, bytes)? {
        written if written == bytes.len() => Ok(()),
        _ => Err(ErrorKind::WriteZero.into()),
    }
}

/// Gives a file the group and the mode of another.
fn take_rights(file: &OwnedFd, old: Look) -> io::Result<()> {
    let new = look_at(file)?;
    if new.group != old.group {
        set_group(file, old.group)?;
    }
    let mode = old.mode & 0o777;
    if mode == new.mode { Ok(()) } else { unix::file::set_mode(file, mode) }
}
