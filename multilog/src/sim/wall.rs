//! The wall clock in simulation, and a watch of what it shows and of what is rotated at its hours.
//!
//! There is one wall clock, which gives labels and the times of files. Time passes in one of three ways. For most
//! workloads it stands still, and is set back a little before each process but the first. Where the ages of archives
//! matter, it passes from look to look (`time.rs`). Where a directory is rotated each hour, the clock runs: time passes while a process waits for input or after a failure, and at times the clock is set. Between two waits it
//! stands still, so that every look in the handling of one chunk shows the same hour. In some waits no line comes, and
//! then only the alarm of the process or the setting of the clock wakes it.
//!
//! The watch knows hours by a rule of its own: an hour is new when the local clock shows it for the first time.

use std::time::Duration;

use super::disk::{Entry, State};
use super::mutant::Mutant;

/// When it is first looked at, in seconds since 1970.
pub(super) const BEGIN: i64 = 1_000_000;
/// How long a wait is in which a line comes: not a divisor of an hour.
const WAIT: i64 = 411;
/// How long a wait is in which none comes, unless something wakes the process.
const IDLE: i64 = 4000;
/// How long it may be from one look of a process to the next, where it runs and nothing fails.
pub(super) const BETWEEN_LOOKS: Duration = Duration::from_secs((IDLE + 2 * WAIT).unsigned_abs());
/// How long a pause is.
const PAUSE: i64 = 1300;
/// How long the time between two processes is at times.
const DOWN: i64 = 5000;
/// How far the clock is set back otherwise when a process is started.
const LOST: i64 = 2500;
/// How far the clock of other workloads is set back when a process is started.
const BEHIND: i64 = 10;
/// How long a season is, at the end of which summer time begins or ends.
const SEASON: i64 = 17_000;
/// By how much the local clock is ahead in summer.
const SUMMER: i64 = 1800;

/// A clock, and what a watch of it sees.
#[derive(Clone, Debug)]
pub(crate) struct Wall {
    now: i64,
    /// How many seconds have passed. Setting the clock does not change that.
    passed: i64,
    /// The directories that are rotated each hour, and how long a file is in each that may be rotated as full.
    hourly: Vec<(usize, u64)>,
    waits: u64,
    /// What it showed at the last look.
    looked: i64,
    /// The latest hour that it has shown to any process.
    latest: i64,
    /// When it wakes the process in hand.
    alarm: Option<i64>,
    /// By how many hours it was set back in all.
    set_back: i64,
    /// The hour of the last rotation by time of each directory.
    rotated: Vec<i64>,
    starts: usize,
    /// A boundary that was missed.
    missed: Option<String>,
    /// A boundary that was acted on twice.
    repeated: Option<String>,
}

impl Default for Wall {
    fn default() -> Wall {
        Wall {
            now: BEGIN,
            passed: 0,
            hourly: Vec::new(),
            waits: 0,
            looked: BEGIN,
            latest: 0,
            alarm: None,
            set_back: 0,
            rotated: Vec::new(),
            starts: 0,
            missed: None,
            repeated: None,
        }
    }
}

/// What ends a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// The next chunk of the input.
    Input,
    /// The alarm, which rings when it is time or the clock is set.
    Alarm,
}

impl Wall {
    /// It runs, and is watched for these directories: whether each is rotated each hour, and when it is full.
    pub(super) fn watch(&mut self, directories: impl Iterator<Item = (bool, u64)>) {
        let directories: Vec<(usize, (bool, u64))> = directories.enumerate().collect();
        self.rotated = vec![0; directories.len()];
        let hourly = directories.into_iter().filter(|(_, (is_hourly, _))| *is_hourly);
        self.hourly = hourly.map(|(directory, (_, full))| (directory, full)).collect();
    }

    /// Whether it runs.
    pub(super) fn runs(&self) -> bool {
        !self.hourly.is_empty()
    }

    /// A process is started. The result is the number of seconds by which the clock is set first.
    pub(super) fn start(&mut self) -> i64 {
        self.alarm = None;
        self.starts += 1;
        match (self.starts, self.runs()) {
            (1, _) => 0,
            (_, false) => -BEHIND,
            (_, true) if self.waits % 2 == 0 => {
                self.elapse(DOWN);
                0
            }
            (_, true) => -LOST,
        }
    }

    /// Time passes.
    pub(super) fn elapse(&mut self, seconds: i64) {
        self.now += seconds;
        self.passed += seconds;
    }

    /// The clock is set.
    pub(super) fn set(&mut self, seconds: i64) {
        self.now += seconds;
    }

    /// How many seconds have passed.
    pub(super) fn passed(&self) -> i64 {
        self.passed
    }

    /// What it shows, in seconds since 1970.
    pub(super) fn shows(&self) -> i64 {
        self.now
    }

    /// A process looks at it.
    pub(super) fn look(&mut self, mutant: Option<Mutant>) -> i64 {
        self.looked = self.now;
        self.latest = self.latest.max(hour_of(self.now));
        self.now + self.forgotten(mutant)
    }

    /// A process wants to be woken.
    pub(super) fn set_alarm(&mut self, at: i64, mutant: Option<Mutant>) {
        self.alarm =
            Some(at - self.forgotten(mutant)).filter(|_| mutant != Some(Mutant::SleepsThroughBoundaries));
    }

