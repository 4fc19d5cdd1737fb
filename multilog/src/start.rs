//! The start: journals are read and judged, then the directories are repaired and opened.

use std::io;
use std::sync::Arc;

use tai64tools::Stamper;
use unix::diag::Message;
use unix::tool::{Exit, Fatal};

use crate::assembly::Assembly;
use crate::engine::{Engine, Inheritance, Tap};
use crate::host::Host;
use crate::intake::{Intake, Kind};
use crate::journal::judge::{Directory, Facts, Known, Source, Verdict, judge};
use crate::journal::record::Boot;
use crate::journal::{self, Found, Journal};
use crate::limit::Limits;
use crate::logdir::{LogDir, Start};
use crate::logfs::{LogFs, Name, Place, Quirk};
use crate::output::Output;
use crate::script::{LogConfig, Script};
use crate::sealer::Threading;

/// What a run finds when it begins.
#[derive(Clone, Debug)]
pub struct Circumstances {
    /// This run of the machine. None: the kernel does not tell.
    pub boot: Option<Boot>,
    /// Where sealing happens.
    pub threading: Threading,
}

/// A directory of the script that is locked and not open yet.
struct Locked<F> {
    fs: Arc<F>,
    config: LogConfig,
    place: Place,
}

/// Everything is open, and what the last run has left is judged.
pub struct Opened<I: ?Sized, F: LogFs, H> {
    engine: Engine<I, F, H>,
    last: Inheritance,
}

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Opened<I, F, H> {
    /// Runs until the input ends or a signal says so.
    pub fn run(self) -> Result<Exit, Fatal> {
        self.engine.run(self.last)
    }
}

/// Opens everything that `script` names. `filesystems` are its directories, locked.
pub fn open<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host>(
    script: Script,
    filesystems: Vec<F>,
    mut intake: Box<I>,
    mut host: H,
    circumstances: Circumstances,
) -> Result<Opened<I, F, H>, Fatal> {
    let Circumstances { boot, threading } = circumstances;
    let Script { stamp, actions, logs, statuses, output, maxline, .. } = script;
    let locked = locked(filesystems, logs)?;
    let last = inherit(&locked, &mut *intake, &mut host, boot)?;
    let dirs = open_directories(locked, &last.verdict.directories, &threading, &mut host)?;
    let stamper = stamp.map(|stamp| Stamper::after(stamp, last.verdict.last_stamp));
    let of_log = |dir: &LogDir<F>| Output::new(dir.config().size.bytes()).behind(&dir.config().prefix);
    // Standard output is never full.
    let of_output = output.iter().map(|prefix| Output::new(u64::MAX).behind(prefix));
    let outputs = dirs.iter().map(of_log).chain(of_output).collect();
    let limit = |(dir, known): (&LogDir<F>, &Known)| (dir.config().limit, known.unsaid);
    let limits = Limits::new(dirs.iter().zip(&last.verdict.directories).map(limit));
    let assembly = Assembly::new(&actions, stamper, outputs, statuses.len());
    let assembly = assembly.splitting(maxline).within(limits);
    let first = dirs.first().map(|dir| (Arc::clone(dir.fs()), &*dir.config().path));
    let tap = Tap::new(intake, first, boot);
    Ok(Opened { engine: Engine::new(tap, assembly, statuses, dirs, host), last })
}

fn locked<F: LogFs>(filesystems: Vec<F>, logs: Vec<LogConfig>) -> Result<Vec<Locked<F>>, Fatal> {
    let locked = |(fs, config): (F, LogConfig)| {
        let place = fs.place().map_err(|error| fatal(&config, "unable to read ", &error))?;
        Ok(Locked { fs: Arc::new(fs), config, place })
    };
    filesystems.into_iter().zip(logs).map(locked).collect()
}

