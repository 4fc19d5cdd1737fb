//! `Command`: what one byte in a control pipe asks for.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use unix::fifo;
use unix::signal::Signal;

use super::folder::Home;

/// What a service should do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// `u`: run, and run again whenever it ends.
    Up,
    /// `d`: end, and stay down.
    Down,
    /// `o`: run, and stay down when it ends.
    Once,
    /// `x`: supervise ends as soon as the service has.
    Exit,
    /// `p`: stop where it is.
    Pause,
    /// `c`: go on.
    Continue,
    /// `+` and `=`: whom signals go to from here on.
    Target(Target),
    /// The other letters.
    Signal(Signal),
}

/// Whom a signal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The service's process.
    Process,
    /// That and all in the group that it leads.
    Group,
}

impl Command {
    /// What a byte means. None: nothing, and it is passed over.
    pub fn of(byte: u8) -> Option<Command> {
        Some(match byte {
            b'u' => Command::Up,
            b'd' => Command::Down,
            b'o' => Command::Once,
            b'x' => Command::Exit,
            b'p' => Command::Pause,
            b'c' => Command::Continue,
            b'+' => Command::Target(Target::Group),
            b'=' => Command::Target(Target::Process),
            b'h' => Command::Signal(Signal::HUP),
            b'a' => Command::Signal(Signal::ALARM),
            b'i' => Command::Signal(Signal::INT),
            b't' => Command::Signal(Signal::TERM),
            b'k' => Command::Signal(Signal::KILL),
            b'q' => Command::Signal(Signal::QUIT),
            b'1' => Command::Signal(Signal::USR1),
            b'2' => Command::Signal(Signal::USR2),
            b'w' => Command::Signal(Signal::WINCH),
            _ => return None,
        })
    }
}

/// Which of the two that belong together: svscan runs a logger for the directory `log` of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The service.
    Main,
    /// Its logger.
    Log,
}

impl Part {
    /// The name of its service directory.
    pub fn of(self, directory: &OsStr) -> PathBuf {
        match self {
            Part::Main => PathBuf::from(directory),
            Part::Log => Path::new(directory).join("log"),
        }
    }
}

/// How long `send` waits for a supervise that does not take the commands that were sent before.
const PATIENCE: Duration = Duration::from_secs(5);

/// Sends commands to the supervise of a service. False: none runs.
pub fn send(home: &Home, commands: &[u8]) -> io::Result<bool> {
    let Some(control) = home.folder()?.pipe("control")? else { return Ok(false) };
    fifo::send(control, commands, PATIENCE).map(|()| true)
}
