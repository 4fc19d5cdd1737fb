//! Pacing: whether to look at the input before waiting, and whether to let lines gather before a look. Pure.

use std::time::Duration;

use crate::intake::Seen;

/// After a look that found this many bytes it is likely that there are more already, so the next look comes before
/// the next wait.
const MUCH: usize = 32 << 10;

/// A batch of fewer bytes may be a line that was written alone.
const SINGLE_LINE: usize = 4 << 10;
/// After this many of these batches in a row lines are taken to come one by one.
const IN_A_ROW: u32 = 8;
/// When the next one then comes this soon, a wake-up for each costs more than all that is done with it.
const CLOSE: Duration = Duration::from_micros(100);
/// So the look at the input waits this long, and finds what has come until then.
const LINGER: Duration = Duration::from_micros(150);

/// What comes before the next look at the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// A wait.
    Wait,
    /// Nothing.
    Nothing,
}

/// What the last looks have found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pacing {
    before: Before,
    /// How many looks in a row have found less than [`SINGLE_LINE`].
    single_lines: u32,
}

impl Pacing {
    /// Nothing was found yet.
    pub(super) fn new() -> Pacing {
        Pacing { before: Before::Wait, single_lines: 0 }
    }

    /// A look has seen this, and `visible` bytes are there now.
    pub(super) fn note(&mut self, seen: Seen, visible: usize) {
        self.before = Before::Wait;
        if seen == Seen::More {
            if visible >= MUCH {
                self.before = Before::Nothing;
            }
            self.single_lines = if visible < SINGLE_LINE { self.single_lines.saturating_add(1) } else { 0 };
        }
    }

    /// What comes before the next look.
    pub(super) fn before_look(&self) -> Before {
        self.before
    }

    /// How long to let lines gather after a wait. `waited` is asked for only where it matters.
    pub(super) fn linger(&self, waited: impl FnOnce() -> Duration) -> Option<Duration> {
        (self.single_lines >= IN_A_ROW && waited() < CLOSE).then_some(LINGER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After these looks.
    fn after(looks: &[(Seen, usize)]) -> Pacing {
        let mut pacing = Pacing::new();
        looks.iter().for_each(|&(seen, visible)| pacing.note(seen, visible));
        pacing
    }

    #[test]
    fn a_look_follows_at_once_only_where_the_last_one_found_much() {
        for (looks, before) in [
            (&[][..], Before::Wait),
            (&[(Seen::More, MUCH - 1)], Before::Wait),
            (&[(Seen::More, MUCH)], Before::Nothing),
            (&[(Seen::More, MUCH), (Seen::More, 1)], Before::Wait),
            // What was visible before is not news.
            (&[(Seen::More, MUCH), (Seen::Nothing, MUCH)], Before::Wait),
        ] {
            assert_eq!(after(looks).before_look(), before, "{looks:?}");
        }
    }

    #[test]
    fn lines_gather_only_where_eight_in_a_row_came_alone_and_the_next_came_soon() {
        let (alone, soon) = ((Seen::More, SINGLE_LINE - 1), CLOSE - Duration::from_nanos(1));
        for (looks, waited, lingers) in [
            (vec![alone; 8], soon, true),
            (vec![alone; 8], CLOSE, false),
            (vec![alone; 7], soon, false),
            ([vec![alone; 7], vec![(Seen::More, SINGLE_LINE)]].concat(), soon, false),
            ([vec![(Seen::More, SINGLE_LINE)], vec![alone; 8]].concat(), soon, true),
            // A look that found nothing is no batch.
            ([vec![alone; 8], vec![(Seen::Nothing, 0)]].concat(), soon, true),
        ] {
            assert_eq!(after(&looks).linger(|| waited).is_some(), lingers, "{looks:?} {waited:?}");
        }
    }
}
