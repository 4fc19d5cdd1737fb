//! `Named`: the services that words name.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use unix::diag::Message;
use unix::glob::{fits, is_glob};
use unix::tool::Fatal;

use super::arguments::{Request, Whom};
use super::scan::ScanDirectory;
use crate::service::command::Part;

/// A service directory that is there, or was when its name was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// What it is called.
    pub(super) name: OsString,
    /// The service directory, that of the service itself for its logger.
    pub(super) directory: PathBuf,
    pub(super) part: Part,
}

impl Named {
    /// A name in a scan directory.
    pub(super) fn new(scan: &ScanDirectory, name: &OsStr, part: Part) -> Named {
        let shown = match part {
            Part::Main => name.to_owned(),
            Part::Log => OsString::from_vec([name.as_bytes(), b"/log"].concat()),
        };
        Named { name: shown, directory: scan.path().join(name), part }
    }

    /// What it is called, for messages.
    pub(super) fn shown(&self) -> Message {
        Message::new(self.name.as_bytes())
    }

    /// Its own service directory.
    pub(super) fn place(&self) -> PathBuf {
        self.part.of(self.directory.as_os_str())
    }

    /// Whether it is a name in the scan directory.
    pub(super) fn is_in(&self, scan: &ScanDirectory) -> bool {
        self.directory.parent() == Some(scan.path())
    }
}

/// All that a request names, each once and in the order in which they are named; all services where it names none.
///
/// # Errors
///
/// 100 for what is not there: it is said where it was looked for. 111 for what can't be looked at.
pub(super) fn select(scan: &ScanDirectory, request: &Request) -> Result<Vec<Named>, Fatal> {
    match &request.whom {
        Whom::Words(words) if !words.is_empty() => named(scan, words),
        _ => Ok(scan.services()?.iter().map(|name| Named::new(scan, name, Part::Main)).collect()),
    }
}

/// The same for words.
pub(super) fn named(scan: &ScanDirectory, words: &[OsString]) -> Result<Vec<Named>, Fatal> {
    let mut all: Vec<Named> = Vec::new();
    for word in words {
        let found = match word.as_bytes().strip_prefix(b"@") {
            Some(group) => of_group(scan, group)?,
            None => of_word(scan, word.as_bytes())?,
        };
        for named in found {
            if !all.contains(&named) {
                all.push(named);
            }
        }
    }
    Ok(all)
}

fn of_group(scan: &ScanDirectory, group: &[u8]) -> Result<Vec<Named>, Fatal> {
    let groups = scan.groups()?;
    let Some(members) = groups.members(group) else {
        let file = scan.path().join(super::groups::FILE);
        let known: Vec<String> =
            groups.names().map(|name| format!("@{}", String::from_utf8_lossy(name))).collect();
        let message = Message::new("no group @").and(group).and(", or no group that it names, in ");
        let message = message.and(file.as_os_str().as_bytes());
        let known = if known.is_empty() { "none".into() } else { known.join(" ") };
        return Err(Fatal::misuse(message.and("; it has: ").and(known)));
    };
    let mut all = Vec::new();
    for member in members {
        all.extend(of_word(scan, &member)?);
    }
    Ok(all)
}

fn of_word(scan: &ScanDirectory, word: &[u8]) -> Result<Vec<Named>, Fatal> {
    let end = word.iter().rposition(|&byte| byte != b'/').map_or(word.len().min(1), |last| last + 1);
    let word = &word[..end];
    if word.is_empty() {
        return Err(Fatal::misuse(Message::new("an empty name is no service")));
    }
    if is_path(word) {
        let directory = PathBuf::from(OsStr::from_bytes(word));
        is_there(&directory, || Message::new(word))?;
        return Ok(vec![Named { name: OsStr::from_bytes(word).to_owned(), directory, part: Part::Main }]);
    }
    of_name(scan, word)
}

/// A path is not looked for in the scan directory.
fn is_path(word: &[u8]) -> bool {
    matches!(word, b"." | b"..") || [&b"/"[..], b"./", b"../"].iter().any(|start| word.starts_with(start))
}

fn of_name(scan: &ScanDirectory, word: &[u8]) -> Result<Vec<Named>, Fatal> {
    let (name, part) = match word.strip_suffix(b"/log") {
        Some(name) => (name, Part::Log),
        None => (word, Part::Main),
    };
    if name.contains(&b'/') {
        let message = Message::new(word).and(" is neither a name in ").and(scan.named().as_bytes());
        return Err(Fatal::misuse(message.and(" nor a path that begins with / or ./")));
    }
    let name = OsStr::from_bytes(name);
    if is_glob(name.as_bytes()) && fs::symlink_metadata(scan.path().join(name)).is_err() {
        return of_glob(scan, name, part);
    }
    let named = Named::new(scan, name, part);
    is_there(&named.directory, || Message::new(name.as_bytes()).and(" in ").and(scan.named().as_bytes()))?;
    if part == Part::Log {
        is_there(&named.place(), || Message::new(word).and(" in ").and(scan.named().as_bytes()))?;
    }
    Ok(vec![named])
}

/// Links that lead nowhere are no services for a glob.
fn of_glob(scan: &ScanDirectory, glob: &OsStr, part: Part) -> Result<Vec<Named>, Fatal> {
    let names = scan.services()?;
    let fitting = names.iter().filter(|name| fits(glob.as_bytes(), name.as_bytes()));
    let found: Vec<Named> =
        fitting.map(|name| Named::new(scan, name, part)).filter(|named| named.place().is_dir()).collect();
    if found.is_empty() {
        let message = Message::new("no service fits ").and(glob.as_bytes()).and(" in ");
        return Err(Fatal::misuse(message.and(scan.named().as_bytes()).and("; svctl status shows all")));
    }
    Ok(found)
}

/// Whether there is a directory of this path; `what` says what was looked for and where.
fn is_there(path: &Path, what: impl Fn() -> Message) -> Result<(), Fatal> {
    let error = match fs::metadata(path) {
        Ok(stat) if stat.is_dir() => return Ok(()),
        Ok(_) => return Err(Fatal::misuse(what().and(" is no service: it is no directory"))),
        Err(error) => error,
    };
    if error.kind() == ErrorKind::PermissionDenied {
        return Err(Fatal::system(Message::new("unable to look at ").and(what().as_bytes()), &error));
    }
    match fs::read_link(path) {
        Ok(target) => {
            let message = what().and(" is a link to ").and(target.as_os_str().as_bytes());
            Err(Fatal::misuse(message.and(", which is not there: svctl disable removes it")))
        }
        Err(_) => {
            let message = Message::new("no service ").and(what().as_bytes()).because(&error);
            Err(Fatal::misuse(message.and("; svctl status shows all")))
        }
    }
}
