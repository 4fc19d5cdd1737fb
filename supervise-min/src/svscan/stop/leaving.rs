//! `Leaving`: a service that has to end, and its logger: what is seen of them, and what the rules want done.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use unix::diag::{Message, warn};
use unix::pipe;
use unix::process::Process;
use unix::signal::Signal;
use unix::spawn::Ending;

use super::course::{Act, LoggerCourse, Moment, Pipe, Seen, ServiceCourse, Verdict};
use super::holders;
use super::words::{self, Waited, Why};
use crate::service::shutdown;
use crate::service::survivor::{Role, Survivor};
use crate::svscan::job::{Job, Surroundings};
use crate::svscan::service::{Log, Service};

/// How much is found out about a service that svscan waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    Name,
    Reasons,
}

/// A service that is to end.
pub(super) struct Leaving {
    course: ServiceCourse,
    verdict: Verdict,
    /// Its `shutdown`, as long as that runs, and whether it was killed.
    shutdown: Option<Process>,
    was_killed: bool,
    /// Holds the commands that a supervise which is just being started will find.
    word: Option<OwnedFd>,
    logger: Option<LeavingLogger>,
}

impl Leaving {
    /// Starts its `shutdown`, if it has one and something to end.
    pub(super) fn new(service: &Service, surroundings: &Surroundings, now: Duration) -> Leaving {
        Leaving {
            course: if surroundings.revives { ServiceCourse::new(now) } else { ServiceCourse::alone(now) },
            verdict: Verdict::Going,
            shutdown: start_shutdown(&service.main, surroundings),
            was_killed: false,
            word: None,
            logger: service.log.as_ref().map(|_| LeavingLogger::new()),
        }
    }

    /// Does what has to be done now.
    pub(super) fn step(
        &mut self,
        service: &mut Service,
        surroundings: &mut Surroundings,
        moment: Moment,
    ) -> Verdict {
        if self.verdict == Verdict::Going {
            let supervise = service.main.runs();
            let seen = Seen {
                supervise,
                process: !supervise && service.main.process().is_some(),
                shutdown: self.shutdown.is_some(),
            };
            let (verdict, act) = self.course.step(seen, moment);
            self.verdict = verdict;
            if let Some(act) = act {
                self.act(act, service, surroundings, moment);
            }
        }
        let over = self.verdict != Verdict::Going;
        let (Some(logger), Some(log)) = (&mut self.logger, &mut service.log) else { return self.verdict };
        let logger = logger.step(log, over, surroundings, moment);
        if over { logger } else { Verdict::Going }
    }

    fn act(&mut self, act: Act, service: &mut Service, surroundings: &mut Surroundings, moment: Moment) {
        match act {
            Act::Start(commands) => {
                if service.main.find(surroundings, moment.now) {
                    return;
                }
                self.word = service.main.at(|held| held.leave_word(commands)).flatten();
                if self.word.is_some() {
                    self.course.was_told(moment.stage);
                }
                service.start_with_pipe(surroundings, moment.now);
            }
            Act::Tell(commands) => {
                // The supervise that is told this has begun.
                if tell(&service.main, commands) {
                    self.word = None;
                    self.course.was_told(moment.stage);
                }
            }
            Act::KillShutdown => {
                self.was_killed |= self.shutdown.as_ref().map(shutdown::kill).is_some();
            }
            Act::Term => {
                signal(&service.main, Signal::TERM);
                signal(&service.main, Signal::CONT);
            }
            Act::Kill => signal(&service.main, Signal::KILL),
            Act::KillSupervise => service.main.signal(Signal::KILL),
            Act::KillHolders | Act::Continue => {}
        }
    }

    /// It may have been its `shutdown`.
    pub(super) fn child_has_ended(
        &mut self,
        service: &Service,
        (pid, ending): (u32, Ending),
        program: &'static str,
    ) {
        if self.shutdown.as_ref().is_none_or(|process| process.pid() != pid) {
            return;
        }
        self.shutdown = None;
        let name = service.main.path();
        let whose = name.as_os_str().as_bytes();
        let complaint =
            if self.was_killed { Some(shutdown::killed(whose)) } else { shutdown::complaint(whose, ending) };
        if let Some(complaint) = complaint {
            warn(program, &complaint);
        }
    }

    /// Which of the two svscan waits for, and why. The logger's turn comes when svscan no longer waits for the service.
    pub(super) fn waited(&self, service: &Service, detail: Detail) -> Option<Waited> {
        if self.verdict != Verdict::Going {
            let (logger, log) = self.logger.as_ref().zip(service.log.as_ref())?;
            return (logger.verdict == Verdict::Going).then(|| match detail {
                Detail::Reasons => logger.waited(log),
                Detail::Name => named(&log.job),
            });
        }
        if detail == Detail::Name {
            return Some(named(&service.main));
        }
        let mut waited = waited(&service.main);
        if let Some(shutdown) = &self.shutdown {
            waited.why = vec![Why::Runs("shutdown", shutdown.pid())];
        }
        Some(waited)
    }

