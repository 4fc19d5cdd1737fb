//! An alarm on the system clock, which also rings when that clock is set.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// Why an alarm rang.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rang {
    /// The clock shows the moment that it was set to, or a later one.
    InTime,
    /// The clock was set.
    ClockWasSet,
}

/// A descriptor that is readable once the wall clock shows a moment, and after that clock was set.
#[derive(Debug)]
pub struct Alarm(OwnedFd);

impl Alarm {
    /// An alarm that is not set.
    pub fn new() -> io::Result<Alarm> {
        Ok(Alarm(timerfd_create(TimerfdClockId::Realtime, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?))
    }

    /// Sets it to `seconds` since the epoch, which is after 1970. If it was going to ring because the clock was set, it
    /// does not ring for that any more, and says so here.
    pub fn set(&self, seconds: i64) -> io::Result<Option<Rang>> {
        let never = Timespec { tv_sec: 0, tv_nsec: 0 };
        let at = Itimerspec { it_interval: never, it_value: Timespec { tv_sec: seconds.max(1), tv_nsec: 0 } };
        match timerfd_settime(&self.0, TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET, &at) {
            Ok(_) => Ok(None),
            // It is set all the same.
            Err(Errno::CANCELED) => Ok(Some(Rang::ClockWasSet)),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether it has rung since the last call, and why.
    pub fn take(&self) -> Option<Rang> {
        match rustix::io::read(&self.0, &mut [0u8; 8]) {
            Ok(_) => Some(Rang::InTime),
            Err(Errno::CANCELED) => Some(Rang::ClockWasSet),
            Err(_) => None,
        }
    }
}

impl AsFd for Alarm {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use super::*;

    #[test]
    fn an_alarm_rings_once_when_its_moment_is_there() {
        let alarm = Alarm::new().unwrap();
        assert_eq!(alarm.take(), None);
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
        assert_eq!(alarm.set(now + 3600).unwrap(), None);
        assert_eq!(alarm.take(), None);
        alarm.set(now - 1).unwrap();
        let [rung] = crate::event::wait([alarm.as_fd()], Some(Duration::from_secs(10))).unwrap();
        assert!(rung.readable);
        assert_eq!((alarm.take(), alarm.take()), (Some(Rang::InTime), None));
    }
}
