//! Retention by age and size in simulation: workloads, and whether what is deleted and what is left is right.

use std::time::Duration;

use tai64tools::Label;

use super::disk::Disk;
use super::exhaustive::check;
use super::outcome::content;
use super::time::Deletion;
use super::workload::{Workload, line};
use crate::logfs::Archive;
use crate::script::LogConfig;

/// How many bytes a batch has at most.
const BATCH: u64 = 4096;
/// How many bytes a file has at most.
const FILE: u64 = 4096;
const HOUR: Duration = Duration::from_secs(3600);

impl Workload {
    /// Whether every deletion was right when it came. A failure may be the reason of one that was not: what could not be
    /// deleted is tried again, also within the hour.
    pub(super) fn check_deletions(&self, disk: &Disk) -> Result<(), String> {
        let (logs, state) = (self.script().logs, disk.state());
        let wrong = |deletion: &&Deletion| !is_right(deletion, &logs[deletion.directory], state.failed);
        let wrong: Vec<&Deletion> = state.time.deletions.iter().filter(wrong).collect();
        match wrong.first() {
            Some(first) if wrong.len() > state.failed => {
                Err(format!("{} are deleted that should not: {}", wrong.len(), about(first)))
            }
            _ => Ok(()),
        }
    }

    /// Whether what is there at the end is what age and size leave. Each failure may leave one file that should go.
    pub(super) fn check_limits(&self, disk: &Disk) -> Result<(), String> {
        self.check_deletions(disk)?;
        let state = disk.state();
        for (directory, config) in self.script().logs.iter().enumerate() {
            let (bytes, ages) = (state.bytes(directory), state.ages(directory).collect::<Vec<_>>());
            let most = config.cap.map(|cap| cap.bytes() + state.failed as u64 * FILE);
            if most.is_some_and(|most| bytes > most) && !ages.is_empty() {
                return Err(format!("{bytes} bytes are left in directory {directory}"));
            }
            let Some(span) = config.age.map(|age| age.span()) else { continue };
            let late = (span / 24).clamp(Duration::from_secs(1), HOUR) + state.slack();
            let is_free = state.doubted(directory).is_none_or(|since| since > HOUR + 2 * late);
            // None goes before one with an older label, which may be younger after the clock was set back.
            let due = ages.iter().take_while(|age| **age >= span);
            let overdue = due.filter(|age| **age > span + late).count();
            if is_free && overdue > state.failed {
                return Err(format!("{overdue} of {} are too old in directory {directory}", ages.len()));
            }
        }
        Ok(())
    }

    /// Whether an archive has gone by age or size.
    pub(super) fn has_deleted(&self, disk: &Disk, directory: usize, name: &str) -> bool {
        let config = &self.script().logs[directory];
        let label = Label::parse(name.as_bytes());
        let is_this = |deletion: &Deletion| deletion.directory == directory && deletion.place.1 == label;
        (config.age.is_some() || config.cap.is_some()) && disk.state().time.deletions.iter().any(is_this)
    }

    /// The lines of a directory, together with those that were deleted.
    pub(super) fn logged_and_deleted(&self, disk: &Disk, directory: usize) -> Vec<Vec<u8>> {
        let left = self.labelled_files(disk, directory).into_iter();
        // What has no label is `current`.
        let turn = disk.state().time.emptied(directory);
        let place = |label: Option<Label>| (turn, label.is_none(), label);
        let mut all: Vec<_> = left.map(|(label, text)| (place(label), text)).collect();
        for deletion in disk.state().time.deletions.iter().filter(|deletion| deletion.directory == directory)
        {
            let (turn, label) = deletion.place;
            all.push(((turn, false, label), deletion.text.clone()));
        }
        all.sort();
        self.lines_of(&all.into_iter().flat_map(|(_, text)| text).collect::<Vec<u8>>())
    }
}

/// An archive goes for a reason, and before all later ones. Only what could not be deleted may be older.
fn is_right(deletion: &Deletion, config: &LogConfig, failed: usize) -> bool {
    let is_free = deletion.held_for.is_none_or(|held| held >= HOUR);
    let is_old = config.age.is_some_and(|age| deletion.age >= age.span() && is_free);
    let is_much = config.cap.is_some_and(|cap| deletion.bytes + BATCH > cap.bytes());
    config.keep().is_some() || (is_old || is_much) && deletion.older <= failed
}

fn about(deletion: &Deletion) -> String {
    let Deletion { directory, age, held_for, bytes, older, .. } = deletion;
    format!("in {directory}, {age:?} old, held for {held_for:?}, {bytes} bytes, {older} older ones")
}

