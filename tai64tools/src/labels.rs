//! `Labels`: replaces labels by another form and leaves everything else as it is.
//!
//! A label is an `@` and exactly 24 lower-case hexadecimal digits. Whatever else begins with an `@` is text.

use memchr::{memchr, memchr_iter};

use crate::filter::{Block, Ending, Rewrite};
use crate::form::{Form, Shown};
use crate::label;

/// Which labels are rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    /// At the start of a line only.
    Start,
    /// Everywhere in a line.
    Anywhere,
}

/// Puts another form in the place of labels, and leaves everything else as it is.
///
/// ```
/// use tai64tools::filter::{Block, Ending, Rewrite};
/// use tai64tools::labels::{Labels, Where};
/// use tai64tools::form::{Calendar, Style, Zone};
///
/// let mut labels = Labels::new(Calendar::new(Zone::Utc, Style::Plain), Where::Start);
/// let mut out = Block::endless();
/// // The last line may go on, and may be a label then.
/// let taken = labels.rewrite(b"@4000000037c219bf2ef02e94 up\nno label\n@40000", &mut out, Ending::Open);
/// assert_eq!(taken, 38);
/// assert_eq!(out.bytes, b"1999-08-24 04:04:05.787492500 up\nno label\n");
/// ```
#[derive(Clone, Debug)]
pub struct Labels<F> {
    form: F,
    places: Where,
    /// Whether the input goes on within a line of which the start was taken.
    midline: bool,
    /// The second that was shown last: labels that stand together are of the same one.
    last: Option<([u8; SECONDS], Shown)>,
}

/// The `@` and the digits of the seconds.
const SECONDS: usize = label::LENGTH - NANOS;
/// The digits of the nanoseconds.
const NANOS: usize = 8;

impl<F: Form> Labels<F> {
    /// A rewriting that has seen nothing.
    pub fn new(form: F, places: Where) -> Labels<F> {
        Labels { form, places, midline: false, last: None }
    }

    /// Each line's label at its start.
    fn at_starts(&mut self, input: &[u8], out: &mut Block, ending: Ending) -> usize {
        let mut at = 0;
        for end in memchr_iter(b'\n', input).map(|newline| newline + 1) {
            if out.is_full() {
                return at;
            }
            self.line(&input[at..end], &mut out.bytes, ending);
            (at, self.midline) = (end, false);
        }
        let rest = &input[at..];
        if !rest.is_empty() && !out.is_full() && self.line(rest, &mut out.bytes, ending) {
            (at, self.midline) = (input.len(), true);
        }
        at
    }

    /// Writes a line or the part of it that is there. False: its start can't be told from a label's yet.
    #[inline]
    fn line(&mut self, line: &[u8], out: &mut Vec<u8>, ending: Ending) -> bool {
        let taken = if self.midline {
            0
        } else {
            match head(line, ending) {
                Head::Unknown => return false,
                Head::Text => 0,
                Head::Label(label) if self.label(label, out) => label::LENGTH,
                Head::Label(_) => 0,
            }
        };
        out.extend_from_slice(&line[taken..]);
        true
    }

    /// Every label.
    fn anywhere(&mut self, input: &[u8], out: &mut Block, ending: Ending) -> usize {
        let mut at = 0;
        while at < input.len() && !out.is_full() {
            let text = memchr(b'@', &input[at..]).unwrap_or(input.len() - at);
            out.bytes.extend_from_slice(&input[at..at + text]);
            at += text;
            match head(&input[at..], ending) {
                Head::Unknown => break,
                Head::Label(label) if self.label(label, &mut out.bytes) => at += label::LENGTH,
                // An `@` that is no label must not be looked at again.
                Head::Label(_) | Head::Text => {
                    let sign = &input[at..][..usize::from(at < input.len())];
                    out.bytes.extend_from_slice(sign);
                    at += sign.len();
                }
            }
        }
        at
    }

    /// Writes the form of a label. False: it is no label, or the form has no text for it.
    #[inline]
    fn label(&mut self, label: &[u8; label::LENGTH], out: &mut Vec<u8>) -> bool {
        let Some((seconds, nanos)) = label.split_first_chunk::<SECONDS>() else { return false };
        let Some(nanos) = nanos.first_chunk().and_then(label::nanos) else { return false };
        if self.last.as_ref().is_none_or(|(last, _)| last != seconds) {
            self.turn(seconds);
        }
        let Some((_, shown)) = &self.last else { return false };
        shown.append(nanos, out);
        true
    }

