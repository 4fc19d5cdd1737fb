//! `metrics=FILE`: the counters of a logger, for the node exporter's textfile collector.
//!
//! The file is replaced as a whole. It is there from the moment in which the logger reads until its clean end. What can't
//! be written is said once, until it works again, and the log goes on.

mod file;
mod schedule;
mod text;

use std::ffi::OsStr;
use std::io;
use std::time::Duration;

use unix::diag::Message;

use crate::tally::Tally;
use file::File;
use schedule::Schedule;

/// The counters and the file that shows them.
#[derive(Debug)]
pub struct Metrics {
    tally: Tally,
    /// The values of the label `directory`.
    labels: Vec<String>,
    schedule: Schedule,
    file: File,
    /// Whether the last writing failed, which was said.
    failed: bool,
}

impl Metrics {
    /// For the file at `path` and these directories, which are there. Nothing is written yet.
    pub fn new<'a>(path: &OsStr, directories: impl Iterator<Item = &'a OsStr>) -> Metrics {
        let mut labels: Vec<String> =
            directories.map(|directory| text::label(file::resolved(directory).as_encoded_bytes())).collect();
        let tally = Tally::new(labels.len());
        if labels.is_empty() {
            labels.push(text::label(file::resolved(path).as_encoded_bytes()));
        }
        let file = File::new(path);
        Metrics { tally, labels, schedule: Schedule::default(), file, failed: false }
    }

    /// What was counted.
    pub fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// How long it is until the file is to be written, at this moment of the monotonic clock. None: nothing is new.
    pub fn until_due(&self, uptime: Duration) -> Option<Duration> {
        self.schedule.until(self.tally.changes(), uptime)
    }

    /// Writes the file if that is due; what there is to say of it.
    pub fn write_if_due(&mut self, uptime: Duration) -> Option<Message> {
        if self.until_due(uptime) != Some(Duration::ZERO) {
            return None;
        }
        self.schedule.note(self.tally.changes(), self.tally.pending(), uptime);
        let written = self.file.replace(text::text(&self.labels, &self.tally).as_bytes());
        let failed_before = std::mem::replace(&mut self.failed, written.is_err());
        let error = written.err().filter(|_| !failed_before)?;
        Some(self.said("unable to write ", &error))
    }

    /// The logger has come to a clean end: removes the file, if it is still ours.
    pub fn end(&mut self) -> Option<Message> {
        let error = self.file.remove().err()?;
        Some(self.said("unable to remove ", &error))
    }

    fn said(&self, verb: &str, error: &io::Error) -> Message {
        Message::new(verb).and(self.file.path().as_encoded_bytes()).because(error)
    }
}