fn deletions(workload: &Workload) -> usize {
    let disk = Disk::default();
    workload.run(&disk, None, |_, _| {}).unwrap();
    let state = disk.state();
    state.time.deletions.len()
}

#[test]
fn archives_go_by_their_age_and_size() {
    for workload in workloads() {
        assert!(deletions(&workload) > 0, "{}", workload.summary());
    }
}

/// Here the clock makes great steps between two looks, which the hours of the watch do not follow when processes are
/// killed. So nothing else happens.
#[test]
fn archives_that_time_has_rotated_go_by_their_age() {
    let script = ["s4096", "rotate=1h", "age=3h", "./a", "age=1d", "rotate=1h", "compress=gzip:1", "./b"];
    let workload = Workload { chunks: vec![250], ..Workload::new(&script, 60, 600) };
    assert!(deletions(&workload) > 0);
    check(&workload, &workload.expected(), None, &[]).unwrap();
}

#[test]
fn what_a_step_of_the_clock_makes_due_stays_for_an_hour() {
    let ages = [(1, 0), (30, 0), (3600, 0)];
    for (tempo, at) in ages {
        let mut workload = Workload::new(&["s4096", "age=1w", "./main"], 300, 600);
        workload.tempo = Duration::from_secs(tempo);
        workload.steps = vec![(60 + at, 30 * 86_400)];
        let gone = deletions(&workload);
        assert_eq!(gone > 0, tempo >= 3600, "{gone} at {tempo} seconds a look");
    }
}

#[test]
fn an_archive_that_is_too_old_waits_for_one_with_an_older_label() {
    let mut workload = Workload::new(&["t", "s4096", "age=5m", "compress=gzip:1", "./main"], 0, 0);
    workload.lines = [5508, 3640, 3060].map(|filling| line(0, filling)).to_vec();
    (workload.chunks, workload.tempo) = (vec![227], Duration::from_secs(51));
    workload.steps = vec![(60, -50_000)];
    let disk = Disk::default();
    workload.run(&disk, None, |_, _| {}).unwrap();
    let ages: Vec<u64> = disk.state().ages(0).map(|age| age.as_secs()).collect();
    assert!(ages[0] < 300 && ages[1] > 300, "{ages:?}");
    workload.check_limits(&disk).unwrap();
}

/// Age and size, alone and together; with a clock that steps.
pub(super) fn workloads() -> Vec<Workload> {
    let of = |script: &[&str], tempo, steps: &[(usize, i64)]| Workload {
        tempo: Duration::from_secs(tempo),
        steps: steps.to_vec(),
        ..Workload::new(script, 150, 600)
    };
    vec![
        of(&["s4096", "age=1m", "durable=always", "./main"], 7, &[]),
        of(&["t", "s4096", "age=10m", "compress=gzip:1", "./main"], 40, &[(45, 40_000), (60, -40_000)]),
        of(&["s4096", "age=5m", "./main"], 60, &[(30, 5_000)]),
        Workload { behind: 2, ..of(&["s4096", "cap=7k", "./main"], 1, &[]) },
        // What waits has its bytes, and what is compressed hardly any.
        Workload { behind: 2, ..of(&["s4096", "cap=6k", "compress=gzip:1", "./main"], 1, &[]) },
        of(&["s4096", "cap=9k", "age=2m", "!copy", "./a", "s4096", "age=1w", "./b"], 5, &[(40, -500)]),
        // Files are rotated each hour besides.
        Workload {
            chunks: vec![250],
            ..Workload::new(&["s4096", "cap=5k", "rotate=1h", "./a", "cap=4k", "!copy", "./b"], 90, 600)
        },
    ]
}

/// What a file has for a reader is what its name says.
#[test]
fn a_compressed_archive_has_the_time_of_its_lines() {
    let mut workload = Workload::new(&["s4096", "n100", "compress=gzip:1", "./main"], 150, 600);
    workload.tempo = Duration::from_secs(60);
    workload.behind = 2;
    let disk = Disk::default();
    workload.run(&disk, None, |_, _| {}).unwrap();
    let state = disk.state();
    let archives = state.names.iter().filter_map(|(name, inode)| Some((Archive::parse(&name.1)?, inode)));
    let mut count = 0;
    for (archive, inode) in archives {
        let inode = &state.inodes[inode];
        assert!(Label::from(inode.modified) <= archive.label);
        assert!(!content("@.gz", &inode.live).is_empty());
        count += 1;
    }
    assert!(count > 2);
}
