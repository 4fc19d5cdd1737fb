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

pub use file::{File, resolved};
pub use text::label;

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
    /// Whether a warning said that another process writes the file too.
    others_said: bool,
}

impl Metrics {
    /// For the file at `path` and these directories, which are there. Nothing is written yet.
    pub fn new<'a>(path: &OsStr, directories: impl Iterator<Item = &'a OsStr>) -> Metrics {
        let mut labels: Vec<String> =
            directories.map(|directory| label(resolved(directory).as_encoded_bytes())).collect();
        let tally = Tally::new(labels.len());
        if labels.is_empty() {
            labels.push(label(resolved(path).as_encoded_bytes()));
        }
        let file = File::new(path);
        Metrics { tally, labels, schedule: Schedule::default(), file, failed: false, others_said: false }
    }

    /// What was counted.
    pub fn tally(&mut self) -> &mut Tally {
        &mut self.tally
    }

    /// The time from this moment of the monotonic clock until the file is due. None: there is nothing new to write.
    pub fn until_due(&self, uptime: Duration) -> Option<Duration> {
        self.schedule.until(self.tally.changes(), uptime)
    }

    /// Writes the file if that is due; what there is to say of it.
    pub fn write_if_due(&mut self, uptime: Duration) -> Option<Message> {
        if self.until_due(uptime) != Some(Duration::ZERO) {
            return None;
        }
        self.schedule.note(self.tally.changes(), self.tally.pending(), uptime);
        let is_shared = !self.others_said && self.file.is_replaced();
        let written = self.file.replace(text::text(&self.labels, &self.tally).as_bytes());
        let failed_before = std::mem::replace(&mut self.failed, written.is_err());
        if is_shared {
            self.others_said = true;
            let said = Message::new("somebody else writes ").and(self.file.path().as_encoded_bytes());
            return Some(said.and(" too: each logger needs a metrics= of its own"));
        }
        let error = written.err().filter(|_| !failed_before)?;
        Some(match error.kind() {
            io::ErrorKind::AlreadyExists => {
                Message::new("unable to create ").and(self.file.next().as_encoded_bytes()).because(&error)
            }
            _ => self.said("unable to write ", &error),
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes the counters at this second, after a change.
    fn write(metrics: &mut Metrics, second: u64) -> Option<String> {
        metrics.tally().look(b"a\n", std::iter::empty());
        metrics.tally().keep(second);
        let said = metrics.write_if_due(Duration::from_secs(second));
        said.map(|said| String::from_utf8_lossy(said.as_bytes()).into_owned())
    }

    #[test]
    fn a_second_logger_with_the_same_file_is_noticed_once() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("a.prom");
        let [mut one, mut other] = [(); 2].map(|()| Metrics::new(path.as_os_str(), std::iter::empty()));
        assert_eq!([write(&mut one, 0), write(&mut one, 20), write(&mut other, 20)], [None, None, None]);
        let said =
            format!("somebody else writes {} too: each logger needs a metrics= of its own", path.display());
        assert_eq!(write(&mut one, 40), Some(said));
        assert!(write(&mut other, 45).is_some());
        assert_eq!([write(&mut one, 60), write(&mut other, 60)], [None, None]);
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let here = tempfile::tempdir().unwrap();
        let path = here.path().join("a.prom");
        let next = here.path().join("a.prom.multilog");
        let mut metrics = Metrics::new(path.as_os_str(), std::iter::empty());
        std::fs::create_dir(&next).unwrap();
        let said = format!("unable to create {}: file already exists", next.display());
        assert_eq!(write(&mut metrics, 0), Some(said));
        assert_eq!(write(&mut metrics, 15), None);
        std::fs::remove_dir(&next).unwrap();
        assert_eq!(write(&mut metrics, 30), None);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(
            write(&mut metrics, 45),
            Some(format!("unable to write {}: is a directory", path.display()))
        );
    }
}
