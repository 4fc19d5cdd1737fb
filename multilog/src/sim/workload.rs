//! Workloads: a script, an input, what has to be in the directories, and how to run it to its end through
//! whatever happens.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, UNIX_EPOCH};

use tai64tools::{Label, Stamp, Stamper};
use unix::memory;

use super::disk::Disk;
use super::files::SimFs;
use super::host::SimHost;
use super::mutant::Mutant;
use super::poor::Lacks;
use super::surroundings::{SimInput, Source};
use super::trouble::{Killed, Trouble};
use super::wall::BEGIN;
use crate::descriptors::Plan;
use crate::intake::Care;
use crate::output::newline_window;
use crate::script::{Action, Cycle, LogConfig, MaxAge, Script, Value};
use crate::sealer::Threading;
use crate::start::{self, Circumstances};

/// More processes than this and a run gets nowhere.
const PROCESSES: u64 = 30;

#[derive(Clone, Debug)]
pub(super) struct Workload {
    pub(super) script: Vec<String>,
    /// Without their newlines.
    pub(super) lines: Vec<Vec<u8>>,
    /// How many bytes the writer writes at once, again and again.
    pub(super) chunks: Vec<usize>,
    pub(super) source: Source,
    /// The last line lacks its newline.
    pub(super) open_end: bool,
    /// How many full files wait before one is sealed.
    pub(super) behind: usize,
    pub(super) journal: Journal,
    /// What the file system lacks.
    pub(super) lacks: Lacks,
    /// Larger pieces of memory are refused.
    pub(super) memory: usize,
    /// How much time passes with each look at the clock.
    pub(super) tempo: Duration,
    /// At which look the clock steps, and by how many seconds.
    pub(super) steps: Vec<(usize, i64)>,
}

/// Whether there is a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Journal {
    Kept,
    /// The kernel does not tell which run of the machine it is.
    Impossible,
}

/// Whether it is part of a line that is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IsPiece {
    Yes,
    No,
}

/// `line 000123 xxx...`
pub(super) fn line(number: usize, filling: usize) -> Vec<u8> {
    format!("line {number:06} {}", "x".repeat(filling)).into_bytes()
}

impl Workload {
    /// Numbered lines, some of them `longest` bytes long and different everywhere, for a script that splits them.
    pub(super) fn split(script: &[&str], lines: usize, longest: usize) -> Workload {
        let mut workload = Workload::new(script, lines, longest);
        let numbers: Vec<u8> = (0..longest).flat_map(|n| format!("{n:06} ").into_bytes()).collect();
        for line in workload.lines.iter_mut().filter(|line| line.len() > 900) {
            let behind = line.len() - "line 000000 ".len();
            line.truncate("line 000000 ".len());
            line.extend_from_slice(&numbers[..behind]);
        }
        workload
    }

    /// Numbered lines, some of them `longest` bytes long.
    pub(super) fn new(script: &[&str], lines: usize, longest: usize) -> Workload {
        let filling = |n: usize| match n % 40 {
            13 => longest,
            29 => 0,
            _ => 30 + n % 30,
        };
        Workload {
            script: script.iter().map(ToString::to_string).collect(),
            lines: (0..lines).map(|n| line(n, filling(n))).collect(),
            chunks: vec![977],
            source: Source::Pipe,
            open_end: false,
            behind: 0,
            journal: Journal::Kept,
            lacks: Lacks::default(),
            memory: usize::MAX,
            tempo: Duration::ZERO,
            steps: Vec::new(),
        }
    }

    /// What it is, for reports.
    pub(super) fn summary(&self) -> String {
        let lengths: Vec<usize> = self.lines.iter().map(Vec::len).collect();
        let Workload { script, chunks, source, open_end, behind, lacks, memory, .. } = self;
        let about = format!("open end {open_end}, {behind} behind, {lacks:?}, memory {memory}");
        format!("{script:?} {lengths:?} {source:?} in {chunks:?}, {about}")
    }

    pub(super) fn script(&self) -> Script {
        Script::parse(self.script.iter().map(Into::into).collect()).unwrap()
    }

    /// How many directories the script names.
    pub(super) fn directories(&self) -> usize {
        self.script().logs.len()
    }

    pub(super) fn input(&self) -> Vec<Vec<u8>> {
        let mut bytes = self.lines.join(&b'\n');
        if !self.open_end && !self.lines.is_empty() {
            bytes.push(b'\n');
        }
        let (mut chunks, mut rest, mut sizes) = (Vec::new(), &bytes[..], self.chunks.iter().cycle());
        while !rest.is_empty() {
            let (chunk, more) = rest.split_at(rest.len().min(*sizes.next().unwrap()));
            chunks.push(chunk.to_vec());
            rest = more;
        }
        chunks
    }

    /// Whether lines go to standard output.
    pub(super) fn prints(&self) -> bool {
        self.script().output.is_some()
    }

