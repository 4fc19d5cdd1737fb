//! Runs of stamped lines, put together in one loop: the way of nearly every byte.
//!
//! A run is a sequence of lines that all take the same route: every line if there are no patterns; otherwise the
//! lines between two occurrences of a word that some pattern needs.

use super::Assembly;
use crate::copied::Reach;
use crate::lines::Lines;
use crate::newlines::Newlines;
use crate::output::{Output, SHORT};

impl Assembly {
    /// Takes stamped lines for as long as the batch is not complete: in runs, and between two runs short lines one by
    /// one, in which there is a required word. Returns where it stopped.
    pub(super) fn take_runs(&mut self, input: &[u8], start: usize) -> usize {
        let longest = SHORT - self.beginning();
        self.newlines.pass_to(start, input);
        let mut at = start;
        loop {
            at = self.take_run(input, at);
            if !self.roomy || self.is_enough() {
                return at;
            }
            let Some(end) = self.newlines.next(input).map(|newline| newline + 1) else { return at };
            if end - at > longest {
                return at;
            }
            self.newlines.pass();
            if self.take_line(input, at..end) {
                return end;
            }
            at = end;
        }
    }

    /// Takes one run: the lines before the next required word, for as long as they fit. Nearly every byte is taken
    /// here, because without patterns no word is required. Returns where it stopped.
    fn take_run(&mut self, input: &[u8], start: usize) -> usize {
        let (Some(stamper), Some(route)) = (&mut self.stamper, self.selection.route_without_words()) else {
            return start;
        };
        let until = start + self.selection.without_words(&input[start..], self.batch);
        let longest = self.pieces.longest_line();
        let mut lines = Lines { input, at: start, until, longest, newlines: &mut self.newlines, stamper };
        let &[first, ref others @ ..] = route else {
            lines.skip();
            return lines.at;
        };
        let mut reach = Reach { enough: usize::MAX, most: usize::MAX };
        for &outlet in route {
            let output = &self.outputs[outlet];
            reach.enough = reach.enough.min(output.until_enough());
            reach.most = reach.most.min(output.until_full());
        }
        if self.prefix > 0 {
            push_behind_prefixes(&mut self.outputs, route, &mut lines, reach);
            return lines.at;
        }
        let (before, after) = self.outputs.split_at_mut(first + 1);
        let added = before[first].push_lines(&mut lines, reach);
        others.iter().for_each(|outlet| after[outlet - first - 1].push(input, added));
        lines.at
    }
}

/// Adds lines to each outlet of the route, behind its prefix. The outlet with the longest prefix says how far that
/// goes, so no other one comes to the end of its reach before the last line.
fn push_behind_prefixes(outputs: &mut [Output], route: &[usize], lines: &mut Lines<'_>, reach: Reach) {
    let Some(&longest) = route.iter().max_by_key(|&&outlet| outputs[outlet].prefix().len()) else { return };
    let (input, at, begun) = (lines.input, lines.at, lines.stamper.clone());
    outputs[longest].push_lines(lines, reach);
    for &outlet in route.iter().filter(|&&outlet| outlet != longest) {
        let (mut newlines, mut stamper) = (Newlines::default(), begun.clone());
        newlines.pass_to(at, input);
        let (newlines, stamper) = (&mut newlines, &mut stamper);
        let mut same = Lines { input, at, until: lines.at, longest: lines.longest, newlines, stamper };
        outputs[outlet].push_lines(&mut same, Reach { enough: usize::MAX, most: usize::MAX });
    }
}
