//! `Seen`: what can be seen of a service from outside: its status, and whether it is normally up.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};

use unix::errno::words;
use unix::file::exists;

use super::command::Part;
use super::folder::{Folder, Home};
use super::state::State;
use super::status::{self, Status};

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

/// The same, and where more can be seen.
pub struct View {
    /// What was seen.
    pub seen: Seen,
    says_ready: bool,
    folder: Folder,
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

impl View {
    /// What else its supervise has written. An original writes nothing else.
    pub fn state(&self) -> Option<State> {
        State::read(&self.folder).ok()
    }

    /// Whether the service says when it is ready.
    pub fn says_ready(&self) -> bool {
        self.says_ready
    }

    /// Whether the service is up. If `supervise/state` tells whether it is ready, it has to be ready as well.
    pub fn is_ready(&self, state: Option<State>) -> bool {
        let Some(pid) = self.seen.status.pid else { return false };
        let ready = state.and_then(|state| state.ready);
        ready.is_some_and(|(ready, _)| ready == pid) || !self.says_ready
    }
}

/// Looks at the service in a directory, or at its logger.
pub fn look(directory: &OsStr, part: Part) -> Result<View, Unseen> {
    look_in(&Home::open_part(directory, part).map_err(unable("chdir"))?)
}

/// Looks at the service in a directory that is open.
pub fn look_in(home: &Home) -> Result<View, Unseen> {
    let down = exists(home, OsStr::new("down")).map_err(unable("stat down"))?;
    let normally = if down { Normally::Down } else { Normally::Up };
    let folder = home.folder().map_err(unable("open supervise/ok"))?;
    if !folder.is_supervised().map_err(unable("open supervise/ok"))? {
        return Err(Unseen::NotRunning);
    }
    let bytes = folder.read("status", status::LENGTH).map_err(|error| {
        // What is there and is no file was not opened, as what is missing.
        let unopened =
            matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied | ErrorKind::Other);
        unable(if unopened { "open supervise/status" } else { "read supervise/status" })(error)
    })?;
    let bad = || Unseen::Trouble("unable to read supervise/status: bad format".into());
    let status = Status::of(&bytes).ok_or_else(bad)?;
    let says_ready = exists(home, OsStr::new("notification-fd")).is_ok_and(|says_so| says_so);
    Ok(View { seen: Seen { status, normally }, says_ready, folder })
}

/// In svstat's words.
fn unable(what: &'static str) -> impl Fn(io::Error) -> Unseen {
    move |error| Unseen::Trouble(format!("unable to {what}: {}", words(&error)))
}
