//! The loop: look at the input, put a batch together, write it everywhere, consume it, rotate.

mod batch;
mod clock;
mod due;
mod others;
mod resume;
mod tap;

use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tai64tools::Stamper;
use unix::diag::Message;
use unix::tool::{Exit, Fatal, SYSTEM};

use crate::assembly::Assembly;
use crate::framer::Ending;
use crate::host::{Host, Stop};
use crate::intake::{Intake, Seen};
use crate::logdir::{Closed, LogDir, Stopped};
use crate::logfs::LogFs;
use crate::output::{BatchEnd, Output};
use crate::script::Action;
use crate::sealer::Deadline;
pub use resume::Inheritance;
pub use tap::Tap;

/// After this many bytes at once it is likely that there is more already, so the next look comes
/// before the next wait.
const MUCH: usize = 32 << 10;

/// A batch of fewer bytes may be a line that was written alone.
const FEW: usize = 4 << 10;
/// After so many such batches lines are taken to come one by one.
const IN_A_ROW: u32 = 8;
/// When the next one then comes this soon, a wake-up for each costs more than all that is done with it.
const CLOSE: Duration = Duration::from_micros(100);
/// So the look at the input waits this long, and finds what has come until then.
const LINGER: Duration = Duration::from_micros(150);

/// Whether to look again before waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Busy {
    Yes,
    No,
}

/// What the loop works on.
pub struct Parts<I, F: LogFs, H> {
    /// The input.
    pub intake: I,
    /// The actions of the script.
    pub actions: Vec<Action>,
    /// What goes before each line.
    pub stamper: Option<Stamper>,
    /// The paths of the status files.
    pub statuses: Vec<OsString>,
    /// The open directories, in the order of the script.
    pub dirs: Vec<LogDir<F>>,
    /// The surroundings.
    pub host: H,
}

/// Everything between the input and the directories.
pub struct Engine<I, F: LogFs, H> {
    tap: Tap<I, F>,
    assembly: Assembly,
    /// The paths of the status files, for messages.
    statuses: Vec<OsString>,
    dirs: Vec<LogDir<F>>,
    inheritance: Inheritance,
    host: H,
    /// How many of the last batches had less than [`FEW`] bytes.
    few_in_a_row: u32,
    /// When a warning said that the clock is far behind, on the clock of [`Host::uptime`].
    clock_doubted: Option<Duration>,
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

impl<I: Intake<Trace = F::File>, F: LogFs, H: Host> Engine<I, F, H> {
    /// For directories that are open, in the order of the script.
    pub fn new(parts: Parts<I, F, H>, inheritance: Inheritance) -> Self {
        let Parts { intake, actions, stamper, statuses, dirs, host } = parts;
        let outputs = dirs.iter().map(|dir| Output::new(dir.config().size.bytes())).collect();
        let assembly = Assembly::new(&actions, stamper, outputs, statuses.len());
        let first = dirs.first().map(|dir| (Arc::clone(dir.fs()), &*dir.config().path));
        Engine {
            tap: Tap::new(intake, first, inheritance.boot),
            assembly,
            statuses,
            dirs,
            inheritance,
            host,
            few_in_a_row: 0,
            clock_doubted: None,
        }
    }

    /// Runs until the input ends or a signal says so, and closes the directories.
    pub fn run(mut self) -> Result<Exit, Fatal> {
        let end = match self.read_on() {
            Ok(()) => End::Input,
            Err(end) => end,
        };
        let deadline = if matches!(end, End::Input) { Deadline::None } else { Deadline::Soon };
        let stamped = self.assembly.last_stamp();
        let mut closed = Closed::Cleanly;
        for dir in &mut self.dirs {
            if dir.rescue(stamped, &mut self.host).is_err() {
                closed = Closed::Unsafe;
            }
        }
        self.dirs.iter().for_each(|dir| dir.begin_close(deadline));
        for dir in &mut self.dirs {
            closed = closed.max(dir.close(deadline, &mut self.host));
        }
        if closed == Closed::Cleanly {
            let end = if self.assembly.is_midline() { BatchEnd::WithinLine } else { BatchEnd::Line };
            self.tap.end(end, &mut self.host);
        }
        match end {
            End::Failed(error) => Err(Fatal::system(Message::new("unable to read input"), &error)),
            _ if closed == Closed::Unsafe => Ok(Exit::Code(SYSTEM)),
            _ => Ok(Exit::Success),
        }
    }

