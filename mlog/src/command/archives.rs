//! `mlog ls` and `mlog verify`: every file of the directories, read as a whole, all processors at work.

use std::fs::Metadata;
use std::num::NonZero;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use clap::ArgMatches;
use tai64tools::Label;
use tai64tools::form::{Calendar, Style, Zone};
use unix::diag::Message;
use unix::tool::{Exit, Fatal};

use crate::archive::Form;
use crate::pipeline::Trouble;
use crate::show::{Gone, Output, name};
use crate::stamp::moment;
use crate::stat::{Summary, summarize};
use crate::store::{Generation, State, shown};
use crate::time::words;

use super::directories::{Found, directories};
use super::query::{ended, exit, span};
use super::{MISSING, NOTHING};

/// One file.
struct File {
    generation: Generation,
    /// None: it is gone.
    summary: Option<Summary>,
}

/// Lists every file: first and last time, bytes, lines, ratio, state, name.
pub(super) fn ls(given: &ArgMatches) -> Result<Exit, Fatal> {
    let mut trouble = Trouble::default();
    let found = directories(given, &mut trouble)?;
    let mut output = Output::new(None);
    let mut any = false;
    let several = found.len() > 1;
    for one in &found {
        let files = files(one, &mut trouble);
        let mut text = String::new();
        if several {
            text.push_str(&format!("{}:\n", name(&one.store.name)));
        }
        let mut clock = Calendar::new(Zone::Local, Style::Plain);
        for file in &files {
            let Some(summary) = &file.summary else { continue };
            any = true;
            text.push_str(&line(file, summary, &mut clock));
            for damage in &summary.damage {
                trouble.miss(&about(one, &file.generation).and(" can't be read ").and(&damage.0));
            }
        }
        output.add(text.as_bytes()).or_else(|gone| ended(gone).map(|_| ()))?;
    }
    output.flush().or_else(|gone: Gone| ended(gone).map(|_| ()))?;
    Ok(exit(trouble, any))
}

fn line(file: &File, summary: &Summary, clock: &mut Calendar) -> String {
    let mut time = |label: Option<Label>| {
        let text = label.and_then(|label| clock.show(label));
        text.map_or_else(|| "-".to_string(), |text| text[..19].to_string())
    };
    let (first, last) = (time(summary.first), time(summary.last));
    let ratio = if summary.bytes == 0 { 1.0 } else { summary.text as f64 / summary.bytes as f64 };
    let state = match file.generation.state {
        State::Sealed | State::Packed(_) => summary.form.name(),
        State::Unsealed => "unsealed",
        State::Previous => "previous",
        State::Current => "current",
    };
    let sound = match summary.form {
        _ if summary.damage.is_empty() => "",
        Form::Foreign(_) => " not-read",
        _ => " damaged",
    };
    let name = name(file.generation.name.as_bytes());
    let (bytes, lines) = (summary.bytes, summary.lines);
    format!("{first:19} {last:19} {bytes:>12} {lines:>9} {ratio:>6.2} {state}{sound} {name}\n")
}

/// Says what is wrong with the files of directories. Exit 0: nothing; 1: stamps that step back, leftovers, silences; 3: lines
/// are damaged or missing.
pub(super) fn verify(given: &ArgMatches) -> Result<Exit, Fatal> {
    let mut trouble = Trouble::default();
    let found = directories(given, &mut trouble)?;
    let gaps = span(given, "gaps")?;
    let mut output = Output::new(None);
    let mut remarks = 0;
    for one in &found {
        let mut said = Vec::new();
        let files = files(one, &mut trouble);
        for file in &files {
            if let Some(summary) = &file.summary {
                damage(one, file, summary, &mut trouble);
                remarks_on(one, file, summary, gaps, &mut said);
            }
        }
        leftovers(one, &mut said);
        remarks += said.len();
        for words in &said {
            output.add(words.as_bytes()).or_else(|gone| ended(gone).map(|_| ()))?;
            output.add(b"\n").or_else(|gone| ended(gone).map(|_| ()))?;
        }
        let lines: u64 =
            files.iter().filter_map(|file| file.summary.as_ref()).map(|summary| summary.lines).sum();
        let all = Message::new(&one.store.name).and(format!(": {} files, {lines} lines", files.len()));
        output.add(&[all.as_bytes(), b"\n"].concat()).or_else(|gone| ended(gone).map(|_| ()))?;
    }
    output.flush().or_else(|gone: Gone| ended(gone).map(|_| ()))?;
    Ok(match exit(trouble, true) {
        Exit::Code(0) if remarks > 0 => Exit::Code(NOTHING),
        Exit::Code(MISSING) => Exit::Code(MISSING),
        other => other,
    })
}

