//! What the filters have in common: standard input through a rewriting to standard output.
//!
//! Everything that was read is written before the next read, which may wait: a line is passed on as soon as it
//! is there, and the part of a line that can be.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;

use memchr::memchr;
use unix::diag::Message;
use unix::tool::{Exit, Fatal};

use crate::label::{self, Label};

/// How much is read at once: as cat(1) does.
const READ: usize = 128 << 10;

/// Whether more input can follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// More may come.
    Open,
    /// This is all.
    Final,
}

/// Takes input and makes output.
pub(crate) trait Rewrite {
    /// Rewrites the start of `input` to the end of `out` and says how many bytes it took. What it leaves comes
    /// again with more behind it; at the end it leaves nothing.
    fn rewrite(&mut self, input: &[u8], out: &mut Vec<u8>, ending: Ending) -> usize;
}

/// Copies standard input to standard output through a rewriting.
pub(crate) fn run(mut rewrite: impl Rewrite) -> Result<Exit, Fatal> {
    let mut input = vec![0; READ];
    let mut kept = 0;
    let mut out = Vec::with_capacity(2 * READ);
    loop {
        let got = unix::pipe::read(unix::pipe::stdin(), &mut input[kept..])
            .map_err(|error| Fatal::system(Message::new("unable to read input"), &error))?;
        let ending = if got == 0 { Ending::Final } else { Ending::Open };
        let end = kept + got;
        out.clear();
        let taken = rewrite.rewrite(&input[..end], &mut out, ending);
        match write_all(&out) {
            Ok(()) => {}
            // Whoever read our output has had enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(Exit::Success),
            Err(error) => return Err(Fatal::system(Message::new("unable to write output"), &error)),
        }
        if ending == Ending::Final {
            return Ok(Exit::Success);
        }
        input.copy_within(taken..end, 0);
        kept = end - taken;
    }
}

fn write_all(bytes: &[u8]) -> io::Result<()> {
    let stdout = io::stdout();
    let mut left = bytes;
    while !left.is_empty() {
        match unix::file::write(stdout.as_fd(), left)? {
            0 => return Err(ErrorKind::WriteZero.into()),
            written => left = &left[written..],
        }
    }
    Ok(())
}

/// What stands in the place of a label.
pub(crate) trait Form {
    /// Writes it. False: there is none for this label, and nothing was written.
    fn write(&mut self, label: Label, out: &mut Vec<u8>) -> bool;
}

/// Which labels are rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// At the start of a line only.
    Start,
    /// Everywhere in a line.
    Anywhere,
}

/// Puts another form in the place of labels, and leaves everything else as it is.
#[derive(Debug)]
pub(crate) struct Labels<F> {
    form: F,
    places: Where,
    /// Whether the input goes on within a line of which the start was taken.
    midline: bool,
}

impl<F: Form> Labels<F> {
    pub(crate) fn new(form: F, places: Where) -> Labels<F> {
        Labels { form, places, midline: false }
    }

    /// Up to where nothing is to be rewritten, the line's newline included.
    #[inline]
    fn untouched(&self, input: &[u8]) -> usize {
        let line = memchr(b'\n', input).map_or(input.len(), |newline| newline + 1);
        match self.places {
            Where::Start => line,
            Where::Anywhere => memchr(b'@', &input[..line]).unwrap_or(line),
        }
    }
}

impl<F: Form> Rewrite for Labels<F> {
    fn rewrite(&mut self, input: &[u8], out: &mut Vec<u8>, ending: Ending) -> usize {
        let mut at = 0;
        while at < input.len() {
            let mut passed = 0;
            if !self.midline || self.places == Where::Anywhere {
                match head(&input[at..], ending) {
                    Head::Unknown => break,
                    Head::Label(label) if self.form.write(label, out) => at += label::LENGTH,
                    // An `@` that is no label must not be looked at again.
                    Head::Label(_) | Head::None => passed = usize::from(input[at] == b'@'),
                }
            }
            let end = at + passed + self.untouched(&input[at + passed..]);
            out.extend_from_slice(&input[at..end]);
            at = end;
            self.midline = !input[..at].ends_with(b"\n");
        }
        at
    }
}

/// What text begins with.
enum Head {
    Label(Label),
    /// No label.
    None,
    /// More has to be seen.
    Unknown,
}

/// A label has 24 digits and not more.
fn head(text: &[u8], ending: Ending) -> Head {
    let Some(rest) = text.strip_prefix(b"@") else { return Head::None };
    if let Some(&after) = text.get(label::LENGTH) {
        let label = if label::is_digit(after) { None } else { Label::parse(text) };
        return label.map_or(Head::None, Head::Label);
    }
    let digits = rest.iter().take_while(|&&byte| label::is_digit(byte)).count();
    if digits == rest.len() && digits < label::LENGTH && ending == Ending::Open {
        return Head::Unknown;
    }
    let label = if digits == label::LENGTH - 1 { Label::parse(text) } else { None };
    label.map_or(Head::None, Head::Label)
}

