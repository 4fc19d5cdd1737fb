//! One directory of a run: what of it has still to be read, the lanes of what is being read, and its assembly.

use std::collections::{HashSet, VecDeque};
use std::fs::File;
use std::io;
use std::sync::Arc;

use tai64tools::Label;
use unix::diag::Message;

use crate::archive::{Declared, SMALL, Segment, begins_with, segments};
use crate::merge::Pile;
use crate::plan::{Later, Planned, Range, Which};
use crate::search::{Part, Query, Reading};
use crate::show::{Painter, Skin};
use crate::store::{Generation, State, Store, shown, whole_lines};

use super::Trouble;
use super::assembly::{Assembly, Order, Place};
use super::run::Plan;

/// What is given of a directory.
#[derive(Clone, Debug)]
pub struct Given {
    /// Where it is.
    pub store: Store,
    /// What has to be looked at.
    pub planned: Vec<Planned>,
    /// Which moments are wanted.
    pub range: Range,
    /// How its lines are shown.
    pub skin: Arc<Skin>,
}

/// A directory that is being read.
pub struct Source {
    store: Store,
    planned: VecDeque<Planned>,
    /// Segments of opened files, in the order in which they are read.
    segments: VecDeque<(Segment, Arc<str>, Bounds)>,
    lanes: VecDeque<Lane>,
    /// The number of the first lane.
    first: u64,
    order: Order,
    pub(super) assembly: Assembly,
    /// Files of which it was said that something of them can't be read.
    damaged: HashSet<Arc<str>>,
}

/// An open file, how much of it is read, and its state.
type Opened = (Arc<File>, u64, State);

/// The least and the greatest key of a file.
type Bounds = (Option<Label>, Option<Label>);

/// A segment that is being read.
struct Lane {
    state: Stage,
    parts: VecDeque<Part>,
    bytes: usize,
    place: Place,
    begun: bool,
    name: Arc<str>,
    /// The window that its decoder may have in memory.
    window: u64,
}

/// What there is room for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// How many lanes may be open.
    pub(super) lanes: usize,
    /// A decoder besides the first one of a directory may take so much.
    pub(super) decoders: u64,
}

enum Stage {
    Waiting(Box<Reading>),
    Running,
    Over,
}

/// A piece of work: so far the lane was read.
pub(super) struct Job {
    pub(super) source: usize,
    pub(super) lane: u64,
    pub(super) reading: Box<Reading>,
}

impl Source {
    pub(super) fn new(given: &Given, plan: &Plan, query: &Arc<Query>, pile: Pile) -> Source {
        let mut planned = VecDeque::from(given.planned.clone());
        if plan.order != Order::Forward {
            planned.make_contiguous().reverse();
        }
        let painter = Painter::new(given.skin.clone());
        let assembly =
            Assembly::new(query.clone(), painter, plan.order, given.range, pile).at_most(plan.most);
        Source {
            store: given.store.clone(),
            planned,
            segments: VecDeque::new(),
            lanes: VecDeque::new(),
            first: 0,
            order: plan.order,
            assembly,
            damaged: HashSet::new(),
        }
    }

    /// Whether nothing more comes.
    pub(super) fn is_over(&self) -> bool {
        self.lanes.is_empty() && self.segments.is_empty() && self.planned.is_empty()
    }

    /// Whether the next line can only come of a piece that nobody has in hand.
    pub(super) fn is_starving(&self) -> bool {
        match self.lanes.front() {
            Some(lane) => matches!(lane.state, Stage::Waiting(_)),
            None => !self.is_over(),
        }
    }

    /// How many bytes wait in lanes, and behind them until they can be passed on.
    pub(super) fn bytes(&self) -> usize {
        self.lanes.iter().map(|lane| lane.bytes).sum::<usize>() + self.assembly.bytes()
    }

    /// Whether something of it is being read.
    pub(super) fn is_open(&self) -> bool {
        !self.lanes.is_empty()
    }

    /// How much the decoders of all lanes but the first may take.
    pub(super) fn decoders(&self) -> u64 {
        let is_read = |lane: &&Lane| !matches!(lane.state, Stage::Over);
        self.lanes.iter().skip(1).filter(is_read).map(|lane| lane.window).sum()
    }

    /// The next piece of work. `allowed` is the largest window that may be kept in memory.
    pub(super) fn job(
        &mut self,
        source: usize,
        room: Room,
        allowed: u64,
        trouble: &mut Trouble,
    ) -> Option<Job> {
        for (at, lane) in self.lanes.iter_mut().enumerate() {
            if let Stage::Waiting(_) = lane.state {
                if let Stage::Waiting(reading) = std::mem::replace(&mut lane.state, Stage::Running) {
                    return Some(Job { source, lane: self.first + at as u64, reading });
                }
            }
        }
        if self.lanes.len() >= room.lanes {
            return None;
        }
        while self.segments.is_empty() {
            let planned = self.planned.pop_front()?;
            self.open(planned, trouble);
        }
        let (segment, _, _) = self.segments.front()?;
        let window = segment.window.max(SMALL).min(allowed);
        if !self.lanes.is_empty() && segment.window > 0 && window > room.decoders {
            return None;
        }
        let (segment, name, (floor, ceiling)) = self.segments.pop_front()?;
        let place = Place { first: segment.first, last: segment.last, floor, ceiling };
        let reading = Box::new(Reading::new(&segment, window));
        let state = Stage::Running;
        let window = segment.window.min(window);
        let parts = VecDeque::new();
        self.lanes.push_back(Lane { state, parts, bytes: 0, place, begun: false, name, window });
        Some(Job { source, lane: self.first + self.lanes.len() as u64 - 1, reading })
    }