    /// To a program that forgets the last boundary, the hours that come again are those that come next.
    fn forgotten(&self, mutant: Option<Mutant>) -> i64 {
        if mutant == Some(Mutant::ForgetsTheLastBoundary) { self.set_back * 3600 } else { 0 }
    }

    /// A process waits after a failure.
    pub(super) fn pause(&mut self) {
        if self.runs() {
            self.elapse(PAUSE);
        }
    }

    /// Time passes until a line comes or the alarm rings, and at times the clock is set.
    fn pass(&mut self) -> End {
        self.waits += 1;
        let set = match self.waits % 22 {
            7 | 18 => -5000,
            13 => 15_000,
            _ => 0,
        };
        if set != 0 {
            self.set_back += (hour_of(self.now) - hour_of(self.now + set)).max(0);
            self.set(set);
            return if self.alarm.is_some() { End::Alarm } else { End::Input };
        }
        if self.waits % 5 == 2 {
            let end = self.now + IDLE;
            let woken = self.alarm.filter(|&alarm| alarm <= end).map_or(end, |alarm| alarm.max(self.now));
            self.elapse(woken - self.now);
            return if self.now < end { End::Alarm } else { End::Input };
        }
        self.elapse(WAIT);
        End::Input
    }

    /// No boundary was missed in any run.
    pub(super) fn check(&self) -> Result<(), String> {
        self.missed.clone().map_or(Ok(()), Err)
    }

    /// No boundary was acted on twice, where nothing but boundaries and sizes rotate a file.
    pub(super) fn check_repeated(&self) -> Result<(), String> {
        self.repeated.clone().map_or(Ok(()), Err)
    }
}

impl State {
    /// A process waits for input.
    pub(super) fn wait(&mut self) -> End {
        if !self.wall.runs() {
            return End::Input;
        }
        // It has looked since the last wait, and has acted on what it has seen.
        self.find_missed(self.wall.looked, "nothing was rotated at an hour that the clock has shown");
        let set = self.wall.now - self.wall.passed;
        let end = self.wall.pass();
        let set = self.wall.now - self.wall.passed - set;
        if set != 0 {
            self.note_step(set);
        }
        if end == End::Input && self.wall.alarm.is_none_or(|alarm| alarm > self.wall.now) {
            self.find_missed(self.wall.now, "no line came, and nothing woke the process for a new hour");
        }
        end
    }

    /// Notes where a `current` has lines of before the hour of a moment.
    fn find_missed(&mut self, at: i64, said: &str) {
        for (directory, _) in self.wall.hourly.clone() {
            let current = self.names.get(&(directory, "current".into()));
            let is_old = current.is_some_and(|number| {
                let inode = &self.inodes[number];
                // In that of another program nobody of ours has written.
                let is_ours = !inode.live.is_empty() && inode.hour > 0;
                is_ours && inode.hour < hour_of(at) && !inode.age_is_lost
            });
            if is_old {
                let said = format!("{said}, {} at {at} in directory {directory}", hour_of(at));
                self.wall.missed.get_or_insert(said);
            }
        }
    }

    /// Bytes are added to a file.
    pub(super) fn write(&mut self, number: u64, bytes: &[u8]) {
        let is_current =
            |&(directory, _): &(usize, u64)| self.names.get(&(directory, "current".into())) == Some(&number);
        if self.wall.hourly.iter().any(is_current) {
            self.find_missed(self.wall.looked, "lines of two hours are in one file");
        }
        let (modified, hour) = (self.moment(), self.wall.latest.max(hour_of(self.wall.now)));
        let inode = self.inode(number);
        inode.live.extend_from_slice(bytes);
        (inode.modified, inode.hour, inode.age_is_lost) = (modified, hour, false);
    }

    /// A file gets a name. If it was `current` and is not full, time has rotated it.
    pub(super) fn note_rotation(&mut self, name: &Entry, number: u64) {
        let (directory, name) = name;
        let is_current = self.names.get(&(*directory, "current".into())) == Some(&number);
        let hourly = self.wall.hourly.iter().find(|(hourly, _)| hourly == directory);
        let Some(&(_, full)) = hourly.filter(|_| is_current && name != "current") else { return };
        let length = self.inodes[&number].live.len() as u64;
        if length == 0 || length >= full {
            return;
        }
        let hour = hour_of(self.wall.looked);
        if hour <= self.wall.rotated[*directory] {
            let at = self.wall.looked;
            self.wall
                .repeated
                .get_or_insert(format!("hour {hour} at {at} rotates directory {directory} again"));
        }
        self.wall.rotated[*directory] = hour;
    }
}

/// By how many seconds the local clock is ahead.
pub(super) fn ahead(at: i64, mutant: Option<Mutant>) -> i64 {
    let summer = if is_summer(at) { SUMMER } else { 0 };
    summer + if mutant == Some(Mutant::CountsFromTheStart) { 1000 } else { 0 }
}

fn is_summer(at: i64) -> bool {
    at.div_euclid(SEASON) % 2 == 1
}

/// The latest hour that the local clock has shown by then.
fn hour_of(at: i64) -> i64 {
    let end_of_summer = at.div_euclid(SEASON) * SEASON - 1;
    let latest = if is_summer(at) { at + SUMMER } else { at.max(end_of_summer + SUMMER) };
    latest.div_euclid(3600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_the_latest_that_was_shown() {
        let mut latest = i64::MIN;
        for at in 0..5 * SEASON {
            latest = latest.max((at + ahead(at, None)).div_euclid(3600));
            assert_eq!(hour_of(at), latest, "{at}");
        }
    }
}
