//! `Painter`: a line as it is shown.

use std::io::IsTerminal;
use std::sync::Arc;

use tai64tools::form::Form as _;
use tai64tools::form::{Calendar, Shown, Style, Zone};
use tai64tools::leap::Offset;
use tai64tools::{Label, label};

use crate::pattern::Patterns;
use crate::stamp::{Stamp, Stamps};

use super::{Form, structured};

/// How the lines of one directory are shown.
#[derive(Clone, Debug)]
pub struct Skin {
    /// The form.
    pub form: Form,
    /// How far its labels are ahead of UTC.
    pub offset: Offset,
    /// What it is called.
    pub name: Vec<u8>,
    /// Whether each line begins with what the directory is called.
    pub prefix: bool,
    /// Whether prefixes and matches have colours; the number chooses among those of prefixes.
    pub colour: Option<usize>,
    /// Whether control characters are shown escaped.
    pub escape: bool,
    /// What is looked for.
    pub patterns: Arc<Patterns>,
}

impl Skin {
    /// What the directory is called, as it is shown.
    pub fn title(&self) -> Vec<u8> {
        let mut title = Vec::new();
        shown(&self.name, self.escape, &mut title);
        title
    }
}

/// Shows lines of one directory, one after the other.
pub struct Painter {
    skin: Arc<Skin>,
    stamps: Stamps,
    clock: Option<Calendar>,
    /// The same for stamps that are no labels.
    fixed: Option<Calendar>,
    /// The second that was shown last, of a label and of another stamp.
    last: [Option<(u64, Option<Shown>)>; 2],
}

const COLOURS: [&[u8]; 6] = [b"\x1b[32m", b"\x1b[33m", b"\x1b[34m", b"\x1b[35m", b"\x1b[36m", b"\x1b[31m"];
const MATCH: &[u8] = b"\x1b[1;31m";
const PLAIN: &[u8] = b"\x1b[m";

impl Painter {
    /// With nothing shown yet.
    pub fn new(skin: Arc<Skin>) -> Painter {
        let clock = match skin.form {
            Form::Local => Some(Calendar::new(Zone::Local, Style::Plain)),
            Form::Utc => Some(Calendar::new(Zone::Utc, Style::Plain)),
            Form::Iso | Form::Json | Form::Csv => Some(Calendar::new(Zone::Local, Style::Iso)),
            Form::Epoch | Form::Tai64n | Form::None => None,
        };
        let stamps = Stamps::new(skin.offset);
        let ahead = clock.clone().map(|clock| clock.ahead(skin.offset));
        Painter { stamps, clock: ahead, fixed: clock, skin, last: [None, None] }
    }

    /// Reads stamps of the same directory.
    pub fn stamps(&mut self) -> &mut Stamps {
        &mut self.stamps
    }

    /// Appends whole lines, each as it is shown, until `out` has so much. How much of the block that was.
    pub fn block(&mut self, block: &[u8], out: &mut Vec<u8>, full: usize) -> usize {
        let mut at = 0;
        for newline in memchr::memchr_iter(b'\n', block) {
            if out.len() >= full {
                return at;
            }
            self.line(&block[at..=newline], out);
            at = newline + 1;
        }
        if at < block.len() {
            self.line(&block[at..], out);
        }
        block.len()
    }

    /// Appends a line as it is shown. It ends with a newline, whether `line` does or not.
    #[inline]
    pub fn line(&mut self, line: &[u8], out: &mut Vec<u8>) {
        let stamp = self.stamps.read(line, None);
        self.stamped(line, stamp, out);
    }

    /// The same of a line whose stamp was read.
    #[inline]
    pub fn stamped(&mut self, line: &[u8], stamp: Option<Stamp>, out: &mut Vec<u8>) {
        let skin = &self.skin;
        if skin.prefix || skin.escape || skin.colour.is_some() || skin.form.is_record() {
            return self.slow(line, stamp, out);
        }
        let text = match stamp {
            Some(stamp) if self.time(stamp, out) => stamp.text,
            _ => 0,
        };
        out.extend_from_slice(&line[text..]);
        if line.last() != Some(&b'\n') {
            out.push(b'\n');
        }
    }

