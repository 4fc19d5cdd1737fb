//! `Backoff`: how long a lane waits after a failure. Pure, except for what chance it is given.

use std::time::Duration;

/// The first wait.
const FIRST: Duration = Duration::from_millis(100);
/// The longest one.
const LONGEST: Duration = Duration::from_secs(30);

/// Waits that grow from failure to failure, each with a share of chance, so that many shippers don't come at once.
#[derive(Clone, Debug)]
pub struct Backoff {
    failures: u32,
    chance: u64,
}

impl Backoff {
    /// Nothing has failed. `seed` is different for each lane.
    pub fn new(seed: u64) -> Backoff {
        Backoff { failures: 0, chance: seed | 1 }
    }

    /// It works again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after one more failure: between half and all of a span that doubles. What the engine wants to be waited is
    /// the least, and has a share of chance on top.
    pub fn next(&mut self, wanted: Option<Duration>) -> Duration {
        let span = FIRST.saturating_mul(1 << self.failures.min(9)).min(LONGEST);
        self.failures += 1;
        let half = span / 2;
        let part = self.random();
        match wanted {
            Some(wanted) => wanted + half.mul_f64(part).min(wanted),
            None => half + half.mul_f64(part),
        }
    }

    /// A number from 0 up to 1.
    fn random(&mut self) -> f64 {
        // xorshift64
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        f64::from(u32::try_from(self.chance >> 32).unwrap_or(0)) / f64::from(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute_and_begin_anew() {
        let mut backoff = Backoff::new(7);
        for exponent in 0..12 {
            let span = FIRST.saturating_mul(1 << exponent).min(LONGEST);
            let wait = backoff.next(None);
            assert!(wait >= span / 2 && wait <= span, "{exponent}: {wait:?}");
        }
        backoff.reset();
        assert!(backoff.next(None) <= FIRST);
    }

    #[test]
    fn what_the_engine_wants_is_waited_and_not_much_more() {
        let mut backoff = Backoff::new(3);
        for seconds in [0, 1, 5, 120, 5, 5, 5, 5, 5, 5] {
            let wanted = Duration::from_secs(seconds);
            let wait = backoff.next(Some(wanted));
            assert!(wait >= wanted && wait <= 2 * wanted, "{seconds}: {wait:?}");
        }
    }

    #[test]
    fn lanes_wait_differently() {
        let mut waits: Vec<Duration> = (0..50).map(|seed| Backoff::new(seed * 977 + 5).next(None)).collect();
        waits.sort();
        waits.dedup();
        assert!(waits.len() > 10, "{waits:?}");
    }
}
