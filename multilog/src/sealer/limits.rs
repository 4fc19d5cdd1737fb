//! The limits of age and size, as the sealer and the foreground share them: what the oldest archive is, whether it goes,
//! and when to look again.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tai64tools::Label;

use super::Sealer;
use super::desk::{Desk, Prunes, State};
use crate::host::{Clocks, Pace};
use crate::logfs::{self, Archive, How, LogFs, Name};
use crate::retention::{Caution, Change, Due, HOUR, Inventory, Mark, Retention, Ruling, Seen, moment};

/// No moment, and no number of bytes.
const NEVER: u64 = u64::MAX;

/// What is known of the age of the oldest archive. Nothing where nobody asks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Oldest {
    /// Which one it is.
    pub(super) label: Option<Label>,
    /// How old it is, if it may go by that.
    pub(super) age: Option<Duration>,
    /// How long it is until it goes by that. None: it could not be looked at.
    pub(super) wait: Option<Duration>,
}

/// The oldest archives by name.
#[derive(Debug)]
pub(super) struct Two {
    first: Vec<Archive>,
    second: Vec<Archive>,
    /// How many labels there are.
    count: usize,
}

impl Two {
    /// Those that the inventory knows.
    pub(super) fn of(inventory: &Inventory) -> Two {
        let [first, second] = inventory.two_oldest().map(<[Archive]>::to_vec);
        Two { first, second, count: inventory.count() }
    }
}

/// What the foreground reads and writes without waiting for the desk.
#[derive(Debug)]
pub(super) struct Limits {
    /// When to prune next, in milliseconds of the clock that no step changes.
    due: AtomicU64,
    /// How many bytes `current` has.
    current: AtomicU64,
    /// How many bytes `current` may have before an archive has to go.
    room: AtomicU64,
}

impl Default for Limits {
    /// A look is due at once.
    fn default() -> Limits {
        Limits { due: AtomicU64::new(0), current: AtomicU64::new(0), room: AtomicU64::new(NEVER) }
    }
}

impl Limits {
    /// How long it is until the next look. None: none will be due.
    pub(super) fn until_due(&self, now: Clocks) -> Option<Duration> {
        match self.due.load(Ordering::Relaxed) {
            NEVER => None,
            due => Some(Duration::from_millis(due).saturating_sub(now.running)),
        }
    }

    /// The next look comes after `wait`. None: none will be due.
    fn look_after(&self, wait: Option<Duration>, now: Clocks) {
        self.due.store(wait.map_or(NEVER, |wait| at(wait, now)), Ordering::Relaxed);
    }

    /// The next look comes after `wait` at the latest.
    pub(super) fn look_within(&self, wait: Duration, now: Clocks) {
        self.due.fetch_min(at(wait, now), Ordering::Relaxed);
    }

    /// A look is on its way.
    pub(super) fn begin_look(&self, retention: &Retention, now: Clocks) {
        self.look_after(retention.span().map(|_| retention.rest()), now);
        self.room.store(NEVER, Ordering::Relaxed);
    }

    /// `current` has this many bytes. True: an archive may have to go for them.
    pub(super) fn grow(&self, length: u64) -> bool {
        self.current.store(length, Ordering::Relaxed);
        length > self.room.load(Ordering::Relaxed)
    }

    pub(super) fn current(&self) -> u64 {
        self.current.load(Ordering::Relaxed)
    }
}

/// A time after `now`, rounded up so that nobody wakes up too early.
fn at(wait: Duration, now: Clocks) -> u64 {
    let millis = now.running.saturating_add(wait).as_millis();
    u64::try_from(millis).map_or(NEVER - 1, |millis| (millis + 1).min(NEVER - 1))
}

impl<F: LogFs> Sealer<F> {
    /// Looks at all files at which nobody has looked yet. The desk is free for others meanwhile.
    pub(super) fn weigh_all(&self, desk: &Desk<F::File>) -> io::Result<()> {
        self.fs.each_name(&mut |name| {
            if let Some(archive) = Archive::parse(name) {
                if desk.state().lacks_weight(&archive) {
                    self.weigh(&archive, desk);
                }
            }
        })?;
        desk.state().end_weighing();
        Ok(())
    }

