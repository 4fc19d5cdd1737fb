//! Patterns: one type, and behind it the matchers of `S`, `F` and `R`.

mod any;
mod glob;
mod line;
mod star;

pub use any::AnyOf;
pub use line::{HEAD, Line};
use regex::bytes::{Regex, RegexBuilder, RegexSetBuilder};
use unix::memory;

/// How the text of a pattern is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// `S`, the default: a star runs to the next byte of the pattern.
    Star,
    /// `F`: as fnmatch(3) does in the C locale.
    Glob,
    /// `R`: a regular expression over bytes, not anchored.
    Regex,
}

/// A pattern, ready to be matched against the first bytes of a line.
#[derive(Clone, Debug)]
pub struct Pattern(Matcher);

#[derive(Clone, Debug)]
enum Matcher {
    Star(star::Star),
    Regex(Regex),
}

impl Pattern {
    /// Compiles `text`. The error is the reason in words.
    pub fn new(syntax: Syntax, text: &[u8]) -> Result<Pattern, String> {
        Ok(Pattern(match syntax {
            Syntax::Star => Matcher::Star(star::Star::new(text)),
            Syntax::Glob => Matcher::Regex(compile(&glob::to_regex(text))?),
            Syntax::Regex => {
                let text = std::str::from_utf8(text)
                    .map_err(|_| String::from("not UTF-8 (write \\xNN for a byte)"))?;
                Matcher::Regex(compile(text)?)
            }
        }))
    }

    /// Whether the pattern matches `head`, the line without its newline as far as patterns see it.
    pub fn matches(&self, head: &[u8]) -> bool {
        match &self.0 {
            Matcher::Star(star) => star.matches(head),
            Matcher::Regex(regex) => regex.is_match(head),
        }
    }
}

/// Bytes, not characters; `.` matches every byte, as there is no line end inside a line.
fn builder(text: &str) -> RegexBuilder {
    let mut builder = RegexBuilder::new(text);
    builder.unicode(false).dot_matches_new_line(true).dfa_size_limit(states());
    builder
}

/// The same for several.
fn set_builder(texts: &[&str]) -> RegexSetBuilder {
    let mut builder = RegexSetBuilder::new(texts);
    builder.unicode(false).dot_matches_new_line(true).dfa_size_limit(states());
    builder
}

/// How much memory the states of an expression may take, which are made while it is matched. With fewer it is slower.
fn states() -> usize {
    if memory::has_room(32 << 20) { 2 << 20 } else { 64 << 10 }
}

fn compile(text: &str) -> Result<Regex, String> {
    builder(text).build().map_err(|error| match error {
        regex::Error::Syntax(long) => last_line(&long),
        other => other.to_string(),
    })
}

/// The last line of the library's drawing says what is wrong; a message is one line.
fn last_line(text: &str) -> String {
    let line = text.lines().last().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_regular_expression_is_over_bytes_and_not_anchored() {
        let pattern = Pattern::new(Syntax::Regex, br"x\xff.$").unwrap();
        assert!(pattern.matches(b"ax\xff\x00"));
        assert!(!pattern.matches(b"ax\xff"));
    }

    #[test]
    fn a_regular_expression_that_is_none_says_why_in_one_line() {
        assert_eq!(Pattern::new(Syntax::Regex, b"(").unwrap_err(), "unclosed group");
    }
}
