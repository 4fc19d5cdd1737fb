//! A warning of a clock that is far behind the archives, since labels and time have parted then.

use std::time::Duration;

use tai64tools::Label;
use unix::diag::Message;

use super::Engine;
use crate::host::Host;
use crate::intake::Intake;
use crate::logfs::LogFs;

/// The steps of a clock that is kept right are smaller, also with leap seconds.
const FAR: Duration = Duration::from_secs(60);
/// How long it is until the warning is said again.
const AGAIN: Duration = Duration::from_secs(24 * 3600);

impl<I: Intake<Trace = F::File> + ?Sized, F: LogFs, H: Host> Engine<I, F, H> {
    /// Warns of a clock that shows `now`, if that is far behind the newest label of a directory.
    pub(super) fn look_at_clock(&mut self, now: Label) {
        let behind = |log: usize| self.dirs[log].share().last_label.since(now);
        let Some(log) = (0..self.dirs.len()).max_by_key(|&log| behind(log)) else { return };
        let behind = behind(log);
        let uptime = self.host.uptime();
        let lately = self.clock_doubted.is_some_and(|said| uptime.saturating_sub(said) < AGAIN);
        if behind < FAR || lately {
            return;
        }
        self.clock_doubted = Some(uptime);
        let path = self.dirs[log].config().path.as_encoded_bytes();
        let said = Message::new("the clock is ").and(words(behind)).and(" behind the newest file in ");
        self.host.warn(&said.and(path).and(", whose label is where labels go on"));
    }
}

/// A length of time in its largest unit.
fn words(time: Duration) -> String {
    let seconds = time.as_secs();
    let (count, unit) = match seconds {
        0..7200 => (seconds / 60, "minute"),
        7200..172_800 => (seconds / 3600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_has_one_unit() {
        for (seconds, said) in [
            (60, "1 minute"),
            (7199, "119 minutes"),
            (7200, "2 hours"),
            (172_799, "47 hours"),
            (172_800, "2 days"),
            (315_360_000, "3650 days"),
        ] {
            assert_eq!(words(Duration::from_secs(seconds)), said);
        }
    }
}
