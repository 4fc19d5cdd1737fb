//! The orderly stop: services end, then loggers have read what they left, then svscan's own logger.
//!
//! Everything is told at once what to do, so that a KILL of svscan changes nothing: a logger's supervise leaves when its
//! logger has come to the end of the pipe, and that is when nobody can write to it anymore. The ends to read stay open
//! meanwhile, and a logger that dies before the end is started again.

use std::os::fd::AsFd;
use std::time::Duration;

use unix::event;
use unix::signal::Signal;

use super::Svscan;
use super::job::{Descriptors, Job, Surroundings};
use super::service::Service;

/// How long is waited between looks at supervises that did not listen.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How long after its death a logger that has more to read is started again.
const SOON: Duration = Duration::from_secs(1);

/// A supervise that is to end.
struct Leaving {
    /// What it has to be told yet.
    commands: Option<&'static [u8]>,
}

impl Leaving {
    fn tell(&mut self, job: &Job) {
        if let Some(commands) = self.commands
            && (job.pid.is_none() || job.tell(commands))
        {
            self.commands = None;
        }
    }
}

impl Svscan {
    /// Ends everything in order.
    pub(super) fn stop(mut self) {
        let begun = self.now();
        let mut leaving: Vec<(Leaving, Leaving)> = self.services.iter().map(|_| leaving()).collect();
        // The end of the pipe must not wait for this process.
        for service in &mut self.services {
            service.main.descriptors = Descriptors::default();
        }
        let mut killing = false;
        loop {
            let mut done = true;
            for (service, (main, log)) in self.services.iter_mut().zip(&mut leaving) {
                done &= step(service, main, log, killing, &self.surroundings, self.begun.elapsed());
            }
            if done {
                break;
            }
            let again = self.pause();
            let late = self.patience.is_some_and(|patience| self.now() >= begun + patience);
            if !killing && (again || late) {
                killing = true;
                leaving.iter_mut().for_each(|(main, _)| main.commands = Some(b"dxk"));
            }
        }
        self.stop_own_log();
    }

    /// Waits a moment and looks after children. True: another TERM has come.
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
        again
    }

    fn stop_own_log(&mut self) {
        let Some(log) = &self.own_log else { return };
        log.let_go();
        let mut leaving = Leaving { commands: Some(b"x") };
        while let Some(log) = &self.own_log
            && log.job.pid.is_some()
        {
            leaving.tell(&log.job);
            self.pause();
        }
    }
}

/// What a service and its logger are told at first.
fn leaving() -> (Leaving, Leaving) {
    (Leaving { commands: Some(b"dx") }, Leaving { commands: Some(b"x") })
}

/// Does what is to be done now. True: nothing is left to do.
fn step(
    service: &mut Service,
    main: &mut Leaving,
    log: &mut Leaving,
    killing: bool,
    surroundings: &Surroundings,
    now: Duration,
) -> bool {
    main.tell(&service.main);
    let ended = service.main.pid.is_none();
    let Some(logger) = &mut service.log else { return ended };
    let empty = !event::wait([logger.pipe.as_fd()], Some(Duration::ZERO)).is_ok_and(|[pipe]| pipe.readable);
    let written = ended && empty;
    if logger.job.pid.is_none() && !written {
        // It died before its time.
        logger.job.not_before = logger.job.not_before.min(now + SOON);
        logger.job.keep(surroundings, now);
        log.commands = Some(b"x");
    }
    if killing && written {
        log.commands = Some(b"xk");
    }
    log.tell(&logger.job);
    written && logger.job.pid.is_none()
}
