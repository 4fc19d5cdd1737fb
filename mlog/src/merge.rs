//! Lines of several directories in the order of (key, directory, place in the directory), forwards or backwards.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use tai64tools::Label;

use crate::search::Entry;

/// Which way lines are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The oldest first.
    Forward,
    /// The newest first.
    Backward,
}

/// Lines of one directory in their order: a part of its output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Batch {
    /// All of them as they are shown.
    pub bytes: Vec<u8>,
    /// Each of them; none where they need not be told apart.
    pub entries: Vec<Entry>,
    /// How many were passed on.
    passed: usize,
}

impl Batch {
    /// A batch of which nothing was passed on.
    pub fn new(bytes: Vec<u8>, entries: Vec<Entry>) -> Batch {
        Batch { bytes, entries, passed: 0 }
    }

    /// How many lines are left.
    pub fn left(&self) -> usize {
        self.entries.len() - self.passed
    }

    /// How much memory it takes.
    fn size(&self) -> usize {
        self.bytes.len() + self.entries.len() * size_of::<Entry>()
    }

    /// Forgets the first lines of a batch that is going to be read backwards.
    pub fn forget_first(&mut self, count: usize) {
        self.entries.drain(..count.min(self.left()));
    }

    fn next(&self, direction: Direction) -> Option<&Entry> {
        let at = match direction {
            Direction::Forward => self.passed,
            Direction::Backward => self.entries.len().checked_sub(self.passed + 1)?,
        };
        self.entries.get(at)
    }
}

/// The batches of one directory that wait.
#[derive(Debug, Default)]
pub struct Queue {
    batches: VecDeque<Batch>,
    bytes: usize,
}

impl Queue {
    /// Adds a batch behind the others. One without lines is dropped.
    pub fn push(&mut self, batch: Batch) {
        if batch.left() > 0 {
            self.bytes += batch.size();
            self.batches.push_back(batch);
        }
    }

    /// Whether no line waits.
    pub fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// How many bytes wait.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn next(&self, direction: Direction) -> Option<&Entry> {
        self.batches.front()?.next(direction)
    }

    /// The next line and its bytes.
    fn line(&self, direction: Direction) -> Option<(Entry, &[u8])> {
        let batch = self.batches.front()?;
        let entry = *batch.next(direction)?;
        Some((entry, &batch.bytes[entry.begin..entry.end]))
    }

    fn pass(&mut self) {
        let Some(batch) = self.batches.front_mut() else { return };
        batch.passed += 1;
        if batch.left() == 0 {
            self.bytes -= batch.size();
            self.batches.pop_front();
        }
    }
}

/// A place in the order: the least is next.
type Place = Reverse<(u128, usize)>;

/// Takes a line of a queue.
type Show<'a, E> = dyn FnMut(usize, Entry, &[u8]) -> Result<(), E> + 'a;

/// Puts the lines of queues in order.
#[derive(Debug)]
pub struct Merger {
    direction: Direction,
    /// The queues with lines, each by its next line.
    heap: BinaryHeap<Place>,
    /// Which queues are in the heap.
    present: Vec<bool>,
}

impl Merger {
    /// A merge of this number of queues.
    pub fn new(count: usize, direction: Direction) -> Merger {
        Merger { direction, heap: BinaryHeap::new(), present: vec![false; count] }
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
        show: &mut Show<'_, E>,
    ) -> Result<(), E> {
        for (source, queue) in queues.iter().enumerate() {
            if !self.present[source] {
                match queue.next(self.direction) {
                    Some(entry) => self.enter(source, entry.key),
                    None if over(source) => {}
                    None => return Ok(()),
                }
            }
        }
        while let Some(Reverse((_, source))) = self.heap.pop() {
            let source = self.source(source);
            self.present[source] = false;
            let limit = self.heap.peek().map(|&Reverse(place)| place);
            self.run_of(source, &mut queues[source], limit, show)?;
            if !self.present[source] && !over(source) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Passes on lines of a queue up to a place, and enters the queue again if there are more.
    fn run_of<E>(
        &mut self,
        source: usize,
        queue: &mut Queue,
        limit: Option<(u128, usize)>,
        show: &mut Show<'_, E>,
    ) -> Result<(), E> {
        while let Some((entry, bytes)) = queue.line(self.direction) {
            let place = self.place(source, entry.key);
            if limit.is_some_and(|limit| place > limit) {
                self.enter(source, entry.key);
                return Ok(());
            }
            let shown = show(source, entry, bytes);
            queue.pass();
            shown?;
        }
        Ok(())
    }

    fn source(&self, place: usize) -> usize {
        match self.direction {
            Direction::Forward => place,
            Direction::Backward => usize::MAX - place,
        }
    }

    fn enter(&mut self, source: usize, key: Option<Label>) {
        self.present[source] = true;
        self.heap.push(Reverse(self.place(source, key)));
    }

    fn place(&self, source: usize, key: Option<Label>) -> (u128, usize) {
        let key = key.map_or(0, |key| u128::from(key.seconds()) << 32 | u128::from(key.nanos()));
        match self.direction {
            Direction::Forward => (key, source),
            Direction::Backward => (u128::MAX - key, usize::MAX - source),
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
                    queues[source].push(batch);
                }
                let over = move |_: usize| half == 1;
                merger.run::<()>(&mut queues, &over, &mut |source, entry, _| {
                    let number = usize::try_from(entry.number).unwrap();
                    shown.push((entry.key.unwrap().seconds() - EPOCH, source, number));
                    Ok(())
                }).unwrap();
            }
            prop_assert_eq!(shown, expected);
        }
    }
}
