//! The orderly stop: services end, then loggers have read what they left, then svscan's own logger.
//!
//! All supervises are told at once what to do, so that a KILL of svscan changes nothing: a logger's supervise leaves
//! when its logger has read to the end of the pipe, and this end comes when the pipe has no writer any more. The
//! reading ends stay open meanwhile. A supervise that dies before its time is started again. The rules are in
//! [`course`], the messages in [`words`].

mod course;
mod holders;
mod leaving;
mod words;

use std::os::fd::AsFd;
use std::time::Duration;

use unix::diag::warn;
use unix::event;
use unix::signal::Signal;
use unix::tool::Exit;

use super::job::{Descriptors, Job};
use super::service::Service;
use super::{LEFT, Svscan, chosen};
use crate::service::waiting::Words;
use course::{Clock, Moment, Verdict};
use leaving::{Detail, Leaving, LeavingLogger};

/// The time between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Svscan {
    /// Ends everything in order.
    pub(super) fn stop(mut self) -> Exit {
        self.bury();
        self.find_services();
        self.notify.stops(self.services.len());
        let begun = self.now();
        // The end of the pipe must not wait for this process.
        for service in &mut self.services {
            service.main.descriptors = Descriptors::default();
        }
        let mut words = Words::new();
        let mut leaving: Vec<Leaving> =
            self.services.iter().map(|service| Leaving::new(service, &self.surroundings, begun)).collect();
        let mut clock = Clock::new(begun, self.patience);
        while self.step(&mut leaving, clock.at(self.now())) {
            if words.are_due(self.now().saturating_sub(begun)) {
                self.say("waiting for ", &leaving);
            }
            let again = self.pause(&mut leaving);
            if clock.step(again, self.now()) {
                self.say("killing what does not end: ", &leaving);
            }
        }
        let mut in_order = true;
        for (service, leaving) in self.services.iter().zip(&leaving) {
            in_order &= leaving.conclude(service, self.surroundings.program);
        }
        let own_log_too = self.stop_own_log(words, begun);
        let ending = self.chosen.as_ref().and_then(|chosen| chosen.ending(&self.services));
        match ending {
            Some(ending) => Exit::Code(chosen::code(ending)),
            None if in_order && own_log_too => Exit::Success,
            None => Exit::Code(LEFT),
        }
    }

    /// Finds everything that runs before anything is told: also what a killed svscan, or a supervise that was just
    /// killed, has left.
    fn find_services(&mut self) {
        let now = self.now();
        if self.next_scan == Duration::ZERO {
            if let Ok(found) = self.entries.look(now) {
                for entry in &found {
                    self.know(entry);
                }
            }
        }
        self.jobs().for_each(Job::leaves);
        for job in self.services.iter_mut().flat_map(Service::jobs).filter(|job| !job.runs()) {
            // What its name leads to now may be another one.
            if job.held.is_none() {
                job.hold(self.surroundings.crowded);
            }
            job.find(&mut self.surroundings, now);
        }
    }

    /// Does what has to be done now. False: there is nothing left to wait for.
    fn step(&mut self, leaving: &mut [Leaving], moment: Moment) -> bool {
        let mut going = false;
        for (service, leaving) in self.services.iter_mut().zip(leaving) {
            going |= leaving.step(service, &mut self.surroundings, moment) == Verdict::Going;
        }
        going
    }

    /// Names those that are waited for.
    fn say(&mut self, what: &str, leaving: &[Leaving]) {
        let mut all = Vec::new();
        for (service, leaving) in self.services.iter().zip(leaving) {
            // To look for reasons costs more than to count, and no more are said.
            let detail = if all.len() < words::MOST { Detail::Reasons } else { Detail::Name };
            all.extend(leaving.waited(service, detail));
        }
        if !all.is_empty() {
            let words = words::list(what, &all);
            self.notify.says(words.as_bytes());
            warn(self.surroundings.program, &words);
        }
    }

    /// Waits a moment and looks after children. True: another TERM has come.
    fn pause(&mut self, leaving: &mut [Leaving]) -> bool {
        event::wait([self.surroundings.signals.as_fd()], Some(LOOK_AGAIN)).ok();
        let mut again = false;
        while let Some(signal) = self.surroundings.signals.next() {
            match signal {
                Signal::CHILD => self.look_after_children(leaving),
                Signal::TERM | Signal::INT => again = true,
                _ => {}
            }
        }
        self.bury();
        again
    }

    fn look_after_children(&mut self, leaving: &mut [Leaving]) {
        for child in self.reap() {
            for (service, leaving) in self.services.iter().zip(leaving.iter_mut()) {
                leaving.child_has_ended(service, child, self.surroundings.program);
            }
        }
    }

    /// The last one. True: it has read everything and ended.
    fn stop_own_log(&mut self, mut words: Words, begun: Duration) -> bool {
        let Some(mut own) = self.own_log.take() else { return true };
        let mut leaving = LeavingLogger::new();
        let mut clock = Clock::new(self.now(), self.patience);
        // Its supervise is told before the pipe ends, so that it does not start another one.
        let moment = clock.at(self.now());
        leaving.step(&mut own.log, false, &mut self.surroundings, moment);
        own.let_go();
        loop {
            let moment = Moment { limited: false, ..clock.at(self.now()) };
            if leaving.step(&mut own.log, true, &mut self.surroundings, moment) != Verdict::Going {
                return leaving.conclude(&own.log, self.surroundings.program);
            }
            if words.are_due(self.now().saturating_sub(begun)) {
                let waited = [leaving.waited(&own.log)];
                warn(self.surroundings.program, &words::list("waiting for ", &waited));
            }
            self.own_log = Some(own);
            let again = self.pause(&mut []);
            clock.step(again, self.now());
            let Some(back) = self.own_log.take() else { return true };
            own = back;
        }
    }
}
