//! Options as daemontools reads them: letters together or apart, and a value behind its letter or in the next word.
//! They end before the first word that is no option, or at a word that begins with `--`. This word is dropped, whatever
//! follows the dashes.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use crate::diag::{Message, complain};
use crate::tool::Fatal;

/// What a tool takes.
#[derive(Clone, Copy, Debug)]
pub struct Syntax {
    /// The tool, for complaints.
    pub program: &'static str,
    /// Its letters; one with a `:` behind it has a value.
    pub letters: &'static str,
    /// Whether words like `--name=value` are options too.
    pub names: Names,
    /// How it is used, for complaints.
    pub usage: &'static str,
}

/// Options that are words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// There are none.
    None,
    /// `--name=value`.
    Some,
    /// These, with a value behind a `=` or in the next word. Any other word that begins with `--` is the end.
    These(&'static [&'static str]),
}

/// An option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given<'a> {
    /// A letter.
    Letter(u8),
    /// A letter with its value.
    Value(u8, &'a [u8]),
    /// A name with its value.
    Name(&'a [u8], &'a [u8]),
}

/// The options in their order, and the words behind them. Anything that is not understood is complained about on
/// descriptor 2; the error is the usage.
pub fn parse<'a>(
    syntax: &Syntax,
    arguments: &'a [OsString],
) -> Result<(Vec<Given<'a>>, &'a [OsString]), Fatal> {
    let mut given = Vec::new();
    let mut words = arguments;
    while let [word, rest @ ..] = words {
        let [b'-', first, ..] = word.as_bytes() else { break };
        words = rest;
        if let Names::These(known) = syntax.names {
            if let Some((option, behind)) = known_name(syntax, known, word, rest)? {
                given.push(option);
                words = behind;
                continue;
            }
        }
        match (first, word.len(), syntax.names) {
            (b'-', 3.., Names::Some) => given.push(name(word).ok_or_else(|| Fatal::usage(syntax.usage))?),
            (b'-', _, _) => break,
            _ => words = letters(syntax, &word.as_bytes()[1..], rest, &mut given)?,
        }
    }
    Ok((given, words))
}

/// A number of seconds, of digits alone.
pub fn seconds(text: &[u8]) -> Option<Duration> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    std::str::from_utf8(text).ok().filter(|_| digits)?.parse().ok().map(Duration::from_secs)
}

fn name(word: &OsStr) -> Option<Given<'_>> {
    let word = &word.as_bytes()[2..];
    let sign = word.iter().position(|&byte| byte == b'=')?;
    Some(Given::Name(&word[..sign], &word[sign + 1..]))
}

/// One of the known names, and the words behind it and its value.
fn known_name<'a>(
    syntax: &Syntax,
    known: &[&'static str],
    word: &'a OsStr,
    rest: &'a [OsString],
) -> Result<Option<(Given<'a>, &'a [OsString])>, Fatal> {
    let Some(word) = word.as_bytes().strip_prefix(b"--") else { return Ok(None) };
    let Some(name) = known.iter().find(|name| word.starts_with(name.as_bytes())) else { return Ok(None) };
    match (&word[name.len()..], rest) {
        ([b'=', value @ ..], _) => Ok(Some((Given::Name(name.as_bytes(), value), rest))),
        ([], [value, rest @ ..]) => Ok(Some((Given::Name(name.as_bytes(), value.as_bytes()), rest))),
        ([], []) => {
            complain(syntax.program, &Message::new("option requires an argument -- ").and(name.as_bytes()));
            Err(Fatal::usage(syntax.usage))
        }
        _ => Ok(None),
    }
}

