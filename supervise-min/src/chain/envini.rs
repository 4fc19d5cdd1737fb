//! `envini`: variables from a file of lines `name=value`, as daemontools-encore; those below `[section]` are called
//! `section_name`.
//!
//! Unlike in encore, a line that begins with `#` is a comment, and a NUL in a line is an error and not its end.

use std::ffi::{OsStr, OsString};
use std::io::ErrorKind;
use std::os::unix::ffi::OsStrExt;

use unix::diag::Message;
use unix::environment::Environment;
use unix::tool::{Exit, Fatal, SYSTEM};

use super::{Command, prefix};

/// How it is used.
pub const USAGE: &str = "envini [ -p prefix ] inifile child";

/// Runs a program with the variables of a file; `-p` puts a prefix before their names. A missing file has no variables.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    // As envdir's, a misuse is 111.
    let usage = || Fatal::usage(USAGE).with_code(SYSTEM);
    let (prefix, words) = prefix(&arguments);
    let (file, command) = words.split_first().ok_or_else(usage)?;
    let command = Command::new(command).ok_or_else(usage)?;
    let about = |error| Fatal::system(Message::new("unable to read ").and(file.as_bytes()), &error);
    let text = match std::fs::read(file) {
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        read => read.map_err(about)?,
    };
    let settings = parse(&text).map_err(|line| {
        let message = Message::new("unable to understand line ").and(line.to_string()).and(" of ");
        Fatal::failure(message.and(file.as_bytes()))
    })?;
    let mut environment = Environment::inherited();
    for (name, value) in settings {
        let name = [prefix.as_bytes(), &name].concat();
        environment.set(OsStr::from_bytes(&name), OsStr::from_bytes(value)).map_err(about)?;
    }
    match command.run(environment)? {}
}

/// A name and its value.
pub type Setting<'a> = (Vec<u8>, &'a [u8]);

/// Names and values in their order. Lines that are neither variables nor sections do not count. The error is the number
/// of the first line with a NUL.
pub fn parse(text: &[u8]) -> Result<Vec<Setting<'_>>, usize> {
    let (mut settings, mut section) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        match trim(line) {
            line if line.contains(&0) => return Err(number),
            [b'#' | b';', ..] => {}
            [b'[', name @ .., b']'] => section = [name, b"_"].concat(),
            line => settings.extend(setting(line).map(|(name, value)| ([&section, name].concat(), value))),
        }
    }
    settings.retain(|(name, _)| !name.is_empty());
    Ok(settings)
}

/// Blanks may stand around the sign, and not in a name.
fn setting(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let (name, value) = line.split_at_checked(memchr::memchr(b'=', line)?)?;
    let name = trim(name);
    (!name.iter().any(is_blank)).then_some((name, trim(&value[1..])))
}

fn trim(text: &[u8]) -> &[u8] {
    let Some(first) = text.iter().position(|byte| !is_blank(byte)) else { return &[] };
    let end = text.iter().rposition(|byte| !is_blank(byte)).map_or(first, |last| last + 1);
    &text[first..end]
}

fn is_blank(byte: &u8) -> bool {
    b" \t\r".contains(byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<(String, String)>, usize> {
        let text_of = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Ok(parse(text.as_bytes())?
            .into_iter()
            .map(|(name, value)| (text_of(&name), text_of(value)))
            .collect())
    }

    #[test]
    fn names_sections_and_comments() {
        let text = "# all\nA=1\n B = 2 3 \r\n\n; more\n#C=1\n[db]\nhost=x=y\n[log]\nlevel=\n=5\n[]\nC=";
        let expected =
            [("A", "1"), ("B", "2 3"), ("db_host", "x=y"), ("log_level", ""), ("log_", "5"), ("_C", "")];
        assert_eq!(parsed(text).unwrap(), expected.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn a_line_that_is_nothing_does_not_count() {
        for text in ["", "A", "A B=1", "=2", "[x", " \t\r", "[]", "A 1 = 2"] {
            assert_eq!(parsed(text), Ok(Vec::new()), "{text:?}");
        }
        assert_eq!(parsed("A=1\nB=\0"), Err(2));
    }
}