    /// The lines as they are logged, those that are too long in pieces. Only these are known to be pieces.
    pub(super) fn pieces(&self) -> impl Iterator<Item = (&[u8], IsPiece)> {
        let most = self.script().maxline.map_or(usize::MAX, |most| usize::try_from(most.bytes()).unwrap());
        self.lines.iter().flat_map(move |line| {
            let is_piece = if line.len() > most { IsPiece::Yes } else { IsPiece::No };
            line.chunks(most).chain(line.is_empty().then_some(&b""[..])).map(move |piece| (piece, is_piece))
        })
    }

    /// The lines that each directory has to have, in order, and behind them those of standard output.
    pub(super) fn expected(&self) -> Vec<Vec<Vec<u8>>> {
        let script = self.script();
        let stamp = script.stamp.map(some_stamp).unwrap_or_default();
        let mut logs = vec![Vec::new(); script.logs.len() + usize::from(script.output.is_some())];
        for (line, _) in self.pieces() {
            let mut head = stamp.clone();
            head.extend_from_slice(line);
            head.truncate(crate::pattern::HEAD);
            let (mut selected, mut printed) = (true, false);
            for action in &script.actions {
                match action {
                    Action::Select(pattern) => selected |= pattern.matches(&head),
                    Action::Deselect(pattern) => selected &= !pattern.matches(&head),
                    Action::Log(log) if selected => logs[*log].push([line, &b"\n"[..]].concat()),
                    Action::Output => printed |= selected,
                    _ => {}
                }
            }
            if printed {
                logs[script.logs.len()].push([line, &b"\n"[..]].concat());
            }
        }
        logs
    }

    /// Runs process after process until one comes to the end of the input. At a power cut `cut` is asked,
    /// with how much was consumed by then.
    pub(super) fn run(
        &self,
        disk: &Disk,
        mutant: Option<Mutant>,
        mut cut: impl FnMut(&Disk, usize),
    ) -> Result<(), String> {
        self.prepare(disk);
        let input = SimInput::new(disk.clone(), self.source, &self.input());
        for _ in 0..PROCESSES {
            disk.start();
            let power = disk.state().faults_left().contains(&Trouble::PowerCut);
            let started = AssertUnwindSafe(|| self.process(disk, &input, mutant));
            match memory::with_at_most(self.memory, || catch_unwind(started)) {
                Ok(true) if !disk.was_told() => return disk.state().wall.check(),
                // Fatal at the start, or told to end: the supervisor starts it again.
                Ok(_) => {}
                Err(payload) if payload.is::<Killed>() => {
                    if power {
                        cut(disk, input.taken());
                        input.lose();
                    }
                }
                Err(_) => return Err("it panics or hangs".to_string()),
            }
        }
        Err("it never ends".to_string())
    }

    fn prepare(&self, disk: &Disk) {
        let mut state = disk.state();
        state.lacks = self.lacks;
        state.spans = self.script().logs.iter().map(|log| log.age.map(MaxAge::span)).collect();
        (state.time.tempo, state.time.steps) = (self.tempo, self.steps.clone());
        state.wall.watch(self.script().logs.iter().map(|log| (log.cycle == hourly(), full(log))));
    }

    /// The same with what there are descriptors for. An input that can't be looked into has no journal.
    pub(super) fn planned(&self, plan: Plan) -> Workload {
        let journal = if plan.care == Care::Peek { self.journal } else { Journal::Impossible };
        Workload { behind: plan.pending.saturating_sub(1), journal, ..self.clone() }
    }

    fn process(&self, disk: &Disk, input: &SimInput, mutant: Option<Mutant>) -> bool {
        let script = self.script();
        let host = SimHost::of(disk.clone(), script.logs.len(), mutant);
        let modes = script.logs.iter().map(|config| config.mode).enumerate();
        let filesystems =
            modes.map(|(directory, mode)| SimFs::new(disk.clone(), directory, mode, mutant)).collect();
        let boot = (self.journal == Journal::Kept).then_some([disk.state().boots; 36]);
        let opened = start::open(
            script,
            filesystems,
            Box::new(input.reopened(mutant)),
            host,
            Circumstances { boot, threading: Threading::Caller { behind: self.behind } },
        );
        opened.is_ok_and(|opened| opened.run().is_ok())
    }
}

fn hourly() -> Option<Cycle> {
    Cycle::parse(b"1h").ok()
}

/// How long a file is that may be rotated because the next line would not fit.
fn full(log: &LogConfig) -> u64 {
    log.size.bytes() - newline_window(log.size.bytes())
}

/// A stamp of this form, as patterns see it.
fn some_stamp(form: Stamp) -> Vec<u8> {
    let mut stamper = Stamper::new(form);
    stamper.begin(Label::from(UNIX_EPOCH + Duration::from_secs(BEGIN.unsigned_abs())));
    stamper.stamp().to_vec()
}
