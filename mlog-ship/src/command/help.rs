//! What `mlog-ship --help` says: the definition of the command line, as a table.

use std::fmt;

use mlog::command::{row, written};

use super::cli;
use crate::sink::KINDS;

/// The text of `--help` after the usage. The last line is without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Help;

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = cli::command();
        writeln!(f, "{}.", command.get_about().map(ToString::to_string).unwrap_or_default())?;
        for kind in KINDS {
            row(f, kind.written, kind.about)?;
        }
        writeln!(f)?;
        for argument in command.get_arguments().filter(|argument| !argument.is_positional()) {
            let about = argument.get_help().map(ToString::to_string).unwrap_or_default();
            row(f, &written(argument), &about)?;
        }
        write!(f, "\nExit status: 0 after TERM, 100 misuse, 111 something has failed.")
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_option_is_one_line() {
        let text = Help.to_string();
        assert!(!text.ends_with('\n'));
        for argument in cli::command().get_arguments().filter(|argument| !argument.is_positional()) {
            let start = format!("  {:<23} ", written(argument));
            assert_eq!(text.lines().filter(|line| line.starts_with(&start)).count(), 1, "{start}: {text}");
            assert!(argument.get_help().is_some(), "{start}");
        }
    }

    /// The names of options in the manual: `Fl S`, `Fl -state`.
    fn of_manual(text: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for line in text.lines().filter(|line| line.starts_with(".It ")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            for two in words.windows(2).filter(|two| two[0] == "Fl") {
                found.insert(format!("-{}", two[1]));
            }
        }
        found
    }

    #[test]
    fn the_manual_has_these_options_and_no_others() {
        let manual = include_str!("../../../docs/mlog-ship.8");
        let mut names = BTreeSet::new();
        for argument in cli::command().get_arguments().filter(|argument| !argument.is_positional()) {
            names.extend(argument.get_short().map(|letter| format!("-{letter}")));
            names.extend(argument.get_long().map(|long| format!("--{long}")));
        }
        assert_eq!(of_manual(manual), names);
    }

    #[test]
    fn the_manual_has_every_kind_of_sink() {
        let manual = include_str!("../../../docs/mlog-ship.8");
        for kind in KINDS {
            let begin = format!(".It Cm {}", kind.begins[0]);
            assert!(manual.lines().any(|line| line.starts_with(&begin)), "{begin}");
        }
    }
}