    fn read_on(&mut self) -> Result<(), End> {
        self.settle()?;
        self.look_at_clock(self.host.now());
        // What the start has seen already.
        self.drain(Ending::Open)?;
        let mut pace = Busy::No;
        loop {
            if pace == Busy::Yes {
                self.host.listen();
                self.attend()?;
            } else if self.host.stop().is_none() {
                let limit = self.until_due();
                let begun = self.host.uptime();
                let woken = self.tap.wait(limit, &self.host)?;
                if self.few_in_a_row >= IN_A_ROW && self.host.uptime().saturating_sub(begun) < CLOSE {
                    self.host.linger(LINGER);
                }
                if woken.signalled {
                    self.host.listen();
                }
                self.attend()?;
                if woken.crowded {
                    self.tap.hold(self.dirs.iter().map(LogDir::share), &mut self.host)?;
                }
                if woken.quiet {
                    self.retry_journal();
                    self.release();
                    continue;
                }
            }
            if self.host.take_rotate() {
                self.rotate_all()?;
            }
            if self.host.stop() >= Some(Stop::Now) {
                return self.end_line();
            }
            let seen = self.tap.peek(self.dirs.first().map(LogDir::length))?;
            pace = Busy::No;
            match seen {
                Seen::End => return self.drain(Ending::Final),
                Seen::Nothing => {
                    self.drain(Ending::Open)?;
                    if self.host.stop().is_some() {
                        return self.end_line();
                    }
                }
                Seen::More => {
                    let visible = self.tap.visible().len();
                    if visible >= MUCH {
                        pace = Busy::Yes;
                    }
                    self.few_in_a_row = if visible < FEW { self.few_in_a_row.saturating_add(1) } else { 0 };
                    self.drain(Ending::Open)?;
                }
            }
        }
    }

    /// Takes whole batches for as long as there are any in what is visible.
    fn drain(&mut self, ending: Ending) -> Result<(), End> {
        while self.step(usize::MAX, ending)? {
            if self.tap.visible().is_empty() && ending == Ending::Open {
                break;
            }
            self.host.listen();
            if self.host.stop() >= Some(Stop::Now) {
                return self.end_line();
            }
        }
        Ok(())
    }

    /// Gives back what is not needed between two batches.
    fn release(&mut self) {
        self.assembly.release();
        self.host.give_back();
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

    /// Told to stop. With a journal the next multilog goes on within the line. Without one the rest of
    /// a line that is partly written is read up to its newline, as the original does, but not for
    /// longer than it takes to be told again; and what is in memory only is written.
    fn end_line(&mut self) -> Result<(), End> {
        if self.tap.has_journal() {
            return Err(End::Stopped);
        }
        while self.assembly.is_midline() && self.host.stop() < Some(Stop::AtOnce) {
            let visible = self.tap.visible();
            let line = memchr::memchr(b'\n', visible).map_or(visible.len(), |newline| newline + 1);
            if self.step(line, Ending::Open)? {
                continue;
            }
            if self.tap.peek(None)? == Seen::End {
                self.step(usize::MAX, Ending::Final)?;
                break;
            }
            if self.tap.wait(None, &self.host)?.signalled {
                self.host.listen();
            }
        }
        if self.tap.is_only_here() {
            while self.step(usize::MAX, Ending::Final)? {}
        }
        Err(End::Stopped)
    }
}
