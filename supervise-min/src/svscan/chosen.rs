//! `Chosen`: the service of `--main`, which runs once, and whose end is the end of all.
//!
//! Its supervise is started with `-o`. svscan watches the process itself, and reads in `supervise/state` how it has
//! ended, since only its parent knows that for sure. A process that ends before svscan has seen it is known by the
//! state alone. The rules are in [`Course`], which makes no system call.

use std::ffi::OsString;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::BorrowedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::time::Duration;

use tai64tools::Label;
use unix::diag::Message;
use unix::file::Identity;
use unix::process::{Ended, Process};
use unix::spawn::Ending;
use unix::tool::{Fatal, SYSTEM};

use super::job::{Job, RunsAs};
use super::service::Service;
use crate::service::hold::Hold;
use crate::service::survivor::{Role, Survivor};

/// The time between two looks at a service that was not seen running yet.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The same when its process has ended, and its supervise has not said how.
const LOOK_AGAIN_SOON: Duration = Duration::from_millis(10);
/// How long its supervise may take to say that.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is added to the number of a signal, as shells do it.
const SIGNALLED: i32 = 128;

/// A name that svscan would look at, from the arguments.
pub(super) fn name(text: &[u8]) -> Result<OsString, Fatal> {
    if text.is_empty() || text.starts_with(b".") || text.contains(&b'/') {
        return Err(Fatal::misuse(Message::new("no name of a service: ").and(text)));
    }
    Ok(OsString::from_vec(text.to_vec()))
}

/// The exit code of svscan where its chosen service has ended like this. None: nobody knows how.
pub(super) fn code(ending: Option<Ending>) -> u8 {
    match ending {
        Some(Ending::Exited(code)) => code,
        Some(Ending::Crashed(signal)) => u8::try_from(SIGNALLED + signal).unwrap_or(SYSTEM),
        None => SYSTEM,
    }
}

/// What is seen of the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    /// Whether a supervise runs.
    supervise: bool,
    /// Whether that has ended whenever it was started.
    hopeless: bool,
    /// Whether the process runs.
    process: bool,
    /// How the process has ended, as its supervise says.
    said: Option<Ended>,
    /// The same, as the kernel says.
    found: Option<Ending>,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Its process is watched.
    Watch,
    /// Another look at this time.
    Look(Duration),
    /// It is over.
    Over(Option<Ending>),
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Course {
    /// It was not seen running.
    Beginning,
    /// It was.
    Running,
    /// Its process has ended, and this was seen at this time.
    Ending(Duration),
}

impl Course {
    fn step(&mut self, seen: Seen, now: Duration) -> Next {
        if let Some(Ended(ending)) = seen.said {
            return Next::Over(ending.or(seen.found));
        }
        if seen.process {
            *self = Course::Running;
            return Next::Watch;
        }
        match *self {
            Course::Beginning if seen.hopeless => Next::Over(None),
            Course::Beginning => Next::Look(now + LOOK_AGAIN),
            Course::Running if seen.supervise => {
                *self = Course::Ending(now);
                Next::Look(now + LOOK_AGAIN_SOON)
            }
            Course::Ending(since) if seen.supervise && now.saturating_sub(since) < PATIENCE => {
                Next::Look(now + LOOK_AGAIN_SOON)
            }
            // Who would know how it has ended is gone, or does not tell.
            Course::Running | Course::Ending(_) => Next::Over(seen.found),
        }
    }
}

/// The chosen service.
pub(super) struct Chosen {
    name: OsString,
    id: Option<Identity>,
    /// Its process, as long as that runs, once it was seen.
    process: Option<Process>,
    /// The number of that, also after its end.
    pid: Option<u32>,
    /// How the process has ended, if the kernel tells.
    found: Option<Ending>,
    /// The time in the status when it was met. What was written until then is about earlier runs. A supervise writes the
    /// state before the status, so a later time means that the state is later as well.
    before: Option<Label>,
    /// Whether a supervise that was found knows that it runs once.
    told: bool,
    course: Course,
    next: Next,
}

impl Chosen {
    /// Looks for it, so that a wrong name starts nothing.
    pub(super) fn find(name: OsString) -> Result<Chosen, Fatal> {
        let unable = Message::new("unable to find service ").and(name.as_bytes());
        let there = fs::metadata(&name).and_then(|stat| match stat.is_dir() {
            true => Ok(()),
            false => Err(io::Error::from(ErrorKind::NotADirectory)),
        });
        there.map_err(|error| Fatal::system(unable, &error))?;
        Ok(Chosen {
            name,
            id: None,
            process: None,
            pid: None,
            found: None,
            before: None,
            told: false,
            course: Course::Beginning,
            next: Next::Watch,
        })
    }

    /// A service is about to be started or found. If it is this one, its supervise will run it once.
    pub(super) fn meet(&mut self, service: &mut Service) {
        if self.id.is_none() && service.main.name == self.name {
            self.id = Some(service.id);
            service.main.runs_as = RunsAs::Once;
            self.next = Next::Look(Duration::ZERO);
            self.before = service.main.at(Hold::written).flatten().map(|(status, _)| status.since);
        }
    }

    /// When to look at it again, if there is a time for that.
    pub(super) fn due(&self) -> Option<Duration> {
        if let Next::Look(due) = self.next { Some(due) } else { None }
    }

