//! From directories to lines in order: plan, jobs, workers, slots, merge.
//!
//! Workers, as many as there are processors, take pieces of segments, decode, search and show them. What comes of a piece goes
//! to the lane of its segment; the lanes of a directory are put together in order, and the lines of the directories are
//! merged. A piece is handed out only when there is room for what may come of it, and a worker never waits to deliver, so
//! workers and merger can't wait for each other. A directory whose next line is missing may always have one piece in hand.

mod assembly;
mod run;
mod source;

pub use assembly::Context;
pub use run::{Plan, Sink, Stop, run};
pub use source::{Given, Source};

use unix::diag::{self, Message};

/// What a run has met with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// Something could not be read at all.
    pub failed: bool,
    /// Lines are missing or damaged.
    pub missing: bool,
}

impl Trouble {
    /// Says that something could not be done.
    pub fn fail(&mut self, message: &Message) {
        self.failed = true;
        diag::warn("mlog", message);
    }

    /// Says that lines are missing or damaged.
    pub fn miss(&mut self, message: &Message) {
        self.missing = true;
        diag::warn("mlog", message);
    }
}
