//! A follower beside every logger of the family, with every interleaving of their operations for small histories, and many
//! for larger ones.
//!
//! No line is lost that was there, none comes twice, lines that were deleted before they were read are said to be missing,
//! and nothing else is: except that where the archive in which the follower was is gone, or nobody tells what names come and
//! go, it can't know.

mod loggers;
mod schedules;
mod world;

use std::cell::RefCell;
use std::ffi::OsStr;
use std::rc::Rc;

use tai64tools::leap::Offset;

use crate::archive::Damage;
use crate::store::look;

use super::{Follower, Gap, Reader, Step};
use loggers::{Kind, Logger};
use schedules::{All, Chance};
use world::{Op, Reading, Schedule, World};

/// Takes lines and holds them against what was written.
struct Taken {
    world: Rc<World>,
    /// The line that comes next.
    next: usize,
    /// Whether it is known. What was deleted before the first look is not missing.
    begun: bool,
    gap: Option<Gap>,
    /// Whether the generation of the last line was gone when a gap was said.
    was_gone: bool,
    /// Whether the follower is told what names have come and gone. Otherwise it can't know.
    is_told: bool,
    /// The lines that were deleted before the follower began.
    deleted: Vec<usize>,
    faults: Vec<String>,
}

const FAULT: &str = "a fault";

impl Taken {
    /// Before what a history does beside the follower.
    fn new(world: &Rc<World>, history: &History) -> Taken {
        let generations = world.generation_of.borrow().clone();
        let next = match history.begin {
            Begin::Start => 0,
            Begin::Current => {
                generations.iter().position(|generation| Some(generation) == generations.last()).unwrap()
            }
        };
        Taken {
            world: world.clone(),
            next,
            begun: history.begin == Begin::Current,
            gap: None,
            was_gone: false,
            is_told: history.is_told,
            deleted: (0..generations.len()).filter(|&line| !world.has(generations[line])).collect(),
            faults: Vec::new(),
        }
    }

    fn fault(&mut self, what: String) {
        self.world.log(|| FAULT.into());
        self.faults.push(what);
    }

    fn line(&mut self, number: usize) {
        let jump = (self.next..number).any(|lost| !self.deleted.contains(&lost));
        let known = std::mem::replace(&mut self.begun, true);
        match self.gap.take() {
            None if jump && known => self.fault(format!("{}..{number} lost and not said", self.next)),
            Some(gap) if !jump && (gap.certain || !self.was_gone) => {
                self.fault(format!("gap said before {number}: {gap:?}"));
            }
            _ => {}
        }
        if number < self.next {
            self.fault(format!("{number} again"));
        }
        for lost in self.next..number {
            let generation = self.world.generation_of.borrow()[lost];
            if self.world.has(generation) {
                self.fault(format!("{lost} left out, and is there"));
            }
        }
        self.next = number + 1;
    }
}

impl Reader for Taken {
    fn lines(&mut self, lines: &[u8]) {
        for line in std::str::from_utf8(lines).unwrap().lines() {
            let number = line.trim_end_matches(" processed").rsplit(' ').next().unwrap();
            self.line(number.parse().unwrap());
        }
    }

    fn gap(&mut self, gap: Gap) {
        let last = self.next.checked_sub(1).map(|last| self.world.generation_of.borrow()[last]);
        self.was_gone = !self.is_told || last.is_none_or(|last| !self.world.has(last));
        self.gap = Some(gap);
    }

    fn damage(&mut self, name: &OsStr, damage: &Damage) {
        self.fault(format!("{name:?} {damage:?}"));
    }
}

/// Where a follower begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begin {
    Current,
    Start,
}

/// A history: what is done before the follower begins, and beside it.
#[derive(Clone)]
struct History {
    before: usize,
    ops: Vec<Op>,
    begin: Begin,
    torn: bool,
    /// Whether the follower is told what names have come and gone.
    is_told: bool,
}

/// Follows through a history, and says what was wrong.
fn faults(history: &History, schedule: Box<dyn Schedule>, log: bool) -> Vec<String> {
    let world = Rc::new(World::new(history.ops.clone(), history.torn));
    *world.journal.borrow_mut() = log.then(Vec::new);
    for _ in 0..history.before {
        world.go_on();
    }
    let reading = Reading(world.clone());
    let mut follower = match history.begin {
        Begin::Start => Follower::at_start(reading, Offset::Fixed),
        Begin::Current => {
            let snapshot = look(&reading).unwrap().snapshot;
            Follower::at_current(reading, Offset::Fixed, &snapshot, 0)
        }
    };
    let mut taken = Taken::new(&world, history);
    world.news.take();
    world.follow(schedule);
    let mut busy = 0;
    loop {
        let (done, next) = (world.done.get(), taken.next);
        let step = follower.step(&mut taken).unwrap();
        if follower.doubt().is_some_and(|doubt| !history.is_told || world.is_told(doubt)) {
            follower.confirm_doubt();
        }
        if world.done.get() != done || taken.next != next {
            busy = 0;
        } else if step == Step::Read {
            busy += 1;
            assert!(busy < 60, "it goes round and round");
        } else if world.is_over() {
            break;
        } else {
            world.go_on();
        }
    }
    let written = world.generation_of.borrow().len();
    if taken.next != written {
        taken.faults.push(format!("{}..{written} did not come", taken.next));
    }
    let log = world.journal.take().unwrap_or_default();
    // What led to the first fault.
    let to = log.iter().position(|what| what == FAULT).unwrap_or(log.len());
    taken.faults.extend_from_slice(&log[to.saturating_sub(60)..to]);
    taken.faults
}

