//! `Sight`: what is seen of a service at a moment, or why nothing is.

use std::io::{self, ErrorKind};

use unix::errno::words;
use unix::process::Ended;

use super::select::Named;
use crate::service::folder::Home;
use crate::service::seen::{Seen, Unseen, look_in};
use crate::service::state::State;

/// A service whose supervise runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sight {
    pub(super) seen: Seen,
    /// What an original does not write.
    pub(super) state: Option<State>,
    /// Whether it is up, and has said that it is ready if it says so.
    pub(super) ready: bool,
    /// Whether it says so.
    pub(super) says_ready: bool,
}

impl Sight {
    /// How its last process ended, where that is known.
    pub(super) fn ended(&self) -> Option<Ended> {
        self.state.and_then(|state| state.ended)
    }

    /// Whether its `finish` runs.
    pub(super) fn is_finishing(&self) -> bool {
        self.state.is_some_and(|state| state.finishing.is_some())
    }

    /// Its process.
    pub(super) fn pid(&self) -> Option<u32> {
        self.seen.status.pid
    }
}

/// Why nothing is seen of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Blind {
    /// No supervise runs in it.
    NoSupervise,
    /// This user may not look, or not tell.
    NoRight,
    /// Its directory has gone.
    Gone,
    /// Something else, in words.
    Trouble(String),
}

impl Blind {
    /// Why something failed in a `supervise/`.
    pub(super) fn of(error: &io::Error) -> Blind {
        match error.kind() {
            ErrorKind::NotFound => Blind::NoSupervise,
            ErrorKind::PermissionDenied => Blind::NoRight,
            _ => Blind::Trouble(words(error).into_owned()),
        }
    }
}

/// Opens the directory of a service, or of its logger.
pub(super) fn open(named: &Named) -> Result<Home, Blind> {
    Home::open_part(&named.directory, named.part).map_err(|error| match error.kind() {
        ErrorKind::NotFound => Blind::Gone,
        ErrorKind::PermissionDenied => Blind::NoRight,
        _ => Blind::Trouble(words(&error).into_owned()),
    })
}

/// Looks at a service.
pub(super) fn look(home: &Home) -> Result<Sight, Blind> {
    match home.folder().and_then(|folder| folder.is_supervised()) {
        Ok(true) => {}
        Ok(false) => return Err(Blind::NoSupervise),
        Err(error) => return Err(Blind::of(&error)),
    }
    let view = look_in(home).map_err(|unseen| match unseen {
        Unseen::NotRunning => Blind::NoSupervise,
        Unseen::Trouble(words) => Blind::Trouble(words),
    })?;
    let state = view.state();
    Ok(Sight { seen: view.seen, state, ready: view.is_ready(state), says_ready: view.says_ready() })
}
