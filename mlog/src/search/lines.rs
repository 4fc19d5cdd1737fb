//! `Selected`: the lines of a block that are wanted, one after the other.

use std::ops::Range;

use memchr::{memchr, memrchr};

use crate::stamp::Stamps;

use crate::pattern::{Patterns, Set};

/// Goes through a block of whole lines. A line includes its newline.
pub struct Selected<'a> {
    patterns: &'a Patterns,
    block: &'a [u8],
    at: usize,
    /// The next line that is left out, where nothing is looked for.
    excluded: Option<Range<usize>>,
}

impl<'a> Selected<'a> {
    /// From the start of a block.
    pub fn new(patterns: &'a Patterns, block: &'a [u8]) -> Selected<'a> {
        Selected { patterns, block, at: 0, excluded: None }
    }

    /// The next wanted line.
    #[inline]
    pub fn next(&mut self, stamps: &mut Stamps) -> Option<Range<usize>> {
        match (&self.patterns.find, &self.patterns.exclude) {
            (Some(find), _) => self.found(find, stamps),
            (None, Some(exclude)) => self.left_over(exclude, stamps),
            (None, None) => self.line(),
        }
    }

    #[inline]
    fn line(&mut self) -> Option<Range<usize>> {
        let rest = &self.block[self.at..];
        if rest.is_empty() {
            return None;
        }
        let begin = self.at;
        self.at = begin + memchr(b'\n', rest).map_or(rest.len(), |newline| newline + 1);
        Some(begin..self.at)
    }

    fn found(&mut self, find: &Set, stamps: &mut Stamps) -> Option<Range<usize>> {
        loop {
            let line = self.match_of(find, stamps)?;
            let excluded = self.patterns.exclude.is_some()
                && self.patterns.excludes(text(&self.block[line.clone()], stamps));
            if !excluded {
                return Some(line);
            }
        }
    }

    fn left_over(&mut self, exclude: &Set, stamps: &mut Stamps) -> Option<Range<usize>> {
        loop {
            let known = self.excluded.as_ref().is_some_and(|line| line.start >= self.at);
            if !known {
                let here = self.at;
                self.excluded = self.match_of(exclude, stamps).or(Some(self.block.len()..self.block.len()));
                self.at = here;
            }
            match &self.excluded {
                Some(line) if line.start == self.at && line.end > line.start => self.at = line.end,
                _ => return self.line(),
            }
        }
    }

    /// The next line that matches.
    fn match_of(&mut self, set: &Set, stamps: &mut Stamps) -> Option<Range<usize>> {
        while self.at < self.block.len() {
            let found = set.raw.find_at(self.block, self.at)?;
            let start = found.start();
            if start >= self.block.len() {
                return None;
            }
            let begin =
                self.at + memrchr(b'\n', &self.block[self.at..start]).map_or(0, |newline| newline + 1);
            let end =
                memchr(b'\n', &self.block[start..]).map_or(self.block.len(), |newline| start + newline + 1);
            self.at = end;
            let line = &self.block[begin..end];
            let behind = stamps.read(line, None).map_or(0, |stamp| stamp.text);
            if set.pure && start >= begin + behind || set.matches(trimmed(&line[behind..])) {
                return Some(begin..end);
            }
        }
        None
    }
}

/// The text of a line, without stamp and newline.
pub(super) fn text<'a>(line: &'a [u8], stamps: &mut Stamps) -> &'a [u8] {
    let behind = stamps.read(line, None).map_or(0, |stamp| stamp.text);
    trimmed(&line[behind..])
}

