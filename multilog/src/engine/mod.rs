//! The engine: it looks at the input, puts a batch together, writes it everywhere, consumes it, and rotates.

mod batch;
mod clock;
mod count;
mod due;
mod limits;
mod others;
mod output;
mod pacing;
mod reading;
mod resume;
mod tap;

use std::ffi::OsString;
use std::io;
use std::time::Duration;

use unix::diag::Message;
use unix::tool::{Exit, Fatal, SYSTEM};

use crate::assembly::Assembly;
use crate::host::Host;
use crate::intake::Intake;
use crate::logdir::{Closed, LogDir, Stopped};
use crate::logfs::LogFs;
use crate::output::BatchEnd;
use crate::sealer::Deadline;
use output::Printing;
use pacing::Pacing;
pub use resume::Inheritance;
pub use tap::Tap;

/// Everything between the input and the directories.
pub struct Engine<I: ?Sized, F: LogFs, H> {
    tap: Tap<I, F>,
    assembly: Assembly,
    /// The paths of the status files, for messages.
    statuses: Vec<OsString>,
    /// The open directories, in the order of the script.
    dirs: Vec<LogDir<F>>,
    host: H,
    printing: Printing,
    pacing: Pacing,
    /// The directories with a journal of an earlier run, until a new journal takes its place.
    old_journals: Vec<usize>,
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
    /// Nobody reads standard output, and lines go nowhere else.
    Unread(io::Error),
}

impl From<Stopped> for End {
    fn from(_: Stopped) -> End {
        End::Stopped
    }
}

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// For directories that are open, in the order of the script; `assembly` has an output for each, and behind them
    /// one for standard output if lines go there.
    pub fn new(
        tap: Tap<I, F>,
        assembly: Assembly,
        statuses: Vec<OsString>,
        dirs: Vec<LogDir<F>>,
        host: H,
    ) -> Self {
        let prints = assembly.outputs.len() > dirs.len();
        Engine {
            printing: if prints { Printing::Yes } else { Printing::No },
            tap,
            assembly,
            statuses,
            dirs,
            host,
            pacing: Pacing::new(),
            old_journals: Vec::new(),
            clock_doubted: None,
        }
    }

    /// Brings the last run to its end, runs until the input ends or a signal says so, and closes the directories.
    pub fn run(mut self, last: Inheritance) -> Result<Exit, Fatal> {
        let resumed = self.resume(last);
        let ended = resumed.and_then(|()| {
            let ended = self.read_on();
            self.say_all();
            ended
        });
        let end = ended.map_or_else(|end| end, |()| End::Input);
        let closed = self.close(if matches!(end, End::Input) { Deadline::None } else { Deadline::Soon });
        if closed != Closed::Unsafe && !matches!(end, End::Failed(_)) {
            self.host.end_metrics();
        }
        let lost = self.end_printing();
        match end {
            End::Failed(error) => Err(Fatal::system(Message::new("unable to read input"), &error)),
            End::Unread(error) => {
                Err(Fatal::system(Message::new("unable to write to standard output"), &error))
            }
            _ if closed == Closed::Unsafe || lost => Ok(Exit::Code(SYSTEM)),
            _ => Ok(Exit::Success),
        }
    }

    /// Closes the directories, and ends the journal where nothing is left for the next multilog to do.
    fn close(&mut self, deadline: Deadline) -> Closed {
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
        closed
    }

    /// Gives back what is not needed between two batches.
    fn release(&mut self) {
        self.assembly.release();
        self.host.give_back();
    }

    fn rotate_all(&mut self) -> Result<(), End> {
        for log in 0..self.dirs.len() {
            if self.dirs[log].length() > 0 {
                let now = self.host.now();
                self.say_before_rotation(log, now)?;
                self.dirs[log].rotate(self.assembly.last_stamp(), &mut self.host)?;
            }
        }
        Ok(())
    }
}
