//! Reading a file of a log directory in pieces of whole lines.
//!
//! Together the pieces are the file. Each ends with a newline, except the last one of a file without a newline at its
//! end, and those of a line that is split because there is no memory for it as a whole.

use std::io;

use unix::memory;

use super::{LogFs, read_part};

/// A longer line is split, so that memory is bounded. No file of the original is larger.
const LONGEST: usize = 16 << 20;

/// Reads a file from its start to its end, some whole lines at a time.
pub struct WholeLines<'a, F: LogFs> {
    fs: &'a F,
    file: &'a F::File,
    /// Where the next piece begins.
    offset: u64,
    /// What a piece has at most, in bytes, unless it is one line.
    most: usize,
    /// Longer than `most` once there was a longer line.
    buffer: Vec<u8>,
}

impl<'a, F: LogFs> WholeLines<'a, F> {
    /// Nothing is read yet. None: there is no memory for `most` bytes.
    pub fn new(fs: &'a F, file: &'a F::File, most: usize) -> Option<WholeLines<'a, F>> {
        Some(WholeLines { fs, file, offset: 0, most, buffer: memory::try_zeros(most)? })
    }

    /// The next lines, or nothing at the end of the file.
    pub fn next_lines(&mut self) -> io::Result<&[u8]> {
        let mut length = read_part(self.fs, self.file, &mut self.buffer[..self.most], self.offset)?;
        let is_rest = length < self.most;
        if !is_rest {
            length = match memchr::memrchr(b'\n', &self.buffer[..length]) {
                Some(newline) => newline + 1,
                None => self.long_line(length)?,
            };
        }
        self.offset += length as u64;
        Ok(&self.buffer[..length])
    }

    /// Reads on to the end of the line whose first `length` bytes are in the buffer; its length, or that of the part
    /// that there is memory for.
    fn long_line(&mut self, mut length: usize) -> io::Result<usize> {
        while self.has_space_behind(length) {
            let space = &mut self.buffer[length..];
            let got = read_part(self.fs, self.file, space, self.offset + length as u64)?;
            if let Some(newline) = memchr::memchr(b'\n', &space[..got]) {
                return Ok(length + newline + 1);
            }
            length += got;
            if got == 0 {
                break;
            }
        }
        Ok(length)
    }

    /// Whether the buffer is longer than this, or could be made so. Whoever uses a longer piece needs as much again.
    fn has_space_behind(&mut self, length: usize) -> bool {
        let larger = (2 * length).min(LONGEST);
        if length < self.buffer.len() || larger <= length {
            return length < self.buffer.len();
        }
        let Some(mut buffer) = memory::try_zeros(larger).filter(|_| memory::has_room(larger + larger / 4))
        else {
            return false;
        };
        buffer[..length].copy_from_slice(&self.buffer[..length]);
        self.buffer = buffer;
        true
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::logfs::{How, Name, RealFs, write_all};

    fn pieces(text: &[u8], most: usize) -> Vec<Vec<u8>> {
        let here = tempfile::tempdir().unwrap();
        let fs = RealFs::open(here.path().join("main").as_os_str(), None).unwrap();
        let file = fs.open(&Name::State, How::New).unwrap();
        write_all(&fs, &file, text).unwrap();
        let mut lines = WholeLines::new(&fs, &file, most).unwrap();
        let next = || Some(lines.next_lines().unwrap().to_vec()).filter(|piece| !piece.is_empty());
        std::iter::from_fn(next).collect()
    }

    /// Lines are put into a piece while they fit. What is left when the file ends within `most` bytes is one piece.
    fn naive(text: &[u8], most: usize) -> Vec<Vec<u8>> {
        let mut pieces = vec![Vec::new()];
        let mut left = text.len();
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            let is_full = |piece: &Vec<u8>| piece.len() + line.len() > most;
            let ends = |piece: &Vec<u8>| piece.len() + left < most;
            if pieces.last().is_some_and(|piece| !piece.is_empty() && is_full(piece) && !ends(piece)) {
                pieces.push(Vec::new());
            }
            pieces.last_mut().unwrap().extend(line);
            left -= line.len();
        }
        // A last line without a newline is a piece of its own where the buffer was full behind the one before.
        if let Some(at) = pieces.last().unwrap().iter().rposition(|&byte| byte == b'\n') {
            let last = pieces.last_mut().unwrap();
            if last.len() == most && at + 1 < most {
                let rest = last.split_off(at + 1);
                pieces.push(rest);
            }
        }
        pieces.retain(|piece| !piece.is_empty());
        pieces
    }

    #[test]
    fn a_piece_ends_behind_a_line() {
        for (text, most, expected) in [
            (&b""[..], 4, &[][..]),
            (b"a\nb\n", 9, &[&b"a\nb\n"[..]]),
            (b"a\nb\n", 4, &[b"a\nb\n"]),
            (b"a\nb\n", 3, &[b"a\n", b"b\n"]),
            (b"a\nb\nc", 4, &[b"a\nb\n", b"c"]),
            (b"a\nb\nc", 6, &[b"a\nb\nc"]),
            (b"a long line\nb\n", 4, &[b"a long line\n", b"b\n"]),
            (b"a\na long line\nb\n", 4, &[b"a\n", b"a long line\n", b"b\n"]),
            (b"a long line without end", 4, &[b"a long line without end"]),
            (b"\n\n\n", 1, &[b"\n", b"\n", b"\n"]),
        ] {
            assert_eq!(pieces(text, most), expected, "{text:?} {most}");
        }
    }

    #[test]
    fn a_line_is_split_where_there_is_no_memory_for_it() {
        let text = b"a line of more than twenty bytes\nb\n";
        let split = memory::with_at_most(20, || pieces(text, 8));
        assert_eq!(split, [&text[..16], &text[16..32], b"\nb\n"]);
        assert!(memory::with_at_most(7, || pieces(b"", 7)).is_empty());
    }

    #[test]
    fn a_line_of_many_megabytes_is_one_piece_up_to_a_limit() {
        let line = |length: usize| [vec![b'x'; length - 1], vec![b'\n']].concat();
        let lengths = |text: &[u8]| pieces(text, 1 << 20).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(lengths(&[line(LONGEST), line(5)].concat()), [LONGEST, 5]);
        assert_eq!(lengths(&line(LONGEST + 7)), [LONGEST, 7]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn pieces_are_the_lines_that_fit(text in "[ab\n]{0,60}|(a{0,9}\n){0,9}|a{0,60}", most in 1usize..20) {
            let found = pieces(text.as_bytes(), most);
            prop_assert_eq!(found.concat(), text.as_bytes());
            prop_assert_eq!(found, naive(text.as_bytes(), most));
        }
    }
}