/// What can't be read, and archives that end within a line. A file that is still written may.
fn damage(one: &Found, file: &File, summary: &Summary, trouble: &mut Trouble) {
    let about = about(one, &file.generation);
    for damage in &summary.damage {
        trouble.miss(&about.clone().and(" can't be read ").and(&damage.0));
    }
    let ended = matches!(file.generation.state, State::Sealed | State::Packed(_));
    if summary.torn && ended && summary.damage.is_empty() {
        trouble.miss(&about.and(" ends within a line"));
    }
}

/// What is out of order without being lost.
fn remarks_on(one: &Found, file: &File, summary: &Summary, gaps: Option<Duration>, said: &mut Vec<Message>) {
    let about = about(one, &file.generation);
    if summary.bytes == 0 && matches!(file.generation.state, State::Sealed | State::Packed(_)) {
        said.push(about.clone().and(": is empty"));
    }
    if let Some(back) = summary.back {
        said.push(about.clone().and(format!(": stamps step back at line {back}")));
    }
    let own = file.generation.label.map(|label| moment(label, one.offset));
    if let (Some(own), Some(last)) = (own, summary.last) {
        if last > own {
            said.push(about.clone().and(": its last stamp is later than its label"));
        }
    }
    if let (Some(least), Some((silence, from))) = (gaps, summary.silence) {
        if silence >= least {
            said.push(about.and(format!(": {} without a line after ", words(silence))).and(from.text()));
        }
    }
}

/// What a logger leaves behind when it is killed. While one runs these names are its work.
fn leftovers(one: &Found, said: &mut Vec<Message>) {
    let lock = one.store.open_name("lock".as_ref());
    if one.store.is_written() {
        return;
    }
    let Ok(entries) = one.store.path.read_dir() else { return };
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name()).collect();
    names.sort();
    for name in names {
        let metadata = one.store.path.join(&name).symlink_metadata().ok();
        let mode = metadata.filter(Metadata::is_file).map(|metadata| metadata.mode() & 0o7777);
        // Who has no lock is no logger that sets modes, or the directory is a copy.
        if let Some(words) = left(name.as_bytes(), mode, lock.is_ok()) {
            said.push(Message::new(shown(&one.store.path)).and("/").and(name.as_bytes()).and(words));
        }
    }
}

/// What a name says of a logger that does not run.
fn left(name: &[u8], mode: Option<u32>, has_lock: bool) -> Option<&'static str> {
    let killed = ": left by a logger that was killed";
    let is_of_archive = |end: &[u8]| name.starts_with(b"@") && name.ends_with(end);
    match name {
        _ if is_of_archive(b".u") && mode == Some(0o1644) => {
            Some(": the disk has refused it, so copy it while it can be read")
        }
        _ if is_of_archive(b".t") || is_of_archive(b".u") => Some(killed),
        b"previous" | b"processed" | b"newstate" => Some(killed),
        b".journal" => Some(": left by a logger that was killed, which goes on with it, so leave it there"),
        b"current" if has_lock && mode == Some(0o644) => {
            Some(": not finished: the logger was killed, or the machine stopped")
        }
        _ => None,
    }
}

fn about(one: &Found, generation: &Generation) -> Message {
    Message::new(shown(&one.store.path.join(&generation.name)))
}

/// Reads every file of a directory.
fn files(one: &Found, trouble: &mut Trouble) -> Vec<File> {
    let mut all = one.snapshot.archives.clone();
    if one.snapshot.current.is_some() {
        all.push(Generation { label: None, name: "current".into(), state: State::Current, in_work: true });
    }
    let next = AtomicUsize::new(0);
    let results = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, NonZero::get).min(8);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(generation) = all.get(at) else { return };
                    let opened = one.snapshot.open(&one.store, generation);
                    let read = opened.and_then(|opened| {
                        opened.map(|(file, state)| summarize(&file, state, one.offset)).transpose()
                    });
                    results.lock().unwrap_or_else(PoisonError::into_inner).push((at, read));
                }
            });
        }
    });
    let mut results = results.into_inner().unwrap_or_else(PoisonError::into_inner);
    results.sort_by_key(|(at, _)| *at);
    let mut files = Vec::new();
    for (generation, (_, read)) in all.iter().zip(results) {
        match read {
            Ok(summary) => files.push(File { generation: generation.clone(), summary }),
            Err(error) => {
                trouble.fail(
                    &Message::new("unable to read ").and(about(one, generation).as_bytes()).because(&error),
                );
            }
        }
    }
    files
}
