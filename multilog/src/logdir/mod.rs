//! `LogDir`: one log directory, with its `current`, its labels, its rotation and its sealing.
//!
//! Labels of a directory strictly increase. Nothing is added to a `current` that the disk has refused.

mod append;
mod current;
mod due;
mod look;
mod open;
pub mod recovery;
mod rotation;
mod schedule;
mod stock;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;

use tai64tools::Label;
use unix::diag::Message;

use crate::host::{FIRST_PAUSE, Host, Pause, wait};
use crate::journal::record::Share;
use crate::logfs::{Archive, How, LogFs, Mode, Name, Place};
use crate::script::LogConfig;
use crate::sealer::{Asked, Crew, Deadline, Job, Sealed};
use crate::tally::{Account, Trouble};
use current::{Inherited, Mark, Slot};
pub use open::Start;
use schedule::Schedule;
use stock::Stock;

/// The program was told to stop before something was done. What had begun was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// How a directory was left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Closed {
    /// Everything is safe.
    Cleanly,
    /// Some full files are not sealed; the next multilog has to do that.
    Unsealed,
    /// `current` is not known to be on the disk, and a warning said so.
    Unsafe,
}

/// What came of an append.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Appended {
    /// Everything is in `current`.
    All,
    /// Nothing is: the limit of the process is below our size, so the batch has to begin a new file.
    TooLarge,
    /// Everything is in `current`, but the disk has refused to keep it.
    Refused,
}

/// Whether there was a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// There is a new `current`.
    Yes,
    /// `current` is what it was.
    No,
}

/// An open log directory.
#[derive(Debug)]
pub struct LogDir<F: LogFs> {
    fs: Arc<F>,
    config: LogConfig,
    current: Slot<F::File>,
    /// `current` before the batch in hand, so that the batch can be taken back.
    before: Mark,
    /// No file of this directory has a later label, and no stamp in them is later.
    last_label: Label,
    /// Unsealed files with labels up to here were left by others, and stay what they are.
    settled: Label,
    /// Unsealed files that the last run left, to be sealed now.
    pending: VecDeque<Label>,
    /// Whether the journal does not know the last rotation, and has to before the archive goes by age or size.
    has_to_be_recorded: bool,
    place: Place,
    crew: Crew<F>,
    account: Arc<Account>,
    stock: Stock,
    /// None: the script does not say that time rotates it.
    schedule: Option<Schedule>,
}

impl<F: LogFs> LogDir<F> {
    /// Bytes in `current`.
    pub fn length(&self) -> u64 {
        self.current.get().map_or(0, |current| current.length)
    }

    /// What the script says about the directory.
    pub fn config(&self) -> &LogConfig {
        &self.config
    }

    /// What the journal says about the directory when nothing is in hand.
    pub fn share(&self) -> Share {
        Share {
            place: self.place,
            current: self.current.get().map_or(0, |current| current.identity.inode),
            start: self.length(),
            adds: 0,
            last_label: self.last_label,
            settled: self.settled,
            takes_before: false,
            takes_after: false,
            unsaid: (0, 0),
        }
    }

    /// Whether the journal does not know the last rotation, and has to: without an archive nothing else shows that
    /// `current` was rotated, and not removed by another program.
    pub fn has_to_be_recorded(&self) -> bool {
        self.has_to_be_recorded
    }

    /// The journal says what [`LogDir::share`] says now.
    pub fn note_recorded(&mut self) {
        if std::mem::take(&mut self.has_to_be_recorded) {
            self.crew.note_recorded(self.last_label);
        }
    }

    /// Makes the directory ready for lines, when the journal knows its state: `current` is marked as being written, and
    /// the sealer gets what the last run had not sealed.
    pub fn make_ready(&mut self, host: &mut impl Host) -> Result<(), Stopped> {
        self.crew.make_room_for_current(self.length(), host);
        match self.current.get()?.inherited {
            Inherited::Refused => self.put_aside(host)?,
            Inherited::Yes => {
                self.mark_current(host)?;
                // The mode has to be on the disk before anything is added, or a power cut could leave a torn file that
                // claims to be whole. And this process vouches for what another one wrote, so that has to be there too.
                self.sync_inherited(host)?;
            }
            Inherited::No => self.mark_current(host)?,
        }
        while let Some(&label) = self.pending.front() {
            // Each file takes a descriptor, and there may be many files.
            if self.crew.wait_for_room(host) == Pause::Stop {
                return Err(Stopped);
            }
            self.pending.pop_front();
            match self.open_pending(label) {
                Ok(job) => self.crew.submit(job, host),
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.crew.forget(label),
                Err(error) => {
                    self.crew.forget(label);
                    let name = Name::from(Archive::unsealed(label)).to_os();
                    let path = self.config.path.as_encoded_bytes();
                    let said = Message::new("unable to use ").and(path).and("/").and(name.as_encoded_bytes());
                    host.warn(&said.and(", leaving it alone").because(&error));
                }
            }
        }
        Ok(())
    }