/// Two decimal digits.
pub(crate) fn two(out: &mut Vec<u8>, value: u8) {
    out.extend_from_slice(&[b'0' + value / 10 % 10, b'0' + value % 10]);
}

/// The first `digits` of nine decimal digits.
pub(crate) fn fraction(out: &mut Vec<u8>, nanos: u32, digits: usize) {
    let mut text = [b'0'; 10];
    // Ten digits are five pairs that do not wait for each other.
    let (high, low) = (nanos / 100_000, nanos % 100_000 * 10);
    for (place, pair) in
        [(0, high / 100), (2, high % 100), (4, low / 10_000), (6, low / 100 % 100), (8, low % 100)]
    {
        text[place] += (pair / 10) as u8;
        text[place + 1] += (pair % 10) as u8;
    }
    out.extend_from_slice(&text[..digits.min(9)]);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What comes out when the input arrives in pieces of this length.
    pub(crate) fn in_pieces(rewrite: &mut impl Rewrite, input: &[u8], piece: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let (mut start, mut end) = (0, 0);
        while end < input.len() {
            end = (end + piece).min(input.len());
            start += rewrite.rewrite(&input[start..end], &mut out, Ending::Open);
        }
        start += rewrite.rewrite(&input[start..], &mut out, Ending::Final);
        assert_eq!(start, input.len(), "something was left");
        out
    }

    /// Replaces labels by a word.
    struct Word;

    impl Form for Word {
        fn write(&mut self, _: Label, out: &mut Vec<u8>) -> bool {
            out.extend_from_slice(b"<label>");
            true
        }
    }

    #[test]
    fn a_label_is_an_at_and_24_digits_at_the_start_of_a_line() {
        for (input, start, anywhere) in [
            ("@4000000037c219bf2ef02e94 x\n", "<label> x\n", "<label> x\n"),
            ("@4000000037c219bf2ef02e94", "<label>", "<label>"),
            ("@4000000037c219bf2ef02e94junk\n", "<label>junk\n", "<label>junk\n"),
            ("a @4000000037c219bf2ef02e94 b\n", "a @4000000037c219bf2ef02e94 b\n", "a <label> b\n"),
            ("@@4000000037c219bf2ef02e94\n", "@@4000000037c219bf2ef02e94\n", "@<label>\n"),
            ("@4000000037c219bf2ef02e945\n", "@4000000037c219bf2ef02e945\n", "@4000000037c219bf2ef02e945\n"),
            ("@4000000037C219BF2EF02E94\n", "@4000000037C219BF2EF02E94\n", "@4000000037C219BF2EF02E94\n"),
            ("@foo\n\n@\n@", "@foo\n\n@\n@", "@foo\n\n@\n@"),
            ("x\n@4000000037c219bf2ef02e94\ny", "x\n<label>\ny", "x\n<label>\ny"),
        ] {
            for piece in [1, 2, 7, 25, 26, 100] {
                for (places, expected) in [(Where::Start, start), (Where::Anywhere, anywhere)] {
                    let out = in_pieces(&mut Labels::new(Word, places), input.as_bytes(), piece);
                    assert_eq!(
                        out.escape_ascii().to_string(),
                        expected.as_bytes().escape_ascii().to_string()
                    );
                }
            }
        }
    }

    proptest! {
        #[test]
        fn how_the_input_arrives_makes_no_difference(
            input in "(@4000000037c219bf2ef02e94|[@a\n ]){0,40}", piece in 1usize..60
        ) {
            for places in [Where::Start, Where::Anywhere] {
                let whole = in_pieces(&mut Labels::new(Word, places), input.as_bytes(), input.len().max(1));
                let pieces = in_pieces(&mut Labels::new(Word, places), input.as_bytes(), piece);
                prop_assert_eq!(whole, pieces);
            }
        }

        #[test]
        fn lines_without_an_at_pass_unchanged(input in "[^@]{0,200}", piece in 1usize..60) {
            let out = in_pieces(&mut Labels::new(Word, Where::Anywhere), input.as_bytes(), piece);
            prop_assert_eq!(out, input.as_bytes());
        }

        #[test]
        fn a_fraction_is_the_first_of_nine_digits(nanos in 0u32..1_000_000_000, digits in 0usize..10) {
            let mut out = Vec::new();
            fraction(&mut out, nanos, digits);
            prop_assert_eq!(String::from_utf8(out).unwrap(), &format!("{nanos:09}")[..digits]);
        }
    }
}
