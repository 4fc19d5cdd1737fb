//! `--pager`: output goes through the program that `PAGER` names, on a terminal.

use std::ffi::OsString;
use std::io::{IsTerminal, stdout};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use unix::diag::Message;
use unix::stdio;
use unix::tool::Fatal;

/// A pager that runs.
pub(super) struct Pager(Child);

impl Pager {
    /// Starts it, and makes its input standard output. None: nobody looks at a terminal.
    pub(super) fn start() -> Result<Option<Pager>, Fatal> {
        if !stdout().is_terminal() {
            return Ok(None);
        }
        let named = std::env::var_os("PAGER").filter(|name| !name.is_empty());
        let name = named.unwrap_or_else(|| OsString::from("less -R"));
        let failed = |error: &std::io::Error| Fatal::system(Message::new("unable to run the pager"), error);
        let mut command = Command::new("/bin/sh");
        command.arg("-c").arg(&name).stdin(Stdio::piped());
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        if let Some(input) = child.stdin.take() {
            stdio::set_output(OwnedFd::from(input)).map_err(|error| failed(&error))?;
        }
        Ok(Some(Pager(child)))
    }

    /// Ends its input and waits until it is left.
    pub(super) fn wait(mut self) -> Result<(), Fatal> {
        let failed = |error: &std::io::Error| Fatal::system(Message::new("unable to end the pager"), error);
        let null = unix::pipe::open_null().map_err(|error| failed(&error))?;
        stdio::set_output(null).map_err(|error| failed(&error))?;
        self.0.wait().map_err(|error| failed(&error))?;
        Ok(())
    }
}
