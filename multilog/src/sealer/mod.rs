//! The sealer: what makes a full file an archive, off the path of the lines.
//!
//! A file comes as `@label.u` with the descriptor that wrote it. It ends as `@label.s` (or another
//! code), mode 0744, on the disk with its name, or was deleted because retention would have deleted
//! it anyway. Between the two are the steps of `step::Step`; each can fail, and then it is tried
//! again after a warning and a pause while the foreground goes on.

mod compress;
mod crew;
mod desk;
mod rewrite;
mod step;
mod thread;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tai64tools::Label;
use unix::diag::Message;

use crate::host::{FIRST_PAUSE, Pace, Pause, wait};
use crate::logdir::retention::prune;
use crate::logfs::{Archive, LogFs, Mode, Name};
use crate::script::LogConfig;
use crate::script::Transform;

use compress::Compressed;
pub use crew::{Crew, Deadline, Threading};
pub use rewrite::Checksum;
pub(crate) use rewrite::write_all;
use step::{Fate, Next, Step};

/// A full file on its way to an archive.
#[derive(Debug)]
pub struct Job<File> {
    /// Its label.
    pub label: Label,
    /// The descriptor that wrote it, since an fsync through another one may miss an error.
    pub file: File,
    /// How many bytes it has.
    pub length: u64,
    /// What was written through that descriptor. None: it was written by another process.
    pub checksum: Option<Checksum>,
    /// What the disk has said about it.
    pub asked: Asked,
}

/// Whether the disk was asked to keep a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Not yet.
    NotYet,
    /// It has it.
    Kept,
    /// It has refused, and would claim success the next time.
    Refused,
}

/// How the sealing of one file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// It is an archive, or deleted by retention.
    Done,
    /// It stays `@label.u`: damaged, or there was no time.
    Left,
}

/// Seals the files of one directory, one after the other.
#[derive(Debug)]
pub struct Sealer<F: LogFs> {
    fs: Arc<F>,
    config: LogConfig,
    /// What retention keeps: older labels are deleted. Known to everybody who seals here.
    oldest: Arc<Mutex<Label>>,
    /// Whether it was said that there is too little memory to compress as asked.
    told: Arc<AtomicBool>,
}

impl<F: LogFs> Clone for Sealer<F> {
    fn clone(&self) -> Sealer<F> {
        Sealer {
            fs: Arc::clone(&self.fs),
            config: self.config.clone(),
            oldest: Arc::clone(&self.oldest),
            told: Arc::clone(&self.told),
        }
    }
}

impl<F: LogFs> Sealer<F> {
    /// For a directory and what the script says about it.
    pub fn new(fs: Arc<F>, config: LogConfig) -> Sealer<F> {
        Sealer { fs, config, oldest: Arc::new(Mutex::new(Label::MIN)), told: Arc::default() }
    }

    /// Takes one file through all its steps.
    pub fn seal(&self, job: Job<F::File>, pace: &mut dyn Pace) -> Sealed {
        let mut work = step::Work { sealer: self, job, output: None, fate: Fate::AsAsked };
        let mut step = Step::Prune;
        let mut pause = FIRST_PAUSE;
        loop {
            match step.perform(&mut work, pace) {
                Ok(Next::Step(next)) => {
                    step = next;
                    pause = FIRST_PAUSE;
                }
                Ok(Next::Done) => return Sealed::Done,
                Ok(Next::Leave) => return Sealed::Left,
                Err(failure) => {
                    pace.warn(&failure.message);
                    step = failure.retry;
                    if wait(&mut pause, pace) == Pause::Stop {
                        return Sealed::Left;
                    }
                }
            }
        }
    }

    /// Brings a file to the disk. Once only: after a failure the kernel has marked the pages clean, and a second
    /// fsync would succeed without having written them.
    fn sync(&self, job: &mut Job<F::File>, pace: &mut dyn Pace) {
        let Err(error) = self.fs.sync(&job.file) else {
            job.asked = Asked::Kept;
            return;
        };
        job.asked = Asked::Refused;
        // So that a start after a kill now does not try it again either.
        self.fs.set_mode(&job.file, Mode::Refused).ok();
        let source = Name::from(Archive::unsealed(job.label)).to_os();
        let said = self.said("unable to write ", "/").and(source.as_encoded_bytes());
        pace.warn(&said.and(" to disk, writing it again").because(&error));
    }

    /// Deletes what is beyond retention, warning about what can't be deleted.
    pub fn prune(&self, pace: &mut dyn Pace) -> std::io::Result<()> {
        let oldest = prune(&*self.fs, self.config.keep, |archive, error| {
            let name = Name::from(archive.clone()).to_os();
            pace.warn(&self.said("unable to remove ", "/").and(name.as_encoded_bytes()).because(error));
        })?;
        if let Some(oldest) = oldest {
            let mut known = self.oldest();
            *known = oldest.max(*known);
        }
        Ok(())
    }

    /// Whether retention has deleted this label. With a processor it does not before that has seen it.
    fn is_gone(&self, label: Label) -> bool {
        !self.has_processor() && label < *self.oldest()
    }

    fn oldest(&self) -> MutexGuard<'_, Label> {
        // A panic aborts the program, so a poisoned lock is never seen.
        self.oldest.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether every byte has to go through a processor before it may be deleted.
    pub fn has_processor(&self) -> bool {
        matches!(self.config.transform, Transform::Process(_))
    }

    /// Whether files may be sealed side by side: compression takes time and knows nothing of other files.
    pub fn has_compression(&self) -> bool {
        matches!(self.config.transform, Transform::Compress(_))
    }

    /// How many archives may stand in the directory.
    pub fn archives_kept(&self) -> usize {
        self.config.keep.archives()
    }

    /// Says once that files are compressed less than was asked for.
    fn tell_of_lack(&self, done: Compressed, pace: &mut dyn Pace) {
        let how = match done {
            Compressed::AsAsked => return,
            Compressed::Level(level) => format!(", using level {level}"),
            Compressed::No => String::from(", leaving files as they are"),
        };
        if !self.told.swap(true, Ordering::Relaxed) {
            let said = self.said("unable to compress in ", " as asked").and(how);
            pace.warn(&said.because(&std::io::ErrorKind::OutOfMemory.into()));
        }
    }

    /// A message about something of this directory.
    fn said(&self, before: &str, after: &str) -> Message {
        Message::new(before).and(self.config.path.as_encoded_bytes()).and(after)
    }
}
