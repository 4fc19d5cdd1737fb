//! Lines that are put together in memory, by moves of fixed length: what nearly every byte goes through.
//!
//! To copy more than a line has, and to write the next one over it, is quicker than to copy as much as there is.
//! So there is always room for more than what is there.

use std::ops::Range;

use tai64tools::{StampRun, Stamped, Stamper};
use unix::{memory, wide};

use crate::align;
use crate::newlines::Newlines;

/// Lines up to here are copied by moves of fixed length, and these reach so far.
const SHORT: usize = 192;

/// The room for a stamp and such a line.
const ROOM: usize = Stamped::ROOM + SHORT;

/// Bytes behind each other.
#[derive(Debug, Default)]
pub struct Copied {
    /// As large as it had to be so far; what is behind `end` means nothing.
    bytes: Vec<u8>,
    /// They are `bytes[start..end]`.
    start: usize,
    end: usize,
}

/// How far a run of lines goes.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    /// Until it makes so many bytes.
    pub enough: usize,
    /// For as long as no line could make it more than so many.
    pub most: usize,
    /// With lines that end before this place in the input.
    pub until: usize,
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

    /// For how many bytes there is room, with those that are lost to the place of the first one.
    pub fn room_in_all(&self) -> usize {
        self.bytes.len()
    }

    /// Makes room for so many in all, while there are none. False: there is no memory for them.
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

    /// Forgets them. The next ones are for this place of a file, and stand in memory as they will in its page cache.
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

    /// Adds the whole lines from `start` on, whose first newline is the next one of `newlines`, each behind a
    /// stamp. Where the next line begins.
    pub fn push_lines(
        &mut self,
        stamper: &mut Stamper,
        input: &[u8],
        newlines: &mut Newlines,
        start: usize,
        reach: Reach,
    ) -> usize {
        let full = self.end.saturating_add(reach.enough);
        let end = self.end.saturating_add(reach.most);
        let short = full.min(end.saturating_add(1).saturating_sub(ROOM));
        let mut at = start;
        while let Some(first) = newlines.next(input)
            && first < reach.until
            && self.end < full
            && self.end + room_for(first + 1 - at) <= end
        {
            self.room(room_for(first + 1 - at));
            let before = at;
            at = self.push_short_lines(stamper, input, newlines, at, short, reach.until);
            if at == before {
                self.push_line(stamper.stamp(), input, at..first + 1);
                newlines.pass();
                at = first + 1;
            }
        }
        at
    }

    /// The same for lines and stamps for which moves of fixed length are enough, into the room that there is and
    /// while fewer than `full` bytes are there.
    fn push_short_lines(
        &mut self,
        stamper: &mut Stamper,
        input: &[u8],
        newlines: &mut Newlines,
        start: usize,
        full: usize,
        until: usize,
    ) -> usize {
        let run = stamper.run();
        let short = ShortLines { run, start, full, until };
        let (bytes, length, ahead) = (&mut self.bytes[..], self.end, *newlines);
        let done = wide::run(move || short.put(bytes, length, input, ahead));
        stamper.skip(done.lines);
        (self.end, *newlines) = (done.length, done.newlines);
        done.at
    }

    /// Room for so many.
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
        // What a vector grows by is enough the next time as well.
        self.bytes.reserve(wanted - self.bytes.len());
        self.bytes.resize(self.bytes.capacity(), 0);
    }
}

/// Short lines to be put together: with which stamps, from where in the input, and how far.
struct ShortLines {
    run: StampRun,
    start: usize,
    /// While fewer bytes are there.
    full: usize,
    /// With lines that end before this place.
    until: usize,
}

/// How far that came.
struct Done {
    /// How many bytes there are.
    length: usize,
    /// Where the next line begins.
    at: usize,
    newlines: Newlines,
    /// How many lines were put.
    lines: u32,
}

impl ShortLines {
    /// Puts them behind the first `length` of these bytes. This is the loop that nearly every byte goes through:
    /// nothing in it is anywhere but in registers and in slices.
    #[inline(always)]
    fn put(self, bytes: &mut [u8], mut length: usize, input: &[u8], mut newlines: Newlines) -> Done {
        let (mut at, mut lines) = (self.start, 0);
        for &digits in self.run.digits() {
            let Some(last) = newlines.next(input) else { break };
            let line = last + 1 - at;
            if last >= self.until || length >= self.full || line > SHORT {
                break;
            }
            let Some(to) = bytes[length..].first_chunk_mut::<ROOM>() else { break };
            let Some(from) = input[at..].first_chunk::<SHORT>() else { break };
            let width = self.run.stamp(digits).put(to);
            copy_short(&mut to[width..], from, line);
            length += width + line;
            at = last + 1;
            newlines.pass();
            lines += 1;
        }
        Done { length, at, newlines, lines }
    }
}

/// The room that [`put_line`] needs for a line of this length.
#[inline]
fn room_for(line: usize) -> usize {
    Stamped::ROOM + line.max(SHORT)
}

/// Puts a stamp and a line to the start of `room`; how many bytes these are.
#[inline(always)]
fn put_line(room: &mut [u8], stamp: Stamped<'_>, input: &[u8], line: Range<usize>) -> usize {
    let length = line.len();
    let width = stamp.put(room);
    let to = &mut room[width..];
    match input.get(line.start..line.start + SHORT) {
        Some(from) if length <= SHORT => copy_short(to, from, length),
        _ => to[..length].copy_from_slice(&input[line]),
    }
    width + length
}

/// Copies the first [`SHORT`] bytes, or fewer if a line of this length has fewer.
#[inline(always)]
fn copy_short(to: &mut [u8], from: &[u8], length: usize) {
    copy::<32>(0, to, from);
    if length > 32 {
        copy::<32>(32, to, from);
    }
    if length > 64 {
        copy::<64>(64, to, from);
        copy::<64>(128, to, from);
    }
}

/// Copies N bytes that stand at the same place in both.
#[inline(always)]
fn copy<const N: usize>(at: usize, to: &mut [u8], from: &[u8]) {
    to[at..at + N].copy_from_slice(&from[at..at + N]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tai64tools::{Label, Stamp};

    use super::*;

    #[test]
    fn a_line_is_as_long_as_it_is_wherever_it_stands_in_the_input() {
        let input: Vec<u8> = (0..1200u32).map(|n| n.to_le_bytes()[0]).collect();
        for length in [0, 1, 31, 32, 33, 64, 65, SHORT - 1, SHORT, SHORT + 1, 1000] {
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
            before in 0..100usize,
        ) {
            let lines: Vec<Vec<u8>> = lengths.iter().zip(b'a'..).map(|(&length, byte)| {
                [&vec![byte; length - 1][..], b"\n"].concat()
            }).collect();
            let input = [lines.concat(), b"no end".to_vec()].concat();
            let begun = || {
                let mut stamper = Stamper::new(Stamp::Tai64n);
                stamper.begin(Label::parse(b"@400000006b00e05e2c8dfba4").unwrap());
                stamper
            };
            let (mut stamper, mut expected, mut taken) = (begun(), vec![b'.'; before], 0);
            for line in &lines {
                let added = expected.len() - before;
                if added >= enough || added + room_for(line.len()) > most || taken + line.len() > until {
                    break;
                }
                stamper.stamp().append_to(&mut expected);
                expected.extend_from_slice(line);
                taken += line.len();
            }
            let mut copied = Copied::default();
            copied.push(&vec![b'.'; before]);
            prop_assert_eq!(copied.push_lines(&mut begun(), &input, &mut Newlines::default(), 0, Reach { enough, most, until }), taken);
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
