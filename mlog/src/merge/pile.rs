//! `Pile`: batches of lines, of which the last one comes first.

use std::collections::VecDeque;

use super::{Batch, Kept, Spill};

/// Batches in order, of which the last comes first and the first may be forgotten.
#[derive(Debug)]
pub struct Pile {
    spill: Spill,
    kept: VecDeque<Kept>,
    /// How many of the first are in the file.
    there: usize,
    /// How much memory all of them take.
    memory: usize,
    /// How much they may.
    most: usize,
    lines: usize,
}

impl Pile {
    /// Without batches; in memory there is place for this many bytes.
    pub fn new(spill: Spill, most: usize) -> Pile {
        Pile { spill, kept: VecDeque::new(), there: 0, memory: 0, most, lines: 0 }
    }

    /// Puts a batch of which nothing was passed on upon the others.
    pub fn push(&mut self, batch: Batch) {
        if batch.left() == 0 {
            return;
        }
        self.lines += batch.left();
        self.memory += batch.size();
        self.kept.push_back(Kept::Here(batch));
        while self.memory > self.most && self.there < self.kept.len() {
            let Some(Kept::Here(batch)) = self.kept.get_mut(self.there) else { return };
            self.memory -= batch.size();
            let kept = self.spill.keep(std::mem::take(batch));
            self.memory += kept.memory();
            let is_here = matches!(kept, Kept::Here(_));
            self.kept[self.there] = kept;
            if is_here {
                return;
            }
            self.there += 1;
        }
    }

    /// Takes the last batch.
    pub fn pop(&mut self) -> Option<Kept> {
        let kept = self.kept.pop_back()?;
        self.there = self.there.min(self.kept.len());
        self.memory -= kept.memory();
        self.lines -= kept.left();
        Some(kept)
    }

    /// Forgets the first lines beyond a number of them.
    pub fn forget_beyond(&mut self, most: usize) {
        while let Some(first) = self.kept.front_mut() {
            let gone = self.lines.saturating_sub(most).min(first.left());
            if gone < first.left() {
                self.memory -= first.memory();
                first.forget_first(gone);
                self.memory += first.memory();
                self.lines -= gone;
                return;
            }
            self.memory -= first.memory();
            self.lines -= gone;
            self.kept.pop_front();
            self.there = self.there.saturating_sub(1);
        }
    }

    /// How much memory its batches take.
    pub fn memory(&self) -> usize {
        self.memory
    }
}

#[cfg(test)]
mod tests {
    use super::super::spill::tests::{batch, lines};
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pile_is_a_stack_that_forgets_its_first_lines(
            doing in prop::collection::vec((0u8..3, 0u64..40), 0..30), most in 0usize..4000,
        ) {
            let mut pile = Pile::new(Spill::default(), most);
            let (mut expected, mut next) = (Vec::<Vec<_>>::new(), 0);
            for (what, number) in doing {
                match what {
                    0 => {
                        pile.push(batch(next..next + number));
                        expected.extend((number > 0).then(|| lines(&batch(next..next + number))));
                        next += number;
                    }
                    1 => {
                        let got = pile.pop().map(|kept| lines(&kept.batch()));
                        prop_assert_eq!(got, expected.pop());
                    }
                    _ => {
                        pile.forget_beyond(number as usize);
                        let mut spare = expected.iter().map(Vec::len).sum::<usize>().saturating_sub(number as usize);
                        for lines in &mut expected {
                            let gone = spare.min(lines.len());
                            lines.drain(..gone);
                            spare -= gone;
                        }
                        expected.retain(|lines| !lines.is_empty());
                    }
                }
                prop_assert_eq!(pile.lines, expected.iter().map(Vec::len).sum::<usize>());
                let rest = pile.kept.iter().map(Kept::memory).sum::<usize>();
                prop_assert_eq!(pile.memory(), rest);
            }
        }
    }
}
