//! What a batch adds to one `current`: put together in memory, written at once, full at the right byte.
//!
//! A file is full at the first newline in its window, which is its last 2000 bytes, or at its size exactly if there
//! is none. Parts of the input that go out unchanged are not copied for as long as nothing else is between them.

use std::ops::Range;

use tai64tools::Stamped;

use crate::copied::{Copied, Reach};
use crate::lines::Lines;
use crate::script::Prefix;

/// How far below its size a file may be cut at a newline.
const NEWLINE_WINDOW: u64 = 2000;

/// The window of a file of `size` bytes. Where the system allows only small files, at least half of each is used.
pub fn newline_window(size: u64) -> u64 {
    NEWLINE_WINDOW.min(size / 2)
}

/// A line of at most this many bytes of output is short. It cannot reach the end of a file that is not full and has the
/// usual window, which is twice as large.
pub const SHORT: usize = 1000;

/// The bytes of output at which a batch is complete: all of a peek, stamps included, unless the lines are very short.
/// A larger batch would no longer fit a core's cache between putting it together and writing it; smaller ones cost a
/// write each.
pub const BATCH: usize = 1 << 20;

/// What is kept free beyond a batch: room for the short line that completes it, its stamp, and the excess of moves of
/// fixed length.
const SLACK: usize = 4 << 10;
/// Room for a batch of single lines: two pages.
const LEAST: usize = 8 << 10;
/// Room for a larger batch. When it was not enough, the next batch has four times as much.
const MORE: usize = (64 << 10) + SLACK;

/// The bytes of a batch for one outlet.
#[derive(Debug)]
pub struct Output {
    /// What goes before each line, after the stamp.
    prefix: Box<[u8]>,
    /// Bytes in `current` before this batch.
    filled: u64,
    /// When `current` is full.
    size: u64,
    /// A part of the input that goes out as it is, behind `copied`.
    run: Range<usize>,
    /// What had to be put together.
    copied: Copied,
    /// At this length the batch is complete, if it ends with a line.
    enough: usize,
    /// At this length it is complete because there is no room in memory for more.
    most: usize,
    /// Whether more room was refused.
    refused: bool,
}

impl Output {
    /// Output to a file of `size` bytes that has nothing yet.
    pub fn new(size: u64) -> Output {
        let mut output = Output {
            prefix: Box::default(),
            filled: 0,
            size,
            run: 0..0,
            copied: Copied::default(),
            enough: 0,
            most: BATCH,
            refused: false,
        };
        output.begin(0);
        output
    }

    /// The same with this text before each line.
    #[must_use]
    pub fn behind(self, prefix: &Prefix) -> Output {
        Output { prefix: prefix.as_bytes().into(), ..self }
    }

    /// What goes before each line, after the stamp.
    pub fn prefix(&self) -> &[u8] {
        &self.prefix
    }

    /// Makes room in memory for a batch from `input` bytes, before it begins. Where there is little memory the batch
    /// will be smaller.
    pub fn make_room(&mut self, input: usize) {
        let before = self.copied.room_in_all();
        let was_tight = self.len() >= self.most;
        let wanted = match input {
            _ if was_tight => (before * 4).clamp(MORE, BATCH + SLACK),
            0..SLACK => LEAST,
            _ => MORE,
        };
        if wanted > before && !self.refused {
            self.copied.clear();
            self.run = 0..0;
            self.refused = !self.copied.try_room(wanted);
            if self.refused && before == 0 {
                self.copied.wait_for_room(LEAST);
            }
        }
        self.most = (self.copied.room_in_all() - SLACK).min(BATCH);
    }

    /// Begins a batch for a file that has `filled` bytes.
    pub fn begin(&mut self, filled: u64) {
        self.filled = filled;
        self.run = 0..0;
        self.copied.begin(filled);
        let before_window = self.size.saturating_sub(filled + newline_window(self.size));
        self.enough = usize::try_from(before_window).unwrap_or(BATCH).clamp(1, self.most);
    }

    /// Bytes of this batch.
    pub fn len(&self) -> usize {
        self.copied.len() + self.run.len()
    }

    /// Whether this batch adds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many bytes the file can still take.
    pub fn room(&self) -> u64 {
        self.size.saturating_sub(self.filled + self.len() as u64)
    }

    /// Whether no short line can reach the size of the file. One can if a run with a larger size has left the file, or
    /// if the window is smaller than usual.
    pub fn is_roomy(&self) -> bool {
        self.room() >= SHORT as u64 && newline_window(self.size) == NEWLINE_WINDOW
    }

    /// Whether the batch should be written now: the file is full, or there is much to write.
    pub fn is_enough(&self) -> bool {
        self.len() >= self.enough
    }

    /// How many bytes are missing until then.
    pub fn until_enough(&self) -> usize {
        self.enough.saturating_sub(self.len())
    }

    /// How many more bytes there is room for in memory, without the slack.
    pub fn until_most(&self) -> usize {
        self.most.saturating_sub(self.len())
    }

    /// How many more bytes a run of whole lines may add.
    pub fn until_full(&self) -> usize {
        usize::try_from(self.room()).unwrap_or(usize::MAX).min(self.until_most() + SLACK / 2)
    }