    #[cold]
    fn slow(&mut self, line: &[u8], stamp: Option<Stamp>, out: &mut Vec<u8>) {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        match self.skin.form {
            Form::Json | Form::Csv => self.record(line, stamp, out),
            _ => self.decorated(line, stamp, out),
        }
        out.push(b'\n');
    }

    fn decorated(&mut self, line: &[u8], stamp: Option<Stamp>, out: &mut Vec<u8>) {
        if self.skin.prefix {
            if let Some(colour) = self.skin.colour {
                out.extend_from_slice(COLOURS[colour % COLOURS.len()]);
            }
            shown(&self.skin.name, self.skin.escape, out);
            if self.skin.colour.is_some() {
                out.extend_from_slice(PLAIN);
            }
            out.extend_from_slice(b": ");
        }
        let text = match stamp {
            Some(stamp) if self.time(stamp, out) => stamp.text,
            _ => 0,
        };
        // Patterns see the text behind the stamp, whether it is shown or not.
        let behind = stamp.map_or(0, |stamp| stamp.text).max(text);
        shown(&line[text..behind], self.skin.escape, out);
        self.text(&line[behind..], out);
    }

    fn text(&self, text: &[u8], out: &mut Vec<u8>) {
        let mut at = 0;
        if self.skin.colour.is_some() && self.skin.patterns.wants(text) {
            for place in self.skin.patterns.places(text) {
                shown(&text[at..place.start], self.skin.escape, out);
                out.extend_from_slice(MATCH);
                shown(&text[place.clone()], self.skin.escape, out);
                out.extend_from_slice(PLAIN);
                at = place.end;
            }
        }
        shown(&text[at..], self.skin.escape, out);
    }

    fn record(&mut self, line: &[u8], stamp: Option<Stamp>, out: &mut Vec<u8>) {
        let text = &line[stamp.map_or(0, |stamp| stamp.text)..];
        let mut time = Vec::new();
        let timed = stamp.is_some_and(|stamp| self.clock_time(stamp, &mut time));
        time.truncate(if timed { time.len() } else { 0 });
        let label = stamp.map(|stamp| stamp.moment.text());
        let label: &[u8] = label.as_ref().map_or(b"", |label| label);
        if self.skin.form == Form::Json {
            return structured::json(&time, label, &self.skin.name, text, out);
        }
        let mut escaped = Vec::new();
        shown(text, self.skin.escape, &mut escaped);
        structured::csv(&time, label, &self.skin.title(), &escaped, out);
    }

    /// Appends what stands in the place of a stamp. False: the stamp has no such form, and nothing was appended.
    #[inline]
    fn time(&mut self, stamp: Stamp, out: &mut Vec<u8>) -> bool {
        match self.skin.form {
            Form::None => true,
            Form::Tai64n => {
                out.extend_from_slice(&stamp.moment.text());
                out.push(b' ');
                true
            }
            _ => {
                let shown = self.clock_time(stamp, out);
                if shown {
                    out.push(b' ');
                }
                shown
            }
        }
    }

    #[inline]
    fn clock_time(&mut self, stamp: Stamp, out: &mut Vec<u8>) -> bool {
        let which = usize::from(stamp.label.is_none());
        let label = stamp.label.unwrap_or(stamp.moment);
        let seconds = label.seconds();
        if self.last[which].as_ref().is_none_or(|(last, _)| *last != seconds) {
            self.turn(which, seconds, stamp.moment);
        }
        let Some((_, Some(shown))) = &self.last[which] else { return false };
        shown.append(label.nanos(), out);
        true
    }

    /// Another second.
    #[cold]
    fn turn(&mut self, which: usize, seconds: u64, moment: Label) {
        let clock = if which == 0 { &mut self.clock } else { &mut self.fixed };
        let shown = match clock {
            Some(clock) => clock.second(seconds),
            None => epoch(moment),
        };
        self.last[which] = Some((seconds, shown));
    }
}

