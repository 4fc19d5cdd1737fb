//! A naive look at what the clocks make due: which archives are too old, and since when none may go for that. It notes
//! what is deleted, and what was there then. The clocks themselves are in `wall.rs`; here they pass from look to look.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tai64tools::Label;

use super::disk::{Entry, State};
use super::outcome::content;
use super::wall::BETWEEN_LOOKS;
use crate::host::Clocks;
use crate::logfs::Archive;
use crate::retention::Mark;

/// How time passes from look to look, and what was due.
#[derive(Clone, Debug, Default)]
pub(crate) struct Time {
    /// How much passes with each look. Nothing: the host counts.
    pub(super) tempo: Duration,
    /// At which look the clock of the system steps, and by how many seconds.
    pub(super) steps: Vec<(usize, i64)>,
    looks: usize,
    /// How much had passed when the last run of the machine began.
    pub(super) booted: Duration,
    /// Since when no archive of a directory may go by its age.
    holds: BTreeMap<usize, Duration>,
    /// When a start or a step may last have begun an hour in a directory.
    doubts: BTreeMap<usize, Duration>,
    pub(super) deletions: Vec<Deletion>,
    /// How often a directory had no rotated file left. Labels may be earlier after that.
    emptied: BTreeMap<usize, usize>,
}

/// A rotated file that was deleted, and not because another one has its lines.
#[derive(Clone, Debug)]
pub(super) struct Deletion {
    pub(super) directory: usize,
    /// Where it was among all that were ever there.
    pub(super) place: Place,
    /// What a reader found in it.
    pub(super) text: Vec<u8>,
    /// How old it was.
    pub(super) age: Duration,
    /// Since when nothing was to go by age, if there was such a time.
    pub(super) held_for: Option<Duration>,
    /// How many bytes all files of the directory had before.
    pub(super) bytes: u64,
    /// How many rotated files with older labels were there.
    pub(super) older: usize,
}

/// The order of files: labels increase until none is left, and may then begin again.
pub(super) type Place = (usize, Option<Label>);

/// The spans of the directories.
pub(super) type Spans = Vec<Option<Duration>>;

/// How long the machine has run when the first process is started.
const UP: u64 = 10_000;
/// So many looks after it was due an archive goes at the latest.
const LOOKS: u32 = 40;

impl Time {
    /// How often a directory had no rotated file left.
    pub(super) fn emptied(&self, directory: usize) -> usize {
        self.emptied.get(&directory).copied().unwrap_or(0)
    }
}

impl State {
    /// How much has passed since the first run of the machine began.
    pub(super) fn passed(&self) -> Duration {
        Duration::from_secs(UP + self.wall.passed().unsigned_abs())
    }

    /// What the clock shows that no step changes.
    pub(super) fn running(&self) -> Duration {
        self.passed().saturating_sub(self.time.booted)
    }

    /// How long a look at the clock and what comes after it may take.
    pub(super) fn slack(&self) -> Duration {
        if self.wall.runs() { BETWEEN_LOOKS } else { self.time.tempo * LOOKS }
    }

    /// How long ago an hour may last have begun in a directory.
    pub(super) fn doubted(&self, directory: usize) -> Option<Duration> {
        Some(self.passed().saturating_sub(*self.time.doubts.get(&directory)?))
    }

    /// A process looks at the clock.
    pub(super) fn look_at_clock(&mut self) {
        self.time.looks += 1;
        self.wall.elapse(i64::try_from(self.time.tempo.as_secs()).unwrap_or(0));
        let looks = self.time.looks;
        let step = self.time.steps.iter().find(|(at, _)| *at == looks).map(|(_, seconds)| *seconds);
        if let Some(seconds) = step {
            self.step(seconds);
        }
    }

    /// The clock of the system steps.
    fn step(&mut self, seconds: i64) {
        self.wall.set(seconds);
        self.note_step(seconds);
    }

    /// The clock of the system has stepped. Every step may end an hour, and one forward may begin it.
    pub(super) fn note_step(&mut self, seconds: i64) {
        for directory in 0..self.spans.len() {
            if self.due(directory) < 2 {
                self.time.holds.remove(&directory);
            } else if seconds > 0 {
                self.time.holds.insert(directory, self.passed());
            }
            self.doubt(directory);
        }
    }

