//! `check`: what may be wrong in service directories, with the reason and what to do.
//!
//! It reads and runs nothing, and follows links only as svscan and supervise do.

mod script;
mod service;
mod shell;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use unix::diag::Message;
use unix::file::Identity;
use unix::tool::{Exit, Fatal};

use super::arguments::Request;
use super::scan::ScanDirectory;
use super::select::named;
use super::{NOT_SO, say};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Message>);

impl Findings {
    /// Something about a path.
    fn add(&mut self, path: &Path, what: impl AsRef<[u8]>) {
        self.0.push(Message::new(path.as_os_str().as_bytes()).and(": ").and(what));
    }
}

/// Checks directories: services, or scan directories with all that is in them; the scan directory if none is named.
pub(super) fn run(request: &Request) -> Result<Exit, Fatal> {
    let mut findings = Findings::default();
    let mut services = 0;
    for place in places(request)? {
        services += check(&place, &mut findings)?;
    }
    for finding in &findings.0 {
        say::line(finding)?;
    }
    let count = if services == 1 { "1 service".into() } else { format!("{services} services") };
    let found = match findings.0.len() {
        0 => "nothing found".into(),
        1 => "1 thing found".into(),
        number => format!("{number} things found"),
    };
    say::line(&Message::new(format!("{count} checked, {found}")))?;
    Ok(if findings.0.is_empty() { Exit::Success } else { Exit::Code(NOT_SO) })
}

/// A directory that is checked.
enum Place {
    Scan(PathBuf),
    Service(PathBuf),
    /// What is in it decides.
    Either(PathBuf),
}

/// A word that leads to a directory is one; any other is the name of a service.
fn places(request: &Request) -> Result<Vec<Place>, Fatal> {
    let find = || ScanDirectory::find(request.scan.as_deref());
    let words = request.words();
    if words.is_empty() {
        return Ok(vec![Place::Scan(find()?.path().to_path_buf())]);
    }
    let mut all = Vec::new();
    for word in words {
        if request.scan.is_none() && Path::new(word).is_dir() {
            all.push(Place::Either(PathBuf::from(word)));
        } else {
            all.extend(
                named(&find()?, std::slice::from_ref(word))?
                    .iter()
                    .map(|named| Place::Service(named.place())),
            );
        }
    }
    Ok(all)
}

/// Checks one; how many services that were.
fn check(place: &Place, findings: &mut Findings) -> Result<usize, Fatal> {
    let directory = match place {
        Place::Scan(directory) => return check_scan(directory, findings),
        Place::Either(directory) if !is_service(directory)? => return check_scan(directory, findings),
        Place::Either(directory) | Place::Service(directory) => directory,
    };
    service::check(directory, findings);
    Ok(1)
}

/// A service directory that lacks its run has other files of one.
fn is_service(directory: &Path) -> Result<bool, Fatal> {
    let names = names(directory)?;
    let has = |name: &str| names.iter().any(|known| known == name);
    let others = names.iter().filter(|name| *name != "log");
    let is_scan = others.into_iter().any(|name| directory.join(name).join("run").exists());
    Ok(has("run") || has("supervise") || has("log") && !is_scan)
}

fn names(directory: &Path) -> Result<Vec<OsString>, Fatal> {
    let unable = |error: io::Error| {
        Fatal::system(Message::new("unable to read ").and(directory.as_os_str().as_bytes()), &error)
    };
    let entries = fs::read_dir(directory).map_err(unable)?;
    let mut names =
        entries.map(|entry| Ok(entry.map_err(unable)?.file_name())).collect::<Result<Vec<_>, Fatal>>()?;
    names.sort();
    Ok(names)
}

fn check_scan(directory: &Path, findings: &mut Findings) -> Result<usize, Fatal> {
    let names = names(directory)?;
    let mut known: HashMap<Identity, &OsString> = HashMap::new();
    let mut services = 0;
    for name in names.iter().filter(|name| !name.as_bytes().starts_with(b".")) {
        let path = directory.join(name);
        match fs::metadata(&path) {
            Ok(stat) if stat.is_dir() => {
                if let Some(other) = known.insert(Identity::from(&stat), name) {
                    let message = Message::new("is the same directory as ").and(other.as_bytes());
                    findings.add(
                        &path,
                        message.and(": that is one service with two names, remove one").as_bytes(),
                    );
                    continue;
                }
                services += 1;
                service::check(&path, findings);
            }
            Ok(_) => {}
            Err(error) => unseen(&path, &error, findings),
        }
    }
    let own = directory.join(".svscan/log");
    if own.is_dir() {
        service::check(&own, findings);
    }
    check_groups(directory, findings)?;
    Ok(services)
}

/// What is in a scan directory and leads nowhere, or can't be looked at.
fn unseen(path: &Path, error: &io::Error, findings: &mut Findings) {
    let message = match fs::read_link(path) {
        Ok(target) => Message::new("is a link to ")
            .and(target.as_os_str().as_bytes())
            .because(error)
            .and(": svscan warns about it every five seconds; svctl disable removes it"),
        Err(_) => Message::new("can't be looked at").because(error),
    };
    findings.add(path, message.as_bytes());
}

/// Groups that name what is not there.
fn check_groups(directory: &Path, findings: &mut Findings) -> Result<(), Fatal> {
    let scan = ScanDirectory::at(directory)?;
    let path = directory.join(super::groups::FILE);
    let groups = match scan.groups() {
        Ok(groups) => groups,
        Err(fatal) => {
            findings.0.push(fatal.message().clone());
            return Ok(());
        }
    };
    for group in groups.names() {
        let word = OsString::from(std::ffi::OsStr::from_bytes(&[b"@", group].concat()));
        if let Err(fatal) = named(&scan, &[word]) {
            findings.add(
                &path,
                Message::new("group ").and(group).and(": ").and(fatal.message().as_bytes()).as_bytes(),
            );
        }
    }
    Ok(())
}