    /// Names what is left of both. True: nothing.
    pub(super) fn conclude(&self, service: &Service, program: &'static str) -> bool {
        let left = self.verdict == Verdict::Left;
        if left {
            warn(program, &words::list("left ", &[waited(&service.main)]));
        }
        let logger = self.logger.as_ref().zip(service.log.as_ref());
        logger.is_none_or(|(logger, log)| logger.conclude(log, program)) && !left
    }
}

/// A logger that is to end.
pub(super) struct LeavingLogger {
    course: LoggerCourse,
    verdict: Verdict,
}

impl LeavingLogger {
    pub(super) fn new() -> LeavingLogger {
        LeavingLogger { course: LoggerCourse::default(), verdict: Verdict::Going }
    }

    /// Does what has to be done now. `over`: svscan does not wait for its service any more.
    pub(super) fn step(
        &mut self,
        log: &mut Log,
        over: bool,
        surroundings: &mut Surroundings,
        moment: Moment,
    ) -> Verdict {
        if self.verdict != Verdict::Going {
            return self.verdict;
        }
        let supervise = log.job.runs();
        let process = (!supervise || over || self.course.has_to_be_told()) && log.job.process().is_some();
        let seen = Seen { supervise, process, shutdown: false };
        let (verdict, acts) = self.course.step(seen, look_into(&log.pipe), over, moment);
        self.verdict = verdict;
        for act in acts {
            self.act(act, log, surroundings, moment);
        }
        verdict
    }

    fn act(&mut self, act: Act, log: &mut Log, surroundings: &mut Surroundings, moment: Moment) {
        let job = &mut log.job;
        match act {
            Act::Start(_) => {
                if !job.find(surroundings, moment.now) {
                    job.start(surroundings, moment.now);
                }
            }
            Act::Tell(commands) => {
                if tell(job, commands) {
                    self.course.was_told(moment.stage);
                }
            }
            Act::Continue => signal(job, Signal::CONT),
            Act::Kill => signal(job, Signal::KILL),
            Act::KillSupervise => job.signal(Signal::KILL),
            Act::KillHolders => holders::kill(&log.pipe),
            Act::Term | Act::KillShutdown => {}
        }
    }

    /// Why it is waited for.
    pub(super) fn waited(&self, log: &Log) -> Waited {
        let mut waited = waited(&log.job);
        let Pipe { unread, held } = look_into(&log.pipe);
        let unread = (unread > 0).then_some(Why::Unread(unread));
        let held = held.then(|| Why::Held(holders::of(&log.pipe)));
        let reasons: Vec<Why> = unread.into_iter().chain(held).collect();
        if !reasons.is_empty() {
            waited.why = reasons;
        }
        waited
    }

    /// Names what is left. True: nothing.
    pub(super) fn conclude(&self, log: &Log, program: &'static str) -> bool {
        let Log { job, pipe } = log;
        let Pipe { unread, held } = look_into(pipe);
        let lives = job.runs() || job.process().is_some();
        if lives || held {
            warn(program, &words::list("left ", &[self.waited(log)]));
        }
        let lost = unread > 0 && !lives;
        if lost {
            warn(program, &words::thrown_away(job.path().as_os_str().as_bytes(), unread));
        }
        !(lives || held || lost)
    }
}

fn start_shutdown(job: &Job, surroundings: &Surroundings) -> Option<Process> {
    if !job.runs() && job.process().is_none() {
        return None;
    }
    let name = job.path();
    let whose = name.as_os_str().as_bytes();
    let prepare = || drop(surroundings.give_back());
    let started = job.at(|held| {
        held.has_script(shutdown::SCRIPT).then(|| shutdown::start(surroundings.program, held, whose, prepare))
    });
    started.flatten()?.map_or_else(
        |error| {
            let message = Message::new("unable to fork for ").and(whose).and("/").and(shutdown::SCRIPT);
            warn(surroundings.program, &message.because(&error));
            None
        },
        Some,
    )
}

fn look_into(reader: impl AsFd) -> Pipe {
    Pipe { unread: pipe::filled(&reader).unwrap_or(0), held: !pipe::has_no_writers(&reader) }
}

/// Sends commands. A supervise that was stopped by a signal would not notice them, so it is continued.
fn tell(job: &Job, commands: &[u8]) -> bool {
    let told = job.tell(commands);
    if told {
        job.signal(Signal::CONT);
    }
    told
}

fn signal(job: &Job, signal: Signal) {
    if let Some(survivor) = job.process() {
        // What has ended meanwhile needs none.
        survivor.process.signal(signal).ok();
    }
}

/// A service or a logger, and the process for which it is waited.
fn waited(job: &Job) -> Waited {
    let process = job.process().map(|Survivor { process, origin }| {
        let what = if origin.role == Role::Run { "" } else { "finish" };
        Why::Runs(what, process.pid())
    });
    let why = process.or(job.supervise().map(|pid| Why::Runs("supervise", pid)));
    Waited { why: why.into_iter().collect(), ..named(job) }
}

fn named(job: &Job) -> Waited {
    Waited { name: job.path().as_os_str().as_bytes().to_vec(), why: Vec::new() }
}
