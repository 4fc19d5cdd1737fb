//! `AnyOf`: patterns of which one has to match, tried all at once where that is possible.
//!
//! Patterns in a row with the same sign are an `AnyOf`: after `-a -b` a line is deselected if either matches. What
//! the stamp decides is decided here, so that most patterns need not see it. Star patterns that require some
//! word are tried only on lines that contain one of the required words, which one search finds out.

use std::cell::Cell;

use memchr::memmem::Finder;
use regex::bytes::{Regex, RegexSet};
use tai64tools::Stamp;
use unix::memory;

use super::line::Line;
use super::star::{AfterStamp, Star};
use super::{Matcher, Pattern, builder, set_builder};

/// The memory that a search for many words takes while it is built, at most. Without it each line is tried by itself.
const SEARCH: usize = 4 << 20;

/// The length of a word that is worth searching for.
const WORD: usize = 3;

/// Patterns, ready to be matched together.
#[derive(Clone, Debug)]
pub enum AnyOf {
    /// One of them matches every line.
    Everything,
    /// They have to be tried.
    Tried(Box<Tried>),
}

/// Patterns that some lines don't match.
#[derive(Clone, Debug)]
pub struct Tried {
    /// They see the text behind the stamp.
    stars: Vec<Star>,
    /// The same, but each requires one of the words.
    with_words: Vec<Star>,
    words: Option<Words>,
    /// They see the stamp as well.
    whole: Vec<Star>,
    expressions: Expressions,
}

/// A search for words through the whole rest of the input, which remembers where it found one: a search in each line
/// would begin anew with each of them.
#[derive(Clone, Debug)]
struct Words {
    search: Search,
    found: Cell<Found>,
}

#[derive(Clone, Debug)]
enum Search {
    One(Box<Finder<'static>>),
    Many(Regex),
}

/// What the last search has found.
#[derive(Clone, Copy, Debug)]
struct Found {
    batch: u64,
    /// Where the first word begins, in bytes before the end of the input; 0 where there is none.
    from_end: usize,
}

#[derive(Clone, Debug)]
enum Expressions {
    None,
    Together(RegexSet),
    /// There is one only, or they are too large together.
    Alone(Vec<Regex>),
}

impl AnyOf {
    /// For lines that begin with this kind of stamp.
    pub fn new(patterns: &[&Pattern], stamp: Option<Stamp>) -> AnyOf {
        let (mut stars, mut whole, mut expressions) = (Vec::new(), Vec::new(), Vec::new());
        for pattern in patterns {
            match &pattern.0 {
                Matcher::Regex(regex) => expressions.push(regex.clone()),
                Matcher::Star(star) => match star.after_stamp(stamp) {
                    AfterStamp::Text(rest) => stars.push(rest),
                    AfterStamp::Never => {}
                    AfterStamp::Depends => whole.push(star.clone()),
                },
            }
        }
        if stars.iter().any(Star::matches_everything) {
            return AnyOf::Everything;
        }
        let (with_words, without): (Vec<Star>, Vec<Star>) =
            stars.into_iter().partition(|star| !star.is_quick() && star.longest_literal().len() >= WORD);
        let expressions = Expressions::new(expressions);
        AnyOf::Tried(Box::new(match Words::new(&with_words) {
            None => {
                let stars = [without, with_words].concat();
                Tried { stars, with_words: Vec::new(), words: None, whole, expressions }
            }
            words => Tried { stars: without, with_words, words, whole, expressions },
        }))
    }

    /// Whether one of them matches.
    #[inline]
    pub fn matches(&self, line: &mut Line<'_>) -> bool {
        match self {
            AnyOf::Everything => true,
            AnyOf::Tried(patterns) => patterns.matches(line),
        }
    }

    /// Whether a line matches that contains none of the patterns' required words. None: more than the words decides.
    pub fn matches_without_words(&self) -> Option<bool> {
        match self {
            AnyOf::Everything => Some(true),
            AnyOf::Tried(patterns) => patterns.need_words().then_some(false),
        }
    }

    /// Returns how many bytes are before the next required word in `ahead`, which is the rest of the input of the
    /// batch: all of them if there is none.
    #[inline]
    pub fn without_words(&self, ahead: &[u8], batch: u64) -> usize {
        match self {
            AnyOf::Everything => ahead.len(),
            AnyOf::Tried(patterns) => {
                patterns.words.as_ref().map_or(ahead.len(), |words| words.next(ahead, batch))
            }
        }
    }
}

impl Tried {
    fn need_words(&self) -> bool {
        self.stars.is_empty() && self.whole.is_empty() && matches!(self.expressions, Expressions::None)
    }

    fn matches(&self, line: &mut Line<'_>) -> bool {
        let text = line.text();
        if self.stars.iter().any(|star| star.matches(text)) {
            return true;
        }
        if self.words.as_ref().is_some_and(|words| words.are_in(line))
            && self.with_words.iter().any(|star| star.matches(text))
        {
            return true;
        }
        if !self.whole.is_empty() {
            let whole = line.whole();
            if self.whole.iter().any(|star| star.matches(whole)) {
                return true;
            }
        }
        self.expressions.match_one(line)
    }
}

impl Words {
    /// A search for the longest word of each pattern. None: there are no patterns, or too many words for the memory.
    fn new(stars: &[Star]) -> Option<Words> {
        let search = match stars {
            [] => return None,
            _ if !memory::has_room(SEARCH) => return None,
            [star] => Search::One(Box::new(Finder::new(&star.longest_literal()).into_owned())),
            _ => {
                let words: Vec<String> = stars.iter().map(|star| escaped(&star.longest_literal())).collect();
                Search::Many(builder(&words.join("|")).build().ok()?)
            }
        };
        Some(Words { search, found: Cell::new(Found { batch: 0, from_end: usize::MAX }) })
    }

