//! Patterns: what people write, as one regular expression for a block and one for the text of a line.

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// How patterns are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Upper and lower case are the same.
    pub ignore_case: bool,
    /// They are plain text.
    pub fixed: bool,
}

/// What is looked for, and what is left out.
#[derive(Clone, Debug, Default)]
pub struct Patterns {
    /// A line has to match one of these.
    pub(crate) find: Option<Set>,
    /// A line must not match any of these.
    pub(crate) exclude: Option<Set>,
}

/// Patterns of which one has to match.
#[derive(Clone, Debug)]
pub(crate) struct Set {
    /// Finds in a block at least something in each line that matches.
    pub(crate) raw: Regex,
    /// Matches the text of a line.
    exact: Regex,
    /// Whether what `raw` finds within the text of a line is a match.
    pub(crate) pure: bool,
}

/// An automaton may become this large.
const SIZE: usize = 64 << 20;

impl Patterns {
    /// Reads patterns: those of which one has to match, if there are any, and those of which none may.
    ///
    /// # Errors
    ///
    /// The first one that can't be understood, and why, in one line.
    pub fn new(find: &[Vec<u8>], exclude: &[Vec<u8>], options: Options) -> Result<Patterns, String> {
        Ok(Patterns { find: Set::new(find, options)?, exclude: Set::new(exclude, options)? })
    }

    /// Whether every line is wanted.
    pub fn is_empty(&self) -> bool {
        self.find.is_none() && self.exclude.is_none()
    }

    /// Whether there is something to look for.
    pub fn finds(&self) -> bool {
        self.find.is_some()
    }

    /// Whether a line with this text is wanted.
    pub fn wants(&self, text: &[u8]) -> bool {
        self.find.as_ref().is_none_or(|set| set.matches(text)) && !self.excludes(text)
    }

    pub(crate) fn excludes(&self, text: &[u8]) -> bool {
        self.exclude.as_ref().is_some_and(|set| set.matches(text))
    }

    /// The places in a text that match what is looked for, without empty ones.
    pub fn places<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = std::ops::Range<usize>> + 'a {
        let found = self.find.iter().flat_map(|set| set.exact.find_iter(text));
        found.map(|found| found.range()).filter(|range| !range.is_empty())
    }
}

impl Set {
    fn new(patterns: &[Vec<u8>], options: Options) -> Result<Option<Set>, String> {
        if patterns.is_empty() {
            return Ok(None);
        }
        let parsed: Result<Vec<Hir>, String> =
            patterns.iter().map(|pattern| parse(pattern, options)).collect();
        let whole = Hir::alternation(parsed?.iter().map(|hir| within_line(hir, Anchors::Kept)).collect());
        let raw = within_line(&whole, Anchors::Dropped);
        let pure = whole.properties().look_set().is_empty();
        let set = Set { raw: compile(&raw)?, exact: compile(&whole)?, pure };
        Ok(Some(set))
    }

    pub(crate) fn matches(&self, text: &[u8]) -> bool {
        self.exact.is_match(text)
    }
}

fn parse(pattern: &[u8], options: Options) -> Result<Hir, String> {
    let shown = || String::from_utf8_lossy(pattern).into_owned();
    let text = if options.fixed {
        escape(pattern)
    } else {
        std::str::from_utf8(pattern)
            .map(str::to_owned)
            .map_err(|_| format!("pattern {} is not UTF-8", shown()))?
    };
    let mut parser = ParserBuilder::new().utf8(false).case_insensitive(options.ignore_case).build();
    parser.parse(&text).map_err(|error| {
        let why = match &error {
            regex_syntax::Error::Parse(error) => error.kind().to_string(),
            regex_syntax::Error::Translate(error) => error.kind().to_string(),
            _ => error.to_string(),
        };
        format!("unable to understand pattern {}: {why}", shown())
    })
}

/// A pattern for these very bytes.
fn escape(text: &[u8]) -> String {
    match std::str::from_utf8(text) {
        Ok(text) => regex_syntax::escape(text),
        Err(_) => text.iter().map(|byte| format!("(?-u:\\x{byte:02x})")).collect(),
    }
}

fn compile(hir: &Hir) -> Result<Regex, String> {
    let built = RegexBuilder::new(&hir.to_string()).size_limit(SIZE).dfa_size_limit(SIZE / 8).build();
    built.map_err(|_| "unable to use patterns that large".to_string())
}

/// What becomes of anchors and word boundaries.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Anchors {
    Kept,
    /// They hold everywhere.
    Dropped,
}

/// The same pattern, which can't match a newline.
fn within_line(hir: &Hir, anchors: Anchors) -> Hir {
    let inner = |hir: &Hir| within_line(hir, anchors);
    match hir.kind() {
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) if literal.0.contains(&b'\n') => Hir::fail(),
        HirKind::Literal(literal) => Hir::literal(literal.0.clone()),
        HirKind::Class(class) => Hir::class(without_newline(class)),
        HirKind::Look(look) => look_around(*look, anchors),
        HirKind::Repetition(repetition) => Hir::repetition(repetition.with(inner(&repetition.sub))),
        HirKind::Capture(capture) => inner(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(inner).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(inner).collect()),
    }
}

fn look_around(look: Look, anchors: Anchors) -> Hir {
    if anchors == Anchors::Kept { Hir::look(look) } else { Hir::empty() }
}

fn without_newline(class: &Class) -> Class {
    use regex_syntax::hir::{ClassBytes, ClassBytesRange, ClassUnicode, ClassUnicodeRange};
    match class.clone() {
        Class::Unicode(mut class) => {
            class.difference(&ClassUnicode::new([ClassUnicodeRange::new('\n', '\n')]));
            Class::Unicode(class)
        }
        Class::Bytes(mut class) => {
            class.difference(&ClassBytes::new([ClassBytesRange::new(b'\n', b'\n')]));
            Class::Bytes(class)
        }
    }
}
