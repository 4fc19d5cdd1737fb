//! `--help` and `--version`, as the only word behind a program's name.

use std::ffi::OsString;
use std::fmt::Display;
use std::io::ErrorKind;

use crate::diag::{Message, stdout};
use crate::tool::{Exit, Fatal};
use crate::{inherited, pipe};

/// What a program says about itself.
#[derive(Clone, Copy, Debug)]
pub struct About<T = &'static str> {
    /// Its name.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// How it is used, in the words of a misuse.
    pub usage: &'static str,
    /// What it does, in a line or more, the last without its end. It is made into text when it is asked for.
    pub what: T,
}

impl<T: Display> About<T> {
    /// What the only argument asks for. None: it asks for nothing of this kind, or there are others.
    pub fn asked(&self, arguments: &[OsString]) -> Option<String> {
        let [only] = arguments else { return None };
        match only.to_str()? {
            "--help" => Some(format!("usage: {}\n\n{}\n", self.usage, self.what)),
            "--version" => Some(format!("{} {}\n", self.name, self.version)),
            _ => None,
        }
    }

    /// Answers on standard output if it was asked, and says how the program ends then.
    ///
    /// For the first thing that a program does: nothing is opened or read.
    ///
    /// # Errors
    ///
    /// Exit 111 when the answer can't be written. A reader that has gone away is no failure.
    pub fn answer(&self, arguments: &[OsString]) -> Result<Option<Exit>, Fatal> {
        let Some(text) = self.asked(arguments) else { return Ok(None) };
        inherited::close_standard_descriptors_again();
        match pipe::write_all(stdout(), text.as_bytes()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Fatal::system(Message::new("unable to write output"), &error))
            }
            _ => Ok(Some(Exit::Success)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_that_is_alone_asks() {
        let about = About { name: "x", version: "1.2", usage: "x [ -a ]", what: "Does." };
        for (words, asked) in [
            (&["--help"][..], Some("usage: x [ -a ]\n\nDoes.\n")),
            (&["--version"], Some("x 1.2\n")),
            (&[], None),
            (&["--help", "--version"], None),
            (&["-h"], None),
            (&["--helpful"], None),
            (&["./--help"], None),
            (&["x", "--help"], None),
        ] {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            assert_eq!(about.asked(&words).as_deref(), asked, "{words:?}");
        }
    }
}
