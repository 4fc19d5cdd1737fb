//! `svscan`: a supervise for each directory in a directory, and for its `log`, with a pipe between the two.
//!
//! Only the scan every five seconds counts; the kernel's hints make it come earlier. A supervise that has ended is
//! started again five seconds later, if its directory is still there then. The pipe belongs to svscan: nothing in it is
//! lost when a service, a logger or one of their supervises ends.

mod alone;
mod chosen;
mod entry;
mod job;
mod notify;
mod own_log;
mod service;
mod stop;
mod survivors;

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use unix::diag::{Message, warn};
use unix::event;
use unix::process::{change_directory, reap};
use unix::signal::Signal;
use unix::spawn::Ending;
use unix::tool::{Exit, Fatal};
use unix::watch::{Hint, Watch};

use chosen::Chosen;
use entry::Entries;
use job::{Job, Surroundings};
use notify::Notify;
use own_log::OwnLog;
use service::Service;
use unix::options::{Given, Names, Syntax, parse, seconds};

/// The same words as in `--help`.
const USAGE: &str = "svscan [ -t seconds ] [ --main name ] [ dir ]";
const SYNTAX: Syntax =
    Syntax { program: "svscan", letters: "t:", names: Names::These(&["main"]), usage: USAGE };
/// The exit code of a stop that has left or thrown away something.
pub const LEFT: u8 = 1;
/// The time between two scans, and between the end of a supervise and its next start.
const APART: Duration = Duration::from_secs(5);
/// How long a stop may take, for the first process of a container, before everything that has not ended is killed.
/// Container engines kill the container after ten seconds.
const LIMIT_OF_THE_FIRST: Duration = Duration::from_secs(8);

/// Runs until it is told to stop: TERM and INT end all services in order, as does the end of the chosen service, ABRT
/// leaves them as they are, HUP scans.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let (given, words) = parse(&SYNTAX, &arguments)?;
    let (mut patience, mut name) = (None, None);
    for option in given {
        match option {
            Given::Value(_, text) => {
                patience = Some(seconds(text).ok_or_else(|| Fatal::usage(USAGE))?);
            }
            Given::Name(_, text) => name = Some(chosen::name(text)?),
            Given::Letter(_) => {}
        }
    }
    if let Some(directory) = words.first() {
        let message = Message::new("unable to chdir to ").and(directory.as_bytes());
        change_directory(Path::new(directory)).map_err(|error| Fatal::system(message, &error))?;
    }
    unix::inherited::keep_child_signal();
    unix::inherited::keep_standard_descriptors();
    let chosen = name.map(Chosen::find).transpose()?;
    Ok(Svscan::new(patience, chosen)?.run())
}

/// Ends the services of the working directory where no svscan runs, in the same way as a svscan. A signal ends this
/// process and nothing else.
pub fn stop_without(program: &'static str) -> Result<Exit, Fatal> {
    unix::inherited::keep_child_signal();
    let mut surroundings = Surroundings::take_over(program, &[Signal::CHILD])?;
    // The supervise in this PATH may be one that would start a second copy of what lives.
    surroundings.revives = false;
    let own_log = OwnLog::find(&mut surroundings);
    Ok(Svscan::of(surroundings, own_log).stop())
}

/// Why the scanning is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// TERM or INT, or the chosen service has ended.
    Stop,
    /// ABRT.
    Leave,
}

/// A directory of services.
struct Svscan {
    surroundings: Surroundings,
    watch: Option<Watch>,
    entries: Entries,
    services: Vec<Service>,
    own_log: Option<OwnLog>,
    chosen: Option<Chosen>,
    notify: Notify,
    /// How long a stop may take before what does not end is killed.
    patience: Option<Duration>,
    /// The scan directory, locked.
    _lock: Option<OwnedFd>,
    begun: Instant,
    next_scan: Duration,
}

impl Svscan {
    fn new(patience: Option<Duration>, chosen: Option<Chosen>) -> Result<Svscan, Fatal> {
        let wanted = [Signal::TERM, Signal::INT, Signal::HUP, Signal::ABORT, Signal::CHILD];
        let mut surroundings = Surroundings::take_over("svscan", &wanted)?;
        let lock = alone::lock_here()?;
        let own_log = OwnLog::start(&mut surroundings)?;
        // What follows the end of the first process is a KILL of all others, soon.
        let patience = patience.or((std::process::id() == 1).then_some(LIMIT_OF_THE_FIRST));
        let watch = Watch::new(Path::new(".")).ok();
        let notify = Notify::from_environment();
        Ok(Svscan { watch, patience, chosen, notify, _lock: lock, ..Svscan::of(surroundings, own_log) })
    }

    /// One that has not looked yet.
    fn of(surroundings: Surroundings, own_log: Option<OwnLog>) -> Svscan {
        Svscan {
            surroundings,
            watch: None,
            entries: Entries::default(),
            services: Vec::new(),
            own_log,
            chosen: None,
            notify: Notify::nobody(),
            patience: None,
            _lock: None,
            begun: Instant::now(),
            next_scan: Duration::ZERO,
        }
    }

    fn run(mut self) -> Exit {
        loop {
            match self.signals() {
                Some(End::Leave) => return Exit::Success,
                Some(End::Stop) => return self.stop(),
                None => {}
            }
            self.bury();
            let now = self.now();
            if self.chosen.as_mut().is_some_and(|chosen| chosen.is_over(&self.services, now)) {
                return self.stop();
            }
            self.hints();
            if self.now() >= self.next_scan {
                self.scan();
                self.notify.runs(self.services.len());
            }
            if let Some(own) = &mut self.own_log {
                own.log.job.keep(&mut self.surroundings, self.begun.elapsed());
            }
            self.wait();
        }
    }