fn open_directories<F: LogFs>(
    locked: Vec<Locked<F>>,
    known: &[Known],
    threading: &Threading,
    host: &mut impl Host,
) -> Result<Vec<LogDir<F>>, Fatal> {
    let now = host.now();
    // Where nobody asks for them they go nowhere.
    let mut accounts = host.tally().map_or(Vec::new(), |tally| tally.accounts().to_vec()).into_iter();
    let mut dirs = Vec::with_capacity(locked.len());
    for (Locked { fs, config, place }, known) in locked.into_iter().zip(known) {
        for quirk in fs.quirks() {
            warn_of(*quirk, &config, host);
        }
        let (threading, account) = (threading.clone(), accounts.next().unwrap_or_default());
        let start = Start { place, known: *known, now, threading, account };
        dirs.push(LogDir::open(fs, config, start, host)?);
    }
    Ok(dirs)
}

/// What the last run left.
fn inherit<I: Intake + ?Sized, F: LogFs>(
    locked: &[Locked<F>],
    intake: &mut I,
    host: &mut impl Host,
    boot: Option<Boot>,
) -> Result<Inheritance, Fatal> {
    let found = journals(locked, host)?;
    let journals = found.iter().map(|(log, _)| *log).collect();
    let mut last = Inheritance { verdict: Verdict::none(locked.len()), journals };
    let Some(boot) = boot.filter(|_| !found.is_empty()) else { return Ok(last) };
    let directories = directories(locked)?;
    let failed = |error| Fatal::system(Message::new("unable to read input"), &error);
    let identity = intake.identity().map_err(failed)?;
    let kind = intake.kind();
    if kind == Kind::Pipe {
        intake.peek().map_err(failed)?;
    }
    let source = match kind {
        Kind::Pipe => Some(Source::Pipe(intake.visible())),
        Kind::File(at) => Some(Source::File(at)),
        Kind::Stream => None,
    };
    let input = source.map(|source| (identity, source));
    // The one of this input, if there is one.
    let ours = |found: &&(usize, Found)| found.1.record.input == identity && found.1.record.boot == boot;
    if let Some((_, found)) = found.iter().find(ours).or(found.first()) {
        let facts = Facts { boot, input, flag: found.flag, directories: &directories };
        last.verdict = judge(&found.record, &facts);
    }
    Ok(last)
}

/// The journals in the directories, each with the index of its directory.
fn journals<F: LogFs>(locked: &[Locked<F>], host: &mut impl Host) -> Result<Vec<(usize, Found)>, Fatal> {
    let mut found = Vec::new();
    for (log, Locked { fs, config, .. }) in locked.iter().enumerate() {
        match Journal::read(&**fs) {
            Ok(journal) => found.extend(journal.map(|journal| (log, journal))),
            // It belongs to another user, and then there can't be one of ours.
            Err(error) if journal::is_foreign(&error) => {
                let path = config.path.as_encoded_bytes();
                host.warn(&Message::new("unable to read ").and(path).and("/.journal").because(&error));
            }
            Err(error) => return Err(fatal(config, "unable to read the journal of ", &error)),
        }
    }
    Ok(found)
}

/// The directories as they are now.
fn directories<F: LogFs>(locked: &[Locked<F>]) -> Result<Vec<Directory>, Fatal> {
    let directory = |Locked { fs, config, place }: &Locked<F>| {
        let current = fs.lookup(&Name::Current).map_err(|error| fatal(config, "unable to read ", &error))?;
        Ok(Directory { place: *place, current: current.map(|stat| (stat.identity.inode, stat.size)) })
    };
    locked.iter().map(directory).collect()
}

fn warn_of(quirk: Quirk, config: &LogConfig, host: &mut impl Host) {
    let path = config.path.as_encoded_bytes();
    let message = match quirk {
        Quirk::LockIsLink => {
            Message::new("locking what ").and(path).and("/lock leads to: not a regular file")
        }
        Quirk::LockIsNoFile => {
            Message::new("locking directory ").and(path).and(" itself: lock is not a regular file")
        }
        Quirk::ForgetsModes => Message::new("the file system of ")
            .and(path)
            .and(" keeps no modes, so no file is taken for safe at a start"),
    };
    host.warn(&message);
}

fn fatal(config: &LogConfig, verb: &str, error: &io::Error) -> Fatal {
    Fatal::system(Message::new(verb).and(config.path.as_encoded_bytes()), error)
}
