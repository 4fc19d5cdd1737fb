//! Lines of several directories in the order of (key, directory, place in the directory), forwards or backwards.

mod batch;
mod pile;
mod spill;

pub use batch::{Batch, Direction};
pub use pile::Pile;
pub use spill::{Kept, Spill};

use std::collections::VecDeque;

use tai64tools::Label;

use crate::search::Entry;

/// The batches of one directory that wait.
#[derive(Debug, Default)]
pub struct Queue {
    /// The one of which lines are passed on.
    first: Batch,
    rest: VecDeque<Kept>,
    bytes: usize,
}

impl Queue {
    /// Adds a batch behind the others. One without lines is dropped.
    pub fn push(&mut self, batch: Kept) {
        if batch.left() > 0 {
            self.bytes += batch.memory();
            self.rest.push_back(batch);
            self.fill();
        }
    }

    /// Takes the next batch with lines into memory.
    fn fill(&mut self) {
        while self.first.left() == 0 {
            self.bytes -= self.first.size();
            self.first = Batch::default();
            let Some(next) = self.rest.pop_front() else { return };
            self.bytes -= next.memory();
            self.first = next.batch();
            self.bytes += self.first.size();
        }
    }

    /// Whether no line waits.
    pub fn is_empty(&self) -> bool {
        self.first.left() == 0
    }

    /// How many batches wait.
    pub fn batches(&self) -> usize {
        self.rest.len() + usize::from(!self.is_empty())
    }

    /// How many bytes wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn next(&self, direction: Direction) -> Option<&Entry> {
        self.first.next(direction)
    }

    /// The next line and its bytes.
    fn line(&self, direction: Direction) -> Option<(Entry, &[u8])> {
        let entry = *self.first.next(direction)?;
        Some((entry, &self.first.bytes[entry.begin..entry.end]))
    }

    fn pass(&mut self) {
        self.first.pass();
        if self.first.left() == 0 {
            self.fill();
        }
    }
}

/// A place in the order: the least is next. Nothing is there where it is the greatest.
type Place = u128;

const NOTHING: Place = u128::MAX;

/// Puts the lines of queues in order: a tournament, in which a line that was passed on costs one comparison for each
/// level, and a run of lines of one queue one comparison for each line.
#[derive(Debug)]
pub struct Merger {
    direction: Direction,
    /// The place of the next line of each queue.
    places: Vec<Place>,
    /// Who lost at each inner node of the tree; the winner of all is the first. Leaves are queues.
    losers: Vec<usize>,
    /// Whether the tree has to be built: the places of several queues have changed.
    stale: bool,
    /// Which queues have no line.
    missing: Vec<bool>,
}

impl Merger {
    /// A merge of this number of queues.
    pub fn new(count: usize, direction: Direction) -> Merger {
        let places = vec![NOTHING; count.next_power_of_two().max(2)];
        let losers = vec![0; places.len()];
        Merger { direction, places, losers, stale: true, missing: vec![true; count] }
    }

