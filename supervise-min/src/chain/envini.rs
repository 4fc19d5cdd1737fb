//! `envini`: variables from a file of lines `name=value`; those below `[section]` are called `section_name`.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use unix::diag::Message;
use unix::environment::Environment;
use unix::tool::{Exit, Fatal};

use super::Command;

const USAGE: &str = "envini file child";

/// Runs a program with the variables of a file.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let usage = || Fatal::usage(USAGE);
    let (file, command) = arguments.split_first().ok_or_else(usage)?;
    let command = Command::new(command).ok_or_else(usage)?;
    let about = |error| Fatal::system(Message::new("unable to read ").and(file.as_bytes()), &error);
    let text = std::fs::read(file).map_err(about)?;
    let settings = parse(&text).map_err(|line| {
        let message = Message::new("unable to understand line ").and(line.to_string()).and(" of ");
        Fatal::failure(message.and(file.as_bytes()))
    })?;
    let mut environment = Environment::inherited();
    for (name, value) in settings {
        environment.set(OsStr::from_bytes(&name), OsStr::from_bytes(value)).map_err(about)?;
    }
    match command.run(environment)? {}
}

/// A name and its value.
pub type Setting<'a> = (Vec<u8>, &'a [u8]);

/// Names and values in their order, or the number of the first line that is none of name, section, comment, empty.
pub fn parse(text: &[u8]) -> Result<Vec<Setting<'_>>, usize> {
    let (mut settings, mut prefix) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
        match line.trim_ascii() {
            [] | [b'#' | b';', ..] => {}
            [b'[', section @ .., b']'] => prefix = section.trim_ascii().to_vec(),
            line => {
                let sign = memchr::memchr(b'=', line).ok_or(number)?;
                let name = line[..sign].trim_ascii_end();
                if name.is_empty() || line.contains(&0) {
                    return Err(number);
                }
                let between: &[u8] = if prefix.is_empty() { b"" } else { b"_" };
                settings.push(([&prefix, between, name].concat(), line[sign + 1..].trim_ascii()));
            }
        }
    }
    Ok(settings)
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
        let text = "# all\nA=1\n B = 2 3 \r\n\n; more\n[db]\nhost=x=y\n[ log ]\nlevel=\n[]\nC=";
        let expected = [("A", "1"), ("B", "2 3"), ("db_host", "x=y"), ("log_level", ""), ("C", "")];
        assert_eq!(parsed(text).unwrap(), expected.map(|(name, value)| (name.into(), value.into())));
    }

    #[test]
    fn a_line_that_is_nothing_is_named() {
        for (text, line) in [("A", 1), ("A=1\n=2", 2), ("\n\n[x", 3), ("A=1\0", 1)] {
            assert_eq!(parsed(text), Err(line), "{text:?}");
        }
    }
}
