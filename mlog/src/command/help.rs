//! What `mlog --help` says: the definition of the command line, as a table.

use std::fmt;

use clap::{Arg, Command};

use super::cli;

const STATUS: &str = "Exit status: 0 found, 1 nothing found, 2 trouble, 3 lines are missing or damaged.";

/// The text of `--help` after the usage. The last line is without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Help;

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let command = cli::command();
        writeln!(f, "{}.", described(&command))?;
        command.get_arguments().try_for_each(|argument| row(f, &written(argument), &about(argument)))?;
        for subcommand in command.get_subcommands() {
            writeln!(f)?;
            row(f, &format!("mlog {}", subcommand.get_name()), &described(subcommand))?;
            let known = |one: &&Arg| command.get_arguments().all(|other| other.get_id() != one.get_id());
            let own = subcommand.get_arguments().filter(known);
            own.into_iter().try_for_each(|argument| row(f, &written(argument), &about(argument)))?;
        }
        write!(f, "\n{STATUS}")
    }
}

/// A line of the table: how something is written, and what it does.
///
/// # Errors
///
/// What the formatter says.
pub fn row(f: &mut fmt::Formatter<'_>, written: &str, about: &str) -> fmt::Result {
    writeln!(f, "  {written:<23} {about}")
}

/// An option as it is typed.
pub fn written(argument: &Arg) -> String {
    let short = argument.get_short().map(|letter| format!("-{letter}"));
    let long = argument.get_long().map(|long| format!("--{long}"));
    let name = short.into_iter().chain(long).collect::<Vec<_>>().join(", ");
    let values = argument.get_value_names().unwrap_or_default().iter().map(|name| format!(" {name}"));
    let values = if argument.get_action().takes_values() { values.collect() } else { String::new() };
    format!("{name}{values}").trim_start().to_string()
}

fn about(argument: &Arg) -> String {
    argument.get_help().map(ToString::to_string).unwrap_or_default()
}

fn described(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_option_is_one_line_of_a_screen() {
        let text = Help.to_string();
        assert!(text.lines().all(|line| line.len() <= 95), "{text}");
        assert!(!text.ends_with('\n'));
        for argument in cli::command().get_arguments() {
            let start = format!("  {:<23} ", written(argument));
            assert_eq!(text.lines().filter(|line| line.starts_with(&start)).count(), 1, "{start}: {text}");
            assert!(!about(argument).is_empty(), "{start}");
        }
    }

    /// The names of options in the manual: `Fl n`, `Fl -since`; and of subcommands: `It Cm ls`.
    fn of_manual(text: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for line in text.lines().filter(|line| line.starts_with(".It ")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            for two in words.windows(2).filter(|two| two[0] == "Fl") {
                found.insert(format!("-{}", two[1]));
            }
            if let [".It", "Cm", name, ..] = words[..] {
                found.insert(name.to_string());
            }
        }
        found
    }

    #[test]
    fn the_manual_has_these_options_and_subcommands_and_no_others() {
        let manual = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/mlog.8")).unwrap();
        let command = cli::command();
        let mut names: BTreeSet<String> =
            command.get_subcommands().map(|one| one.get_name().to_string()).collect();
        let arguments = command.get_subcommands().chain([&command]).flat_map(Command::get_arguments);
        for argument in arguments.filter(|argument| !argument.is_positional()) {
            names.extend(argument.get_short().map(|letter| format!("-{letter}")));
            let longs = argument.get_long().into_iter().chain(argument.get_all_aliases().unwrap_or_default());
            names.extend(longs.map(|long| format!("--{long}")));
        }
        assert_eq!(of_manual(&manual), names);
    }
}
