//! What other programs and tools do: logs are mlog's, the stop is svshutdown's, rights are svgroup's.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use unix::diag::Message;
use unix::environment::Environment;
use unix::exec::Program;
use unix::file::{here, is_executable};
use unix::tool::{Exit, Fatal};

use super::arguments::{Request, Whom};
use super::say;
use super::scan::ScanDirectory;
use super::select::{Named, named, select};
use super::sight::{Blind, look, open};
use super::tail;
use crate::chain::account;
use crate::service::command::Part;
use crate::svgroup::give_services;
use crate::svshutdown;

/// Becomes mlog with the logs of services.
pub(super) fn log(scan: &ScanDirectory, request: &Request) -> Result<Exit, Fatal> {
    let mut words: Vec<OsString> = vec!["mlog".into()];
    let all = match &request.whom {
        Whom::Words(words) if !words.is_empty() => select(scan, request)?,
        _ => Vec::new(),
    };
    // mlog names lines by their services where it looks for the log directories itself.
    words.push(option("--scan=", scan.path().as_os_str()));
    for named in &all {
        if !named.is_in(scan) {
            let message = named.shown().and(" is not in the scan directory ").and(scan.named().as_bytes());
            return Err(Fatal::misuse(message.and(": name its log directory to mlog instead")));
        }
        has_log(named)?;
        words.push(option("--unit=", named.directory.file_name().unwrap_or_default()));
    }
    words.extend(request.options.iter().cloned());
    let name = mlog();
    let failed = |error: std::io::Error| {
        let message = Message::new("unable to run ").and(name.as_bytes()).because(&error);
        Fatal::failure(message.and("; it is looked for beside svctl and in PATH"))
    };
    let program = Program::new(&name, &words, Environment::inherited()).map_err(failed)?;
    Err(failed(program.run()))
}

/// In one word, since the value may begin with a dash.
fn option(name: &str, value: &OsStr) -> OsString {
    [OsStr::new(name), value].into_iter().collect()
}

/// The one that is beside this program, otherwise that of PATH.
fn mlog() -> OsString {
    let own = std::env::current_exe().ok();
    let beside: Option<PathBuf> = own.and_then(|own| Some(own.parent()?.join("mlog")));
    let found = beside.filter(|path| is_executable(here(), path.as_os_str()));
    found.map_or_else(|| OsStr::new("mlog").to_owned(), PathBuf::into_os_string)
}

fn has_log(named: &Named) -> Result<(), Fatal> {
    let main = Named { part: Part::Main, ..named.clone() };
    let lines = open(&main).ok().and_then(|home| tail::lines(&home, 1));
    if lines.is_some() {
        return Ok(());
    }
    let log = named.directory.join("log");
    if let Some((place, error)) = unreadable(&log) {
        let message = named.shown().and(": unable to read ").and(place.as_os_str().as_bytes());
        return Err(Fatal::system(message, &error));
    }
    let message =
        named.shown().and(": no log directory: nothing in ").and(named.directory.as_os_str().as_bytes());
    Err(Fatal::misuse(message.and("/log has a file current; does it have a logger, and has that run?")))
}

/// The directory of a logger, or one in it, that this user may not read.
fn unreadable(log: &Path) -> Option<(PathBuf, io::Error)> {
    let refused = |path: PathBuf| {
        let error = fs::read_dir(&path).err()?;
        (error.kind() == io::ErrorKind::PermissionDenied).then_some((path, error))
    };
    let inside = fs::read_dir(log).into_iter().flatten().flatten().map(|entry| entry.path());
    let inside = inside.filter(|path| !path.ends_with("supervise"));
    refused(log.to_path_buf()).or_else(|| inside.into_iter().find_map(refused))
}

/// Ends all services in order. That nothing runs may mean that another directory was meant.
pub(super) fn shutdown(scan: &ScanDirectory) -> Result<Exit, Fatal> {
    let parts = |name: OsString| [Part::Main, Part::Log].map(|part| Named::new(scan, &name, part));
    let rests = |named: Named| {
        matches!(open(&named).and_then(|home| look(&home)), Err(Blind::NoSupervise | Blind::Gone))
    };
    if scan.svscan().is_none() && scan.services()?.into_iter().flat_map(parts).all(rests) {
        say::trouble(
            &Message::new("no svscan and no supervise can be seen in ").and(scan.named().as_bytes()),
        );
    }
    svshutdown::main(vec![scan.path().into()])
}

/// Lets a group control services, and their loggers.
pub(super) fn group(scan: &ScanDirectory, request: &Request) -> Result<Exit, Fatal> {
    let [group, words @ ..] = request.words() else { return Ok(Exit::Success) };
    let gid = account::group(group)?;
    let mut directories = Vec::new();
    for named in named(scan, words)? {
        directories.push(named.place());
        let log = named.place().join("log");
        if named.part == Part::Main && log.is_dir() {
            directories.push(log);
        }
    }
    Ok(give_services("svctl", gid, &directories))
}
