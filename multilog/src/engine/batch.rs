//! One batch: from what is visible through the journal into the directories and out of the input.

use std::io;

use tai64tools::Label;
use unix::diag::Message;

use super::tap::{Batch, Plan};
use super::{End, Engine};
use crate::assembly::LineInHand;
use crate::framer::Ending;
use crate::host::{FIRST_PAUSE, Host, Pause, wait};
use crate::intake::{Intake, Taken};
use crate::journal::record::Share;
use crate::logdir::{Appended, LogDir};
use crate::logfs::LogFs;

/// A file with less room than this, and a prefix, is rotated before anything is added: a stamp has to fit.
const LEAST_ROOM: u64 = 64;

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// One batch, from at most the first `limit` visible bytes. False: there was none.
    pub(super) fn log_batch(&mut self, limit: usize, ending: Ending) -> Result<bool, End> {
        let visible = self.tap.visible().len().min(limit);
        if self.host.is_short_of_memory() {
            self.release();
        }
        self.assembly.make_room(visible, ending);
        self.make_way()?;
        let now = self.pass_boundaries()?;
        self.empty_outputs();
        self.begin_limits();
        let visible = self.tap.visible();
        let line = self.assembly.line_in_hand();
        let visible = &visible[..visible.len().min(limit)];
        let (taken, seen) = (self.assembly.take(visible, now, ending), visible.len());
        self.note_taken(taken, seen);
        let grew = self.assembly.outputs.iter().any(|output| !output.is_empty());
        if taken == 0 && !grew {
            if ending == Ending::Open {
                // The end of a piece that goes nowhere is noted with what follows it, so that the record has it.
                self.assembly.go_back(line);
            }
            self.settle_limits();
            return Ok(false);
        }
        if self.write_batch(taken, line, now)? == Taken::AsSeen {
            self.rotate_full(now)?;
        }
        Ok(true)
    }

    /// What is put together goes to its outlets and leaves the input. `line` was in hand before.
    pub(super) fn write_batch(
        &mut self,
        taken: usize,
        line: Option<LineInHand>,
        now: Label,
    ) -> Result<Taken, End> {
        self.look_at_batch(taken);
        let (consumed, kept) = self.deliver(taken)?;
        self.count_batch(consumed, &kept, now);
        match consumed {
            Taken::AsSeen => self.settle_limits(),
            Taken::Otherwise => self.start_over(&kept, line),
        }
        Ok(consumed)
    }

    /// Rotates the files that are full with the batch.
    fn rotate_full(&mut self, now: Label) -> Result<(), End> {
        // What is said there before is a batch of its own, which the question is no longer about.
        let full: Vec<usize> = (0..self.dirs.len()).filter(|&log| self.assembly.is_full(log)).collect();
        for log in full {
            self.say_before_rotation(log, now)?;
            self.dirs[log].rotate(self.assembly.last_stamp(), &mut self.host)?;
            self.look_at_clock(now);
        }
        Ok(())
    }

    /// Rotates what has no room for a line.
    fn make_way(&mut self) -> Result<(), End> {
        for (log, dir) in self.dirs.iter_mut().enumerate() {
            // Within a line no stamp comes, and the file is filled to its last byte.
            let least = if self.assembly.takes(log) {
                1
            } else {
                LEAST_ROOM + dir.config().prefix.as_bytes().len() as u64
            };
            if dir.config().size.bytes() < dir.length() + least {
                dir.rotate(Label::MIN, &mut self.host)?;
            }
        }
        Ok(())
    }

    /// The next batch has nothing yet.
    pub(super) fn empty_outputs(&mut self) {
        // Standard output has no length.
        let lengths = self.dirs.iter().map(LogDir::length).chain(std::iter::repeat(0));
        self.assembly.outputs.iter_mut().zip(lengths).for_each(|(output, length)| output.begin(length));
    }

    /// Records the batch, writes it to every directory and to standard output, and takes it out of the input. The
    /// directories that have it on the disk already, and so for good, come with what was taken out.
    fn deliver(&mut self, taken: usize) -> Result<(Taken, Vec<usize>), End> {
        self.write_alerts()?;
        self.write_statuses()?;
        let plan = self.record(taken)?;
        let mut refused = Vec::new();
        for log in 0..self.dirs.len() {
            if self.append(log)? == Appended::Refused {
                refused.push(log);
            }
        }
        for &log in &refused {
            self.dirs[log].wait_for_sealer(&mut self.host)?;
        }
        self.print()?;
        Ok((self.tap.consume(plan, &mut self.host)?, refused))
    }

    /// Appends the batch to one directory, in a new file where the one in hand may not grow.
    fn append(&mut self, log: usize) -> Result<Appended, End> {
        loop {
            let bytes = self.assembly.outputs[log].bytes(self.tap.visible());
            if bytes.is_empty() {
                return Ok(Appended::All);
            }
            match self.dirs[log].append(bytes, &mut self.host) {
                Ok(Appended::All) => return Ok(Appended::All),
                Ok(Appended::TooLarge) => {
                    self.dirs[log].rotate(Label::MIN, &mut self.host)?;
                    let adds = self.assembly.outputs[log].len() as u64;
                    let now = Share { adds, ..self.dirs[log].share() };
                    self.record_share(log, now)?;
                }
                Ok(Appended::Refused) => {
                    self.leave_refused(log)?;
                    return Ok(Appended::Refused);
                }
                Err(stopped) => {
                    self.take_back(log);
                    return Err(stopped.into());
                }
            }
        }
    }

    /// Says in the journal what the batch is going to do.
    fn record(&mut self, taken: usize) -> Result<Plan, End> {
        let output = self.output_share();
        let Engine { tap, assembly, dirs, host, .. } = self;
        let (midline, piece) = (assembly.is_midline(), assembly.piece());
        let batch = Batch { taken, midline, piece, last_stamp: assembly.last_stamp() };
        let shares = dirs.iter().enumerate().map(|(log, dir)| Share {
            adds: assembly.outputs[log].len() as u64,
            takes_after: assembly.takes(log),
            unsaid: assembly.unsaid(log),
            ..dir.share()
        });
        let plan = tap.record(batch, shares.chain(output), host)?;
        dirs.iter_mut().for_each(LogDir::note_recorded);
        Ok(plan)
    }

    /// The disk refused to keep a `current` that has the batch: it goes to the sealer, which writes it again
    /// elsewhere, and when that is on the disk the directory has the batch for good.
    fn leave_refused(&mut self, log: usize) -> Result<(), End> {
        let has_it = self.dirs[log].share();
        self.record_share(log, has_it)?;
        self.dirs[log].rotate_refused(self.assembly.last_stamp(), &mut self.host)?;
        let now = self.dirs[log].share();
        self.record_share(log, now)
    }

    /// Says in the journal what a directory has now.
    pub(super) fn record_share(&mut self, log: usize, now: Share) -> Result<(), End> {
        self.tap.record_share(log, now, &mut self.host)?;
        self.dirs[log].note_recorded();
        Ok(())
    }

    /// The batch stays in the input, so no directory may keep it.
    pub(super) fn take_back(&mut self, before: usize) {
        for log in 0..before {
            if !self.assembly.outputs[log].is_empty() {
                self.dirs[log].take_back(&mut self.host);
            }
        }
    }

    fn write_alerts(&mut self) -> Result<(), End> {
        let mut left = self.assembly.asides.alerts.bytes();
        while !left.is_empty() {
            match self.host.alert(left) {
                Ok(written) if written > 0 => left = &left[written..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(End::Stopped),
                // As the original: who has no descriptor 2 wants no alerts.
                _ => break,
            }
        }
        Ok(())
    }

    fn write_statuses(&mut self) -> Result<(), End> {
        for status in 0..self.assembly.asides.statuses.len() {
            let Some(text) = self.assembly.asides.statuses[status].take() else { continue };
            let mut pause = FIRST_PAUSE;
            loop {
                let error = match self.host.write_status(status, text) {
                    Ok(written) if written == text.len() => break,
                    Ok(_) => io::ErrorKind::WriteZero.into(),
                    Err(error) => error,
                };
                let path = self.statuses[status].as_encoded_bytes();
                self.host.warn(&Message::new("unable to write ").and(path).and(", pausing").because(&error));
                if wait(&mut pause, &mut self.host) == Pause::Stop {
                    return Err(End::Stopped);
                }
            }
        }
        Ok(())
    }
}
