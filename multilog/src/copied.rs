//! The bytes of a batch for one outlet, put together in memory. Nearly every byte goes through here.
//!
//! Stamps and lines are copied by moves of fixed length, so there is always room for more than what is there.

mod moves;

use std::ops::Range;

use tai64tools::{AnyRun, StampRun, Stamped};
use unix::{memory, wide};

use crate::align;
use crate::lines::Lines;
use moves::{Between, LongPrefix, Moves, Nothing, Prefix, ROOM, put_line, room_for};

/// Bytes behind each other, with room for more.
#[derive(Debug, Default)]
pub struct Copied {
    /// As large as it had to be until now. What is behind `end` means nothing.
    bytes: Vec<u8>,
    /// The bytes are `bytes[start..end]`.
    start: usize,
    end: usize,
}

/// How far a run of lines goes.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// No line is added once the run has this many bytes.
    pub enough: usize,
    /// No line is added that could make the run longer than this many bytes.
    pub most: usize,
}

impl Copied {
    /// How many there are.
    #[inline]
    pub fn len(&self) -> usize {
        self.end - self.start
    }

    /// Whether there are none.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.end == self.start
    }

    /// All of them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// The room in bytes, used or not, including what is left free before the first byte.
    pub fn room_in_all(&self) -> usize {
        self.bytes.len()
    }

    /// Makes room for `wanted` bytes in all, while there are none. False: there is no memory for them.
    pub fn try_room(&mut self, wanted: usize) -> bool {
        let Some(bytes) = memory::try_zeros(wanted) else { return false };
        *self = Copied { bytes, start: 0, end: 0 };
        true
    }

    /// The same, however long it takes until there is memory.
    pub fn wait_for_room(&mut self, wanted: usize) {
        *self = Copied { bytes: vec![0; wanted], start: 0, end: 0 };
    }

    /// Forgets them.
    pub fn clear(&mut self) {
        self.end = self.start;
    }

    /// Forgets them. The next ones are for this place of a file, and are aligned in memory as in its page cache.
    pub fn begin(&mut self, place: u64) {
        self.start = align::lead(&self.bytes, place).min(self.bytes.len());
        self.end = self.start;
    }

    /// Adds some.
    pub fn push(&mut self, bytes: &[u8]) {
        self.room(bytes.len())[..bytes.len()].copy_from_slice(bytes);
        self.end += bytes.len();
    }

    /// Adds a stamp.
    pub fn push_stamp(&mut self, stamp: Stamped<'_>) {
        self.end += stamp.put(self.room(Stamped::ROOM));
    }

    /// Adds a stamp and the line after it, which is part of the input.
    #[inline]
    pub fn push_line(&mut self, stamp: Stamped<'_>, input: &[u8], line: Range<usize>) {
        let room = self.room(room_for(line.len()));
        self.end += put_line(room, stamp, input, line);
    }

    /// Adds whole lines, each behind a stamp.
    pub fn push_lines(&mut self, lines: &mut Lines<'_>, reach: Reach) {
        let full = self.end.saturating_add(reach.enough);
        let end = self.end.saturating_add(reach.most);
        let full_for_moves = full.min(end.saturating_add(1).saturating_sub(ROOM));
        while let Some(line) = lines.first() {
            if self.end >= full || self.end + room_for(line.len()) > end {
                break;
            }
            self.room(room_for(line.len()));
            self.push_by_moves(lines, Nothing, full_for_moves);
            if lines.at == line.start {
                self.push_line(lines.stamper.stamp(), lines.input, line.clone());
                lines.pass(&line);
            }
        }
    }

    /// Adds whole lines, each behind a stamp and `prefix`.
    pub fn push_lines_behind(&mut self, prefix: &[u8], lines: &mut Lines<'_>, reach: Reach) {
        if let Some(short) = Prefix::new(prefix) {
            self.push_lines_between(prefix, Some(short), lines, reach);
        } else {
            let padded = LongPrefix::padded(prefix);
            let long = padded.as_ref().map(|padded| LongPrefix::new(padded, prefix.len()));
            self.push_lines_between(prefix, long, lines, reach);
        }
    }

    /// The same. `moved` is the prefix as moves put it, if they can.
    fn push_lines_between<B: Between>(
        &mut self,
        prefix: &[u8],
        moved: Option<B>,
        lines: &mut Lines<'_>,
        reach: Reach,
    ) {
        let full = self.end.saturating_add(reach.enough);
        let end = self.end.saturating_add(reach.most);
        let full_for_moves = full.min(end.saturating_add(1).saturating_sub(ROOM + B::ROOM));
        while let Some(line) = lines.first() {
            if self.end >= full || self.end + room_for(line.len()) + prefix.len() > end {
                break;
            }
            if let Some(prefix) = moved {
                self.room(room_for(line.len()) + B::ROOM);
                self.push_by_moves(lines, prefix, full_for_moves);
            }
            if lines.at == line.start {
                self.push_line_behind(prefix, lines.stamper.stamp(), lines.input, line.clone());
                lines.pass(&line);
            }
        }
    }

    /// Adds a stamp, `prefix`, and the line after them.
    pub fn push_line_behind(&mut self, prefix: &[u8], stamp: Stamped<'_>, input: &[u8], line: Range<usize>) {
        self.push_stamp(stamp);
        self.push(prefix);
        self.push(&input[line]);
    }

    /// The fast path of [`Copied::push_lines`]: lines that are copied by moves of fixed length into space that is
    /// reserved already, until `full` bytes are present.
    fn push_by_moves(&mut self, lines: &mut Lines<'_>, between: impl Between, full: usize) {
        match lines.stamper.run() {
            AnyRun::Tai64n(stamps) => self.push_run(lines, stamps, between, full),
            AnyRun::Decimal(stamps) => self.push_run(lines, stamps, between, full),
        }
    }

    /// The same, with these stamps.
    fn push_run(&mut self, lines: &mut Lines<'_>, stamps: impl StampRun, between: impl Between, full: usize) {
        let moved = wide::run(Moves {
            stamps,
            between,
            bytes: &mut self.bytes,
            length: self.end,
            input: lines.input,
            newlines: *lines.newlines,
            at: lines.at,
            until: lines.until,
            full,
        });
        lines.stamper.skip(moved.lines);
        (self.end, lines.at, *lines.newlines) = (moved.length, moved.at, moved.newlines);
    }

    /// Room for `count` more.
    #[inline]
    fn room(&mut self, count: usize) -> &mut [u8] {
        let wanted = self.end + count;
        if self.bytes.len() < wanted {
            self.grow(wanted);
        }
        &mut self.bytes[self.end..wanted]
    }

    #[cold]
    fn grow(&mut self, wanted: usize) {
        // The vector at least doubles, so this is seldom.
        self.bytes.reserve(wanted - self.bytes.len());
        self.bytes.resize(self.bytes.capacity(), 0);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tai64tools::{Label, Stamp, Stamper};

    use super::moves::MOVE;
    use super::*;
    use crate::newlines::Newlines;

    fn any_form() -> impl Strategy<Value = Stamp> {
        use Stamp::{Accustamp, Iso, IsoUtc, Tai64n, Unix, UnixMilliseconds};
        prop::sample::select(vec![Tai64n, Accustamp, Iso, IsoUtc, Unix, UnixMilliseconds])
    }

    #[test]
    fn a_line_is_as_long_as_it_is_wherever_it_stands_in_the_input() {
        let input: Vec<u8> = (0..1200u32).map(|n| n.to_le_bytes()[0]).collect();
        for length in [0, 1, 31, 32, 33, 64, 65, MOVE - 1, MOVE, MOVE + 1, 1000] {
            for start in [0, 1, 1200 - length] {
                let mut stamper = Stamper::new(Stamp::Tai64n);
                stamper.begin(Label::parse(b"@400000006b00e05e2c8dfba4").unwrap());
                let mut copied = Copied::default();
                copied.push(b"before ");
                copied.push_line(stamper.stamp(), &input, start..start + length);
                copied.push(b" after");
                let expected =
                    [b"before @400000006b00e05e2c8dfba4 ", &input[start..start + length], b" after"].concat();
                assert_eq!(copied.bytes(), expected, "{length} at {start}");
            }
        }
    }

    #[test]
    fn they_stand_at_the_place_of_a_cache_line_that_they_are_for() {
        let mut copied = Copied::default();
        // When there is not enough room they are moved to wherever there is.
        copied.push(&[0; 1000]);
        for place in [0, 37, 99_999] {
            copied.begin(place);
            copied.push(b"one");
            copied.push(b"two");
            assert_eq!(copied.bytes(), b"onetwo");
            assert_eq!(copied.bytes().as_ptr().addr() as u64 % 64, place % 64, "{place}");
        }
    }

    proptest! {
        #[test]
        fn lines_are_taken_while_there_are_any_that_fit_and_it_is_not_enough(
            lengths in proptest::collection::vec(prop_oneof![3 => 1..300usize, 1 => 1..2000usize], 0..40),
            enough in 0..5000usize,
            most in 0..6000usize,
            until in 0..9000usize,
            longest in prop_oneof![Just(usize::MAX), 1000..2000usize],
            before in 0..100usize,
            form in any_form(),
        ) {
            let lines: Vec<Vec<u8>> = lengths.iter().zip(b'a'..).map(|(&length, byte)| {
                [&vec![byte; length - 1][..], b"\n"].concat()
            }).collect();
            let input = [lines.concat(), b"no end".to_vec()].concat();
            let begun = || {
                let mut stamper = Stamper::new(form);
                stamper.begin(Label::parse(b"@400000006b00e05e2c8dfba4").unwrap());
                stamper
            };
            let (mut stamper, mut expected, mut taken) = (begun(), vec![b'.'; before], 0);
            for line in &lines {
                let added = expected.len() - before;
                let is_far = taken + line.len() > until || line.len() > longest;
                if added >= enough || added + room_for(line.len()) > most || is_far {
                    break;
                }
                stamper.stamp().append_to(&mut expected);
                expected.extend_from_slice(line);
                taken += line.len();
            }
            let mut copied = Copied::default();
            copied.push(&vec![b'.'; before]);
            let (newlines, stamper) = (&mut Newlines::default(), &mut begun());
            let mut lines = Lines { input: &input, at: 0, until, longest, newlines, stamper };
            copied.push_lines(&mut lines, Reach { enough, most });
            prop_assert_eq!(lines.at, taken);
            prop_assert_eq!(copied.bytes(), &expected[..]);
        }

        #[test]
        fn it_is_what_a_vector_would_be(pieces in proptest::collection::vec((0..3, 0..700usize, 0..700usize), 0..30)) {
            let input: Vec<u8> = (0..1400u32).map(|n| (n % 251).to_le_bytes()[0]).collect();
            let mut stamper = Stamper::new(Stamp::Accustamp);
            stamper.begin(Label::now());
            let (mut copied, mut expected) = (Copied::default(), Vec::new());
            for (kind, start, length) in pieces {
                let stamp = stamper.stamp();
                match kind {
                    0 => {
                        copied.push(&input[start..start + length]);
                        expected.extend_from_slice(&input[start..start + length]);
                    }
                    1 => {
                        copied.push_stamp(stamp);
                        stamp.append_to(&mut expected);
                    }
                    _ => {
                        copied.push_line(stamp, &input, start..start + length);
                        stamp.append_to(&mut expected);
                        expected.extend_from_slice(&input[start..start + length]);
                    }
                }
            }
            prop_assert_eq!(copied.bytes(), &expected[..]);
            prop_assert_eq!((copied.len(), copied.is_empty()), (expected.len(), expected.is_empty()));
        }
    }
}
