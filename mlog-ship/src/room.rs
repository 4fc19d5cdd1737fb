//! `Room`: how much an engine takes at once, where it says so only by refusing more. Pure.
//!
//! What is refused as too long is made shorter. Whoever runs the engine may raise its limit, and nobody tells: so when some
//! have fitted, twice as much is tried. Each time that is refused, twice as many have to fit before the next try, until more
//! has fitted.

/// The number of batches that have to fit before more is tried for the first time.
const FIRST: u32 = 16;
/// The most that this number grows to, since it doubles with each try that was too much.
const LAST: u32 = 4096;

/// How much an engine takes at once.
#[derive(Clone, Debug)]
pub struct Room {
    /// None: nothing was too long.
    limit: Option<usize>,
    /// How many have fitted that were about as long as the limit.
    fitted: u32,
    /// How many have to.
    wanted: u32,
    /// Whether more was tried since something was too long.
    tried: bool,
}

impl Default for Room {
    fn default() -> Room {
        Room { limit: None, fitted: 0, wanted: FIRST, tried: false }
    }
}

impl Room {
    /// The most that is tried at the moment. None: there is no limit by this.
    pub fn limit(&self) -> Option<usize> {
        self.limit
    }

    /// Something was too long: this is tried from now on.
    pub fn narrow(&mut self, to: usize) {
        if std::mem::take(&mut self.tried) {
            self.wanted = (self.wanted * 2).min(LAST);
        }
        self.limit = Some(to);
        self.fitted = 0;
    }

    /// This much was taken, where the limit without an engine's would be `most`.
    pub fn fits(&mut self, length: usize, most: usize) {
        let Some(limit) = self.limit.filter(|&limit| length > limit / 2) else { return };
        if std::mem::take(&mut self.tried) {
            self.wanted = FIRST;
        }
        self.fitted += 1;
        if self.fitted >= self.wanted {
            self.fitted = 0;
            self.tried = true;
            self.limit = Some(limit * 2).filter(|&more| more < most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends `count` of them to an engine that takes `takes`: how many were refused.
    fn send(room: &mut Room, count: usize, takes: usize) -> usize {
        let mut refused = 0;
        for _ in 0..count {
            while room.limit().unwrap_or(1000) > takes {
                room.narrow(room.limit().unwrap_or(1000) / 2);
                refused += 1;
            }
            room.fits(room.limit().unwrap_or(1000), 1000);
        }
        refused
    }

    #[test]
    fn an_engine_that_takes_more_again_gets_more_again() {
        let mut room = Room::default();
        assert_eq!(send(&mut room, 1, 100), 4);
        assert_eq!(room.limit(), Some(62));
        assert_eq!(send(&mut room, 100, 1000), 0);
        assert_eq!(room.limit(), None);
    }

    #[test]
    fn an_engine_that_never_takes_more_is_asked_less_and_less() {
        let mut room = Room::default();
        assert_eq!(send(&mut room, 1000, 600), 1 + 5);
        assert_eq!(send(&mut room, 100_000, 600), 26);
        assert_eq!(send(&mut room, 1, 100), 3);
    }

    #[test]
    fn what_is_short_says_nothing_of_the_limit() {
        let mut room = Room::default();
        room.narrow(100);
        (0..1000).for_each(|_| room.fits(50, 1000));
        assert_eq!(room.limit(), Some(100));
    }
}
