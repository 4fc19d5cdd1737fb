//! `svok`: whether a supervise runs in a directory: 0, or 100 without a word.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use unix::diag::Message;
use unix::fifo;
use unix::process::change_directory;
use unix::tool::{Exit, Fatal, MISUSE};

/// Looks whether somebody reads `supervise/ok`.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let [directory, ..] = &arguments[..] else { return Err(Fatal::usage("svok dir")) };
    let name = directory.as_bytes();
    let failed = |message: Message| move |error| Fatal::system(message, &error);
    change_directory(Path::new(directory)).map_err(failed(Message::new("unable to chdir to ").and(name)))?;
    match fifo::open_to_write(Path::new("supervise/ok")) {
        Ok(_) => Ok(Exit::Success),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Exit::Code(MISUSE)),
        Err(error) if error.raw_os_error() == Some(fifo::NOBODY_READS) => Ok(Exit::Code(MISUSE)),
        Err(error) => Err(failed(Message::new("unable to open ").and(name).and("/supervise/ok"))(error)),
    }
}