    fn now(&self) -> Duration {
        self.begun.elapsed()
    }

    fn signals(&mut self) -> Option<End> {
        while let Some(signal) = self.surroundings.signals.next() {
            match signal {
                Signal::TERM | Signal::INT => return Some(End::Stop),
                Signal::ABORT => return Some(End::Leave),
                Signal::HUP => self.next_scan = Duration::ZERO,
                Signal::CHILD => drop(self.reap()),
                // No other was asked for.
                _ => {}
            }
        }
        None
    }

    /// Every child that has ended, a supervise or not, and how.
    fn reap(&mut self) -> Vec<(u32, Ending)> {
        let now = self.now();
        let mut all = Vec::new();
        while let Some((pid, ending)) = reap() {
            let ended = self.jobs().find(|job| job.is(pid)).map(|job| {
                job.ended(now);
                job.not_before
            });
            self.next_scan = ended.map_or(self.next_scan, |again| again.min(self.next_scan));
            all.push((pid, ending));
        }
        all
    }

    /// Looks after supervises that are not children.
    fn bury(&mut self) {
        self.surroundings.survivors.forget();
        let Some(watch) = self.surroundings.survivors.watch() else { return };
        if !event::wait([watch], Some(Duration::ZERO)).is_ok_and(|[watch]| watch.readable) {
            return;
        }
        let now = self.now();
        let mut again = self.next_scan;
        for job in self.jobs().filter(|job| job.has_ended_elsewhere()) {
            job.ended(now);
            again = again.min(job.not_before);
        }
        self.next_scan = again;
    }

    /// All supervises.
    fn jobs(&mut self) -> impl Iterator<Item = &mut Job> {
        let own = self.own_log.iter_mut().map(|own| &mut own.log.job);
        self.services.iter_mut().flat_map(Service::jobs).chain(own)
    }

    fn hints(&mut self) {
        let now = self.now();
        for (name, hint) in self.watch.as_ref().map(Watch::take).unwrap_or_default() {
            let soon = match hint {
                Hint::Complete => {
                    self.entries.is_complete(name);
                    now
                }
                Hint::Gone => now,
                Hint::Made => now + entry::QUIET,
            };
            self.next_scan = self.next_scan.min(soon);
        }
    }

    /// Looks at every name, starts what has no supervise, and forgets what is gone.
    fn scan(&mut self) {
        let now = self.now();
        self.next_scan = now + APART;
        self.services.iter_mut().for_each(|service| service.active = false);
        match self.entries.look(now) {
            Ok(found) => {
                for entry in found {
                    self.found(entry, now);
                }
            }
            Err(error) => {
                self.make_room();
                warn("svscan", &Message::new("unable to read directory").because(&error));
                return;
            }
        }
        for service in self.services.iter_mut().filter(|service| !service.active) {
            service.jobs().for_each(Job::has_lost_its_name);
        }
        self.services.retain_mut(|service| !service.is_over());
        // A supervise that has ended before is started again when its time has come, which may be earlier.
        let restarts = self.services.iter_mut().filter(|service| service.active).flat_map(Service::jobs);
        let restarts = restarts.filter_map(|job| job.due()).min();
        self.next_scan =
            [restarts, self.entries.due()].into_iter().flatten().fold(self.next_scan, Duration::min);
    }

    /// The service in a directory. None: it can't be run, and that was said.
    fn know(&mut self, entry: &entry::Entry) -> Option<&mut Service> {
        let known = self.services.iter().position(|service| service.id == entry.id);
        let place = match known {
            Some(place) => place,
            None => {
                let mut made = Service::new(entry, &mut self.surroundings.survivors);
                if made.is_err() && self.make_room() {
                    made = Service::new(entry, &mut self.surroundings.survivors);
                }
                let service = made.map_err(|message| warn("svscan", &message)).ok()?;
                self.services.push(service);
                self.services.len() - 1
            }
        };
        self.services.get_mut(place)
    }

    /// Where no descriptor can be had, the descriptors of directories are given up, since svscan can do without them.
    /// True: there is room now.
    fn make_room(&mut self) -> bool {
        if self.surroundings.crowded || unix::pipe::new().is_ok() {
            return false;
        }
        self.surroundings.crowded = true;
        self.jobs().for_each(|job| job.held = None);
        true
    }

    fn found(&mut self, entry: entry::Entry, now: Duration) {
        if self.know(&entry).is_none() {
            return;
        }
        let Some(service) = self.services.iter_mut().find(|service| service.id == entry.id) else { return };
        if !service.active {
            service.active = true;
            service.rename(&entry.name);
            service.look_for_late_log();
            if let Some(chosen) = &mut self.chosen {
                chosen.meet(service);
            }
            service.keep(&mut self.surroundings, now);
        }
    }

    fn wait(&self) {
        let own = self.own_log.as_ref().and_then(|own| own.log.job.due());
        let chosen = self.chosen.as_ref().and_then(Chosen::due);
        let due = [own, chosen].into_iter().flatten().fold(self.next_scan, Duration::min);
        let due = due.saturating_sub(self.now());
        let mut all = vec![self.surroundings.signals.as_fd()];
        all.extend(self.watch.as_ref().map(AsFd::as_fd));
        all.extend(self.surroundings.survivors.watch());
        all.extend(self.chosen.as_ref().and_then(Chosen::watch));
        if event::wait_any(&all, Some(due)).is_err() {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
