//! `Levels`: how severe a line is, as far as `--level REGEX` says how that is seen.
//!
//! The expression is matched on the text of a line. Without a match the line has no severity. Otherwise the level is, in
//! this order:
//!
//! 1. the name of the first group that took part and is called `trace`, `debug`, `info`, `notice`, `warn`, `error`,
//!    `critical`, `alert` or `fatal`: `" (5\d\d) "` says nothing by itself, `" (?<error>5\d\d) "` does;
//! 2. the word in the group called `level`; where there is no such group, in the group 1; where there is no group at all,
//!    the whole match.
//!
//! A word is known in every usual spelling, or is one of syslog's numbers 0 to 7. A word that is not known is given to the
//! engine as the text of the severity, without a number.

use regex::bytes::{Captures, Regex, RegexBuilder};
use unix::diag::Message;

/// How severe a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Severity<'a> {
    /// OpenTelemetry's number, from 1 to 24. 0: it is not known.
    pub number: u8,
    /// The word in the line.
    pub text: &'a str,
}

/// Finds the level of a line.
#[derive(Clone, Debug)]
pub struct Levels {
    regex: Regex,
    /// The groups that are levels by their name.
    named: Vec<(usize, u8)>,
    /// The group in which the word is.
    word: usize,
}

/// A word is not longer.
const LONGEST: usize = 32;
/// The names of groups, and their numbers.
const GROUPS: [(&str, u8); 9] = [
    ("trace", 1),
    ("debug", 5),
    ("info", 9),
    ("notice", 10),
    ("warn", 13),
    ("error", 17),
    ("critical", 18),
    ("alert", 19),
    ("fatal", 21),
];
/// Words and their numbers: OpenTelemetry's mapping of syslog, and the words of loggers.
const WORDS: &[(&str, u8)] = &[
    ("trace", 1),
    ("trc", 1),
    ("t", 1),
    ("finest", 1),
    ("verbose", 1),
    ("finer", 2),
    ("fine", 3),
    ("debug", 5),
    ("dbg", 5),
    ("d", 5),
    ("7", 5),
    ("config", 5),
    ("info", 9),
    ("inf", 9),
    ("i", 9),
    ("information", 9),
    ("informational", 9),
    ("log", 9),
    ("6", 9),
    ("notice", 10),
    ("note", 10),
    ("n", 10),
    ("5", 10),
    ("warn", 13),
    ("warning", 13),
    ("wrn", 13),
    ("w", 13),
    ("4", 13),
    ("error", 17),
    ("err", 17),
    ("e", 17),
    ("severe", 17),
    ("3", 17),
    ("critical", 18),
    ("crit", 18),
    ("c", 18),
    ("2", 18),
    ("alert", 19),
    ("1", 19),
    ("fatal", 21),
    ("ftl", 21),
    ("f", 21),
    ("panic", 21),
    ("emerg", 21),
    ("emergency", 21),
    ("0", 21),
];

impl Levels {
    /// Reads an expression. Its text is bytes: `.` is any byte, and `\w` and `(?i)` are ASCII's.
    ///
    /// # Errors
    ///
    /// It is no expression, or has a group with a name that says nothing: the rest of a sentence that begins with it.
    pub fn new(expression: &str) -> Result<Levels, Message> {
        let regex = RegexBuilder::new(expression).unicode(false).size_limit(1 << 20).build();
        let regex = regex.map_err(|error| {
            let reason = error.to_string();
            let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
            Message::new(" is no regular expression: ").and(reason)
        })?;
        let mut named = Vec::new();
        let mut word = usize::from(regex.captures_len() > 1);
        for (group, name) in regex.capture_names().enumerate() {
            match name {
                None => {}
                Some("level") => word = group,
                Some(name) => match GROUPS.iter().find(|(known, _)| *known == name) {
                    Some(&(_, number)) => named.push((group, number)),
                    None => return Err(unknown(name)),
                },
            }
        }
        Ok(Levels { regex, named, word })
    }