    fn open(&mut self, planned: Planned, trouble: &mut Trouble) {
        let opened = match &planned.which {
            Which::Archive(generation) => {
                let found = self.store.open(generation);
                found.and_then(|found| found.map_or(Ok(None), |(file, state)| opened(file, None, state)))
            }
            Which::Held(held) => opened(held.file.clone(), held.size, held.state),
            Which::Later(later) => self.later(later),
        };
        let begun = opened.and_then(|opened| {
            let Some((file, size, state)) = opened else { return Ok(None) };
            // The end of a line that is being written comes soon.
            let is_growing = state == State::Current && self.store.is_written();
            let size = if is_growing { whole_lines(&file, size)? } else { size };
            Ok(Some(segments(&file, size, state.declared())?))
        });
        match begun {
            Ok(Some(mut segments)) => {
                if self.order == Order::Segments {
                    segments.reverse();
                }
                let name: Arc<str> = planned.which.name().to_string_lossy().into();
                self.segments.extend(
                    segments
                        .into_iter()
                        .map(|segment| (segment, name.clone(), (planned.floor, planned.ceiling))),
                );
            }
            Ok(None) => trouble.miss(&self.about(&planned).and(" was deleted before it was read")),
            Err(error) => trouble
                .fail(&Message::new("unable to read ").and(self.about(&planned).as_bytes()).because(&error)),
        }
    }

    fn about(&self, planned: &Planned) -> Message {
        Message::new(shown(&self.store.path.join(planned.which.name())))
    }

    /// A generation that had no label. As long as the newest label of that time is there, nothing behind it was deleted,
    /// and its place tells which it is; otherwise its text does.
    fn later(&self, later: &Later) -> io::Result<Option<Opened>> {
        let snapshot = self.store.snapshot()?;
        let is_there =
            later.newest.is_some() && snapshot.archives.iter().any(|archive| archive.label == later.newest);
        let is_behind =
            |generation: &&Generation| generation.label.is_none() || generation.label > later.newest;
        for (place, generation) in snapshot.archives.iter().filter(is_behind).enumerate() {
            if is_there && place != later.between {
                continue;
            }
            let Some((file, state)) = snapshot.open(&self.store, generation)? else { continue };
            if is_there || begins_with(&file, state.declared(), &later.start)? {
                return opened(file, None, state);
            }
        }
        let Some((file, size)) = snapshot.current else { return Ok(None) };
        if is_there || begins_with(&file, Declared::Grows, &later.start)? {
            return opened(file, Some(size), State::Current);
        }
        Ok(None)
    }

    /// Takes what came of a piece.
    pub(super) fn deliver(&mut self, lane: u64, reading: Box<Reading>, part: Part, trouble: &mut Trouble) {
        let Some(at) = lane.checked_sub(self.first).and_then(|at| usize::try_from(at).ok()) else { return };
        let Some(lane) = self.lanes.get_mut(at) else { return };
        if let Some(damage) = part.damage.as_ref().filter(|_| self.damaged.insert(lane.name.clone())) {
            let place = shown(&self.store.path).to_vec();
            trouble.miss(
                &Message::new(place).and("/").and(lane.name.as_bytes()).and(" can't be read ").and(&damage.0),
            );
        }
        lane.state = if part.over { Stage::Over } else { Stage::Waiting(reading) };
        lane.bytes += part.lines.size();
        lane.parts.push_back(part);
        self.drain();
    }

    /// Puts together what is there of the first lanes.
    fn drain(&mut self) {
        while let Some(lane) = self.lanes.front_mut() {
            while let Some(part) = lane.parts.pop_front() {
                lane.bytes -= part.lines.size();
                self.assembly.take(part, lane.place, !lane.begun);
                lane.begun = true;
            }
            if !matches!(lane.state, Stage::Over) {
                break;
            }
            self.lanes.pop_front();
            self.first += 1;
        }
        if self.assembly.done {
            self.first += self.lanes.len() as u64;
            self.lanes.clear();
            self.segments.clear();
            self.planned.clear();
        }
    }
}

/// What was opened; all of it is read, where nothing else is said.
fn opened(file: Arc<File>, size: Option<u64>, state: State) -> io::Result<Option<Opened>> {
    let size = size.map_or_else(|| file.metadata().map(|metadata| metadata.len()), Ok)?;
    Ok(Some((file, size, state)))
}