    /// Opens a file that the last run had not sealed. The machine has run on since, so the page cache has what was
    /// written, and an fsync tells whether the disk has it too.
    fn open_pending(&self, label: Label) -> io::Result<Job<F::File>> {
        let file = self.fs.open(&Archive::unsealed(label).into(), How::Append)?;
        let stat = self.fs.stat(&file)?;
        if stat.links > 1 {
            // Sealing it would change the file of the other name.
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it has another name"));
        }
        let length = stat.size;
        Ok(Job { label, file: Some(file), length, checksum: None, asked: Asked::NotYet })
    }

    fn mark_current(&self, host: &mut impl Host) -> Result<(), Stopped> {
        let current = self.current.get()?;
        let mut pause = FIRST_PAUSE;
        while let Err(error) = self.fs.set_mode(&current.file, Mode::Writing) {
            self.warn("unable to set mode of ", "/current, pausing", &error, host);
            if wait(&mut pause, host) == Pause::Stop {
                return Err(Stopped);
            }
        }
        Ok(())
    }

    fn sync_inherited(&mut self, host: &mut impl Host) -> Result<(), Stopped> {
        let current = self.current.get()?;
        let Err(error) = self.fs.sync(&current.file) else { return Ok(()) };
        self.account.failed(Trouble::Sync);
        // The next sync would claim that it is there.
        self.fs.set_mode(&current.file, Mode::Refused).ok();
        self.warn("unable to write ", "/current to disk, leaving it unsealed", &error, host);
        self.put_aside(host)
    }

    /// The directory in the file system.
    pub fn fs(&self) -> &Arc<F> {
        &self.fs
    }

    /// Rotates a `current` that the disk has refused.
    pub fn rotate_refused(&mut self, stamped: Label, host: &mut impl Host) -> Result<(), Stopped> {
        self.rotate_after(stamped, Asked::Refused, host)
    }

    /// Waits until everything that was rotated is sealed.
    pub fn wait_for_sealer(&self, host: &mut impl Host) -> Result<(), Stopped> {
        match self.crew.wait_until_idle(host) {
            Pause::Over => Ok(()),
            Pause::Stop => Err(Stopped),
        }
    }

    /// Lets the sealing go on to its end while other directories are closed.
    pub fn begin_close(&self, deadline: Deadline) {
        self.crew.begin_finish(deadline);
    }

    /// Closes the directory after [`LogDir::begin_close`]: `current` on the disk and marked safe, the
    /// sealing done or given up.
    pub fn close(&mut self, deadline: Deadline, host: &mut impl Host) -> Closed {
        let current = self.close_current();
        if let Err(error) = &current {
            self.warn("unable to write ", "/current to disk", error, host);
        }
        let sealed = self.crew.finish(deadline, host);
        let sealed = if self.pending.is_empty() { sealed } else { Sealed::Left };
        match (current, sealed) {
            (Err(_), _) => Closed::Unsafe,
            (Ok(()), Sealed::Left | Sealed::GivenUp) => Closed::Unsealed,
            (Ok(()), Sealed::Done | Sealed::Gone) => Closed::Cleanly,
        }
    }

    fn close_current(&mut self) -> io::Result<()> {
        let Ok(current) = self.current.take() else { return Ok(()) };
        if let Err(error) = self.fs.sync(&current.file) {
            self.account.failed(Trouble::Sync);
            // The next multilog must not believe a later sync.
            self.fs.set_mode(&current.file, Mode::Refused).ok();
            return Err(error);
        }
        self.fs.set_mode(&current.file, Mode::Safe)
    }

    /// `unable to VERB DIR REST: REASON`, as a warning.
    fn warn(&self, verb: &str, rest: &str, error: &io::Error, host: &mut impl Host) {
        host.warn(&Message::new(verb).and(self.config.path.as_encoded_bytes()).and(rest).because(error));
    }
}
