//! Stamped lines that all go the same way, put together in one loop: the way of nearly every byte.
//!
//! Without patterns these are all lines. With patterns that require words they are the lines between two of which
//! have such a word, since what the script does with the others is known.

use memchr::{memchr, memchr_iter, memrchr};
use tai64tools::Stamper;

use super::{Assembly, SHORT};
use crate::copied::Reach;

impl Assembly {
    /// Takes stamped lines for as long as the batch is not complete: those without a word that patterns require
    /// in runs, the others one by one while they are short; returns where it stopped.
    pub(super) fn take_runs(&mut self, input: &[u8], start: usize, roomy: bool) -> usize {
        let longest = SHORT - self.stamp_width();
        let mut at = start;
        loop {
            at = self.take_run(input, at);
            if !roomy || self.is_enough() {
                return at;
            }
            let next = &input[at..input.len().min(at + longest)];
            let Some(newline) = memchr(b'\n', next) else { return at };
            let end = at + newline + 1;
            if self.take_line(input, at..end) {
                return end;
            }
            at = end;
        }
    }

    /// Takes the lines before the next word, all of which go the same way, for as long as they fit. This is the
    /// loop that nearly every byte goes through: without patterns no line has such a word.
    fn take_run(&mut self, input: &[u8], start: usize) -> usize {
        let (Some(stamper), Some(route)) = (&mut self.stamper, self.selection.route_without_words()) else {
            return start;
        };
        let until = self.selection.without_words(&input[start..], self.batch);
        let &[first, ref others @ ..] = route else {
            return start + skip_lines(stamper, &input[start..start + until]);
        };
        let mut reach = Reach { enough: usize::MAX, most: usize::MAX, until };
        for &log in route {
            let output = &self.outputs[log];
            reach.enough = reach.enough.min(output.until_enough());
            reach.most = reach.most.min(usize::try_from(output.room()).unwrap_or(usize::MAX));
        }
        let (before, after) = self.outputs.split_at_mut(first + 1);
        let (taken, lines) = before[first].push_lines(input, stamper, start, reach);
        others.iter().for_each(|log| after[log - first - 1].push(input, lines));
        start + taken
    }
}

/// Passes over the whole lines of a part of the input; how many bytes they have.
fn skip_lines(stamper: &mut Stamper, input: &[u8]) -> usize {
    let end = memrchr(b'\n', input).map_or(0, |newline| newline + 1);
    let lines = memchr_iter(b'\n', &input[..end]).count();
    stamper.skip(u32::try_from(lines).unwrap_or(u32::MAX));
    end
}
