//! The wall clock in simulation, where it runs: some minutes pass with each look at it, and at times it is set.

use std::sync::OnceLock;

use super::mutant::Mutant;

/// When it is first looked at, in seconds since 1970.
const BEGIN: i64 = 1_000_000;
/// How far it goes on with each look: not a divisor of an hour.
const LOOK: i64 = 411;
/// How far it is behind whenever a process is started.
const LOST: i64 = 2500;
/// How long a season is, at the end of which summer time begins or ends.
const SEASON: i64 = 17_000;

/// A clock, and what a watch of it sees.
#[derive(Clone, Debug)]
pub(crate) struct Wall {
    now: i64,
    looks: u64,
    /// The latest hour that it has shown.
    hour: i64,
    /// How often it has shown an hour later than all before.
    pub(super) hours: usize,
    /// The latest hour that a process has found at its start.
    pub(super) found: i64,
    /// Whether the process in hand has not looked at it yet.
    unseen: bool,
    /// How many processes were started.
    pub(super) starts: usize,
}

impl Default for Wall {
    fn default() -> Wall {
        Wall { now: BEGIN, looks: 0, hour: hour_of(BEGIN), hours: 0, found: 0, unseen: true, starts: 0 }
    }
}

impl Wall {
    /// A process is started.
    pub(super) fn start(&mut self) {
        self.now -= if self.starts > 0 { LOST } else { 0 };
        self.starts += 1;
        self.unseen = true;
    }

    /// What it shows, in seconds since 1970.
    pub(super) fn shows(&self) -> i64 {
        self.now
    }

    /// Looks at it.
    pub(super) fn look(&mut self) -> i64 {
        self.looks += 1;
        self.now += match self.looks % 29 {
            7 => -5000,
            13 => 15_000,
            23 => -LOOK,
            _ => LOOK,
        };
        if hour_of(self.now) > self.hour {
            self.hour = hour_of(self.now);
            self.hours += 1;
        }
        if std::mem::take(&mut self.unseen) {
            self.found = self.found.max(hour_of(self.now));
        }
        self.now
    }
}

/// By how many seconds the local clock is ahead.
pub(super) fn offset(at: i64, mutant: Option<Mutant>) -> i32 {
    let summer = if at.div_euclid(SEASON) % 2 == 0 { 0 } else { 1800 };
    summer + if mutant == Some(Mutant::CountsFromTheStart) { 1000 } else { 0 }
}

/// How many hours the local clock has shown for the first time from 1970 until `at`.
pub(super) fn hour_of(at: i64) -> i64 {
    static BEGUN: OnceLock<Vec<i64>> = OnceLock::new();
    let begun = BEGUN.get_or_init(|| {
        let shows = |at: &i64| (at + i64::from(offset(*at, None))).div_euclid(3600);
        let mut latest = i64::MIN;
        let is_first = |at: &i64| {
            let before = latest;
            latest = latest.max(shows(at));
            latest > before
        };
        (0..2 * BEGIN).filter(is_first).collect()
    });
    begun.partition_point(|&begin| begin <= at) as i64
}
