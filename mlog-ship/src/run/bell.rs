//! `Bell`: wakes the thread of a lane when there may be lines, or when the program ends.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Wakes one thread.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Mutex<Rung>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct Rung {
    lines: bool,
    end: bool,
}

/// Why a wait is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// There may be lines.
    Lines,
    /// The time is over.
    Time,
    /// The program ends.
    End,
}

impl Bell {
    fn rung(&self) -> MutexGuard<'_, Rung> {
        self.rung.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// There may be lines.
    pub(super) fn lines(&self) {
        self.rung().lines = true;
        self.changed.notify_one();
    }

    /// The program ends.
    pub(super) fn end(&self) {
        self.rung().end = true;
        self.changed.notify_one();
    }

    /// Whether there may be lines since this was asked last.
    pub(super) fn take_lines(&self) -> bool {
        std::mem::take(&mut self.rung().lines)
    }

    /// Whether the program ends.
    pub(super) fn has_ended(&self) -> bool {
        self.rung().end
    }

    /// Waits for lines, or for so long.
    pub(super) fn wait(&self) -> Woken {
        let mut rung = self.rung();
        loop {
            if rung.end {
                return Woken::End;
            }
            if std::mem::take(&mut rung.lines) {
                return Woken::Lines;
            }
            rung = self.changed.wait(rung).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for so long, whether there are lines or not.
    pub(super) fn sleep(&self, span: Duration) -> Woken {
        let rung = self.rung();
        let waited = self.changed.wait_timeout_while(rung, span, |rung| !rung.end);
        let (rung, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if rung.end { Woken::End } else { Woken::Time }
    }
}
