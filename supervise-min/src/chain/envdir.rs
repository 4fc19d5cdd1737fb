//! `envdir`: variables from a directory: a file's name is the variable, its first line the value.
//!
//! Nothing is run when a file can't be read, is none, or has a name that would set another variable.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use unix::diag::Message;
use unix::environment::Environment;
use unix::file;
use unix::tool::{Exit, Fatal, SYSTEM};

use super::{Command, prefix};

/// The original's words, which know nothing of `-p`.
pub const USAGE: &str = "envdir dir child";

/// Runs a program with variables of a directory; `-p` puts a prefix before their names.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    // The only tool whose misuse is 111.
    let usage = || Fatal::usage(USAGE).with_code(SYSTEM);
    let (prefix, words) = prefix(&arguments);
    let (directory, command) = words.split_first().ok_or_else(usage)?;
    let command = Command::new(command).ok_or_else(usage)?;
    let mut environment = Environment::inherited();
    apply(Path::new(directory), prefix, &mut environment)?;
    match command.run(environment)? {}
}

/// Sets and removes what the files of a directory say.
fn apply(directory: &Path, prefix: &OsStr, environment: &mut Environment) -> Result<(), Fatal> {
    let path = directory.as_os_str().as_bytes();
    let failed = |what: &str, error| Fatal::system(Message::new(what).and(path), &error);
    let open =
        file::open_directory(directory).map_err(|error| failed("unable to switch to directory ", error))?;
    for name in file::names(&open).map_err(|error| failed("unable to read directory ", error))? {
        if name.as_bytes().starts_with(b".") {
            continue;
        }
        let about = |error| {
            let message = Message::new("unable to read ").and(path).and("/").and(name.as_bytes());
            Fatal::system(message, &error)
        };
        let Some(first) = first_line(&open, &name).map_err(about)? else { continue };
        let variable = [prefix, &name].map(OsStr::as_bytes).concat();
        set(environment, OsStr::from_bytes(&variable), first).map_err(about)?;
    }
    Ok(())
}

/// None where the file has vanished.
fn first_line(directory: &std::os::fd::OwnedFd, name: &OsStr) -> io::Result<Option<Vec<u8>>> {
    if name.as_bytes().contains(&b'=') {
        return Err(io::Error::other("a name with = would set another variable"));
    }
    match file::read_start(directory, name, LONGEST) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && file::lookup(directory, name)?.is_none() => {
            Ok(None)
        }
        Err(error) => Err(error),
        Ok(bytes) => Ok(Some(bytes)),
    }
}

/// No variable may be longer; a longer one fails when the program is run.
const LONGEST: usize = 128 << 10;

/// The first line without the blanks at its end; a NUL means a newline. An empty file removes the variable.
fn set(environment: &mut Environment, name: &OsStr, bytes: Vec<u8>) -> io::Result<()> {
    if bytes.is_empty() {
        environment.remove(name);
        return Ok(());
    }
    environment.set(name, OsStr::from_bytes(&value(&bytes)))
}

/// The value that the bytes of a file mean.
pub fn value(bytes: &[u8]) -> Vec<u8> {
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let end = line.iter().rposition(|&byte| byte != b' ' && byte != b'\t').map_or(0, |last| last + 1);
    line[..end].iter().map(|&byte| if byte == 0 { b'\n' } else { byte }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_value_is_the_first_line_without_blanks_at_its_end() {
        for (bytes, expected) in [
            ("a b \t \nsecond", "a b"),
            ("a", "a"),
            ("\n", ""),
            (" \t", ""),
            (" a", " a"),
            ("x\0y\0", "x\ny\n"),
            ("a\r\n", "a\r"),
            ("a \0 \n", "a \n"),
        ] {
            assert_eq!(value(bytes.as_bytes()), expected.as_bytes(), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn a_value_can_always_be_set(bytes: Vec<u8>) {
            let mut environment = Environment::inherited();
            set(&mut environment, OsStr::new("A_VARIABLE"), bytes.clone()).unwrap();
            prop_assert_eq!(environment.get(OsStr::new("A_VARIABLE")).is_none(), bytes.is_empty());
        }
    }
}
