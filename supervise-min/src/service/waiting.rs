//! `Words`: when a tool that waits says whom it waits for.

use std::time::Duration;

/// When it is said who is waited for: after a second, 5, 15 and 60, then every minute.
#[derive(Clone, Copy, Debug)]
pub struct Words(Duration);

#[allow(clippy::new_without_default, reason = "it is a beginning and no default")]
impl Words {
    /// Nothing has been said.
    pub fn new() -> Words {
        Words(Duration::from_secs(1))
    }

    /// Whether it is time to say something, so long after the beginning. It is said then.
    pub fn are_due(&mut self, elapsed: Duration) -> bool {
        let due = elapsed >= self.0;
        if due {
            self.0 = Duration::from_secs(match elapsed.as_secs() {
                ..5 => 5,
                5..15 => 15,
                seconds => (seconds / 60 + 1) * 60,
            });
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_due_after_1_5_15_and_60_seconds_and_then_every_minute() {
        let mut words = Words::new();
        let due = |tick: &u64| words.are_due(Duration::from_millis(100) * u32::try_from(*tick).unwrap());
        let seconds: Vec<u64> = (0..2500).filter(due).map(|tick| tick / 10).collect();
        assert_eq!(seconds, [1, 5, 15, 60, 120, 180, 240]);
        // Nobody looked for a time.
        let mut late = Words::new();
        assert!(late.are_due(Duration::from_secs(30)) && !late.are_due(Duration::from_secs(59)));
    }
}