    /// Passes on lines while every queue that is not over has some.
    ///
    /// # Errors
    ///
    /// What `show` says; the line is not passed on again.
    pub fn run<E>(
        &mut self,
        queues: &mut [Queue],
        over: &dyn Fn(usize) -> bool,
        mut show: impl FnMut(usize, Entry, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        for (source, queue) in queues.iter().enumerate() {
            if self.missing[source] {
                match queue.next(self.direction) {
                    Some(entry) => self.enter(source, entry.key),
                    None if over(source) => {}
                    None => return Ok(()),
                }
            }
        }
        if self.stale {
            self.build();
        }
        let mut before = usize::MAX;
        loop {
            let source = self.losers[0];
            if self.places[source] == NOTHING {
                return Ok(());
            }
            // Whoever wins twice may have many lines before the next queue has one.
            let limit = if source == before { self.second(source) } else { 0 };
            before = source;
            let passed = self.pass(source, limit, &mut queues[source], &mut show);
            self.replay(source);
            passed?;
            if self.places[source] == NOTHING {
                self.missing[source] = true;
                if !over(source) {
                    return Ok(());
                }
            }
        }
    }

    /// Passes on a line of a queue, and more up to a place. What comes next is entered.
    fn pass<E>(
        &mut self,
        source: usize,
        limit: Place,
        queue: &mut Queue,
        show: &mut impl FnMut(usize, Entry, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        loop {
            let shown = match queue.line(self.direction) {
                Some((entry, bytes)) => show(source, entry, bytes),
                None => Ok(()),
            };
            queue.pass();
            let next = queue.next(self.direction);
            let place = next.map_or(NOTHING, |next| self.place(source, next.key));
            self.places[source] = place;
            shown?;
            if place > limit || place == NOTHING {
                return Ok(());
            }
        }
    }

    fn enter(&mut self, source: usize, key: Option<Label>) {
        self.missing[source] = false;
        self.places[source] = self.place(source, key);
        self.stale = true;
    }

    /// All matches from the leaves up.
    fn build(&mut self) {
        let count = self.places.len();
        let mut winners: Vec<usize> = (0..2 * count).map(|node| node.saturating_sub(count)).collect();
        for node in (1..count).rev() {
            let (one, other) = (winners[2 * node], winners[2 * node + 1]);
            let first_wins = self.places[one] <= self.places[other];
            (winners[node], self.losers[node]) = if first_wins { (one, other) } else { (other, one) };
        }
        self.losers[0] = winners[1];
        self.stale = false;
    }

    /// The matches of a queue whose place has changed.
    fn replay(&mut self, source: usize) {
        let mut winner = source;
        let mut node = (source + self.places.len()) / 2;
        while node > 0 {
            let loser = &mut self.losers[node];
            if self.places[*loser] < self.places[winner] {
                std::mem::swap(loser, &mut winner);
            }
            node /= 2;
        }
        self.losers[0] = winner;
    }

    /// The least place of the others than the winner of all.
    fn second(&self, winner: usize) -> Place {
        let mut node = (winner + self.places.len()) / 2;
        let mut least = NOTHING;
        while node > 0 {
            least = least.min(self.places[self.losers[node]]);
            node /= 2;
        }
        least
    }

    #[inline]
    fn place(&self, source: usize, key: Option<Label>) -> Place {
        let key = key.map_or(0, |key| u128::from(key.seconds()) << 32 | u128::from(key.nanos()));
        // A second has 63 bits, so the greatest number is no place in either direction.
        let place = key << 32 | source as u128;
        match self.direction {
            Direction::Forward => place,
            Direction::Backward => (NOTHING >> 1) - place,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tai64tools::label::EPOCH;

    fn batch(source: usize, keys: &[u64]) -> Batch {
        let mut batch = Batch::default();
        for (number, &key) in keys.iter().enumerate() {
            let begin = batch.bytes.len();
            batch.bytes.extend(format!("{source}.{number}").bytes());
            let end = batch.bytes.len();
            let key = Label::new(EPOCH + key, 0);
            batch.entries.push(Entry { key, begin, end, number: number as u64, hit: true });
        }
        batch
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_a_stable_sort(
            mut keys in prop::collection::vec(prop::collection::vec(0u64..20, 0..12), 1..6), backward in any::<bool>(),
        ) {
            keys.iter_mut().for_each(|keys| keys.sort_unstable());
            let direction = if backward { Direction::Backward } else { Direction::Forward };
            let mut expected: Vec<(u64, usize, usize)> = Vec::new();
            for (source, keys) in keys.iter().enumerate() {
                expected.extend(keys.iter().enumerate().map(|(number, &key)| (key, source, number)));
            }
            expected.sort_unstable();
            if backward {
                expected.reverse();
            }
            let mut queues: Vec<Queue> = keys.iter().map(|_| Queue::default()).collect();
            let mut merger = Merger::new(keys.len(), direction);
            let mut shown = Vec::new();
            // Each queue gets its lines in two batches, the second when the first may have been passed on.
            for half in 0..2 {
                for (source, keys) in keys.iter().enumerate() {
                    let (first, second) = keys.split_at(keys.len() / 2);
                    let (now, offset) = if (half == 0) == (direction == Direction::Forward) { (first, 0) } else { (second, first.len()) };
                    let mut batch = batch(source, now);
                    batch.entries.iter_mut().for_each(|entry| entry.number += offset as u64);
                    queues[source].push(Kept::Here(batch));
                }
                let over = move |_: usize| half == 1;
                merger.run::<()>(&mut queues, &over, |source, entry, _| {
                    let number = usize::try_from(entry.number).unwrap();
                    shown.push((entry.key.unwrap().seconds() - EPOCH, source, number));
                    Ok(())
                }).unwrap();
            }
            prop_assert_eq!(shown, expected);
        }
    }
}
