//! `Summary`: one file of a log directory, read from its start to its end.

use std::fs::File;
use std::io;
use std::sync::Arc;

use tai64tools::Label;
use tai64tools::leap::Offset;

use crate::archive::{Damage, Form, SMALL, Stream, one_large, segments, wrong_table};
use crate::search::Tracker;
use crate::stamp::Stamps;
use crate::store::State;

/// What is known of a file after it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How it is compressed.
    pub form: Form,
    /// Its length.
    pub bytes: u64,
    /// The length of its text.
    pub text: u64,
    /// How many lines it has.
    pub lines: u64,
    /// The first stamp.
    pub first: Option<Label>,
    /// The last stamp.
    pub last: Option<Label>,
    /// The number of the first line whose stamp is earlier than one before it.
    pub back: Option<u64>,
    /// Whether its last line has no newline.
    pub torn: bool,
    /// What can't be read.
    pub damage: Vec<Damage>,
    /// The longest silence, and where it began.
    pub silence: Option<(std::time::Duration, Label)>,
}

const PIECE: usize = 256 << 10;

/// Reads a file.
///
/// # Errors
///
/// The file can't be read; what can't be decoded is no error.
pub fn summarize(file: &Arc<File>, state: State, offset: Offset) -> io::Result<Summary> {
    let bytes = file.metadata()?.len();
    let segments = segments(file, bytes, state.declared())?;
    let mut reading = Reading::new(offset);
    let mut remarks = Vec::new();
    for segment in &segments {
        let large = (segment.window > SMALL).then(one_large);
        let mut stream = Stream::new(segment, if large.is_some() { u64::MAX } else { SMALL });
        let mut buffer = vec![0; PIECE];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => break,
                Ok(got) => reading.take(&buffer[..got]),
                Err(damage) => {
                    reading.damage.push(damage);
                    reading.end_line();
                }
            }
        }
        remarks.extend(stream.remark());
    }
    let form = segments.first().map_or(Form::Plain, |segment| segment.form);
    if reading.damage.is_empty() {
        reading.damage = remarks;
        reading.damage.extend(wrong_table(file, bytes, form));
    }
    Ok(reading.finish(form, bytes))
}

struct Reading {
    stamps: Stamps,
    rest: Vec<u8>,
    text: u64,
    lines: u64,
    first: Option<Label>,
    last: Option<Label>,
    greatest: Tracker,
    back: Option<u64>,
    damage: Vec<Damage>,
    silence: Option<(std::time::Duration, Label)>,
}

impl Reading {
    fn new(offset: Offset) -> Reading {
        let stamps = Stamps::new(offset);
        Reading {
            stamps,
            rest: Vec::new(),
            text: 0,
            lines: 0,
            first: None,
            last: None,
            greatest: Tracker::default(),
            back: None,
            damage: Vec::new(),
            silence: None,
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        self.text += bytes.len() as u64;
        let mut at = 0;
        for newline in memchr::memchr_iter(b'\n', bytes) {
            if self.rest.is_empty() {
                self.line(&bytes[at..=newline]);
            } else {
                let mut line = std::mem::take(&mut self.rest);
                line.extend_from_slice(&bytes[at..=newline]);
                self.line(&line);
            }
            at = newline + 1;
        }
        // Of a line that is longer nothing but its stamp matters.
        let room = PIECE.saturating_sub(self.rest.len());
        let rest = &bytes[at..];
        self.rest.extend_from_slice(&rest[..rest.len().min(room)]);
    }

    fn line(&mut self, line: &[u8]) {
        self.lines += 1;
        let Some(stamp) = self.stamps.read(line, self.greatest.greatest) else { return };
        let moment = stamp.moment;
        self.first = self.first.or(Some(moment));
        if let Some(last) = self.last {
            let silence = moment.since(last);
            if self.silence.is_none_or(|(longest, _)| silence > longest) {
                self.silence = Some((silence, last));
            }
        }
        self.last = Some(moment);
        if self.greatest.greatest.is_some_and(|greatest| moment < greatest) {
            self.back = self.back.or(Some(self.lines));
        }
        self.greatest.greatest = self.greatest.greatest.max(Some(moment));
    }

    /// The line in hand is complete. True: there was one.
    fn end_line(&mut self) -> bool {
        let rest = std::mem::take(&mut self.rest);
        if !rest.is_empty() {
            self.line(&rest);
        }
        !rest.is_empty()
    }

    fn finish(mut self, form: Form, bytes: u64) -> Summary {
        let torn = self.end_line();
        let Reading { text, lines, first, last, back, damage, silence, .. } = self;
        Summary { form, bytes, text, lines, first, last, back, torn, damage, silence }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn of(text: &[u8]) -> Summary {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        summarize(&Arc::new(file), State::Sealed, Offset::Fixed).unwrap()
    }

    #[test]
    fn a_file_is_summed_up() {
        let (a, b) = ("@4000000037c219bf2ef02e94", "@4000000037c219bf2ef02e95");
        let summary = of(format!("{a} x\nno stamp\n{b} y\n").as_bytes());
        assert_eq!((summary.lines, summary.torn, summary.back), (3, false, None));
        assert_eq!(summary.first, Label::parse(a.as_bytes()));
        assert_eq!(summary.last, Label::parse(b.as_bytes()));
        let summary = of(format!("{b} x\n{a} y\n{b}").as_bytes());
        assert_eq!((summary.lines, summary.torn, summary.back), (3, true, Some(2)));
        assert_eq!(of(b"").lines, 0);
    }

    #[test]
    fn what_can_be_read_of_a_damaged_file_is_counted() {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"one\ntwo\n").unwrap();
        let whole = encoder.finish().unwrap();
        assert!(of(&whole).damage.is_empty());
        let mut broken = whole.clone();
        let check = broken.len() - 8;
        broken[check] ^= 1;
        let summary = of(&broken);
        assert_eq!((summary.lines, summary.damage.len()), (2, 1));
        let summary = of(&[&whole[..], b"junk"].concat());
        assert_eq!((summary.lines, summary.damage.len()), (2, 1));
        let summary = of(&[&whole[..], &whole, b"\0\0\0"].concat());
        assert_eq!((summary.lines, summary.damage.len()), (4, 0));
    }
}
