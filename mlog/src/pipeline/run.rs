//! `run`: hands out pieces, takes what comes of them, and passes lines on.

use std::num::NonZero;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, Sender, unbounded};

use crate::archive::SMALL;
use crate::merge::{Merger, Pile, Queue, Spill};
use crate::search::{Entry, FEW, Part, Query, Reading, Worker};
use crate::show::{Gone, Painter, Skin};

use super::Trouble;
use super::assembly::Order;
use super::source::{Given, Job, Room, Source};

/// So much may wait in memory besides one piece of each directory.
const LIMIT: usize = 10 << 20;
/// What may come of a piece.
const RESERVE: usize = 2 << 20;
/// Workers at most: the memory of more is not bounded by what is promised.
const WORKERS: usize = 8;
/// Decoders may have so much memory besides one of each directory.
const DECODERS: u64 = 10 << 20;
/// Lines that come backwards may wait in so much memory; the same of each where there are some directories, or many.
const PILE: usize = 2 << 20;
const SOME_PILE: usize = 1 << 20;
const LITTLE_PILE: usize = 256 << 10;

/// How directories are read.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The order of segments and lines.
    pub(super) order: Order,
    /// The most lines that are wanted of each directory, which come backwards.
    pub(super) most: Option<usize>,
    /// Whether more is read than was asked for so far.
    pub(super) eager: bool,
}

impl Plan {
    /// Everything, the oldest first.
    pub fn forward() -> Plan {
        Plan { order: Order::Forward, most: None, eager: true }
    }

    /// The newest lines first, up to a number of them. `eager`: the wanted lines may be far away.
    pub fn backward(query: &Query, most: Option<usize>, eager: bool) -> Plan {
        // Without keys a file may be read from its end.
        let order = if query.keys { Order::Files } else { Order::Segments };
        Plan { order, most, eager }
    }
}

/// Why a run ends early.
#[derive(Debug)]
pub enum Stop {
    /// There are lines enough.
    Enough,
    /// The output is gone.
    Gone(Gone),
}

impl From<Gone> for Stop {
    fn from(gone: Gone) -> Stop {
        Stop::Gone(gone)
    }
}

/// Where lines go.
pub trait Sink {
    /// Takes lines that need not be told apart.
    fn plain(&mut self, bytes: &[u8]) -> Result<(), Stop>;
    /// Takes a line of a directory.
    fn line(&mut self, source: usize, entry: Entry, bytes: &[u8]) -> Result<(), Stop>;
    /// So much text was read more, and nothing waits at the moment.
    fn progress(&mut self, _text: u64) {}
}

type Done = (usize, u64, Box<Reading>, Part);

/// Reads directories, and says how many lines of each are wanted themselves.
pub fn run(
    given: &[Given],
    plan: &Plan,
    query: &Arc<Query>,
    sink: &mut dyn Sink,
    trouble: &mut Trouble,
) -> Result<Vec<u64>, Stop> {
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(WORKERS);
    let skins: Arc<Vec<Arc<Skin>>> = Arc::new(given.iter().map(|given| given.skin.clone()).collect());
    let (jobs, to_do) = unbounded::<Job>();
    let (done, results) = unbounded::<Done>();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (to_do, done, skins, query) = (to_do.clone(), done.clone(), skins.clone(), query.clone());
            scope.spawn(move || work(&to_do, &done, &skins, query));
        }
        drop(done);
        let spill = Spill::default();
        let room = match given.len() {
            1 => PILE,
            2..=FEW => SOME_PILE,
            _ => LITTLE_PILE,
        };
        let source = |given| Source::new(given, plan, query, Pile::new(spill.clone(), room));
        let sources = given.iter().map(source).collect::<Vec<_>>();
        let queues = given.iter().map(|_| Queue::default()).collect();
        let merger = Merger::new(given.len(), plan.order.direction());
        let is_backward = plan.order != Order::Forward;
        let eager = plan.eager;
        let mut drive =
            Drive { sources, queues, merger, jobs, results, in_hand: 0, workers, eager, is_backward };
        let hits = drive.run(sink, trouble);
        trouble.failed |= spill.has_lost();
        hits
    })
}

