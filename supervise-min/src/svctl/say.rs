//! Lines on standard output.

use std::io::{ErrorKind, IsTerminal};

use unix::diag::{Message, complain, stdout};
use unix::pipe;
use unix::tool::Fatal;

/// Writes a line. A reader that has gone away is no failure.
pub(super) fn line(message: &Message) -> Result<(), Fatal> {
    text(&[message.as_bytes(), b"\n"].concat())
}

/// Writes text.
pub(super) fn text(bytes: &[u8]) -> Result<(), Fatal> {
    match pipe::write_all(stdout(), bytes) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Fatal::system(Message::new("unable to write output"), &error))
        }
        _ => Ok(()),
    }
}

/// Says on standard error what is not as it was asked for.
pub(super) fn trouble(message: &Message) {
    complain("svctl", message);
}

/// Whether standard output is a terminal on which colours are wanted.
pub(super) fn in_colour() -> bool {
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_none_or(|kind| kind == "dumb");
    std::io::stdout().is_terminal() && !unwanted && !dumb
}
