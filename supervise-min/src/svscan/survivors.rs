//! `Survivors`: the supervises that a killed svscan has left behind, and the pipes that they and their services still
//! hold.
//!
//! A second supervise would only fail to get the lock, and a second pipe would part a service from its logger. Where
//! /proc tells nothing there are no survivors for svscan. Then it starts supervises that fail, and tries again, as the
//! original does.

use std::collections::HashMap;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use unix::event::Set;
use unix::file::Identity;
use unix::pipe;
use unix::process::Process;

use crate::service::hold::Hold;
use crate::service::place;

/// Descriptors of a supervise, and of what it runs.
const INPUT: u32 = 0;
const OUTPUT: u32 = 1;

/// Who runs where, looked at when it is asked for.
#[derive(Debug)]
pub(super) struct Survivors {
    /// Readable when one that is watched has ended.
    ended: Option<Set>,
    /// Processes by their working directories.
    places: Option<HashMap<Identity, Vec<u32>>>,
}

impl Survivors {
    /// Nobody has been looked for.
    pub(super) fn new() -> Survivors {
        Survivors { ended: Set::new().ok(), places: None }
    }

    /// The supervise that runs in a directory, whoever has started it. It is watched from now on.
    pub(super) fn supervise_in(&mut self, service: &Hold) -> Option<Process> {
        let process = self.find(service)?;
        self.ended.as_ref()?.add(process.watch()?).ok()?;
        Some(process)
    }

    /// New ends, to read and to write, of the pipe between a service and its logger.
    pub(super) fn pipe_between(&mut self, service: &Path, log: &Path) -> Option<(OwnedFd, OwnedFd)> {
        self.pipe_into(log).or_else(|| {
            let service = Hold::open(service).ok()?;
            // The output of a service that was started without a logger is svscan's, and has a reader.
            let holders = [self.find(&service), service_in(&service)];
            let unread = |pid: &u32| pipe::is_unread(*pid, OUTPUT);
            let mut unread = holders.iter().flatten().map(Process::pid).filter(unread);
            unread.find_map(|pid| pipe::take_over(pid, OUTPUT).ok())
        })
    }

    /// New ends of the pipe that a logger or its supervise reads.
    pub(super) fn pipe_into(&mut self, log: &Path) -> Option<(OwnedFd, OwnedFd)> {
        let log = Hold::open(log).ok()?;
        let holders = [self.find(&log), service_in(&log)];
        let mut holders = holders.iter().flatten().map(Process::pid);
        holders.find_map(|pid| pipe::take_over(pid, INPUT).ok())
    }

    /// What was seen of /proc is not so any more: with each round of who asks.
    pub(super) fn forget(&mut self) {
        self.places = None;
    }

    /// Readable when one of those that are watched has ended.
    pub(super) fn watch(&self) -> Option<BorrowedFd<'_>> {
        self.ended.as_ref().map(AsFd::as_fd)
    }

    fn find(&mut self, service: &Hold) -> Option<Process> {
        // Mostly there is none, and this is quick.
        if !service.is_supervised() {
            return None;
        }
        let lock = service.lock_id()?;
        let here = self.places.get_or_insert_with(places).get(&service.id())?;
        let holders = here.iter().filter_map(|&pid| {
            // Held first, so that who is looked at is who it was.
            let process = Process::find(pid).ok()??;
            holds(pid, lock).then(|| Some((process.began().ok()??, process)))?
        });
        // What supervise has just forked shares its descriptors for a moment.
        holders.min_by_key(|(began, process)| (*began, process.pid())).map(|(_, process)| process)
    }
}

/// The process of a service whose supervise may have ended.
fn service_in(service: &Hold) -> Option<Process> {
    service.process().map(|survivor| survivor.process)
}

fn places() -> HashMap<Identity, Vec<u32>> {
    let mut places = HashMap::<Identity, Vec<u32>>::new();
    for (pid, place) in place::workers() {
        places.entry(place).or_default().push(pid);
    }
    places
}

/// Whether a process has a file open.
fn holds(pid: u32, file: Identity) -> bool {
    let descriptors = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    descriptors.into_iter().any(|descriptor| Identity::at(&descriptor.path()) == Some(file))
}