    /// Readable when its process has ended.
    pub(super) fn watch(&self) -> Option<BorrowedFd<'_>> {
        self.process.as_ref().and_then(Process::watch)
    }

    /// Looks at it. True: it has ended.
    pub(super) fn is_over(&mut self, services: &[Service], now: Duration) -> bool {
        let Some(id) = self.id else { return false };
        let Some(service) = services.iter().find(|service| service.id == id) else {
            // Its name is gone, and so is all of it.
            self.next = Next::Over(self.found);
            return true;
        };
        self.tell(&service.main);
        let seen = self.look(&service.main);
        self.next = self.course.step(seen, now);
        matches!(self.next, Next::Over(_))
    }

    /// How it has ended, if it has; after a stop, which it may not have outlived.
    pub(super) fn ending(&self, services: &[Service]) -> Option<Option<Ending>> {
        if let Next::Over(ending) = self.next {
            return Some(ending);
        }
        let service = services.iter().find(|service| Some(service.id) == self.id)?;
        let found = || self.process.as_ref()?.ended().ok()?;
        self.said(&service.main).or_else(found).map(|Ended(ending)| ending)
    }

    /// Tells a supervise that another process has started.
    fn tell(&mut self, job: &Job) {
        if !self.told && job.was_found() {
            self.told = job.tell(b"o");
        }
    }

    fn look(&mut self, job: &Job) -> Seen {
        // One that runs after its end is another process, which somebody else wanted.
        if self.pid.is_none() {
            if let Some(Survivor { process, origin }) = job.process() {
                if origin.role == Role::Run {
                    self.pid = Some(process.pid());
                    self.process = Some(process);
                }
            }
        }
        // Where there was no memory to look, there will be.
        if let Some(Ok(Some(Ended(ending)))) = self.process.as_ref().map(Process::ended) {
            (self.found, self.process) = (ending, None);
        }
        let process = self.process.is_some();
        let said = if process { None } else { self.said(job) };
        Seen { supervise: job.runs(), hopeless: job.keeps_ending(), process, said, found: self.found }
    }

    /// What its supervise has written about the end of its process.
    fn said(&self, job: &Job) -> Option<Ended> {
        let (status, state) = job.at(Hold::written).flatten()?;
        let runs = if self.pid.is_some() { status.pid == self.pid } else { status.pid.is_some() };
        state.ended.filter(|_| !runs && Some(status.since) != self.before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTHING: Seen = Seen { supervise: false, hopeless: false, process: false, said: None, found: None };
    const SUPERVISE: Seen = Seen { supervise: true, ..NOTHING };
    const BOTH: Seen = Seen { process: true, ..SUPERVISE };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// What a service that is seen like this, once each second, is said to be at last.
    fn course(all: &[Seen]) -> Next {
        let mut course = Course::Beginning;
        let mut next = Next::Watch;
        for (second, seen) in all.iter().enumerate() {
            assert!(!matches!(next, Next::Over(_)), "{all:?}");
            next = course.step(*seen, at(second as u64));
        }
        next
    }

    #[test]
    fn it_is_over_when_its_supervise_says_so_or_nobody_can() {
        let exited = Some(Ending::Exited(3));
        let said = Seen { said: Some(Ended(exited)), ..SUPERVISE };
        let unknown = Seen { said: Some(Ended(None)), found: Some(Ending::Crashed(9)), ..SUPERVISE };
        let alone = Seen { process: true, ..NOTHING };
        for (all, next) in [
            (&[NOTHING][..], Next::Look(LOOK_AGAIN)),
            (&[NOTHING, SUPERVISE], Next::Look(at(1) + LOOK_AGAIN)),
            (&[NOTHING, SUPERVISE, BOTH], Next::Watch),
            (&[SUPERVISE, said], Next::Over(exited)),
            (&[BOTH, SUPERVISE], Next::Look(at(1) + LOOK_AGAIN_SOON)),
            (&[BOTH, SUPERVISE, SUPERVISE], Next::Look(at(2) + LOOK_AGAIN_SOON)),
            (&[BOTH, SUPERVISE, said], Next::Over(exited)),
            (&[BOTH, SUPERVISE, SUPERVISE, SUPERVISE], Next::Over(None)),
            (&[BOTH, unknown], Next::Over(Some(Ending::Crashed(9)))),
            (&[BOTH, alone], Next::Watch),
            (&[BOTH, alone, BOTH], Next::Watch),
            (&[BOTH, alone, Seen { found: exited, ..NOTHING }], Next::Over(exited)),
            (&[BOTH, NOTHING], Next::Over(None)),
            (&[NOTHING, Seen { hopeless: true, ..NOTHING }], Next::Over(None)),
            // One that ran, and whose supervise can't be started any more, is watched all the same.
            (&[BOTH, Seen { hopeless: true, ..alone }], Next::Watch),
        ] {
            assert_eq!(course(all), next, "{all:?}");
        }
    }

    #[test]
    fn its_end_is_the_exit_code() {
        for (ending, expected) in [
            (Some(Ending::Exited(0)), 0),
            (Some(Ending::Exited(255)), 255),
            (Some(Ending::Crashed(9)), 137),
            (Some(Ending::Crashed(15)), 143),
            (Some(Ending::Crashed(127)), 255),
            (Some(Ending::Crashed(128)), 111),
            (None, 111),
        ] {
            assert_eq!(code(ending), expected);
        }
    }

    #[test]
    fn a_name_is_one_that_svscan_looks_at() {
        assert_eq!(name(b"web").unwrap(), "web");
        for bad in [&b""[..], b".", b".svscan", b"a/b", b"web/"] {
            assert_eq!(name(bad).unwrap_err().code(), 100);
        }
    }
}