fn epoch(moment: Label) -> Option<Shown> {
    let unix = moment.seconds().checked_sub(label::EPOCH)?;
    Shown::new(format!("{unix}.").as_bytes(), 9, b"")
}

/// A name for standard output: on a terminal without control characters.
pub fn name(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    shown(bytes, std::io::stdout().is_terminal(), &mut out);
    String::from_utf8_lossy(&out).into_owned()
}

/// Appends text, with control characters and what is no UTF-8 escaped if that is wanted.
fn shown(text: &[u8], escape: bool, out: &mut Vec<u8>) {
    if !escape {
        out.extend_from_slice(text);
        return;
    }
    for chunk in text.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() && c != '\t' {
                out.extend(c.escape_default().to_string().bytes());
            } else {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
        for byte in chunk.invalid() {
            out.extend(format!("\\x{byte:02x}").bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skin(form: Form) -> Skin {
        let patterns = Arc::new(Patterns::default());
        let name = b"web".to_vec();
        Skin { form, offset: Offset::Fixed, name, prefix: false, colour: None, escape: false, patterns }
    }

    fn painted(skin: Skin, line: &str) -> String {
        let mut out = Vec::new();
        Painter::new(Arc::new(skin)).line(line.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    const LINE: &str = "@4000000037c219bf2ef02e94 a \"b\"\n";

    #[test]
    fn each_form() {
        for (form, expected) in [
            (Form::Utc, "1999-08-24 04:04:05.787492500 a \"b\"\n"),
            (Form::Epoch, "935467445.787492500 a \"b\"\n"),
            (Form::Tai64n, LINE),
            (Form::None, "a \"b\"\n"),
        ] {
            assert_eq!(painted(skin(form), LINE), expected);
        }
        let json = painted(skin(Form::Json), LINE);
        assert!(json.starts_with("{\"time\":\"1999-08-2"), "{json}");
        assert!(json.ends_with(
            ",\"label\":\"@4000000037c219bf2ef02e94\",\"dir\":\"web\",\"line\":\"a \\\"b\\\"\"}\n"
        ));
        assert!(painted(skin(Form::Csv), LINE).ends_with(",web,\"a \"\"b\"\"\"\n"));
    }

    #[test]
    fn a_line_without_a_stamp_passes_unchanged_and_gets_its_newline() {
        for form in [Form::Utc, Form::Epoch, Form::Tai64n, Form::None] {
            assert_eq!(painted(skin(form), "text"), "text\n");
            assert_eq!(painted(skin(form), "@400000000000000g text\n"), "@400000000000000g text\n");
        }
    }

    #[test]
    fn prefix_escapes_and_colours() {
        let prefixed = Skin { prefix: true, ..skin(Form::None) };
        assert_eq!(painted(prefixed.clone(), LINE), "web: a \"b\"\n");
        let escaped = Skin { escape: true, ..skin(Form::None) };
        assert_eq!(painted(escaped, "a\x1b[2J\tb\u{9b}\u{e4}\n"), "a\\u{1b}[2J\tb\\u{9b}\u{e4}\n");
        let patterns = Patterns::new(&[b"b".to_vec()], &[], crate::pattern::Options::default()).unwrap();
        let coloured = Skin { colour: Some(0), patterns: Arc::new(patterns), ..prefixed };
        assert_eq!(painted(coloured, "abc\n"), "\x1b[32mweb\x1b[m: a\x1b[1;31mb\x1b[mc\n");
    }

    #[test]
    fn labels_with_leap_seconds_are_shown_by_the_clock() {
        let ahead = Skin { offset: Offset::Leap, ..skin(Form::Utc) };
        assert_eq!(
            painted(ahead.clone(), "@400000006b074915377d620d x\n"),
            "2026-11-25 20:45:36.930963981 x\n"
        );
        let label = Skin { form: Form::Tai64n, ..ahead };
        assert_eq!(painted(label, "@400000006b074915377d620d x\n"), "@400000006b0748fa377d620d x\n");
    }
}
