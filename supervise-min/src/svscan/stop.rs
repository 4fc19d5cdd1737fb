//! The orderly stop: services end, then loggers have read what they left, then svscan's own logger.
//!
//! Everything is told at once what to do, so that a KILL of svscan changes nothing: a logger's supervise leaves when its
//! logger has come to the end of the pipe, and that is when nobody can write to it anymore. The ends to read stay open
//! meanwhile, and a logger that dies before the end is started again.

use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use unix::diag::{Message, warn};
use unix::event;
use unix::pipe;
use unix::signal::Signal;

use super::Svscan;
use super::job::{Descriptors, Job, Surroundings};
use super::service::Service;
use super::survivors::service_in;

/// How long is waited between looks at supervises that did not listen.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How long after its death a logger that has more to read is started again.
const SOON: Duration = Duration::from_secs(1);

/// What is done about those that do not end. Each begins with another TERM, or when the patience is over again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Nothing.
    Waiting,
    /// Services are killed, and loggers that have read everything.
    Killing,
    /// All are, and what is left in pipes is thrown away.
    GivingUp,
}

impl Stage {
    fn next(self) -> Stage {
        if self == Stage::Waiting { Stage::Killing } else { Stage::GivingUp }
    }
}

/// A supervise that is to end.
struct Leaving {
    /// What it has to be told yet.
    commands: Option<&'static [u8]>,
}

impl Leaving {
    fn tell(&mut self, job: &Job) {
        if let Some(commands) = self.commands
            && (!job.runs() || job.tell(commands))
        {
            self.commands = None;
        }
    }
}

impl Svscan {
    /// Ends everything in order.
    pub(super) fn stop(mut self) {
        self.bury();
        self.find_supervises();
        let mut leaving: Vec<(Leaving, Leaving)> = self.services.iter().map(|_| leaving()).collect();
        // The end of the pipe must not wait for this process.
        for service in &mut self.services {
            service.main.descriptors = Descriptors::default();
        }
        let mut clock = Clock { stage: Stage::Waiting, since: self.now(), patience: self.patience };
        loop {
            let (stage, now) = (clock.stage, self.now());
            let mut done = true;
            for (service, (main, log)) in self.services.iter_mut().zip(&mut leaving) {
                done &= step(service, main, log, stage, &mut self.surroundings, now);
            }
            if done {
                break;
            }
            let again = self.pause();
            if clock.tick(again, self.now()) {
                leaving.iter_mut().for_each(|(main, _)| main.commands = Some(b"dxk"));
            }
        }
        for service in &self.services {
            if let Some(log) = &service.log {
                say_what_is_left(&log.pipe, &log.job);
            }
        }
        self.stop_own_log();
    }

    /// A service whose supervise has just been killed gets one that takes it over and can be told.
    fn find_supervises(&mut self) {
        let now = self.now();
        self.jobs().for_each(Job::forgive);
        for service in &mut self.services {
            for job in service.jobs().filter(|job| !job.runs() && service_in(&job.path()).is_some()) {
                job.not_before = now;
                job.keep(&mut self.surroundings, now);
            }
        }
    }

    /// Waits a moment and looks after supervises. True: another TERM has come.
    fn pause(&mut self) -> bool {
        event::wait([self.surroundings.signals.as_fd()], Some(LOOK_AGAIN)).ok();
        let mut again = false;
        while let Some(signal) = self.surroundings.signals.next() {
            match signal {
                Signal::Child => self.reap(),
                Signal::Term | Signal::Int => again = true,
                _ => {}
            }
        }
        self.bury();
        again
    }

    fn stop_own_log(&mut self) {
        if let Some(log) = &self.own_log {
            log.let_go();
        }
        let mut leaving = Leaving { commands: Some(b"x") };
        let mut clock = Clock { stage: Stage::Killing, since: self.now(), patience: self.patience };
        while let Some(log) = &mut self.own_log {
            let given_up = clock.stage == Stage::GivingUp;
            if !log.job.runs() && (given_up || is_empty(&log.pipe)) {
                return say_what_is_left(&log.pipe, &log.job);
            }
            if !log.job.runs() {
                start_again(&mut log.job, &mut leaving, &mut self.surroundings, self.begun.elapsed());
            }
            leaving.tell(&log.job);
            let again = self.pause();
            if clock.tick(again, self.now()) {
                leaving.commands = Some(b"xk");
            }
        }
    }
}

/// How far a stop has come.
struct Clock {
    stage: Stage,
    since: Duration,
    patience: Option<Duration>,
}

impl Clock {
    /// True: the next stage begins. `again`: another TERM has come.
    fn tick(&mut self, again: bool, now: Duration) -> bool {
        let late = self.patience.is_some_and(|patience| now >= self.since + patience);
        let next = self.stage < Stage::GivingUp && (again || late);
        if next {
            (self.stage, self.since) = (self.stage.next(), now);
        }
        next
    }
}

/// What a service and its logger are told at first.
fn leaving() -> (Leaving, Leaving) {
    (Leaving { commands: Some(b"dx") }, Leaving { commands: Some(b"x") })
}

/// Names what is in a pipe that nobody will read.
fn say_what_is_left(pipe: impl AsFd, logger: &Job) {
    let bytes = pipe::filled(pipe).unwrap_or(0);
    if bytes > 0 {
        let message = Message::new("threw away ").and(bytes.to_string()).and(" bytes that ");
        let message = message.and(logger.path().as_os_str().as_bytes()).and(" has not read");
        warn("svscan", &message);
    }
}

fn is_empty(pipe: impl AsFd) -> bool {
    pipe::filled(pipe).unwrap_or(0) == 0
}

/// A logger has died before its time.
fn start_again(logger: &mut Job, leaving: &mut Leaving, surroundings: &mut Surroundings, now: Duration) {
    logger.not_before = logger.not_before.min(now + SOON);
    logger.keep(surroundings, now);
    leaving.commands = Some(b"x");
}

/// Does what is to be done now. True: nothing is left to do.
fn step(
    service: &mut Service,
    main: &mut Leaving,
    log: &mut Leaving,
    stage: Stage,
    surroundings: &mut Surroundings,
    now: Duration,
) -> bool {
    main.tell(&service.main);
    let ended = !service.main.runs();
    let Some(logger) = &mut service.log else { return ended };
    let written = ended && (stage == Stage::GivingUp || is_empty(&logger.pipe));
    if !logger.job.runs() && !written {
        start_again(&mut logger.job, log, surroundings, now);
    }
    if stage > Stage::Waiting && written {
        log.commands = Some(b"xk");
    }
    log.tell(&logger.job);
    written && !logger.job.runs()
}
