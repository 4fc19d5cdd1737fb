//! What a lane has to say.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use mlog::follow::Gap;
use tai64tools::Label;
use unix::diag::Message;

use super::Lane;
use super::aside::Refusal;
use crate::source::{Cut, Said, Source};
use crate::state::{Files, Intent};

/// A message, and how it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// Something is wrong.
    Warning(Message),
    /// Something is right again.
    Notice(Message),
}

impl<S: Source, F: Files> Lane<S, F> {
    fn warn(&mut self, message: Message) {
        self.words.push(Word::Warning(message));
    }

    fn directory(&self) -> &[u8] {
        self.terms.origin.directory.as_os_str().as_bytes()
    }

    /// `directory: `.
    fn about(&self) -> Message {
        Message::new(self.directory()).and(": ")
    }

    pub(super) fn unable_to_read(&mut self, error: &io::Error) {
        let message = match error.kind() {
            io::ErrorKind::InvalidInput => Message::new(self.directory()).and(" is not a log directory"),
            _ => Message::new("unable to read ").and(self.directory()).because(error),
        };
        self.trouble(message);
    }

    pub(super) fn unable_to_write(&mut self, error: &io::Error) {
        let message = Message::new("unable to write state of ").and(self.directory()).because(error);
        self.trouble(message);
    }

    /// Says what is wrong with source or state, if that was not said.
    fn trouble(&mut self, message: Message) {
        if self.trouble.as_deref() != Some(message.as_bytes()) {
            self.trouble = Some(message.as_bytes().to_vec());
            self.warn(message);
        }
    }

    /// Source and state are as they should be.
    pub(super) fn works_again(&mut self) {
        if self.trouble.take().is_some() {
            self.backoff.reset();
            let message = self.about().and("shipped again");
            self.words.push(Word::Notice(message));
        }
    }

    pub(super) fn say_outage(&mut self, reason: &str, now: Duration) {
        if self.shared.outage.fail(self.terms.number, reason, now) {
            let message = Message::new("unable to deliver to ").and(&self.terms.sink).and(": ").and(reason);
            self.warn(message.and(": trying again"));
        }
    }

    pub(super) fn say_end_of_outage(&mut self, now: Duration) {
        if let Some(length) = self.shared.outage.end(self.terms.number, now) {
            let message = Message::new("delivering to ").and(&self.terms.sink).and(" again after ");
            self.words.push(Word::Notice(message.and(seconds(length))));
        }
    }

    /// Says what is wrong with lines that were read.
    pub(super) fn say_of(&mut self, cut: &Cut) {
        for said in &cut.said {
            let message = match said {
                Said::Gap(gap) => {
                    self.shared.tally.gaps.add(1);
                    self.about().and(missing(gap, &self.terms.sink))
                }
                Said::Damage(name, damage) => {
                    self.shared.tally.gaps.add(1);
                    Message::new(self.directory()).and("/").and(name).and(": ").and(damage)
                }
                Said::Anew => self.about().and("another directory than it was: shipped from its start"),
                Said::Changed => {
                    self.shared.tally.repeated.add(1);
                    self.about().and("lines have changed since they were shipped: possibly repeated")
                }
            };
            self.warn(message);
        }
    }

    /// A batch that was sent can't be read again.
    pub(super) fn say_changed(&mut self, is_in_doubt: bool, intent: &Intent) {
        let last = intent.end.place.last.map_or_else(String::new, |last| format!(" up to {}", shown(last)));
        let message = self.about().and("lines").and(last).and(" have changed since they were cut: cut anew");
        if is_in_doubt {
            self.shared.tally.repeated.add(1);
            self.warn(message.and(", possibly repeated"));
        } else {
            self.warn(message);
        }
    }

    pub(super) fn say_notice(&mut self, notice: Option<String>) {
        if let Some(notice) = notice {
            let message = self.about().and(notice);
            self.warn(message);
        }
    }

    pub(super) fn say_refused(&mut self, refusal: &Refusal, older_are_gone: bool) {
        let Refusal { records, count, reason } = refusal;
        self.shared.tally.refused.add(*count);
        let of = if records.is_empty() { " of a batch" } else { "" };
        let plural = if *count == 1 { " record" } else { " records" };
        let place = self.letters.place().as_os_str().as_bytes();
        let message = self.about().and(count.to_string()).and(plural).and(of).and(" refused by ");
        let message = message.and(&self.terms.sink).and(": ").and(reason).and(": set aside in ").and(place);
        let gone = Message::new(place).and(" is full: the oldest lines that were set aside are deleted");
        self.warn(message);
        if older_are_gone {
            self.warn(gone);
        }
    }

    pub(super) fn unable_to_set_aside(&mut self, error: &io::Error) {
        let place = self.letters.place().as_os_str().as_bytes();
        let message = Message::new("unable to set lines aside in ").and(place).because(error);
        self.trouble(message);
    }

    pub(super) fn say_ahead(&mut self) {
        let message =
            self.about().and(&self.terms.sink).and(" has more than the state says: going on behind it");
        self.warn(message);
    }

    pub(super) fn say_stop(&mut self, reason: &str) {
        let message =
            self.about().and("not shipped to ").and(&self.terms.sink).and(" any more: ").and(reason);
        self.warn(message);
    }
}

fn shown(label: Label) -> String {
    String::from_utf8_lossy(&label.text()).into_owned()
}

fn missing(gap: &Gap, sink: &str) -> String {
    let after = gap.after.map_or_else(String::new, |after| format!(" after {}", shown(after)));
    let before = gap.before.map_or_else(String::new, |before| format!(" before {}", shown(before)));
    match gap.certain {
        true => {
            format!("lines are missing for {sink}{after}{before}: they were deleted before they were shipped")
        }
        false => format!("lines may be missing for {sink}{after}{before}"),
    }
}

/// A span in words.
fn seconds(length: Duration) -> String {
    match length.as_secs() {
        1 => "1 second".into(),
        seconds => format!("{seconds} seconds"),
    }
}
