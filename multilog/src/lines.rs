//! `Lines`: lines of an input that are stamped one after the other, and how far that came. Pure.

use std::ops::Range;

use tai64tools::Stamper;

use crate::newlines::Newlines;

/// The whole lines of an input from `at` on, as far as they end before `until` and none is too long, and the stamps for
/// them.
#[derive(Debug)]
pub struct Lines<'a> {
    /// The whole input of the batch.
    pub input: &'a [u8],
    /// The index at which the next line begins.
    pub at: usize,
    /// A line whose newline is at this index or behind it is not one of them.
    pub until: usize,
    /// A line of more bytes than this, its newline included, is not one of them, and neither is what follows it.
    pub longest: usize,
    /// The newlines of the input from `at` on.
    pub newlines: &'a mut Newlines,
    /// The stamp that it gives next is that of the line at `at`.
    pub stamper: &'a mut Stamper,
}

impl Lines<'_> {
    /// The line at `at`, its newline included.
    #[inline]
    pub fn first(&mut self) -> Option<Range<usize>> {
        let newline = self.newlines.next(self.input)?;
        (newline < self.until && newline - self.at < self.longest).then_some(self.at..newline + 1)
    }

    /// Passes over that line, for which a stamp was taken.
    #[inline]
    pub fn pass(&mut self, line: &Range<usize>) {
        self.newlines.pass();
        self.at = line.end;
    }

    /// Passes over all of them, and their stamps.
    pub fn skip(&mut self) {
        let mut count = 0;
        while let Some(line) = self.first() {
            self.pass(&line);
            count += 1;
        }
        self.stamper.skip(count);
    }
}

#[cfg(test)]
mod tests {
    use tai64tools::{Label, Stamp};

    use super::*;

    #[test]
    fn lines_that_are_skipped_have_stamps_and_end_before_the_limit() {
        let input = b"one\ntwo\nthree\npart";
        for (at, until, longest, end, skipped) in [
            (0, 0, 99, 0, 0),
            (0, 3, 99, 0, 0),
            (0, 4, 99, 4, 1),
            (4, 14, 99, 14, 2),
            (0, 99, 99, 14, 3),
            (0, 99, 6, 14, 3),
            (0, 99, 5, 8, 2),
            (0, 99, 3, 0, 0),
        ] {
            let mut stamper = Stamper::new(Stamp::Tai64n);
            stamper.begin(Label::parse(b"@400000006b00e05e2c8dfba4").unwrap());
            let mut expected = stamper.clone();
            let mut newlines = Newlines::default();
            newlines.pass_to(at, input);
            let mut lines =
                Lines { input, at, until, longest, newlines: &mut newlines, stamper: &mut stamper };
            lines.skip();
            assert_eq!(lines.at, end, "{at} {until} {longest}");
            (0..skipped).for_each(|_| drop(expected.stamp().to_vec()));
            assert_eq!(stamper.stamp().to_vec(), expected.stamp().to_vec(), "{at} {until}");
        }
    }
}
