//! A service's life: any files of a directory, any commands, deaths and times; any bytes as its status and state.

#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use supervise_min::service::command::Command;
use supervise_min::service::machine::{APART, Action, Event, Machine, Phase};
use supervise_min::service::rules::Rules;
use supervise_min::service::state::State;
use supervise_min::service::status::{Status, Want};

/// What a driver of the rules knows: which process there is, and when the service was started last.
struct Driver {
    machine: Machine,
    phase: Phase,
    started: Option<Duration>,
    left: bool,
}

impl Driver {
    fn handle(&mut self, event: Event, fails: bool, now: Duration) {
        for action in self.machine.step(event, now) {
            assert!(!self.left, "something is done after the end");
            match action {
                Action::Start => {
                    assert!(self.phase == Phase::Down && self.started.is_none_or(|last| now - last >= APART));
                    if fails {
                        self.handle(Event::NotStarted, fails, now);
                    } else {
                        (self.phase, self.started) = (Phase::Up, Some(now));
                        self.handle(Event::Started(self.machine.rules), fails, now);
                    }
                }
                Action::Finish => {
                    assert_eq!(self.phase, Phase::Up);
                    self.phase = Phase::Finishing;
                    if fails {
                        self.phase = Phase::Down;
                        self.handle(Event::Finished(None), fails, now);
                    }
                }
                Action::Signal(..) => assert_ne!(self.phase, Phase::Down),
                Action::Announce => {}
                Action::Leave => {
                    assert_eq!(self.phase, Phase::Down);
                    self.left = true;
                }
            }
        }
        assert_eq!(self.machine.phase, self.phase);
    }
}

fuzz_target!(|input: (Vec<(u8, String)>, Vec<(u8, u8, u16)>, &[u8])| {
    let (files, events, bytes) = input;
    let mut rules = Rules::PLAIN;
    for (file, text) in &files {
        let (before, file) = (rules, Rules::FILES[usize::from(*file) % Rules::FILES.len()]);
        assert!(rules.take(file, text) || rules == before);
    }
    let mut machine = Machine::new(if files.len() % 2 == 0 { Want::Up } else { Want::Down });
    machine.rules = rules;
    let mut driver = Driver { machine, phase: Phase::Down, started: None, left: false };
    let mut now = Duration::ZERO;
    for (kind, value, wait) in events {
        now += Duration::from_millis(u64::from(wait));
        let code = Some(value).filter(|value| value % 2 == 0);
        let event = match (kind % 4, driver.phase) {
            (0, Phase::Up) => Event::Ended(code),
            (0, Phase::Finishing) => {
                driver.phase = Phase::Down;
                Event::Finished(code)
            }
            (1, _) => Event::Due,
            _ => match Command::of(value) {
                Some(command) => Event::Command(command),
                None => continue,
            },
        };
        driver.handle(event, kind >= 128, now);
        if driver.left {
            break;
        }
    }
    if let Some(status) = Status::of(bytes) {
        assert_eq!(status.bytes()[..12], bytes[..12]);
    }
    let state = State::of(&String::from_utf8_lossy(bytes));
    assert_eq!(State::of(&state.text()), state);
});
