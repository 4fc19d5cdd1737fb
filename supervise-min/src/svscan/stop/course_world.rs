//! The world of [the tests](super): what services, loggers and supervises do, without processes.

use std::time::Duration;

use super::{Act, Pipe, Seen};

pub(super) const TICK: Duration = Duration::from_millis(100);

/// What a service does when it is told to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ends,
    IgnoresTerm,
    /// It ends, and leaves a process that holds the pipe: for so long.
    LeavesWorker(Duration),
}

/// What reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reader {
    Reads,
    /// A byte each time, and ends: it has a supervise again after a second.
    Crawls,
    NeverReads,
    /// It reads everything, and does not end then.
    NeverEnds,
    /// Its supervise runs nothing.
    Down,
}

/// What has become of supervises when the stop begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Supervises {
    Live,
    Dead,
    /// Dead, and no new one lives.
    Impossible,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct World {
    pub(super) kind: Kind,
    pub(super) reader: Reader,
    pub(super) supervises: Supervises,
    pub(super) service: Seen,
    pub(super) service_told: bool,
    pub(super) worker_until: Option<Duration>,
    pub(super) logger: Seen,
    pub(super) logger_told: bool,
    pub(super) unread: u64,
    pub(super) now: Duration,
}

impl World {
    pub(super) fn new(kind: Kind, reader: Reader, supervises: Supervises, unread: u64) -> World {
        let supervise = supervises == Supervises::Live;
        let service = Seen { supervise, process: true, shutdown: false };
        let logger = Seen { supervise, process: reader != Reader::Down, shutdown: false };
        let (service_told, logger_told, worker_until, now) = (false, false, None, Duration::ZERO);
        World {
            kind,
            reader,
            supervises,
            service,
            service_told,
            worker_until,
            logger,
            logger_told,
            unread,
            now,
        }
    }

    pub(super) fn pipe(&self) -> Pipe {
        let worker = self.worker_until.is_some_and(|until| self.now < until);
        Pipe { unread: self.unread, held: self.service.lives() || worker }
    }

    fn term(&mut self) {
        if self.service.process && self.kind != Kind::IgnoresTerm {
            self.end_service();
        }
    }

    fn end_service(&mut self) {
        self.service.process = false;
        if let Kind::LeavesWorker(long) = self.kind {
            self.worker_until = Some(self.now.saturating_add(long));
        }
    }

    pub(super) fn on_service(&mut self, act: Act) -> bool {
        match act {
            Act::Start(_) => {
                self.service.supervise = self.supervises != Supervises::Impossible;
                self.service_told = self.service.supervise;
                self.service.supervise.then(|| self.term());
            }
            Act::Tell(commands) => {
                self.service_told = true;
                if commands.contains(&b'k') { self.end_service() } else { self.term() }
            }
            Act::Term => self.term(),
            Act::Kill => self.end_service(),
            Act::KillSupervise => self.service.supervise = false,
            Act::KillShutdown | Act::KillHolders | Act::Continue => {}
        }
        self.service_told
    }

    pub(super) fn on_logger(&mut self, act: Act) -> bool {
        match act {
            Act::Start(_) => {
                self.logger.supervise = self.supervises != Supervises::Impossible;
                self.logger.process = self.logger.supervise && self.reader != Reader::Down;
                self.logger_told = false;
            }
            Act::Tell(commands) => {
                self.logger_told = true;
                self.logger.process &= !commands.contains(&b'k');
            }
            Act::Kill => self.logger.process = false,
            Act::KillSupervise => self.logger.supervise = false,
            Act::KillHolders => self.worker_until = None,
            Act::Term | Act::KillShutdown | Act::Continue => {}
        }
        self.logger_told
    }

    /// What happens by itself.
    pub(super) fn live(&mut self) {
        self.now += TICK;
        if self.service_told && !self.service.process {
            self.service.supervise = false;
        }
        if self.logger.process {
            match self.reader {
                Reader::Reads | Reader::NeverEnds => self.unread = 0,
                Reader::Crawls if self.unread > 0 => {
                    (self.unread, self.logger.process) = (self.unread - 1, false);
                }
                _ => {}
            }
            let at_end = !self.pipe().held && self.unread == 0;
            if at_end && matches!(self.reader, Reader::Reads | Reader::Crawls) {
                self.logger.process = false;
            }
        }
        if self.logger_told && !self.logger.process {
            self.logger.supervise = false;
        }
    }
}