    /// Whether one of them begins in the line.
    fn are_in(&self, line: &Line<'_>) -> bool {
        let (ahead, batch) = line.ahead();
        let Some(batch) = batch else { return self.search.find(line.text()).is_some() };
        self.next(ahead, batch) < line.text().len()
    }

    /// Where the next one begins in what is ahead, or the end of that.
    #[inline]
    fn next(&self, ahead: &[u8], batch: u64) -> usize {
        let mut found = self.found.get();
        // What was found before this line says nothing about it.
        if found.batch != batch || found.from_end > ahead.len() {
            let from_end = self.search.find(ahead).map_or(0, |at| ahead.len() - at);
            found = Found { batch, from_end };
            self.found.set(found);
        }
        ahead.len() - found.from_end
    }
}

impl Search {
    fn find(&self, text: &[u8]) -> Option<usize> {
        match self {
            Search::One(word) => word.find(text),
            Search::Many(words) => words.find(text).map(|found| found.start()),
        }
    }
}

impl Expressions {
    fn new(all: Vec<Regex>) -> Expressions {
        if all.is_empty() {
            return Expressions::None;
        }
        let texts: Vec<&str> = all.iter().map(Regex::as_str).collect();
        match set_builder(&texts).build() {
            Ok(set) if all.len() > 1 => Expressions::Together(set),
            _ => Expressions::Alone(all),
        }
    }

    fn match_one(&self, line: &mut Line<'_>) -> bool {
        match self {
            Expressions::None => false,
            Expressions::Together(set) => set.is_match(line.whole()),
            Expressions::Alone(all) => {
                let whole = line.whole();
                all.iter().any(|regex| regex.is_match(whole))
            }
        }
    }
}

/// An expression that matches just these bytes.
fn escaped(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!(r"\x{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Syntax;
    use proptest::prelude::*;
    use tai64tools::{Label, Stamper, label};

    fn pattern() -> impl Strategy<Value = Pattern> {
        let text = |syntax, text: &'static str| {
            text.prop_filter_map("a pattern", move |text| Pattern::new(syntax, text.as_bytes()).ok())
        };
        prop_oneof![
            4 => text(Syntax::Star, "[ab@ *]{0,6}"),
            4 => text(Syntax::Star, "\\*[ab ]{3,5}\\*"),
            1 => text(Syntax::Glob, "[ab@ *?]{0,5}"),
            1 => text(Syntax::Regex, "[ab@ .^$|]{0,5}"),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4_000))]
        #[test]
        fn together_they_match_what_one_of_them_matches(
            patterns in prop::collection::vec(pattern(), 0..9),
            text in "[ab @]{0,12}",
            form in prop::option::of(prop_oneof![Just(Stamp::Tai64n), Just(Stamp::Accustamp)]),
        ) {
            let mut stamper = form.map(Stamper::new);
            if let Some(stamper) = &mut stamper {
                stamper.begin(Label::new(label::EPOCH + 9, 171).unwrap());
            }
            let stamp = stamper.as_mut().map(Stamper::stamp);
            let whole = [stamp.map(|stamp| stamp.to_vec()).unwrap_or_default(), text.clone().into_bytes()].concat();
            let expected = patterns.iter().any(|pattern| pattern.matches(&whole));
            let all: Vec<&Pattern> = patterns.iter().collect();
            let mut head = Vec::new();
            let mut line = Line::new(stamp, text.as_bytes(), &mut head);
            prop_assert_eq!(AnyOf::new(&all, form).matches(&mut line), expected);
        }

        #[test]
        fn a_search_that_goes_on_finds_what_a_search_in_each_line_finds(
            patterns in prop::collection::vec("\\*[ab]{3,4}\\*", 1..4),
            lines in prop::collection::vec("[ab ]{0,9}", 0..20),
            asked in prop::collection::vec(any::<bool>(), 20),
            pieces in 1usize..4,
        ) {
            let patterns: Vec<Pattern> =
                patterns.iter().map(|text| Pattern::new(Syntax::Star, text.as_bytes()).unwrap()).collect();
            let any = AnyOf::new(&patterns.iter().collect::<Vec<_>>(), None);
            let mut head = Vec::new();
            for (batch, lines) in lines.chunks(pieces * 5).enumerate() {
                let input = lines.join("\n");
                let mut at = 0;
                for (line, asked) in lines.iter().zip(&asked) {
                    let mut seen = Line::new(None, line.as_bytes(), &mut head)
                        .with_ahead(&input.as_bytes()[at..], batch as u64 + 1);
                    let expected = patterns.iter().any(|pattern| pattern.matches(line.as_bytes()));
                    prop_assert!(!asked || any.matches(&mut seen) == expected);
                    at += line.len() + 1;
                }
            }
        }
    }
}