/// The letters of one word; returns the words behind it and its value.
fn letters<'a>(
    syntax: &Syntax,
    mut word: &'a [u8],
    rest: &'a [OsString],
    given: &mut Vec<Given<'a>>,
) -> Result<&'a [OsString], Fatal> {
    let refuse = |complaint: &str, letter: u8| {
        complain(syntax.program, &Message::new(complaint).and([letter]));
        Err(Fatal::usage(syntax.usage))
    };
    while let [letter, more @ ..] = word {
        let known = syntax.letters.bytes().position(|known| known == *letter && known != b':');
        let Some(place) = known else { return refuse("illegal option -- ", *letter) };
        let has_value = syntax.letters.as_bytes().get(place + 1) == Some(&b':');
        match (has_value, more, rest) {
            (false, _, _) => given.push(Given::Letter(*letter)),
            (true, [_, ..], _) => {
                given.push(Given::Value(*letter, more));
                return Ok(rest);
            }
            (true, [], [value, rest @ ..]) => {
                given.push(Given::Value(*letter, value.as_bytes()));
                return Ok(rest);
            }
            (true, [], []) => return refuse("option requires an argument -- ", *letter),
        }
        word = more;
    }
    Ok(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Given::{Letter, Name, Value};

    const SYNTAX: Syntax = Syntax { program: "test", letters: "nx:y", names: Names::Some, usage: "test ..." };

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect()
    }

    #[test]
    fn letters_values_and_the_words_behind_them() {
        for (text, given, behind) in [
            ("", &[][..], ""),
            ("a -n", &[], "a -n"),
            ("- -n", &[], "- -n"),
            ("-n -y a", &[Letter(b'n'), Letter(b'y')], "a"),
            ("-nyx5 a", &[Letter(b'n'), Letter(b'y'), Value(b'x', b"5")], "a"),
            ("-x -n a", &[Value(b'x', b"-n")], "a"),
            ("-n -- -y", &[Letter(b'n')], "-y"),
            ("--long=5=6 -n a", &[Name(b"long", b"5=6"), Letter(b'n')], "a"),
        ] {
            let arguments = words(text);
            let (options, rest) = parse(&SYNTAX, &arguments).unwrap();
            assert_eq!((&options[..], rest), (given, &words(behind)[..]), "{text}");
        }
    }

    #[test]
    fn a_known_name_has_its_value_behind_it_or_in_the_next_word() {
        let syntax = Syntax { names: Names::These(&["main"]), ..SYNTAX };
        for (text, given, behind) in [
            ("--main=a -n b", &[Name(b"main", b"a"), Letter(b'n')][..], "b"),
            ("-n --main a b", &[Letter(b'n'), Name(b"main", b"a")], "b"),
            ("--main= b", &[Name(b"main", b"")], "b"),
            ("--main -n b", &[Name(b"main", b"-n")], "b"),
            ("--mains -n", &[], "-n"),
            ("--other -n", &[], "-n"),
            ("-- --main a", &[], "--main a"),
        ] {
            let arguments = words(text);
            let (options, rest) = parse(&syntax, &arguments).unwrap();
            assert_eq!((&options[..], rest), (given, &words(behind)[..]), "{text}");
        }
        assert_eq!(parse(&syntax, &words("--main")).unwrap_err().code(), 100);
    }

    #[test]
    fn seconds_are_digits() {
        assert_eq!(seconds(b"90"), Some(Duration::from_secs(90)));
        assert_eq!([&b""[..], b"-1", b"+1", b"1s", b"99999999999999999999999"].map(seconds), [None; 5]);
    }

    #[test]
    fn what_is_not_understood_is_a_misuse() {
        for text in ["-z", "-nz a", "-x", "-:", "--long", "-n-"] {
            assert_eq!(parse(&SYNTAX, &words(text)).unwrap_err().code(), 100, "{text}");
        }
    }

    #[test]
    fn a_word_with_two_dashes_is_dropped_and_the_end() {
        let plain = Syntax { names: Names::None, ..SYNTAX };
        for text in ["-n -- -y", "-n --anything -y"] {
            let arguments = words(text);
            let (options, rest) = parse(&plain, &arguments).unwrap();
            assert_eq!((&options[..], rest), (&[Letter(b'n')][..], &words("-y")[..]), "{text}");
        }
    }
}
