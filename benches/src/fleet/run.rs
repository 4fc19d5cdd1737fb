//! Lets time pass: some minutes of every day, an outage, and what comes after it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::engine::{Stream, WAY};
use super::shipper::{FULL, Lane, PATIENCE};
use super::{BYTES_PER_DAY, Fleet};

/// What a fleet came to.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Batches in a second of an ordinary day.
    pub batches: f64,
    /// Bytes of lines in a batch then.
    pub bytes: f64,
    /// The share of the time in which a stream is at work then.
    pub busy: f64,
    /// How long the first line of a batch waits then until the engine has it, in seconds: 99 of 100 batches are faster.
    pub wait: f64,
    /// Bytes that wait when the engine comes back.
    pub left: f64,
    /// The longest time that a batch waits for those before it after that, in seconds.
    pub queue: f64,
    /// How long it takes from then until no line has waited for longer than before the outage, in seconds. None: more than
    /// an hour.
    pub caught_up: Option<f64>,
}

/// The time in which everybody starts, and the time that is an ordinary day, in seconds.
const START: f64 = 60.0;
const DAY: f64 = 120.0;
/// Time passes in steps of half of this, in seconds.
const MOMENT: f64 = 2e-6;
/// Nobody waits longer for the end of an outage to be over.
pub(super) const LONGEST: f64 = 3600.0;

/// Runs a fleet through an outage of this many seconds.
pub fn run(fleet: Fleet, outage: f64) -> Outcome {
    let mut world = World::new(fleet);
    world.until(START, Engine::Up);
    world.measure();
    world.until(START + DAY, Engine::Up);
    let day = world.day.clone();
    let busy =
        world.streams.iter().map(|stream| stream.worked).sum::<f64>() / world.streams.len() as f64 / DAY;
    let down = START + DAY;
    world.until(down + outage, Engine::Down);
    let back = down + outage;
    let left = world.lanes.iter().map(|lane| lane.waiting(back)).sum();
    let mut waits = day.waits;
    waits.sort_by(f64::total_cmp);
    let wait = waits.get(waits.len() * 99 / 100).copied().unwrap_or(0.0);
    let usual = wait.max(6.0);
    let mut caught_up = None;
    let mut now = back;
    while caught_up.is_none() && now < back + LONGEST {
        now += 6.0;
        world.until(now, Engine::Up);
        if world.lanes.iter().all(|lane| lane.oldest(now) <= usual) {
            caught_up = Some(now - back);
        }
    }
    let count = day.batches.max(1) as f64;
    let queue = world.streams.iter().map(|stream| stream.queue).fold(0.0, f64::max);
    Outcome { queue, batches: count / DAY, bytes: day.bytes / count, busy, wait, left, caught_up }
}

/// Whether the engine answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Engine {
    Up,
    Down,
}

/// What is counted of an ordinary day.
#[derive(Clone, Debug, Default)]
struct Day {
    batches: u64,
    bytes: f64,
    waits: Vec<f64>,
}

struct World {
    lanes: Vec<Lane>,
    streams: Vec<Stream>,
    /// When which lane does something, in microseconds.
    events: BinaryHeap<Reverse<(u64, u32)>>,
    chance: u64,
    day: Day,
}

impl World {
    fn new(fleet: Fleet) -> World {
        let rate = BYTES_PER_DAY / 86_400.0 / f64::from(fleet.services);
        let count = fleet.machines * fleet.services;
        let streams = vec![Stream::default(); fleet.streams as usize];
        let mut world = World {
            lanes: vec![Lane::new(rate); count as usize],
            streams,
            events: BinaryHeap::new(),
            chance: 0x9e37_79b9_7f4a_7c15,
            day: Day::default(),
        };
        for lane in 0..count {
            // Not all of them begin at once.
            let at = world.random() * 5.0;
            world.lanes[lane as usize].taken = rate * at;
            world.at(at, lane);
        }
        world
    }

    /// A number from 0 up to 1, by xorshift64.
    fn random(&mut self) -> f64 {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        (self.chance >> 11) as f64 / (1u64 << 53) as f64
    }

    fn at(&mut self, time: f64, lane: u32) {
        self.events.push(Reverse(((time * 1e6) as u64, lane)));
    }

    /// An ordinary day begins.
    fn measure(&mut self) {
        self.day = Day::default();
        for stream in &mut self.streams {
            (stream.worked, stream.queue) = (0.0, 0.0);
        }
    }

    fn until(&mut self, end: f64, engine: Engine) {
        while let Some(&Reverse((micros, lane))) = self.events.peek() {
            let now = micros as f64 / 1e6;
            if now >= end {
                return;
            }
            self.events.pop();
            let next = match engine {
                Engine::Up => self.step(lane, now),
                Engine::Down => self.fail(lane, now),
            };
            self.at(next.max(now + MOMENT), lane);
        }
    }

    /// The engine is not there: when the lane tries again.
    fn fail(&mut self, lane: u32, now: f64) -> f64 {
        let chance = self.random();
        let lane = &mut self.lanes[lane as usize];
        if let Some((bytes, _)) = lane.sent.filter(|(_, taken)| *taken <= now) {
            lane.taken += bytes;
            lane.sent = None;
        }
        now + lane.back_off(chance)
    }

    /// A lane does what comes next: when it does something again.
    fn step(&mut self, lane: u32, now: f64) -> f64 {
        let chance = self.random();
        let stream = lane as usize % self.streams.len();
        let (lane, stream) = (&mut self.lanes[lane as usize], &mut self.streams[stream]);
        if let Some((bytes, taken)) = lane.sent {
            if taken + WAY > now + MOMENT {
                // The answer is late: the lane asks later what became of it.
                stream.ask(now);
                return now + lane.back_off(chance);
            }
            self.day.batches += 1;
            self.day.bytes += bytes;
            self.day.waits.push(lane.oldest(now));
            lane.taken += bytes;
            lane.sent = None;
            lane.failures = 0;
        }
        let due = lane.due(now);
        if due > now + MOMENT {
            return due;
        }
        let bytes = lane.waiting(now).min(FULL);
        let taken = stream.take(now + WAY, bytes);
        lane.sent = Some((bytes, taken));
        (taken + WAY).min(now + PATIENCE)
    }
}
