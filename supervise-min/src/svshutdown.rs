//! `svshutdown`: ends all services of a directory in order, and waits until they have ended.
//!
//! A svscan that runs there is told to; without one the same is done here: loggers are told to end with their input, services
//! to end, and what a service has to be told before that is its `shutdown`.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use unix::diag::{Message, warn};
use unix::event;
use unix::process::{Process, Signal};
use unix::tool::{Exit, Fatal};

use crate::service::command::tell;
use crate::service::place;
use crate::service::scanner::svscan_in;
use crate::service::status::Status;
use crate::service::survivor::{self, Role, Survivor};

const USAGE: &str = "svshutdown [ dir ]";
/// How far looks at supervises are apart.
const APART: Duration = Duration::from_millis(50);

/// Ends the services of a directory: /service, if none is given.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let directory = match &arguments[..] {
        [] => PathBuf::from("/service"),
        [directory] => PathBuf::from(directory),
        _ => return Err(Fatal::usage(USAGE)),
    };
    let failed = |what: &str| Message::new(what).and(directory.as_os_str().as_bytes());
    let services =
        services(&directory).map_err(|error| Fatal::system(failed("unable to read directory "), &error))?;
    prepare(&services);
    match place::id(&directory).and_then(svscan_in) {
        Some(svscan) => {
            end(&svscan).map_err(|error| Fatal::system(failed("unable to stop svscan in "), &error))?
        }
        None => end_all(&directory, &services),
    }
    Ok(Exit::Success)
}

/// The directories in it, in the order of their names.
fn services(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut services = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if !entry.file_name().as_bytes().starts_with(b".") && entry.path().is_dir() {
            services.push(entry.path());
        }
    }
    services.sort();
    Ok(services)
}

/// Runs what services want to be run before they end.
fn prepare(services: &[PathBuf]) {
    for service in services {
        let script = service.join("shutdown");
        if !fs::metadata(&script).is_ok_and(|stat| stat.is_file() && stat.permissions().mode() & 0o100 != 0) {
            continue;
        }
        let about = |what: &str| Message::new(what).and(script.as_os_str().as_bytes());
        match Command::new(&script).status() {
            Ok(status) if status.success() => {}
            Ok(_) => warn("svshutdown", &about("failed: ")),
            Err(error) => warn("svshutdown", &about("unable to run ").because(&error)),
        }
    }
}

/// Tells a svscan to end and waits until it has.
fn end(svscan: &Process) -> io::Result<()> {
    svscan.signal(Signal::TERM)?;
    while svscan.ended()?.is_none() {
        if let Some(watch) = svscan.watch() {
            event::wait([watch], None)?;
        }
    }
    Ok(())
}

/// Loggers are told first: they end when the last of their service has.
fn end_all(directory: &Path, services: &[PathBuf]) {
    let mut all: Vec<(PathBuf, &[u8])> =
        services.iter().map(|service| (service.join("log"), &b"ox"[..])).collect();
    all.push((directory.join(".svscan/log"), b"ox"));
    all.extend(services.iter().map(|service| (service.clone(), &b"dx"[..])));
    // A logger that is down stays down: `o` would start it.
    let told: Vec<&Path> = all
        .iter()
        .filter(|(service, commands)| commands[0] == b'd' || is_up(service))
        .filter(|(service, commands)| tell(service, commands))
        .map(|(service, _)| service.as_path())
        .collect();
    let alone: Vec<Process> = services.iter().filter_map(|service| end_alone(service)).collect();
    let lives = |process: &Process| process.ended().is_ok_and(|ended| ended.is_none());
    while told.iter().any(|service| place::is_supervised(service)) || alone.iter().any(lives) {
        std::thread::sleep(APART);
    }
}

/// A service that has no supervise any more is ended as that would do it.
fn end_alone(service: &Path) -> Option<Process> {
    if place::is_supervised(service) {
        return None;
    }
    let Survivor { process, origin } = survivor::find(service).ok()??;
    if origin.role == Role::Run {
        process.signal(Signal::TERM).ok()?;
        process.signal(Signal::CONT).ok()?;
    }
    Some(process)
}

fn is_up(service: &Path) -> bool {
    let status = fs::read(service.join("supervise/status")).ok();
    status.and_then(|bytes| Status::of(&bytes)).is_some_and(|status| status.pid.is_some())
}