/// Follows with every schedule. How many there were.
fn every_schedule(what: &str, history: &History, bursts: usize) -> usize {
    let shared = Rc::new(RefCell::new(Vec::new()));
    let (mut path, mut count) = (Vec::new(), 0);
    loop {
        shared.borrow_mut().clone_from(&path);
        let found = faults(history, Box::new(All::new(path, bursts, &shared)), false);
        count += 1;
        let gone = shared.borrow().clone();
        if !found.is_empty() {
            let again = faults(history, Box::new(All::new(gone, bursts, &shared)), true);
            panic!("{what}, schedule {count}: {again:#?}");
        }
        match All::next(gone) {
            Some(next) => path = next,
            None => return count,
        }
    }
}

/// Follows a history with many schedules.
fn many_schedules(what: &str, history: &History, count: u64) {
    let times: u64 = std::env::var("FOLLOW_SCHEDULES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    for seed in 0..count * times {
        let chance =
            || Box::new(Chance { state: seed * 7919, often: [2, 10, 40, 128, 230][seed as usize % 5] });
        if !faults(history, chance(), false).is_empty() {
            panic!("{what}, seed {seed}: {:#?}", faults(history, chance(), true));
        }
    }
}

fn history(kind: Kind, keep: usize, archives: usize, rotations: usize, stamped: bool) -> History {
    let mut logger = Logger::new(kind, keep, stamped);
    for _ in 0..archives {
        logger.write();
        logger.rotate();
    }
    logger.write();
    let before = logger.ops.len();
    for _ in 0..rotations {
        logger.rotate();
        logger.write();
    }
    History { before, ops: logger.ops, begin: Begin::Current, torn: false, is_told: true }
}

/// Our logger leaves alone what it seals, and deletes newer files. What is there does not tell that something between was.
#[test]
fn what_is_deleted_between_files_that_are_there_is_said_to_be_missing() {
    for kind in [Kind::OursBusy, Kind::OursBusyPacked] {
        for (keep, archives, rotations) in [(1, 0, 9), (2, 0, 9), (1, 1, 9), (1, 5, 9), (2, 6, 12)] {
            for (stamped, torn, is_told) in [
                (true, false, true),
                (true, true, true),
                (true, true, false),
                (false, true, true),
                (false, false, false),
            ] {
                for begin in [Begin::Current, Begin::Start] {
                    let history =
                        History { torn, is_told, begin, ..history(kind, keep, archives, rotations, stamped) };
                    let what = format!("{kind:?} {keep} {archives} {stamped} {torn} {is_told} {begin:?}");
                    many_schedules(&what, &history, 200);
                }
            }
        }
    }
}

#[test]
fn every_interleaving_of_a_rotation() {
    let mut count = 0;
    for kind in Kind::ALL {
        for (keep, archives) in [(9, 0), (9, 1), (1, 1)] {
            for torn in [false, true] {
                let history = History { torn, ..history(kind, keep, archives, 1, true) };
                count += every_schedule(&format!("{kind:?} {keep} {archives} {torn}"), &history, 2);
            }
        }
    }
    assert!(count > 500_000, "{count}");
}

#[test]
fn many_interleavings_of_many_rotations() {
    for kind in Kind::ALL {
        for (keep, archives, rotations) in [(1, 1, 8), (2, 2, 8), (3, 0, 8), (99, 0, 20), (99, 5, 8)] {
            for (stamped, torn) in [(true, false), (true, true), (false, true)] {
                let changes = matches!(kind, Kind::DjbProcessor | Kind::SvlogdProcessor);
                if changes && !stamped && (keep < 99 || archives == 0) {
                    // Neither name nor stamp nor text tells what the file was that a processor has made.
                    continue;
                }
                for begin in [Begin::Current, Begin::Start] {
                    let history =
                        History { torn, begin, ..history(kind, keep, archives, rotations, stamped) };
                    let what = format!("{kind:?} {keep} {archives} {rotations} {stamped} {torn} {begin:?}");
                    many_schedules(&what, &history, 200);
                }
            }
        }
    }
}

/// A clock that steps back gives new archives labels that are earlier than old ones. The order of archives from before and
/// behind two steps is known to nobody, if all of them wait at once, nor that of some which are made during one look.
#[test]
fn interleavings_of_rotations_while_the_clock_steps_back() {
    // The labels of ours do not go back.
    for kind in [Kind::Djb, Kind::DjbProcessor, Kind::S6, Kind::Svlogd, Kind::SvlogdProcessor] {
        for step in 0..5 {
            let mut logger = Logger::new(kind, 99, true);
            logger.write();
            logger.rotate();
            logger.write();
            let before = logger.ops.len();
            for rotation in 0..5 {
                if rotation == step {
                    logger.step_back(100);
                }
                logger.rotate();
                logger.write();
            }
            for torn in [false, true] {
                let history =
                    History { before, ops: logger.ops.clone(), begin: Begin::Current, torn, is_told: true };
                many_schedules(&format!("{kind:?} {step} {torn}"), &history, 300);
            }
        }
    }
}
