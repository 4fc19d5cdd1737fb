//! `Waker`: ends a wait when the system clock comes to a moment or is set.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use unix::alarm::{Alarm, Rang};
use unix::event::Set;

/// An alarm on the wall clock, together with the signals of the process behind one descriptor.
#[derive(Debug)]
pub struct Waker {
    alarm: Alarm,
    /// What it is set to, in seconds since the epoch.
    set: Option<i64>,
    /// Why it has rung since.
    rang: Option<Rang>,
    both: Set,
}

impl Waker {
    /// An alarm that is not set.
    pub fn new(signals: impl AsFd) -> io::Result<Waker> {
        let (alarm, both) = (Alarm::new()?, Set::new()?);
        both.add(&alarm)?;
        both.add(signals)?;
        Ok(Waker { alarm, set: None, rang: None, both })
    }

    /// Takes note of whether it has rung.
    pub fn listen(&mut self) {
        self.rang = self.alarm.take().or(self.rang);
    }

    /// Sets it to `seconds` since the epoch. `now` reads the clock, and is asked only after the alarm has rung. An error
    /// also where the alarm has rung before its time: the clock of this program is not the system's then, and the alarm
    /// would ring again and again. Whether the clock was set meanwhile, which ends no wait then.
    pub fn set(&mut self, seconds: i64, now: impl FnOnce() -> i64) -> io::Result<Option<Rang>> {
        let rang = self.rang.take();
        // The alarm and the clock may differ by some nanoseconds.
        if self.set == Some(seconds) && rang == Some(Rang::InTime) && now() + 1 < seconds {
            return Err(io::ErrorKind::Unsupported.into());
        }
        if self.set == Some(seconds) && rang.is_none() {
            return Ok(None);
        }
        self.set = Some(seconds);
        self.alarm.set(seconds)
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.both.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tai64tools::Label;
    use unix::event::{self, Bell};

    use super::*;

    #[test]
    fn a_waker_wakes_in_time_and_for_what_is_beside_it() {
        let bell = Bell::new().unwrap();
        let mut waker = Waker::new(&bell).unwrap();
        let is_awake =
            |waker: &Waker| event::wait([waker.as_fd()], Some(Duration::ZERO)).unwrap()[0].readable;
        let now = Label::now().unix_seconds();
        waker.set(now + 3600, || now).unwrap();
        assert!(!is_awake(&waker));
        bell.ring();
        assert!(is_awake(&waker));
        bell.quiet();
        waker.set(now - 1, || now).unwrap();
        assert!(is_awake(&waker));
        waker.listen();
        assert!(!is_awake(&waker));
        waker.set(now + 3600, || now).unwrap();
        assert!(!is_awake(&waker));
    }

    /// As under faketime(1).
    #[test]
    fn a_waker_that_goes_by_another_clock_gives_up() {
        let mut waker = Waker::new(Bell::new().unwrap()).unwrap();
        let past = Label::now().unix_seconds() - 1000;
        waker.set(past + 10, || past).unwrap();
        assert!(event::wait([waker.as_fd()], Some(Duration::from_secs(10))).unwrap()[0].readable);
        waker.listen();
        assert!(waker.set(past + 10, || past).is_err());
    }
}
