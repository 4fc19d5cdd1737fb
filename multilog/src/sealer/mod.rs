//! The sealer makes archives of full files, off the path of the lines.
//!
//! A file comes as `@label.u` with the descriptor that wrote it. It ends as `@label.s` (or with another code), with
//! mode 0744 and on the disk with its name; or it is deleted, because retention would delete the archive anyway.
//! Between the two are the steps of `step::Step`. Each step can fail. It is then tried again after a warning and a
//! pause, while the foreground goes on.
//!
//! Sealing goes in rounds. A round prunes the directory (`prune.rs`) and then seals the oldest files on the desk
//! together, so that one fsync of the directory serves the names of all of them.
//!
//! There are two ways to run the rounds, and both call the same functions. The thread of the directory runs them
//! (`thread.rs`), or the foreground does (`crew.rs`): always, where there is no thread, and at the end of the input
//! besides the thread, where files are compressed.

mod archive;
mod awaited;
mod compress;
mod crew;
mod desk;
mod limits;
mod prune;
mod rewrite;
mod room;
mod step;
mod thread;
mod transform;
mod work;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tai64tools::Label;
use unix::diag::Message;

use crate::host::{FIRST_PAUSE, Pace, Pause, wait};
use crate::logfs::{Archive, LogFs, Mode, Name};
use crate::retention::Retention;
use crate::script::LogConfig;
use crate::tally::{Account, Trouble};

use compress::Compressed;
pub use crew::{Crew, Deadline, Threading};
use desk::{Desk, Order, State};
use prune::Went;
pub use rewrite::Checksum;
use room::Room;
use step::Step;
use work::Work;

/// Does a step once for all files that are at it. When the step fails and there is no time to try again, all of these
/// files are left.
fn together<F: LogFs>(works: &mut [Work<'_, F>], step: Step, next: Step, pace: &mut dyn Pace) {
    let mut waiting = works.iter_mut().filter(|work| work.is_at(step));
    let Some(first) = waiting.next() else { return };
    first.go_on(next, pace);
    let is_done = first.is_at(next);
    waiting.for_each(|work| if is_done { work.skip_to(next) } else { work.leave() });
}

/// There is no time to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NoTime;

/// How many files are sealed in one round at most: half of what may wait, so that the foreground goes on meanwhile.
const AT_ONCE: usize = 16;

/// A full file on its way to an archive.
#[derive(Debug)]
pub struct Job<File> {
    /// Its label.
    pub label: Label,
    /// The descriptor that wrote it, since an fsync through another one may miss an error. None: the file is on the
    /// disk, and the descriptor is not needed any more.
    pub file: Option<File>,
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
    /// The disk has it.
    Kept,
    /// The disk has refused it, and would claim success the next time.
    Refused,
}

/// How the sealing of one file ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sealed {
    /// It is an archive.
    Done,
    /// Another process has deleted it.
    Gone,
    /// It stays `@label.u` for good: it is damaged, or other files have the names that it needs.
    GivenUp,
    /// It stays `@label.u` for the next run: there was no time.
    Left,
}

/// Seals the files of one directory. The foreground and the thread share it.
#[derive(Debug)]
pub struct Sealer<F: LogFs> {
    fs: Arc<F>,
    config: LogConfig,
    retention: Retention,
    /// Whether a warning said that there is too little memory to compress as asked.
    told: AtomicBool,
    room: Room,
    /// Where failures are counted.
    account: Arc<Account>,
}

impl<F: LogFs> Sealer<F> {
    /// For a directory and what the script says about it.
    pub fn new(fs: Arc<F>, config: LogConfig, account: Arc<Account>) -> Sealer<F> {
        let retention = Retention::new(&config);
        Sealer { fs, config, retention, told: AtomicBool::new(false), room: Room::default(), account }
    }

    /// One round: prunes, so that a full disk does not stop the rest, and then seals the oldest files. Whether one of
    /// them was left.
    fn round(&self, desk: &Desk<F::File>, pace: &mut dyn Pace) -> Sealed {
        match self.make_room(desk, pace) {
            Ok(_) => self.seal_oldest(desk, pace),
            Err(NoTime) => Sealed::Left,
        }
    }

    /// Seals the oldest files on the desk. Whether one of them was left.
    fn seal_oldest(&self, desk: &Desk<F::File>, pace: &mut dyn Pace) -> Sealed {
        let jobs = {
            let mut state = desk.state();
            state.rounds += 1;
            state.take(self.at_once())
        };
        let oldest = jobs.first().map(|job| job.label);
        let sealed = self.seal(jobs, desk, pace);
        if self.is_over_cap(desk) || oldest.is_some_and(|label| self.is_past(label, pace)) {
            // What was on its way may go now. A directory that can't be read now is read in the next round.
            self.prune(desk, pace).ok();
        }
        self.end_round(desk, |state| state.rounds -= 1);
        sealed
    }

    /// Says that something is over that may have changed names: `end` says what.
    fn end_round(&self, desk: &Desk<F::File>, end: impl FnOnce(&mut State<F::File>)) {
        let mut state = desk.state();
        end(&mut state);
        self.note_quiet(&mut state, desk);
        drop(state);
        desk.ring();
    }

