//! `Pieces`: where a line is split that is longer than `maxline=` allows. Pure.
//!
//! A split puts a newline between two bytes of a line, and what follows is a line like any other. So only the piece in
//! hand has to be known. It ends behind its last allowed byte, as soon as it is known that no newline follows: a line
//! of exactly this length is one piece, and no empty one comes after it.

use memchr::{memchr, memrchr};

use crate::script::MaxLine;

/// How long a piece may be, and how much of the one in hand is written. Without `maxline=` each line is one piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pieces {
    /// In bytes, without the newline.
    most: Option<MaxLine>,
    /// The same, as far as memory goes.
    longest: usize,
    /// Bytes of the piece in hand. Counted only where there is a limit.
    written: u64,
}

/// What an input has of the piece in hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// This many bytes, the last of which is the newline of the line.
    Line(usize),
    /// This many bytes, and behind them the line goes on in another piece.
    Piece(usize),
    /// All of it, which is this many bytes, and more may follow.
    Part(usize),
}

impl Rest {
    /// How many bytes.
    pub(super) fn length(self) -> usize {
        match self {
            Rest::Line(length) | Rest::Piece(length) | Rest::Part(length) => length,
        }
    }
}

impl Pieces {
    /// Nothing is in hand.
    pub(super) fn new(most: Option<MaxLine>) -> Pieces {
        let longest = most.and_then(|most| usize::try_from(most.bytes()).ok()).unwrap_or(usize::MAX);
        Pieces { most, longest, written: 0 }
    }

    /// Whether a line may have more than one.
    pub(super) fn are_limited(&self) -> bool {
        self.most.is_some()
    }

    /// The longest line that is one piece, its newline included.
    pub(super) fn longest_line(&self) -> usize {
        self.longest.saturating_add(1)
    }

    /// Bytes of the piece in hand that are written; 0 where there is no limit.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// A piece is in hand of which this much is written. That may be more than is allowed, if another script has begun
    /// it.
    pub(super) fn resume(&mut self, written: u64) {
        self.written = if self.are_limited() { written } else { 0 };
    }

    /// This many more bytes of the piece in hand are written.
    pub(super) fn add(&mut self, count: usize) {
        self.resume(self.written.saturating_add(count as u64));
    }

