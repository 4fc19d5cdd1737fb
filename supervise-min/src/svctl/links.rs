//! `enable` and `disable`: links in the scan directory.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use unix::diag::Message;
use unix::file::Identity;
use unix::glob::is_glob;
use unix::pipe;
use unix::tool::{Exit, Fatal, SYSTEM};

use super::arguments::Request;
use super::scan::ScanDirectory;
use super::select::{Named, named};
use super::sight::look;
use super::waiting::{self, LOOK_AGAIN, Task};
use super::{NOT_SO, say};
use crate::service::command::{Part, send};
use crate::service::folder::Home;
use crate::service::status::Want;
use crate::service::waiting::Words;

/// The descriptor of a logger that is its pipe.
const INPUT: u32 = 0;

/// A svscan that was started in the background just before is seen after this time at the latest.
const APPEARS: Duration = Duration::from_secs(2);

/// Links a service directory into the scan directory, and waits until it and its logger are up.
pub(super) fn enable(scan: &ScanDirectory, request: &Request) -> Result<Exit, Fatal> {
    let [directory, rest @ ..] = request.words() else { return Ok(Exit::Success) };
    let target = target(directory)?;
    let name = rest.first().map(OsString::as_os_str).or(target.file_name()).unwrap_or_default();
    if name.is_empty() || name.as_bytes().starts_with(b".") || name.as_bytes().contains(&b'/') {
        let message = Message::new("not a name for a service: ").and(name.as_bytes());
        return Err(Fatal::misuse(message.and("; svctl enable DIR NAME")));
    }
    link(scan, &target, name)?;
    if !svscan_comes(scan, request.limit) {
        let message = Message::new(name.as_bytes()).and(": linked, but no svscan can be seen in ");
        say::trouble(&message.and(scan.named().as_bytes()).and(": it starts when one runs there"));
        return Ok(if request.limit.is_zero() { Exit::Success } else { Exit::Code(NOT_SO) });
    }
    if request.limit.is_zero() || target.join("down").exists() {
        say::line(&Message::new(name.as_bytes()).and(": linked"))?;
        return Ok(Exit::Success);
    }
    let parts: &[Part] = if target.join("log").is_dir() { &[Part::Main, Part::Log] } else { &[Part::Main] };
    let tasks = parts.iter().map(|&part| Task::new(Named::new(scan, name, part), None)).collect();
    waiting::run(scan, request.limit, tasks)
}