    /// Whether the file is full with this batch, which ends with a line or within one.
    pub fn is_full(&self, end: BatchEnd) -> bool {
        let least = match end {
            BatchEnd::Line => newline_window(self.size),
            BatchEnd::WithinLine => 0,
        };
        !self.is_empty() && self.room() <= least
    }

    /// Adds part of the input as it is.
    pub fn push_run(&mut self, input: &[u8], part: Range<usize>) {
        if !self.copied.is_empty() {
            self.copied.push(&input[part]);
        } else if self.run.is_empty() {
            self.run = part;
        } else if self.run.end == part.start {
            self.run.end = part.end;
        } else {
            self.copied.push(&input[std::mem::take(&mut self.run)]);
            self.copied.push(&input[part]);
        }
    }

    /// Adds bytes that are not part of the input: a stamp, a newline.
    pub fn push(&mut self, input: &[u8], bytes: &[u8]) {
        self.copy_run(input);
        self.copied.push(bytes);
    }

    /// Adds what comes before a line: its stamp, and the prefix.
    pub fn push_beginning(&mut self, input: &[u8], stamp: Option<Stamped<'_>>) {
        if let Some(stamp) = stamp {
            self.copy_run(input);
            self.copied.push_stamp(stamp);
        }
        if !self.prefix.is_empty() {
            self.copy_run(input);
            self.copied.push(&self.prefix);
        }
    }

    /// Adds a line, its beginning included.
    #[inline]
    pub fn push_line(&mut self, input: &[u8], stamp: Option<Stamped<'_>>, line: Range<usize>) {
        match stamp {
            Some(stamp) if self.prefix.is_empty() => {
                self.copy_run(input);
                self.copied.push_line(stamp, input, line);
            }
            None if self.prefix.is_empty() => self.push_run(input, line),
            stamp => {
                self.push_beginning(input, stamp);
                self.push_run(input, line);
            }
        }
    }

    /// Adds whole lines, each behind a stamp and the prefix; returns what was added.
    pub fn push_lines(&mut self, lines: &mut Lines<'_>, reach: Reach) -> &[u8] {
        self.copy_run(lines.input);
        let before = self.copied.len();
        match &*self.prefix {
            b"" => self.copied.push_lines(lines, reach),
            prefix => self.copied.push_lines_behind(prefix, lines, reach),
        }
        &self.copied.bytes()[before..]
    }

    #[inline]
    fn copy_run(&mut self, input: &[u8]) {
        if !self.run.is_empty() {
            self.copied.push(&input[std::mem::take(&mut self.run)]);
        }
    }

    /// What to write, given the same input as before.
    pub fn bytes<'a>(&'a self, input: &'a [u8]) -> &'a [u8] {
        if self.copied.is_empty() { &input[self.run.clone()] } else { self.copied.bytes() }
    }

    /// How much memory there is for it.
    #[cfg(test)]
    pub fn memory(&self) -> usize {
        self.copied.room_in_all()
    }

    /// Gives the memory back.
    pub fn release(&mut self) {
        self.copied = Copied::default();
        self.run = 0..0;
        self.most = BATCH;
        self.refused = false;
    }
}

/// Whether a line is complete where a batch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchEnd {
    /// The last byte is a newline.
    Line,
    /// More of the line is to come.
    WithinLine,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_written_from_the_input_and_gaps_are_copied() {
        let input = b"one\ntwo\nthree\nfour\n";
        let mut output = Output::new(4096);
        output.begin(0);
        output.push_run(input, 0..4);
        output.push_run(input, 4..8);
        assert_eq!(output.bytes(input), b"one\ntwo\n");
        assert!(std::ptr::eq(output.bytes(input).as_ptr(), input.as_ptr()));
        output.push_run(input, 14..19);
        output.push(input, b"!");
        output.push_run(input, 8..14);
        assert_eq!(output.bytes(input), b"one\ntwo\nfour\n!three\n");
    }

    #[test]
    fn a_file_is_full_at_a_newline_in_its_last_2000_bytes_or_at_its_size() {
        let input = [b'x'; 5000];
        let mut output = Output::new(4096);
        for (filled, at_newline) in [(2094, false), (2095, true), (4095, true)] {
            output.begin(filled);
            output.push_run(&input, 0..1);
            assert_eq!(
                (output.is_full(BatchEnd::Line), output.is_enough()),
                (at_newline, at_newline || filled > 2094)
            );
        }
        output.begin(4000);
        output.push_run(&input, 0..95);
        assert!(!output.is_full(BatchEnd::WithinLine));
        output.push_run(&input, 95..96);
        assert!(output.is_full(BatchEnd::WithinLine));
    }

    #[test]
    fn what_has_no_end_is_never_full_and_a_batch_for_it_ends_with_its_most() {
        let input = [b'x'; 5000];
        let mut output = Output::new(u64::MAX);
        output.begin(0);
        output.push_run(&input, 0..5000);
        assert_eq!((output.is_full(BatchEnd::Line), output.is_full(BatchEnd::WithinLine)), (false, false));
        assert_eq!((output.is_roomy(), output.until_enough()), (true, BATCH - 5000));
    }

    #[test]
    fn a_file_to_which_the_batch_adds_nothing_is_not_full() {
        let mut output = Output::new(4096);
        output.begin(4000);
        assert!(!output.is_full(BatchEnd::Line));
    }
}
