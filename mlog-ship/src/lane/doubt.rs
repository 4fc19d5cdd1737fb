//! How a lane finds its place again, and the batch that may have been sent.

use std::time::Duration;

use super::{Doing, Lane, Next};
use crate::batch::Id;
use crate::bound::Bound;
use crate::sink::{Attempt, Held};
use crate::source::{Amount, Cut, Source};
use crate::state::{Files, Intent};

impl<S: Source, F: Files> Lane<S, F> {
    /// Goes to the cursor, and reads the batch again that may have been sent.
    pub(super) fn find(&mut self, now: Duration) -> Next {
        // The process before may have been killed between the new name and its sync. A power cut would bring back what was
        // there before, though this process has acted upon it.
        if !self.on_disk {
            if let Err(error) = self.files.sync_names() {
                self.unable_to_write(&error);
                return self.try_later(now);
            }
            self.on_disk = true;
        }
        let Some(intent) = self.kept.intent.clone() else {
            return match self.source.go_to(self.kept.cursor.as_ref()) {
                Ok(is_there) => self.found(is_there, now),
                Err(error) => {
                    self.unable_to_read(&error);
                    self.try_later(now)
                }
            };
        };
        match self.read_again(&intent) {
            Ok(Some(cut)) => self.deliver_again(cut, intent, now),
            Ok(None) => self.ask(intent, now),
            Err(error) => {
                self.unable_to_read(&error);
                self.try_later(now)
            }
        }
    }

    /// The source is at the cursor. Where a lane begins at the end of a directory, that end is kept, so that a restart does
    /// not leave out what is written until the first batch.
    fn found(&mut self, is_there: bool, now: Duration) -> Next {
        if let Some(before) = self.before_ahead.take() {
            if !is_there {
                self.kept = before;
                self.unwritten = false;
                return self.stop(
                    "it has later batches of this shipper, and not of this directory: is the state a copy?",
                );
            }
            self.say_ahead();
        }
        if self.kept.cursor.is_none() {
            self.kept.cursor = self.source.place();
            self.unwritten = true;
            if let Err(error) = self.settle() {
                self.kept.cursor = None;
                self.unable_to_write(&error);
                return self.try_later(now);
            }
        }
        self.shared.tally.set_cursor(self.kept.cursor.as_ref());
        self.doing = Doing::Between;
        self.more = true;
        Next::Go
    }

    /// The bytes of an intent. None: they are not there any more.
    fn read_again(&mut self, intent: &Intent) -> std::io::Result<Option<Cut>> {
        self.source.go_to(self.kept.cursor.as_ref())?;
        let cut = self.source.take(Amount::Exactly(intent.bytes))?;
        Ok(cut.filter(|cut| cut.lines.len() == intent.bytes && crc32fast::hash(&cut.lines) == intent.crc))
    }

    fn deliver_again(&mut self, cut: Cut, intent: Intent, now: Duration) -> Next {
        self.works_again();
        self.more = true;
        let Some(mut batch) = self.batch(cut, intent.longest) else { return self.try_later(now) };
        batch.id.end = intent.end;
        self.deliver(Box::new(batch), Attempt::Again, now)
    }

    /// Asks the engine for a batch that can't be read again.
    fn ask(&mut self, intent: Intent, now: Duration) -> Next {
        let id = Id {
            instance: self.terms.instance.clone(),
            number: self.kept.number + 1,
            first: self.kept.cursor.clone().unwrap_or_else(|| intent.end.clone()),
            end: intent.end.clone(),
            crc: intent.crc,
        };
        match self.sink.holds(&id) {
            Held::Yes { memory } => {
                self.backoff.reset();
                self.say_end_of_outage(now);
                self.go_on_behind(id.number, intent.end, memory);
            }
            Held::Later { reason } => {
                self.doing = Doing::Finding;
                return self.wait_for_engine(&reason, None, now);
            }
            held => {
                self.say_changed(held == Held::Unknown, &intent);
                self.kept.intent = None;
                self.unwritten = true;
            }
        }
        if let Err(error) = self.settle() {
            self.unable_to_write(&error);
            return self.try_later(now);
        }
        self.doing = Doing::Finding;
        Next::Go
    }

    /// The bound up to which all was taken.
    pub fn cursor(&self) -> Option<&Bound> {
        self.kept.cursor.as_ref()
    }
}
