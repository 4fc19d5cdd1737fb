//! What a cursor says of what was delivered before, and standard output as it knows that.

use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use unix::diag::{Message, stdout};
use unix::file;
use unix::pipe::{self, Kind};
use unix::tool::Fatal;

use crate::cursor::{Cursor, CursorFile, Delivered, Refused};
use crate::show::Before;

use super::query::wrong;

/// Opens the cursor of a run.
pub(super) fn open_cursor(path: &Path) -> Result<(CursorFile, Cursor), Fatal> {
    let name = path.as_os_str().as_bytes();
    CursorFile::open(path).map_err(|refused| match refused {
        Refused::NoCursor => wrong([name, b" is not a cursor"].concat()),
        Refused::InUse(None) => wrong([name, b" is in use by another reader"].concat()),
        Refused::InUse(Some(process)) => {
            wrong([name, format!(" is in use by another reader, process {process}").as_bytes()].concat())
        }
        Refused::Failed(error) => Fatal::system(Message::new("unable to open cursor ").and(name), &error),
    })
}

/// What of the output was delivered already.
pub(super) fn before(known: &Cursor, question: u32, count: usize) -> Option<Before> {
    let (then, now) = (known.output?, delivered(question)?);
    let same = Delivered { size: 0, ..then } == Delivered { size: 0, ..now };
    if !same || count != 1 || now.size <= then.size {
        return None;
    }
    // Standard output itself may be open for writing only.
    let file = File::open("/proc/self/fd/1").ok()?;
    Some(Before { file, from: then.size, to: now.size })
}

/// Standard output, if it is a file.
pub(super) fn delivered(question: u32) -> Option<Delivered> {
    if !matches!(pipe::kind(stdout()), Ok(Kind::File)) {
        return None;
    }
    let stat = file::stat(stdout()).ok()?;
    Some(Delivered { device: stat.identity.device, inode: stat.identity.inode, size: stat.size, question })
}
