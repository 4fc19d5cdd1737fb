//! The start: journals are read and judged, then the directories are repaired and opened.

use std::io;
use std::sync::Arc;

use tai64tools::Stamper;
use unix::diag::Message;
use unix::tool::Fatal;

use crate::engine::{Engine, Inheritance, Parts};
use crate::host::Host;
use crate::intake::{Intake, Kind};
use crate::journal::judge::{Directory, Facts, Source, Verdict, judge};
use crate::journal::record::{Boot, Place};
use crate::journal::{self, Found, Journal};
use crate::logdir::{LogDir, Start};
use crate::logfs::{LogFs, Name, Quirk};
use crate::script::{LogConfig, Script};
use crate::sealer::Threading;

/// Opens everything that `script` names. `filesystems` are its directories, locked.
pub fn open<I: Intake<Trace = F::File>, F: LogFs, H: Host>(
    script: Script,
    filesystems: Vec<F>,
    mut intake: I,
    mut host: H,
    boot: Option<Boot>,
    threading: Threading,
) -> Result<Engine<I, F, H>, Fatal> {
    let filesystems: Vec<Arc<F>> = filesystems.into_iter().map(Arc::new).collect();
    let mut places = Vec::with_capacity(filesystems.len());
    for (fs, config) in filesystems.iter().zip(&script.logs) {
        places.push(fs.place().map_err(|error| fatal(config, "unable to read ", &error))?);
    }
    let inheritance = inherit(&filesystems, &script.logs, &places, &mut intake, &mut host, boot)?;
    let now = host.now();
    let known = &inheritance.verdict.directories;
    let mut dirs = Vec::with_capacity(filesystems.len());
    for (((fs, config), place), known) in filesystems.into_iter().zip(script.logs).zip(places).zip(known) {
        for quirk in fs.quirks() {
            warn_of(*quirk, &config, &mut host);
        }
        let start = Start { place, known: *known, now, threading: threading.clone() };
        dirs.push(LogDir::open(fs, config, start, &mut host)?);
    }
    let stamper = script.stamp.map(|stamp| Stamper::after(stamp, inheritance.verdict.last_stamp));
    let parts = Parts { intake, actions: script.actions, stamper, statuses: script.statuses, dirs, host };
    Ok(Engine::new(parts, inheritance))
}

/// What the last run left.
fn inherit<I: Intake, F: LogFs>(
    filesystems: &[Arc<F>],
    logs: &[LogConfig],
    places: &[Place],
    intake: &mut I,
    host: &mut impl Host,
    boot: Option<Boot>,
) -> Result<Inheritance, Fatal> {
    let mut found: Vec<(usize, Found)> = Vec::new();
    for (log, fs) in filesystems.iter().enumerate() {
        match Journal::read(&**fs) {
            Ok(journal) => found.extend(journal.map(|journal| (log, journal))),
            // It is somebody else's, and then there can't be one of ours.
            Err(error) if journal::is_foreign(&error) => {
                let path = logs[log].path.as_encoded_bytes();
                host.warn(&Message::new("unable to read ").and(path).and("/.journal").because(&error));
            }
            Err(error) => return Err(fatal(&logs[log], "unable to read the journal of ", &error)),
        }
    }
    let journals = found.iter().map(|(log, _)| *log).collect();
    let verdict = Verdict::none(logs.len());
    let mut inheritance = Inheritance { verdict, boot, journals };
    let Some(boot) = boot.filter(|_| !found.is_empty()) else { return Ok(inheritance) };
    let mut directories = Vec::with_capacity(logs.len());
    for ((fs, config), place) in filesystems.iter().zip(logs).zip(places) {
        let current = fs.lookup(&Name::Current).map_err(|error| fatal(config, "unable to read ", &error))?;
        let current = current.map(|stat| (stat.inode, stat.size));
        directories.push(Directory { place: *place, current });
    }
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
    // One that speaks of this input, if there is one.
    let ours = |found: &&(usize, Found)| found.1.record.input == identity && found.1.record.boot == boot;
    if let Some((_, found)) = found.iter().find(ours).or(found.first()) {
        let facts = Facts { boot, input, flag: found.flag, directories: &directories };
        inheritance.verdict = judge(&found.record, &facts);
    }
    Ok(inheritance)
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