fn work(to_do: &Receiver<Job>, done: &Sender<Done>, skins: &[Arc<Skin>], query: Arc<Query>) {
    let mut worker = Worker::new(query, skins.len());
    let mut painters: Vec<Option<Painter>> = skins.iter().map(|_| None).collect();
    while let Ok(Job { source, lane, mut reading }) = to_do.recv() {
        let painter = painters[source].get_or_insert_with(|| Painter::new(skins[source].clone()));
        let part = worker.step(&mut reading, painter);
        if done.send((source, lane, reading, part)).is_err() {
            return;
        }
    }
}

struct Drive {
    sources: Vec<Source>,
    queues: Vec<Queue>,
    merger: Merger,
    jobs: Sender<Job>,
    results: Receiver<Done>,
    in_hand: usize,
    workers: usize,
    eager: bool,
    is_backward: bool,
}

impl Drive {
    fn run(&mut self, sink: &mut dyn Sink, trouble: &mut Trouble) -> Result<Vec<u64>, Stop> {
        loop {
            // First what is there: it may be enough.
            self.pass_on(sink)?;
            self.hand_out(trouble);
            if self.in_hand == 0 && self.sources.iter().all(Source::is_over) {
                self.pass_on(sink)?;
                return Ok(self.sources.iter().map(|source| source.assembly.hits).collect());
            }
            if self.in_hand == 0 {
                continue;
            }
            let Ok(done) = self.results.recv() else { return Err(Stop::Enough) };
            let mut next = Some(done);
            while let Some((source, lane, reading, part)) = next {
                self.in_hand -= 1;
                sink.progress(part.text);
                self.sources[source].deliver(lane, reading, part, trouble);
                next = self.results.try_recv().ok();
            }
        }
    }

    fn hand_out(&mut self, trouble: &mut Trouble) {
        let mut open = self.sources.iter().filter(|source| source.is_open()).count();
        for source in 0..self.sources.len() {
            // What comes backwards waits for nobody while it is read, so few directories need open files at once.
            let may_open = !self.is_backward || open < FEW || self.sources[source].is_open();
            // While the last lines wait those that follow are read.
            let is_due =
                self.queues[source].batches() < 2 || self.is_backward && self.sources[source].is_open();
            if may_open && is_due && self.sources[source].is_starving() {
                open += usize::from(!self.sources[source].is_open());
                self.job(source, Room { lanes: 1, decoders: 0 }, trouble);
            }
        }
        let most = if self.eager { 3 * self.workers } else { 0 };
        while self.in_hand < most && self.waiting() < LIMIT {
            let used: u64 = self.sources.iter().map(Source::decoders).sum();
            let room = Room { lanes: most + 1, decoders: DECODERS.saturating_sub(used) };
            if room.decoders < SMALL {
                break;
            }
            let may_open = |source: usize| !self.is_backward || self.sources[source].is_open();
            let sources: Vec<usize> = (0..self.sources.len()).filter(|&source| may_open(source)).collect();
            if !sources.into_iter().any(|source| self.job(source, room, trouble)) {
                break;
            }
        }
    }

    /// How much waits, or may.
    fn waiting(&self) -> usize {
        let lanes: usize = self.sources.iter().map(Source::bytes).sum();
        let queues: usize = self.queues.iter().map(Queue::bytes).sum();
        lanes + queues + self.in_hand * RESERVE
    }

    /// Hands out a piece of a directory, if there is one and there is room for it.
    fn job(&mut self, source: usize, room: Room, trouble: &mut Trouble) -> bool {
        // The window of one decoder may be as large as it is where nobody else reads.
        let allowed = if self.sources.len() == 1 { u64::MAX } else { SMALL };
        let job = self.sources[source].job(source, room, allowed, trouble);
        let sent = job.is_some_and(|job| self.jobs.send(job).is_ok());
        self.in_hand += usize::from(sent);
        sent
    }

    fn pass_on(&mut self, sink: &mut dyn Sink) -> Result<(), Stop> {
        for (source, queue) in self.sources.iter_mut().zip(&mut self.queues) {
            for bytes in source.assembly.plain.drain(..) {
                sink.plain(&bytes)?;
            }
            for batch in source.assembly.ready.drain(..) {
                queue.push(batch);
            }
        }
        let Drive { sources, queues, merger, .. } = self;
        let over = |source: usize| sources[source].is_over();
        merger.run(queues, &over, |source, entry, bytes| sink.line(source, entry, bytes))
    }
}
