//! `svok`: whether a supervise runs in a directory: 0, or 100 without a word.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;

use unix::diag::Message;
use unix::tool::{Exit, Fatal, MISUSE};

use crate::service::folder::Home;

/// How it is used.
pub const USAGE: &str = "svok dir";

/// Looks whether `supervise/ok` has a reader.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let [directory, ..] = &arguments[..] else { return Err(Fatal::usage(USAGE)) };
    let name = directory.as_bytes();
    let failed = |message: Message| move |error| Fatal::system(message, &error);
    let home = Home::open(directory).map_err(failed(Message::new("unable to chdir to ").and(name)))?;
    match home.folder().and_then(|folder| folder.is_supervised()) {
        Ok(true) => Ok(Exit::Success),
        Ok(false) => Ok(Exit::Code(MISUSE)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Exit::Code(MISUSE)),
        Err(error) => Err(failed(Message::new("unable to open ").and(name).and("/supervise/ok"))(error)),
    }
}