    fn weigh(&self, archive: &Archive, desk: &Desk<F::File>) {
        let seen = self.fs.lookup(&archive.clone().into());
        desk.state().weigh(archive, &seen);
    }

    /// What an archive weighs, if the script asks.
    pub(super) fn weighed(&self, archive: &Archive) -> Option<Seen> {
        self.retention.cap().map(|_| self.fs.lookup(&archive.clone().into()))
    }

    /// Whether the oldest archive has to be looked at before it is known whether it goes.
    pub(super) fn has_to_measure(&self, state: &State<F::File>) -> bool {
        let is_weighed =
            || state.inventory.oldest().is_none_or(|label| state.inventory.weights().know(label));
        self.retention.span().is_some() || self.retention.cap().is_some() && !is_weighed()
    }

    /// Looks at the oldest archive, and at the one after it where that matters. The desk is free for others meanwhile.
    pub(super) fn measure(
        &self,
        oldest: &Two,
        desk: &Desk<F::File>,
        now: Option<Clocks>,
        pace: &dyn Pace,
    ) -> Oldest {
        let label = oldest.first.first().map(|archive| archive.label);
        if self.retention.cap().is_some()
            && label.is_some_and(|label| !desk.state().inventory.weights().know(label))
        {
            // What could not be looked at before is tried again.
            oldest.first.iter().for_each(|archive| self.weigh(archive, desk));
        }
        let mut measured = Oldest { label, age: None, wait: None };
        if let (Some(now), Some(span)) = (now, self.retention.span()) {
            if let Ok(age) = self.age(&oldest.first, now) {
                let mut caution = desk.caution();
                caution.note(now);
                let due = match age {
                    Some(age) if age >= span => self.due(oldest, span, &caution, now),
                    _ => Due::Nothing,
                };
                let (ruling, change) = caution.judge(due, || self.read_mark(pace));
                self.change_mark(change, now, pace);
                (measured.age, measured.wait) = match ruling {
                    Ruling::Goes => (age, age.map(|age| span.saturating_sub(age))),
                    Ruling::Held(left) => (None, Some(left)),
                };
            }
        }
        measured
    }

    /// What is due besides the oldest archive. One whose name is not known, or that can't be looked at, counts as due.
    fn due(&self, oldest: &Two, span: Duration, caution: &Caution, now: Clocks) -> Due {
        let is_second_due = || match &oldest.second[..] {
            [] => oldest.count > 1,
            archives => !matches!(self.age(archives, now), Ok(Some(age)) if age < span),
        };
        if caution.is_in_doubt() && is_second_due() { Due::More } else { Due::Oldest }
    }

    /// How old the files of a label are. None: there are none.
    fn age(&self, archives: &[Archive], now: Clocks) -> io::Result<Option<Duration>> {
        let Some(first) = archives.first() else { return Ok(None) };
        let mut modified = None;
        for archive in archives {
            let stat = self.fs.lookup(&archive.clone().into())?;
            modified = modified.max(stat.filter(|stat| stat.regular).map(|stat| stat.modified));
        }
        Ok(Some(now.wall.since(moment(first.label, modified))))
    }

    /// Says to the foreground when to prune next: nothing more goes now.
    pub(super) fn publish(
        &self,
        state: &State<F::File>,
        desk: &Desk<F::File>,
        now: Option<Clocks>,
        oldest: Oldest,
    ) {
        if let (Some(now), Some(span)) = (now, self.retention.span()) {
            let wait = match (state.inventory.count(), state.pending()) {
                (0, 0) => None,
                // What is on its way may be an archive soon, and may be old by then.
                (0, _) => Some(Duration::ZERO),
                _ => Some(oldest.wait.unwrap_or(span)),
            };
            // Not later than in an hour: the clock may step meanwhile, and the machine may sleep.
            desk.limits.look_after(wait.map(|wait| wait.clamp(self.retention.rest(), HOUR)), now);
        }
        self.publish_room(state, desk);
    }

