//! `--metrics FILE`: the counters of all lanes, for the node exporter's textfile collector.
//!
//! The file is replaced as a whole, at once and then at most every 15 seconds and only after a change. What can't be written
//! is said once, until it works again, and shipping goes on.

mod tally;
mod text;

pub use tally::{Count, Tally};
pub use text::{Lane, near_the_end};

use std::ffi::OsStr;
use std::io;
use std::time::Duration;

use multilog::metrics::File;
use unix::diag::Message;

/// How long it is at least from one writing to the next.
const SPAN: Duration = Duration::from_secs(15);
/// What the name of the next file ends in.
const NEXT: &str = ".mlog-ship";

/// The file of the counters.
#[derive(Debug)]
pub struct Metrics {
    file: File,
    lanes: Vec<Lane>,
    /// When it was written last.
    last: Option<Duration>,
    /// Whether the last writing failed, which was said.
    failed: bool,
    others_said: bool,
}

impl Metrics {
    /// Nothing is written yet.
    pub fn new(path: &OsStr, lanes: Vec<Lane>) -> Metrics {
        Metrics { file: File::with_next(path, NEXT), lanes, last: None, failed: false, others_said: false }
    }

    /// One more lane.
    pub fn add(&mut self, lane: Lane) {
        self.lanes.push(lane);
    }

    /// How long it is until something that has changed is written.
    pub fn until_due(&self, now: Duration) -> Duration {
        self.last.map_or(Duration::ZERO, |last| (last + SPAN).saturating_sub(now))
    }

    /// Writes the file; what there is to say of it.
    pub fn write(&mut self, now: Duration) -> Option<Message> {
        self.last = Some(now);
        let is_shared = !self.others_said && self.file.is_replaced();
        let written = self.file.replace(text::text(&self.lanes).as_bytes());
        let failed_before = std::mem::replace(&mut self.failed, written.is_err());
        if is_shared {
            self.others_said = true;
            let said = Message::new("somebody else writes ").and(self.file.path().as_encoded_bytes());
            return Some(said.and(" too: each shipper needs a file of its own"));
        }
        let error = written.err().filter(|_| !failed_before)?;
        Some(match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Message::new("unable to create ").and(self.file.next().as_encoded_bytes()).because(&error)
            }
            _ => Message::new("unable to write ").and(self.file.path().as_encoded_bytes()).because(&error),
        })
    }

    /// The shipper has come to a clean end: removes the file, if it is still ours.
    pub fn end(&mut self) -> Option<Message> {
        let error = self.file.remove().err()?;
        Some(Message::new("unable to remove ").and(self.file.path().as_encoded_bytes()).because(&error))
    }
}