    /// Leaves all files that wait, because there is no time for them. A file that has to go through a processor is
    /// brought to the disk and marked, so that the next run finds it, even without a journal and after the machine was
    /// down.
    fn leave_jobs(&self, desk: &Desk<F::File>) {
        let jobs = desk.state().leave_jobs();
        let hurries = desk.state().order == Order::Stop;
        // The mode comes after the names are on the disk, also that of the file before: files are processed in order.
        if jobs.is_empty() || !self.has_processor() || hurries || self.fs.sync_names().is_err() {
            return;
        }
        for job in jobs.iter().filter(|job| job.asked != Asked::Refused) {
            if let Some(file) = &job.file {
                let mode = if self.fs.sync(file).is_ok() { Mode::Safe } else { Mode::Refused };
                // A file that can't be marked is known to the journal alone.
                self.fs.set_mode(file, mode).ok();
            }
        }
    }

    /// Prunes, however often that has to be tried. What has gone in the last try. When there is no time to try again,
    /// everything on the desk is left.
    fn make_room(&self, desk: &Desk<F::File>, pace: &mut dyn Pace) -> Result<Went, NoTime> {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.prune(desk, pace) {
                Ok(went) => return Ok(went),
                Err(error) => {
                    self.account.failed(Trouble::Seal);
                    pace.warn(&self.said("unable to read ", ", pausing").because(&error));
                }
            }
            if wait(&mut pause, pace) == Pause::Stop {
                self.leave_jobs(desk);
                self.end_round(desk, |_| ());
                return Err(NoTime);
            }
        }
    }

    /// How many files are sealed in one round.
    fn at_once(&self) -> usize {
        // A transformation takes long, and the other worker may take the next file.
        if self.config.has_transform() { 1 } else { AT_ONCE }
    }

    /// Takes files through all their steps, so that they are done together. Whether one of them was left.
    fn seal(&self, jobs: Vec<Job<F::File>>, desk: &Desk<F::File>, pace: &mut dyn Pace) -> Sealed {
        let mut works: Vec<Work<'_, F>> = jobs.into_iter().map(|job| Work::new(self, job)).collect();
        works.iter_mut().for_each(|work| work.go_on(Step::SyncOrder, pace));
        match &mut works[..] {
            [alone] if alone.is_at(Step::SyncOrder) => alone.skip_to(Step::Publish),
            // Otherwise a power cut could leave the archive of a later file and the older file as `current`.
            works => together(works, Step::SyncOrder, Step::Publish, pace),
        }
        works.iter_mut().for_each(|work| work.go_on(Step::SyncNames, pace));
        together(&mut works, Step::SyncNames, Step::RemoveSource, pace);
        let mut all = Sealed::Done;
        for mut work in works {
            work.go_on(Step::SyncRemoval, pace);
            self.report(&work, desk);
            if self.config.has_transform() {
                // The output of a processor counts from now on, and a later file may have been compressed before this
                // one. The archives that go for it go before the names are synced for the last time. A directory that
                // can't be read now is read in the next round.
                self.prune(desk, pace).ok();
            }
            work.go_on_to_the_end(pace);
            if matches!(work.ended(), Sealed::Left | Sealed::GivenUp) {
                (all, desk.state().outcome) = (Sealed::Left, Sealed::Left);
            }
        }
        all
    }

    /// Tells the desk that a file is no longer on its way, and what it is now.
    fn report(&self, work: &Work<'_, F>, desk: &Desk<F::File>) {
        let (label, length) = (work.label(), work.job.length);
        let archive = match work.ended() {
            Sealed::Left if !work.is_at(Step::SyncRemoval) => return desk.state().leave(label, length),
            Sealed::Left | Sealed::Done => Some(work.archive()),
            Sealed::GivenUp => Some(Archive::unsealed(label)),
            Sealed::Gone => None,
        };
        let archive = archive.map(|archive| (archive.clone(), self.weighed(&archive)));
        desk.state().end_work(label, length, archive);
    }

    /// Takes note of the state of the directory when nothing is under way in it.
    fn note_quiet(&self, state: &mut State<F::File>, desk: &Desk<F::File>) {
        self.publish_room(state, desk);
        if state.is_quiet() {
            state.inventory.note_quiet(self.fs.changed());
        }
    }

    /// Brings a file to the disk. Once only: after a failure the kernel has marked the pages clean, and a second
    /// fsync would succeed without having written them.
    fn sync(&self, job: &mut Job<F::File>, pace: &mut dyn Pace) {
        let Some(file) = &job.file else { return };
        let Err(error) = self.fs.sync(file) else {
            job.asked = Asked::Kept;
            return;
        };
        job.asked = Asked::Refused;
        self.account.failed(Trouble::Seal);
        // So that a start after a kill now does not try it again either.
        self.fs.set_mode(file, Mode::Refused).ok();
        let source = Name::from(Archive::unsealed(job.label)).to_os();
        let said = self.said("unable to write ", "/").and(source.as_encoded_bytes());
        pace.warn(&said.and(" to disk, writing it again").because(&error));
    }

    /// Whether every byte has to go through a processor before it may be deleted.
    pub fn has_processor(&self) -> bool {
        self.config.has_processor()
    }

    /// Whether files may be sealed side by side: compression takes time and knows nothing of other files.
    pub fn has_compression(&self) -> bool {
        self.config.has_compression()
    }

    /// Brings a file to the disk that is going to wait, and then its name, and marks it as being there. After a power
    /// cut it is at least that.
    fn preserve(&self, job: &mut Job<F::File>, pace: &mut dyn Pace) {
        self.sync(job, pace);
        if let Some(file) = job.file.as_ref().filter(|_| job.asked == Asked::Kept) {
            if self.fs.sync_names().is_ok() {
                // The step of the same name does it again, and says what is wrong.
                self.fs.set_mode(file, Mode::Safe).ok();
            }
        }
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

#[cfg(test)]
#[path = "two_at_once_tests.rs"]
mod two_at_once_tests;

#[cfg(test)]
#[path = "put_off_tests.rs"]
mod put_off_tests;
