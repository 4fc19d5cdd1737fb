//! The loop: look at the input, put a batch together, write it everywhere, consume it, rotate.

use std::ffi::OsString;
use std::io;

use tai64tools::{Label, Stamper};
use unix::diag::Message;
use unix::tool::{Exit, Fatal, SYSTEM};

use crate::assembly::Assembly;
use crate::framer::Ending;
use crate::host::{Host, Pause, Stop};
use crate::intake::{Intake, Seen, Unread};
use crate::logdir::{LogDir, Stopped};
use crate::logfs::LogFs;
use crate::output::Output;
use crate::script::Action;
use crate::sealer::{Deadline, FIRST_PAUSE, LONGEST_PAUSE};

/// A file with less room than this is rotated before anything is added: a stamp has to fit.
const LEAST_ROOM: u64 = 64;

/// After this many bytes at once it is likely that there is more already, so the next look comes
/// before the next wait.
const MUCH: usize = 32 << 10;

/// Whether to look again before waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Busy {
    Yes,
    No,
}

/// Everything between the input and the directories.
pub struct Engine<I, F: LogFs, H> {
    intake: I,
    assembly: Assembly,
    /// The paths of the status files, for messages.
    statuses: Vec<OsString>,
    dirs: Vec<LogDir<F>>,
    host: H,
}

/// Why the loop ended.
#[derive(Debug)]
enum End {
    /// The input is at its end.
    Input,
    /// A signal.
    Stopped,
    /// The input can't be read.
    Failed(io::Error),
}

impl From<Stopped> for End {
    fn from(_: Stopped) -> End {
        End::Stopped
    }
}

impl<I: Intake, F: LogFs, H: Host> Engine<I, F, H> {
    /// For directories that are open, in the order of the script.
    pub fn new(
        intake: I,
        actions: Vec<Action>,
        stamper: Option<Stamper>,
        statuses: Vec<OsString>,
        dirs: Vec<LogDir<F>>,
        host: H,
    ) -> Self {
        let outputs = dirs.iter().map(|dir| Output::new(dir.config().size.bytes())).collect();
        let assembly = Assembly::new(actions, stamper, outputs, statuses.len());
        Engine { intake, assembly, statuses, dirs, host }
    }

    /// Runs until the input ends or a signal says so, and closes the directories.
    pub fn run(mut self) -> Result<Exit, Fatal> {
        let end = match self.read_on() {
            Ok(()) => End::Input,
            Err(end) => end,
        };
        let deadline = if matches!(end, End::Input) { Deadline::None } else { Deadline::Soon };
        self.dirs.iter().for_each(|dir| dir.begin_close(deadline));
        let mut closed = true;
        for dir in &mut self.dirs {
            closed &= dir.close(deadline, &mut self.host);
        }
        match end {
            End::Failed(error) => Err(Fatal::system(Message::new("unable to read input"), &error)),
            _ if !closed => Ok(Exit::Code(SYSTEM)),
            _ => Ok(Exit::Success),
        }
    }

    fn read_on(&mut self) -> Result<(), End> {
        let mut pace = Busy::No;
        loop {
            if pace == Busy::Yes {
                self.host.listen();
            } else if self.host.stop() != Some(Stop::AfterInput) {
                let woken = self.intake.wait(self.host.signals()).map_err(End::Failed)?;
                if woken.signalled {
                    self.host.listen();
                }
                if woken.quiet {
                    self.assembly.release();
                    continue;
                }
            }
            if self.host.take_rotate() {
                self.rotate_all()?;
            }
            if self.host.stop() >= Some(Stop::Now) {
                return self.end_line();
            }
            let seen = self.intake.peek().map_err(End::Failed)?;
            pace = Busy::No;
            match seen {
                Seen::End => return self.drain(Ending::Final),
                Seen::Nothing if self.host.stop().is_some() => return self.end_line(),
                Seen::Nothing => self.drain(Ending::Open)?,
                Seen::More => {
                    if self.intake.visible().len() >= MUCH {
                        pace = Busy::Yes;
                    }
                    self.drain(Ending::Open)?;
                }
            }
        }
    }