    /// Says to the foreground that there is more to prune, and that others come first.
    pub(super) fn prune_on(&self, desk: &Desk<F::File>, now: Clocks) {
        desk.limits.look_within(Duration::ZERO, now);
        if desk.progress.is_some() {
            desk.state().prunes = Prunes::Asked;
        }
    }

    /// Whether archives have to go for their bytes.
    pub(super) fn is_over_cap(&self, desk: &Desk<F::File>) -> bool {
        let bytes = || desk.state().bytes().saturating_add(desk.limits.current());
        self.retention.cap().is_some_and(|cap| bytes() > cap)
    }

    /// Whether an archive of this label is too old.
    pub(super) fn is_past(&self, label: Label, pace: &dyn Pace) -> bool {
        self.retention.span().is_some_and(|span| pace.clocks().wall.since(label) >= span)
    }

    /// Says to the foreground how large `current` may become before an archive has to go. When there are too many bytes
    /// already, a round is about to prune, or nothing more can go.
    pub(super) fn publish_room(&self, state: &State<F::File>, desk: &Desk<F::File>) {
        let Some(cap) = self.retention.cap() else { return };
        let room = cap.checked_sub(state.bytes()).filter(|room| *room >= desk.limits.current());
        let room = room.filter(|_| state.inventory.count() > 0);
        desk.limits.room.store(room.unwrap_or(NEVER), Ordering::Relaxed);
    }

    fn read_mark(&self, pace: &dyn Pace) -> Option<Mark> {
        let file = self.fs.open(&Name::AgeHold, How::Read).ok()?;
        let mut text = [0; 128];
        let length = logfs::read_part(&*self.fs, &file, &mut text, 0).ok()?;
        Mark::parse(&text[..length], &pace.boot())
    }

    /// What can't be written there is known to this process alone, so nobody is told of a failure.
    fn change_mark(&self, change: Change, now: Clocks, pace: &dyn Pace) {
        let fs = &*self.fs;
        let is_there =
            || fs.lookup(&Name::AgeHold).is_ok_and(|stat| stat.is_some_and(|stat| fs.is_ours(&stat)));
        let remove = || if is_there() { fs.remove(&Name::AgeHold) } else { Ok(()) };
        let mark = || Mark::new(now).text(&pace.boot());
        let written = match change {
            Change::Nothing => Ok(()),
            Change::End => remove(),
            Change::Begin => remove()
                .and_then(|()| fs.open(&Name::AgeHold, How::New))
                .and_then(|file| logfs::write_all(fs, &file, &mark())),
        };
        written.ok();
    }
}

#[cfg(test)]
mod tests {
    use tai64tools::Label;

    use super::*;

    fn clocks(seconds: u64) -> Clocks {
        Clocks { wall: Label::MIN, running: Duration::from_secs(seconds) }
    }

    #[test]
    fn a_look_is_due_at_its_time_or_never() {
        let limits = Limits::default();
        assert_eq!(limits.until_due(clocks(100)), Some(Duration::ZERO));
        limits.look_after(None, clocks(100));
        assert_eq!(limits.until_due(clocks(100)), None);
        limits.look_within(Duration::from_secs(60), clocks(100));
        limits.look_within(Duration::from_secs(600), clocks(100));
        assert_eq!(limits.until_due(clocks(150)), Some(Duration::from_millis(10_001)));
        limits.look_after(Some(Duration::MAX), clocks(100));
        assert!(limits.until_due(clocks(u64::from(u32::MAX))) > Some(HOUR));
    }

    #[test]
    fn current_asks_for_room_once() {
        let limits = Limits::default();
        assert!(!limits.grow(1 << 40));
        limits.room.store(5000, Ordering::Relaxed);
        assert_eq!([4999, 5000, 5001].map(|length| limits.grow(length)), [false, false, true]);
    }
}
