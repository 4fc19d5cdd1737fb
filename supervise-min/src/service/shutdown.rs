//! `shutdown`: a script of a service directory that prepares the service for its end.

use std::ffi::OsStr;
use std::io;
use std::time::Duration;

use unix::diag::{Message, fatal};
use unix::environment::Environment;
use unix::exec::Program;
use unix::ids::new_session;
use unix::process::{Process, go_back};
use unix::signal::Signal;
use unix::spawn::Ending;
use unix::tool::SYSTEM;

use super::hold::Hold;

/// The script.
pub const SCRIPT: &str = "shutdown";
/// The variable that names the socket of the service manager. What it says there, svscan says for all, so services and
/// their scripts don't get it.
pub const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
/// How long it may take.
pub const LIMIT: Duration = Duration::from_secs(5);

/// Starts the script in its directory and in a session of its own, so that everything it starts can be ended together
/// with it. `prepare` runs in the child, and `whose` names the service in messages.
pub fn start(program: &str, held: &Hold, whose: &[u8], prepare: impl FnOnce()) -> io::Result<Process> {
    let script = OsStr::new("./shutdown");
    let mut environment = Environment::inherited();
    environment.remove(OsStr::new(NOTIFY_SOCKET));
    let become_it = Program::new(script, &[script.into()], environment)?;
    Process::fork(|| {
        prepare();
        // The child of a fork leads no group, so it can't fail.
        new_session().ok();
        let error = go_back(held).map_or_else(|error| error, |()| become_it.run());
        let message = Message::new("unable to run ").and(whose).and("/").and(SCRIPT);
        fatal(program, &message.because(&error));
        SYSTEM
    })
}

/// Kills it and what it has started.
pub fn kill(process: &Process) {
    // It may not have come to make a group.
    if process.signal_group(Signal::KILL).is_err() {
        process.signal(Signal::KILL).ok();
    }
}

/// What has to be said about how it has ended. None: it has done what it was to.
pub fn complaint(whose: &[u8], ending: Ending) -> Option<Message> {
    let message = Message::new("").and(whose).and("/").and(SCRIPT);
    match ending {
        Ending::Exited(0) => None,
        Ending::Exited(code) => Some(message.and(" failed: exit code ").and(code.to_string())),
        Ending::Crashed(signal) => Some(message.and(" failed: signal ").and(signal.to_string())),
    }
}

/// What has to be said when it was killed.
pub fn killed(whose: &[u8]) -> Message {
    Message::new("killed ").and(whose).and("/").and(SCRIPT).and(", which did not end")
}