    /// What of an input that begins with a line can be in its first piece, with the byte that ends that.
    pub(super) fn ahead<'a>(&self, input: &'a [u8]) -> &'a [u8] {
        &input[..input.len().min(self.longest_line())]
    }

    /// What `input` has of the piece in hand.
    pub(super) fn rest(&self, input: &[u8]) -> Rest {
        let written = usize::try_from(self.written).unwrap_or(usize::MAX);
        let left = self.longest.saturating_sub(written);
        let seen = &input[..input.len().min(left.saturating_add(1))];
        match memchr(b'\n', seen) {
            Some(newline) => Rest::Line(newline + 1),
            None if seen.len() > left => Rest::Piece(left),
            None => Rest::Part(seen.len()),
        }
    }

    /// How many bytes of these whole lines are before the first one that has to be split.
    pub(super) fn before_split(&self, lines: &[u8]) -> usize {
        let mut at = 0;
        // As far as a line may go there is a newline, and lines before the last of them are shorter.
        while lines.len() - at > self.longest_line() {
            match memrchr(b'\n', &lines[at..at + self.longest_line()]) {
                Some(newline) => at += newline + 1,
                None => return at,
            }
        }
        lines.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::script::Value;

    fn limit(bytes: usize) -> Pieces {
        Pieces::new(Some(MaxLine::parse(bytes.to_string().as_bytes()).unwrap()))
    }

    #[test]
    fn a_piece_ends_with_the_line_or_where_it_may_not_go_on() {
        let x = |count: usize| vec![b'x'; count];
        let with = |count, end: &[u8]| [&x(count), end].concat();
        for (written, input, expected) in [
            (0, x(0), Rest::Part(0)),
            (0, x(999), Rest::Part(999)),
            (0, x(1000), Rest::Part(1000)),
            (0, with(1000, b"\n"), Rest::Line(1001)),
            (0, with(1000, b"\nx"), Rest::Line(1001)),
            (0, with(1000, b"y"), Rest::Piece(1000)),
            (0, with(1000, b"y\n"), Rest::Piece(1000)),
            (0, b"\n\n".to_vec(), Rest::Line(1)),
            (999, b"x".to_vec(), Rest::Part(1)),
            (999, b"xx".to_vec(), Rest::Piece(1)),
            (1000, b"".to_vec(), Rest::Part(0)),
            (1000, b"\n".to_vec(), Rest::Line(1)),
            (1000, b"x\n".to_vec(), Rest::Piece(0)),
            // Begun under a script that allowed more.
            (5000, b"".to_vec(), Rest::Part(0)),
            (u64::MAX, b"\nx".to_vec(), Rest::Line(1)),
            (u64::MAX, b"x".to_vec(), Rest::Piece(0)),
        ] {
            let mut pieces = limit(1000);
            pieces.resume(written);
            assert_eq!(pieces.rest(&input), expected, "{written} {}", input.len());
            assert_eq!(expected.length(), expected.length().min(input.len()));
        }
    }

    #[test]
    fn without_a_limit_nothing_is_split_or_counted() {
        for mut pieces in [Pieces::new(None), limit(usize::MAX)] {
            pieces.add(5);
            assert_eq!(pieces.written(), if pieces.are_limited() { 5 } else { 0 });
            assert_eq!(pieces.rest(&[b'x'; 9000]), Rest::Part(9000));
            assert_eq!(pieces.ahead(&[b'x'; 9000]).len(), 9000);
            assert_eq!(pieces.before_split(&[b'\n'; 9000]), 9000);
        }
    }

    /// The input with a newline wherever a line would become too long.
    fn naive(input: &[u8], most: usize) -> Vec<u8> {
        let lines = input.split_inclusive(|&byte| byte == b'\n');
        let pieces = |line: &[u8]| {
            let (text, newline) = line.strip_suffix(b"\n").map_or((line, &b""[..]), |text| (text, b"\n"));
            [&text.chunks(most).collect::<Vec<_>>().join(&b'\n'), newline].concat()
        };
        lines.flat_map(pieces).collect()
    }

    fn some_input() -> impl Strategy<Value = Vec<u8>> {
        let length =
            prop_oneof![3 => 0..200usize, 3 => 990..1011usize, 2 => 1990..2010usize, 1 => 0..5000usize];
        let line = (length, prop::sample::select(&b"xyz"[..])).prop_map(|(length, byte)| vec![byte; length]);
        (prop::collection::vec(line, 0..12), any::<bool>()).prop_map(|(lines, open)| {
            let text = lines.join(&b'\n');
            if open || lines.is_empty() { text } else { [&text[..], b"\n"].concat() }
        })
    }

    proptest! {
        #[test]
        fn however_an_input_comes_it_is_split_where_each_line_has_reached_the_limit(
            input in some_input(),
            looks in prop::collection::vec(prop_oneof![1..4usize, 1..1500usize], 1..20),
        ) {
            let (mut pieces, mut split, mut at, mut seen) = (limit(1000), Vec::new(), 0, 0);
            for look in looks.into_iter().cycle() {
                // A run ends here, and the next one knows what the journal says.
                let written = pieces.written();
                pieces = limit(1000);
                pieces.resume(written);
                loop {
                    let rest = pieces.rest(&input[at..seen]);
                    split.extend_from_slice(&input[at..at + rest.length()]);
                    at += rest.length();
                    match rest {
                        Rest::Line(_) => pieces.resume(0),
                        Rest::Piece(_) => {
                            split.push(b'\n');
                            pieces.resume(0);
                        }
                        Rest::Part(length) => {
                            pieces.add(length);
                            break;
                        }
                    }
                }
                if seen == input.len() {
                    break;
                }
                seen = (seen + look).min(input.len());
            }
            prop_assert_eq!(split, naive(&input, 1000));
        }

        #[test]
        fn lines_before_a_split_are_those_before_the_first_that_is_too_long(input in some_input()) {
            let lines = &input[..memrchr(b'\n', &input).map_or(0, |newline| newline + 1)];
            let short = lines.split_inclusive(|&byte| byte == b'\n').take_while(|line| line.len() <= 1001);
            prop_assert_eq!(limit(1000).before_split(lines), short.map(<[u8]>::len).sum::<usize>());
        }
    }
}
