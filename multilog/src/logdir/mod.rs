//! `LogDir`: one log directory: its `current`, its labels, its rotation and its sealing.

mod open;
pub mod recovery;
pub mod retention;
mod rotation;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tai64tools::Label;
use unix::diag::Message;

use crate::host::{Host, Pause};
use crate::logfs::{LogFs, Mode, Name};
use crate::script::LogConfig;
use crate::sealer::{Checksum, Crew, Deadline, FIRST_PAUSE, LONGEST_PAUSE};

/// Told to stop before it was done. What it had begun was taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// An open log directory.
#[derive(Debug)]
pub struct LogDir<F: LogFs> {
    fs: Arc<F>,
    config: LogConfig,
    /// None only while a rotation can't make a new one.
    current: Option<Current<F::File>>,
    /// `current` before the batch in hand, so that the batch can be taken back.
    before: Mark,
    /// No file of this directory has a later label, and no stamp in them is later.
    last_label: Label,
    crew: Crew<F>,
}

/// `current`.
#[derive(Debug)]
struct Current<File> {
    file: File,
    length: u64,
    checksum: Checksum,
}

/// A place in `current`.
#[derive(Clone, Debug)]
struct Mark {
    length: u64,
    checksum: Checksum,
}

impl<F: LogFs> LogDir<F> {
    /// Bytes in `current`.
    pub fn length(&self) -> u64 {
        self.current.as_ref().map_or(0, |current| current.length)
    }

    /// What the script says about the directory.
    pub fn config(&self) -> &LogConfig {
        &self.config
    }

    /// Appends a batch to `current`, all of it, however often that has to be tried.
    pub fn append(&mut self, bytes: &[u8], host: &mut impl Host) -> Result<(), Stopped> {
        self.ensure_current(host)?;
        let Some(current) = &mut self.current else { return Err(Stopped) };
        self.before = Mark { length: current.length, checksum: current.checksum.clone() };
        let mut left = bytes;
        let mut pause = FIRST_PAUSE;
        while !left.is_empty() {
            let Some(current) = &mut self.current else { return Err(Stopped) };
            match self.fs.write(&current.file, left) {
                Ok(written) if written > 0 => {
                    current.length += written as u64;
                    left = &left[written..];
                    pause = FIRST_PAUSE;
                }
                refused => {
                    let error = refused.err().unwrap_or_else(|| io::ErrorKind::WriteZero.into());
                    if error.kind() == io::ErrorKind::FileTooLarge && self.before.length > 0 {
                        // The limit of the process is below our size: the batch begins a new file.
                        self.take_back(host);
                        self.rotate(Label::MIN, host)?;
                        return self.append(bytes, host);
                    }
                    self.warn("unable to write to ", "/current, pausing", &error, host);
                    if wait(&mut pause, host) == Pause::Stop {
                        self.take_back(host);
                        return Err(Stopped);
                    }
                }
            }
        }
        if let Some(current) = &mut self.current {
            current.checksum.add(bytes);
        }
        Ok(())
    }

    /// Takes the batch in hand back out of `current`.
    pub fn take_back(&mut self, host: &mut impl Host) {
        let Some(current) = &mut self.current else { return };
        if current.length == self.before.length {
            return;
        }
        match self.fs.truncate(&current.file, self.before.length) {
            Ok(()) => {
                current.length = self.before.length;
                current.checksum = self.before.checksum.clone();
            }
            Err(error) => self.warn(
                "unable to take lines back out of ",
                "/current, they will be repeated",
                &error,
                host,
            ),
        }
    }

    /// Lets the sealing go on to its end while other directories are closed.
    pub fn begin_close(&self, deadline: Deadline) {
        self.crew.begin_finish(deadline);
    }

    /// Closes the directory after [`LogDir::begin_close`]: `current` on the disk and marked safe, the
    /// sealing done or given up. False: `current` is not known to be safe, which was said.
    pub fn close(&mut self, deadline: Deadline, host: &mut impl Host) -> bool {
        let closed = match self.close_current() {
            Ok(()) => true,
            Err(error) => {
                self.warn("unable to write ", "/current to disk", &error, host);
                false
            }
        };
        self.crew.finish(deadline, host);
        closed
    }

    fn close_current(&mut self) -> io::Result<()> {
        if let Some(current) = self.current.take() {
            self.fs.sync(&current.file)?;
            self.fs.set_mode(&current.file, Mode::Safe)?;
        }
        Ok(())
    }

    /// `unable to VERB DIR REST: REASON`, as a warning.
    fn warn(&self, verb: &str, rest: &str, error: &io::Error, host: &mut impl Host) {
        host.warn(&Message::new(verb).and(self.config.path.as_encoded_bytes()).and(rest).because(error));
    }

    /// Is `current` still the file that we write to?
    fn current_is_ours(&self) -> io::Result<Standing> {
        let Some(current) = &self.current else { return Ok(Standing::Gone) };
        let own = self.fs.stat(&current.file)?;
        Ok(match self.fs.lookup(&Name::Current)? {
            None => Standing::Gone,
            Some(stat) if (stat.device, stat.inode) == (own.device, own.inode) => Standing::Ours,
            Some(_) => Standing::Foreign,
        })
    }
}

/// What stands under the name `current`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// The file that we write to.
    Ours,
    /// Nothing: an administrator removed it.
    Gone,
    /// Another file.
    Foreign,
}

/// Waits after a failure, each time twice as long.
fn wait(pause: &mut Duration, host: &mut impl Host) -> Pause {
    let ended = host.pause(*pause);
    *pause = (*pause * 2).min(LONGEST_PAUSE);
    ended
}