    /// Takes whole batches for as long as there are any in what is visible.
    fn drain(&mut self, ending: Ending) -> Result<(), End> {
        while self.step(usize::MAX, ending)? {
            if self.intake.visible().is_empty() && ending == Ending::Open {
                break;
            }
            self.host.listen();
            if self.host.stop() >= Some(Stop::Now) {
                return self.end_line();
            }
        }
        Ok(())
    }

    /// One batch, from at most the first `limit` visible bytes. False: there was none.
    fn step(&mut self, limit: usize, ending: Ending) -> Result<bool, End> {
        self.begin_outputs()?;
        let now = self.host.now();
        let visible = self.intake.visible();
        let taken = self.assembly.take(&visible[..visible.len().min(limit)], now, ending);
        let grew = self.assembly.outputs.iter().any(|output| !output.is_empty());
        if taken == 0 && !grew {
            return Ok(false);
        }
        self.write(taken)?;
        for log in 0..self.dirs.len() {
            if self.assembly.is_full(log) {
                self.dirs[log].rotate(self.assembly.last_stamp(), &mut self.host)?;
            }
        }
        Ok(true)
    }

    fn begin_outputs(&mut self) -> Result<(), End> {
        for (dir, output) in self.dirs.iter_mut().zip(&mut self.assembly.outputs) {
            if dir.config().size.bytes() < dir.length() + LEAST_ROOM {
                dir.rotate(Label::MIN, &mut self.host)?;
            }
            output.begin(dir.length());
        }
        Ok(())
    }

    /// Writes the batch to every directory and then takes it out of the input.
    fn write(&mut self, taken: usize) -> Result<(), End> {
        self.write_alerts()?;
        self.write_statuses()?;
        for log in 0..self.dirs.len() {
            let bytes = self.assembly.outputs[log].bytes(self.intake.visible());
            if bytes.is_empty() {
                continue;
            }
            if let Err(stopped) = self.dirs[log].append(bytes, &mut self.host) {
                self.take_back(log);
                return Err(stopped.into());
            }
        }
        self.intake.consume(taken).map_err(End::Failed)
    }

    /// The batch stays in the input, so no directory may keep it.
    fn take_back(&mut self, before: usize) {
        for log in 0..before {
            if !self.assembly.outputs[log].is_empty() {
                self.dirs[log].take_back(&mut self.host);
            }
        }
    }

    fn write_alerts(&mut self) -> Result<(), End> {
        let mut left = self.assembly.alerts.bytes();
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
        for status in 0..self.assembly.statuses.len() {
            let Some(text) = self.assembly.statuses[status].take() else { continue };
            let mut pause = FIRST_PAUSE;
            loop {
                let error = match self.host.write_status(status, text) {
                    Ok(written) if written == text.len() => break,
                    Ok(_) => io::ErrorKind::WriteZero.into(),
                    Err(error) => error,
                };
                let path = self.statuses[status].as_encoded_bytes();
                self.host.warn(&Message::new("unable to write ").and(path).and(", pausing").because(&error));
                if self.host.pause(pause) == Pause::Stop {
                    return Err(End::Stopped);
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
        Ok(())
    }

    fn rotate_all(&mut self) -> Result<(), End> {
        let stamped = self.assembly.last_stamp();
        for dir in &mut self.dirs {
            if dir.length() > 0 {
                dir.rotate(stamped, &mut self.host)?;
            }
        }
        Ok(())
    }

    /// Told to stop: the rest of a line that is partly written is read up to its newline, as the
    /// original does, but not for longer than it takes to be told again.
    fn end_line(&mut self) -> Result<(), End> {
        while self.assembly.is_midline() && self.host.stop() < Some(Stop::AtOnce) {
            let visible = self.intake.visible();
            let line = memchr::memchr(b'\n', visible).map_or(visible.len(), |newline| newline + 1);
            if self.step(line, Ending::Open)? {
                continue;
            }
            if self.intake.peek().map_err(End::Failed)? == Seen::End {
                self.step(usize::MAX, Ending::Final)?;
                break;
            }
            if self.intake.wait(self.host.signals()).map_err(End::Failed)?.signalled {
                self.host.listen();
            }
        }
        if self.intake.unread() == Unread::InMemory {
            while self.step(usize::MAX, Ending::Final)? {}
        }
        Err(End::Stopped)
    }
}