    /// The level of a line, by its text without the stamp.
    pub fn of<'a>(&self, text: &'a [u8]) -> Option<Severity<'a>> {
        let captures = self.regex.captures(text)?;
        let named = self.named.iter().find_map(|&(group, number)| {
            let word = captures.get(group)?.as_bytes();
            Some(Severity { number, text: spelled(word) })
        });
        named.or_else(|| self.by_word(&captures))
    }

    fn by_word<'a>(&self, captures: &Captures<'a>) -> Option<Severity<'a>> {
        let word = spelled(captures.get(self.word)?.as_bytes().trim_ascii());
        if word.is_empty() {
            return None;
        }
        let known = WORDS.iter().find(|(known, _)| word.eq_ignore_ascii_case(known));
        Some(Severity { number: known.map_or(0, |&(_, number)| number), text: word })
    }
}

/// A word of a line, as far as it can be a text of an engine.
fn spelled(word: &[u8]) -> &str {
    let text = std::str::from_utf8(word).unwrap_or_default();
    if text.len() > LONGEST { "" } else { text }
}

fn unknown(name: &str) -> Message {
    let message = Message::new(" has a group called ").and(name).and("; allowed are level");
    GROUPS.iter().fold(message, |message, (name, _)| message.and(", ").and(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(expression: &str, text: &[u8]) -> Option<(u8, String)> {
        Levels::new(expression).unwrap().of(text).map(|severity| (severity.number, severity.text.to_owned()))
    }

    fn is(number: u8, text: &str) -> Option<(u8, String)> {
        Some((number, text.to_owned()))
    }

    #[test]
    fn the_word_is_in_the_group_level_else_in_the_first_else_the_whole_match() {
        assert_eq!(level(r"\[(\w+)\]", b"x [WARN] [error]"), is(13, "WARN"));
        assert_eq!(level(r"(\w+) level=(?<level>\w+)", b"x level=info"), is(9, "info"));
        assert_eq!(level("ERROR|FATAL", b"a FATAL b"), is(21, "FATAL"));
        assert_eq!(level("^<([0-7])>", b"<4>disk"), is(13, "4"));
        assert_eq!(level("^([IWEF])[0-9]{4} ", b"E1126 03:00 x.cc:1] no"), is(17, "E"));
    }

    #[test]
    fn a_group_that_is_called_as_a_level_says_so() {
        let access = r#"" (?:(?<error>5\d\d)|(?<warn>4\d\d)|(?<info>\d+)) "#;
        assert_eq!(level(access, b"\"GET /\" 503 1"), is(17, "503"));
        assert_eq!(level(access, b"\"GET /\" 404 1"), is(13, "404"));
        assert_eq!(level(access, b"\"GET /\" 200 1"), is(9, "200"));
        assert_eq!(level("(?<fatal>panicked)|(?<level>warn)", b"warn"), is(13, "warn"));
    }

    #[test]
    fn without_a_match_or_a_word_there_is_no_level() {
        assert_eq!(level("level=(\\w+)", b"nothing"), None);
        assert_eq!(level("level=(\\w*)", b"level= x"), None);
        assert_eq!(level("a(b)?", b"a"), None);
        assert_eq!(level("", b"a"), None);
        assert_eq!(level("(.+)", b"\xff"), None);
        assert_eq!(level("(.+)", "x".repeat(33).as_bytes()), None);
    }

    #[test]
    fn an_unknown_word_is_a_text_without_a_number() {
        assert_eq!(level(r"\[(\w+)\]", b"[audit]"), is(0, "audit"));
        assert_eq!(level("(.+)", "b\u{f6}se".as_bytes()), is(0, "b\u{f6}se"));
    }

    #[test]
    fn a_wrong_expression_is_said_in_one_line() {
        for (expression, message) in [
            ("(", " is no regular expression: unclosed group"),
            (
                "(?<lvl>x)",
                " has a group called lvl; allowed are level, trace, debug, info, notice, warn, error, \
                critical, alert, fatal",
            ),
        ] {
            let wrong = Levels::new(expression).unwrap_err();
            assert_eq!(String::from_utf8_lossy(wrong.as_bytes()), message);
        }
    }

    #[test]
    fn each_word_is_there_once_and_each_group_is_a_word() {
        for (at, (word, _)) in WORDS.iter().enumerate() {
            assert!(!WORDS[at + 1..].iter().any(|(other, _)| other == word), "{word}");
        }
        for group in GROUPS {
            assert!(WORDS.contains(&group), "{group:?}");
        }
    }
}