    /// Another second.
    #[cold]
    fn turn(&mut self, text: &[u8; SECONDS]) {
        let shown = label::seconds(text).and_then(|seconds| self.form.second(seconds));
        self.last = shown.map(|shown| (*text, shown));
    }
}

impl<F: Form> Rewrite for Labels<F> {
    fn rewrite(&mut self, input: &[u8], out: &mut Block, ending: Ending) -> usize {
        match self.places {
            Where::Start => self.at_starts(input, out, ending),
            Where::Anywhere => self.anywhere(input, out, ending),
        }
    }
}

/// What text begins with.
enum Head<'a> {
    /// What may be a label, by its length.
    Label(&'a [u8; label::LENGTH]),
    /// No label.
    Text,
    /// More has to be seen.
    Unknown,
}

/// A label has 24 digits and not more.
#[inline]
fn head(text: &[u8], ending: Ending) -> Head<'_> {
    if text.first() != Some(&b'@') {
        return Head::Text;
    }
    match text.split_first_chunk() {
        Some((label, rest)) if rest.first().is_some_and(|&after| !label::is_digit(after)) => {
            Head::Label(label)
        }
        Some((label, [])) if ending == Ending::Final => Head::Label(label),
        Some((_, [_, ..])) => Head::Text,
        _ => short(text, ending),
    }
}

/// What is not longer than a label.
#[cold]
fn short(text: &[u8], ending: Ending) -> Head<'_> {
    let open = text[1..].iter().all(|&byte| label::is_digit(byte)) && ending == Ending::Open;
    if open { Head::Unknown } else { Head::Text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::tests::in_pieces;
    use proptest::prelude::*;

    /// Replaces labels by a word and their nanoseconds.
    struct Word;

    impl Form for Word {
        fn second(&mut self, seconds: u64) -> Option<Shown> {
            (seconds > 0).then(|| Shown::new(b"<label>", 0, b"")).flatten()
        }
    }

    #[test]
    fn a_label_is_an_at_and_24_digits_at_the_start_of_a_line() {
        for (input, start, anywhere) in [
            ("@4000000037c219bf2ef02e94 x\n", "<label> x\n", "<label> x\n"),
            ("@4000000037c219bf2ef02e94", "<label>", "<label>"),
            (
                "@4000000037c219bf2ef02e94\n@4000000037c219bf00000000\n",
                "<label>\n<label>\n",
                "<label>\n<label>\n",
            ),
            ("@4000000037c219bf2ef02e94junk\n", "<label>junk\n", "<label>junk\n"),
            ("a @4000000037c219bf2ef02e94 b\n", "a @4000000037c219bf2ef02e94 b\n", "a <label> b\n"),
            ("@@4000000037c219bf2ef02e94\n", "@@4000000037c219bf2ef02e94\n", "@<label>\n"),
            ("@4000000037c219bf2ef02e945\n", "@4000000037c219bf2ef02e945\n", "@4000000037c219bf2ef02e945\n"),
            ("@4000000037C219BF2EF02E94\n", "@4000000037C219BF2EF02E94\n", "@4000000037C219BF2EF02E94\n"),
            ("@4000000037c219bf3b9aca00\n", "@4000000037c219bf3b9aca00\n", "@4000000037c219bf3b9aca00\n"),
            ("@000000000000000000000001\n", "@000000000000000000000001\n", "@000000000000000000000001\n"),
            ("@800000000000000000000001\n", "@800000000000000000000001\n", "@800000000000000000000001\n"),
            ("@foo\n\n@\n@", "@foo\n\n@\n@", "@foo\n\n@\n@"),
            ("@4000000037c219bf2ef02e9", "@4000000037c219bf2ef02e9", "@4000000037c219bf2ef02e9"),
            ("x\n@4000000037c219bf2ef02e94\ny", "x\n<label>\ny", "x\n<label>\ny"),
            ("x@4000000037c219bf2ef02e94", "x@4000000037c219bf2ef02e94", "x<label>"),
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
            input in "(@4000000037c219bf2ef02e94|@4000000037c219b|[@a\n ]){0,40}", piece in 1usize..60
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
    }
}