    /// A process starts: that does not begin an hour anew.
    pub(super) fn start_clock(&mut self) {
        let seconds = self.wall.start();
        self.step(seconds);
        let passed = self.passed();
        for directory in 0..self.spans.len() {
            if self.due(directory) >= 2 {
                self.time.holds.entry(directory).or_insert(passed);
            }
        }
    }

    /// The look after this may find that more than the oldest archive is due.
    fn doubt(&mut self, directory: usize) {
        let slack = self.slack();
        let Some(Some(span)) = self.spans.get(directory) else { return };
        // What a start does not seal counts as an archive from then on, and `current` may be such a file.
        let ages = self.rotated(directory).map(|(archive, inode)| self.age(&archive, inode));
        if ages.take_while(|age| *age + slack >= *span).count() >= 1 {
            self.time.doubts.insert(directory, self.passed());
        }
    }

    /// How many archives are too old by the clock, as far as no older one is younger by it.
    fn due(&self, directory: usize) -> usize {
        let Some(Some(span)) = self.spans.get(directory) else { return 0 };
        self.ages(directory).take_while(|age| age >= span).count()
    }

    /// How old the archives are, in the order of their labels.
    pub(super) fn ages(&self, directory: usize) -> impl Iterator<Item = Duration> {
        let archives = self.rotated(directory);
        let sealed = archives.filter(|(archive, _)| !archive.is_unsealed());
        sealed.map(|(archive, inode)| self.age(&archive, inode))
    }

    /// The rotated files, in the order of their labels.
    fn rotated(&self, directory: usize) -> impl Iterator<Item = (Archive, u64)> {
        let names = self.names.iter().filter(move |(name, _)| name.0 == directory);
        let archives = names.filter_map(|(name, inode)| Some((Archive::parse(&name.1)?, *inode)));
        archives.filter(|(archive, _)| !archive.is_temporary())
    }

    fn age(&self, archive: &Archive, inode: u64) -> Duration {
        let modified = Label::from(self.inodes[&inode].modified);
        Label::from(self.moment()).since(archive.label.min(modified))
    }

    /// How many bytes the rotated files and `current` have, each file once.
    pub(super) fn bytes(&self, directory: usize) -> u64 {
        let current = self.names.get(&(directory, "current".into())).copied();
        let inodes: BTreeSet<u64> = self.rotated(directory).map(|(_, inode)| inode).chain(current).collect();
        inodes.iter().map(|inode| self.inodes[inode].live.len() as u64).sum()
    }

    /// The file that says since when nothing goes says now that the hour is over.
    pub(super) fn put_the_hour_back(&mut self, number: u64) {
        let wall = Label::from(self.moment() - Duration::from_secs(7200));
        self.inode(number).live = Mark::new(Clocks { wall, running: Duration::ZERO }).text(b"another run");
    }

    /// A name is about to be removed.
    pub(super) fn note_removal(&mut self, name: &Entry) {
        let Some(archive) = Archive::parse(&name.1) else { return };
        let (directory, label) = (name.0, archive.label);
        let others = self.rotated(directory).filter(|(other, _)| other.label == label && *other != archive);
        let Some(&inode) = self.names.get(name) else { return };
        if archive.is_temporary() || others.count() > 0 {
            return;
        }
        let held_for = self.time.holds.get(&directory).map(|since| self.passed().saturating_sub(*since));
        let deletion = Deletion {
            directory,
            place: (self.time.emptied(directory), Some(label)),
            text: content(&name.1.to_string_lossy(), &self.inodes[&inode].live),
            age: self.age(&archive, inode),
            held_for,
            bytes: self.bytes(directory),
            older: self.rotated(directory).filter(|(other, _)| other.label < label).count(),
        };
        if self.rotated(directory).count() == 1 {
            *self.time.emptied.entry(directory).or_default() += 1;
        }
        self.time.deletions.push(deletion);
    }
}