/// Without the newline.
pub(super) fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Options;
    use proptest::prelude::*;
    use tai64tools::leap::Offset;

    fn selected(find: &[&str], exclude: &[&str], options: Options, block: &[u8]) -> Vec<String> {
        let bytes = |words: &[&str]| words.iter().map(|word| word.as_bytes().to_vec()).collect::<Vec<_>>();
        let patterns = Patterns::new(&bytes(find), &bytes(exclude), options).unwrap();
        let mut stamps = Stamps::new(Offset::Fixed);
        let mut selected = Selected::new(&patterns, block);
        let mut lines = Vec::new();
        while let Some(line) = selected.next(&mut stamps) {
            lines.push(String::from_utf8_lossy(&block[line]).into_owned());
        }
        lines
    }

    const BLOCK: &str = "@4000000037c219bf2ef02e94 up 4000\n\n@4000000037c219bf2ef02e95 Down\nup\n  x\n";

    #[test]
    fn patterns_see_the_text_behind_the_stamp_and_nothing_beyond_the_line() {
        let (a, b) = ("@4000000037c219bf2ef02e94 up 4000\n", "@4000000037c219bf2ef02e95 Down\n");
        let none = Options::default();
        for (find, exclude, options, expected) in [
            (&["up"][..], &[][..], none, vec![a, "up\n"]),
            (&["^up"], &[], none, vec![a, "up\n"]),
            (&["^up$"], &[], none, vec!["up\n"]),
            (&["4000"], &[], none, vec![a]),
            (&["37c2"], &[], none, vec![]),
            (&["down"], &[], none, vec![]),
            (&["down"], &[], Options { ignore_case: true, fixed: false }, vec![b]),
            (&["UP 4"], &[], Options { ignore_case: true, fixed: true }, vec![a]),
            (&["."], &[], Options { ignore_case: false, fixed: true }, vec![]),
            (&["^$"], &[], none, vec!["\n"]),
            (&[r"up\s+x"], &[], none, vec![]),
            (&["(?s)up.*x"], &[], none, vec![]),
            (&["up", "Down"], &[r"\d"], none, vec![b, "up\n"]),
            (&[], &["up"], none, vec!["\n", b, "  x\n"]),
            (&[], &["."], none, vec!["\n"]),
            (&[], &[""], none, vec![]),
            (&[], &["zzz"], none, vec![a, "\n", b, "up\n", "  x\n"]),
            (&[r"\bDown\b"], &[], none, vec![b]),
            (&[r"a\nb"], &[], none, vec![]),
        ] {
            assert_eq!(selected(find, exclude, options, BLOCK.as_bytes()), expected, "{find:?} {exclude:?}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_said_in_one_line() {
        let wrong = |pattern: &[u8]| Patterns::new(&[pattern.to_vec()], &[], Options::default()).unwrap_err();
        assert_eq!(wrong(b"a("), "unable to understand pattern a(: unclosed group");
        assert_eq!(wrong(b"\xff"), "pattern \u{fffd} is not UTF-8");
        let fixed = Options { fixed: true, ..Options::default() };
        let any = Patterns::new(&[b"\xff".to_vec()], &[], fixed).unwrap();
        assert!(any.wants(b"a\xffb") && !any.wants("\u{ff}".as_bytes()));
    }

    proptest! {
        #[test]
        fn the_same_lines_as_by_asking_of_each(
            find in prop::option::of("[ab^$.*|]{1,4}"), exclude in prop::option::of("[ab^$.]{1,3}"),
            texts in prop::collection::vec("[ab ]{0,4}", 0..12), stamped in any::<bool>(),
        ) {
            let stamp = if stamped { "@4000000037c219bf2ef02e94 " } else { "" };
            let block: String = texts.iter().map(|text| format!("{stamp}{text}\n")).collect();
            let list = |pattern: &Option<String>| pattern.iter().map(|p| p.as_bytes().to_vec()).collect::<Vec<_>>();
            let Ok(patterns) = Patterns::new(&list(&find), &list(&exclude), Options::default()) else { return Ok(()) };
            let naive = |pattern: &Option<String>| pattern.as_ref().map(|p| regex::bytes::Regex::new(p).unwrap());
            let (find, exclude) = (naive(&find), naive(&exclude));
            let wanted = |text: &str| find.as_ref().is_none_or(|p| p.is_match(text.as_bytes()))
                && !exclude.as_ref().is_some_and(|p| p.is_match(text.as_bytes()));
            let expected: Vec<String> =
                texts.iter().filter(|text| wanted(text)).map(|text| format!("{stamp}{text}\n")).collect();
            let mut stamps = Stamps::new(Offset::Fixed);
            let mut selected = Selected::new(&patterns, block.as_bytes());
            let mut lines = Vec::new();
            while let Some(line) = selected.next(&mut stamps) {
                lines.push(block[line].to_string());
            }
            prop_assert_eq!(lines, expected);
        }
    }
}