/// Whether a svscan runs there, or does within a moment.
fn svscan_comes(scan: &ScanDirectory, limit: Duration) -> bool {
    let begun = Instant::now();
    loop {
        if scan.svscan().is_some() {
            return true;
        }
        if begun.elapsed() >= limit.min(APPEARS) {
            return false;
        }
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// The service directory for a link.
fn target(directory: &OsStr) -> Result<PathBuf, Fatal> {
    let shown = || Message::new(directory.as_bytes()).and(" is no service directory");
    let unable = |error: io::Error| Fatal::misuse(shown().because(&error));
    let target = fs::canonicalize(directory).map_err(unable)?;
    if Home::open(&target).map_err(unable)?.has_script("run") {
        return Ok(target);
    }
    let has_run = target.join("run").exists();
    let why = if has_run { ": its run can't be executed" } else { ": it has no run" };
    Err(Fatal::misuse(shown().and(why)))
}

/// Makes the link, or finds that it is there.
fn link(scan: &ScanDirectory, target: &Path, name: &OsStr) -> Result<(), Fatal> {
    let path = scan.path().join(name);
    let shown = || Message::new(path.as_os_str().as_bytes());
    match symlink(target, &path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let same = Identity::at(&path);
            if same.is_some() && same == Identity::at(target) {
                return Ok(());
            }
            let message = shown().and(" is there already and is not ").and(target.as_os_str().as_bytes());
            Err(Fatal::misuse(message.and(": choose another name, or svctl disable it first")))
        }
        Err(error) => {
            Err(Fatal::system(Message::new("unable to make the link ").and(shown().as_bytes()), &error))
        }
    }
}

/// A service that is disabled.
struct Leaving {
    name: OsString,
    path: PathBuf,
    /// Where the link leads.
    target: PathBuf,
    /// None: the link leads nowhere.
    home: Option<Home>,
}

/// Removes links, ends the services, and ends each logger when it has read what its service has left.
pub(super) fn disable(scan: &ScanDirectory, request: &Request) -> Result<Exit, Fatal> {
    let names = names(scan, request.words())?;
    let leaving = names.iter().map(|name| Leaving::find(scan, name)).collect::<Result<Vec<_>, _>>()?;
    let mut code = 0;
    for service in &leaving {
        code = code.max(service.leave(request.limit)?);
    }
    Ok(if code == 0 { Exit::Success } else { Exit::Code(code) })
}

/// The names of links, each once: those that groups and globs name, and others as they are, for what leads nowhere has
/// to be removed too.
fn names(scan: &ScanDirectory, words: &[OsString]) -> Result<Vec<OsString>, Fatal> {
    let mut all: Vec<OsString> = Vec::new();
    for word in words {
        // As a shell completes the name of a link; with it the name would be that of the directory.
        let bytes = word.as_bytes().strip_suffix(b"/").unwrap_or(word.as_bytes());
        let is_one = !bytes.starts_with(b"@") && !is_glob(bytes)
            || scan.path().join(OsStr::from_bytes(bytes)).symlink_metadata().is_ok();
        let found = match is_one {
            true => vec![OsStr::from_bytes(bytes).to_owned()],
            false => named(scan, std::slice::from_ref(word))?.into_iter().map(|named| named.name).collect(),
        };
        for name in found {
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    Ok(all)
}

impl Leaving {
    fn find(scan: &ScanDirectory, word: &OsStr) -> Result<Leaving, Fatal> {
        let path = scan.path().join(word);
        let shown = || Message::new(word.as_bytes());
        let is_name = !word.is_empty() && !word.as_bytes().contains(&b'/') && word != "." && word != "..";
        match fs::symlink_metadata(&path) {
            _ if !is_name => Err(Fatal::misuse(shown().and(" is no name in ").and(scan.named().as_bytes()))),
            Ok(stat) if stat.is_symlink() => Leaving::of_link(word, path),
            Ok(_) => {
                let message = Message::new(path.as_os_str().as_bytes())
                    .and(" is no link, and disable removes only links");
                let message = message.and(": svctl stop it and make a file down in it, or move it away");
                Err(Fatal::misuse(message))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let message = Message::new("no service ").and(shown().as_bytes()).and(" in ");
                Err(Fatal::misuse(message.and(scan.named().as_bytes()).and("; svctl status shows all")))
            }
            Err(error) => {
                Err(Fatal::system(Message::new("unable to look at ").and(shown().as_bytes()), &error))
            }
        }
    }

    fn of_link(word: &OsStr, path: PathBuf) -> Result<Leaving, Fatal> {
        let home = match Home::open(&path) {
            Ok(home) => Some(home),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => {
                return Err(Fatal::system(Message::new("unable to open ").and(word.as_bytes()), &error));
            }
        };
        let target = fs::canonicalize(&path).unwrap_or_default();
        Ok(Leaving { name: word.to_owned(), path, target, home })
    }

    /// Returns the exit code.
    fn leave(&self, limit: Duration) -> Result<u8, Fatal> {
        let shown = || Message::new(self.name.as_bytes()).and(": ");
        let unable = Message::new("unable to remove ").and(self.path.as_os_str().as_bytes());
        // The link first: svscan would start again what ends.
        fs::remove_file(&self.path).map_err(|error| Fatal::system(unable, &error))?;
        let Some(home) = &self.home else {
            say::line(&shown().and("disabled; its link led nowhere"))?;
            return Ok(0);
        };
        let mut wait = Wait { begun: Instant::now(), limit, words: Words::new() };
        let service = wait.end(home, &shown());
        let log = match (&service, home.directory("log")) {
            (Ok(()), Ok(log)) => wait.end_logger(&log, &shown().and("its logger ")),
            _ => Ok(()),
        };
        match service.and(log) {
            Ok(()) => {
                let words = if limit.is_zero() { "link removed, told to end" } else { "disabled" };
                say::line(&shown().and(words))?;
                Ok(0)
            }
            Err((code, message)) => {
                let message = message.and("; the link is removed, and svc -dx ");
                let target = self.target.as_os_str().as_bytes();
                say::trouble(&message.and(target).and("/log ").and(target).and(" ends both all the same"));
                Ok(code)
            }
        }
    }
}

/// Why something has not ended, and the exit code for that.
type Refusal = (u8, Message);

struct Wait {
    begun: Instant,
    limit: Duration,
    words: Words,
}

impl Wait {
    /// Tells a supervise and its process to end, and waits until it has.
    fn end(&mut self, home: &Home, about: &Message) -> Result<(), Refusal> {
        match send(home, b"dx") {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let message = about.clone().and("its supervise can't be told to leave");
                return Err((SYSTEM, message.because(&error)));
            }
        }
        while !self.limit.is_zero()
            && home.folder().and_then(|folder| folder.is_supervised()).unwrap_or(false)
        {
            let pid = look(home).ok().and_then(|sight| sight.pid());
            let pid = pid.map_or_else(String::new, |pid| format!(", pid {pid}"));
            self.pause(about, &format!("still runs{pid}"))?;
        }
        Ok(())
    }

    /// The same for a logger, which reads first what its service has left in the pipe. svscan holds the pipe, so the
    /// logger does not see its end.
    fn end_logger(&mut self, log: &Home, about: &Message) -> Result<(), Refusal> {
        while !self.limit.is_zero() {
            let Some(what) = unread(log) else { break };
            self.pause(about, &what)?;
        }
        self.end(log, about)
    }

    /// Waits for a moment. An error: the time is over.
    fn pause(&mut self, about: &Message, what: &str) -> Result<(), Refusal> {
        let elapsed = self.begun.elapsed();
        if elapsed >= self.limit {
            let message = about.clone().and(what).and(format!(" after {} s", self.limit.as_secs()));
            return Err((NOT_SO, message));
        }
        if self.words.are_due(elapsed) {
            say::trouble(&Message::new("waiting: ").and(about.as_bytes()).and(what));
        }
        std::thread::sleep(LOOK_AGAIN);
        Ok(())
    }
}

/// Why a logger has not read everything, as far as this can be known.
fn unread(log: &Home) -> Option<String> {
    let sight = look(log).ok()?;
    let Some(pid) = sight.pid() else {
        return (sight.seen.status.want == Want::Up).then(|| "is not up, and may have lines to read".into());
    };
    let (reader, _) = pipe::take_over(pid, INPUT).ok()?;
    let bytes = pipe::filled(&reader).ok().filter(|&bytes| bytes > 0)?;
    Some(format!("has not read {bytes} bytes"))
}
