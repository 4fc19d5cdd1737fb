//! `Seen`: what can be seen of a service from outside: its status, and whether it is normally up.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use unix::errno::words;
use unix::fifo;
use unix::process::change_directory;

use super::state::State;
use super::status::{LENGTH, Status};

/// What a service does when nobody gives commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Normally {
    /// It runs.
    Up,
    /// There is a file `down`.
    Down,
}

/// A service whose supervise runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What its supervise has written.
    pub status: Status,
    /// Whether there is a file `down`.
    pub normally: Normally,
}

/// Why nothing is known of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unseen {
    /// No supervise runs.
    NotRunning,
    /// Something failed; in svstat's words.
    Trouble(String),
}

impl Unseen {
    /// In svstat's words.
    pub fn words(&self) -> &str {
        match self {
            Unseen::NotRunning => "supervise not running",
            Unseen::Trouble(words) => words,
        }
    }
}

impl Seen {
    /// What else its supervise has written, in the working directory that [`look`] has left. An original writes nothing
    /// else.
    pub fn state(&self) -> Option<State> {
        fs::read("supervise/state").ok().map(|text| State::of(&String::from_utf8_lossy(&text)))
    }

    /// Whether it is up and, where it says when it is, ready, by its state; there too.
    pub fn is_ready(&self, state: Option<State>) -> bool {
        let Some(pid) = self.status.pid else { return false };
        let ready = state.and_then(|state| state.ready);
        ready.is_some_and(|(ready, _)| ready == pid) || fs::metadata("notification-fd").is_err()
    }
}

/// Looks at the service in a directory, which is the working directory afterwards.
pub fn look(directory: &OsStr) -> Result<Seen, Unseen> {
    let unable = |what: &'static str| {
        move |error: io::Error| Unseen::Trouble(format!("unable to {what}: {}", words(&error)))
    };
    change_directory(Path::new(directory)).map_err(unable("chdir"))?;
    let normally = match fs::metadata("down") {
        Ok(_) => Normally::Down,
        Err(error) if error.kind() == ErrorKind::NotFound => Normally::Up,
        Err(error) => return Err(unable("stat down")(error)),
    };
    fifo::open_to_write(Path::new("supervise/ok")).map_err(|error| match error.raw_os_error() {
        Some(fifo::NOBODY_READS) => Unseen::NotRunning,
        _ => unable("open supervise/ok")(error),
    })?;
    let mut file = File::open("supervise/status").map_err(unable("open supervise/status"))?;
    let mut bytes = [0; LENGTH];
    let status = match file.read_exact(&mut bytes) {
        Ok(()) => Status::of(&bytes),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => None,
        Err(error) => return Err(unable("read supervise/status")(error)),
    };
    let bad = || Unseen::Trouble("unable to read supervise/status: bad format".into());
    Ok(Seen { status: status.ok_or_else(bad)?, normally })
}
