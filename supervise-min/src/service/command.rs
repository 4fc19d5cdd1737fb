//! `Command`: what one byte in a control pipe asks for.

use std::path::Path;

use unix::fifo;
use unix::process::Signal;

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

/// Sends commands to the supervise of a service. False: none listens, or it may not be told.
pub fn tell(service: &Path, commands: &[u8]) -> bool {
    let control = fifo::open_to_write(&service.join("supervise/control"));
    control.is_ok_and(|control| unix::file::write(control, commands).is_ok())
}
