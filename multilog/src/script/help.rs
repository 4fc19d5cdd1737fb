//! What `--help` says: the table of actions, in groups.

use std::fmt;

use super::action::{ALL, Scope, Word};

const GROUPS: [(Scope, &str); 4] = [
    (Scope::First, "As the first action, for all lines:"),
    (Scope::Line, "For each line, which is selected at first:"),
    (Scope::Directories, "For the directories after it:"),
    (Scope::Logger, "For the logger, at any place:"),
];

const SIGNALS: &str = "\
Signals: TERM ends after the lines in hand, INT and HUP when all input is read,
ALRM rotates.";

/// The text of `--help` after the usage. The last line is without its end.
#[derive(Clone, Copy, Debug)]
pub struct Help;

impl fmt::Display for Help {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reads lines from standard input and takes each through the actions, in order.\n")?;
        for (scope, heading) in GROUPS {
            write!(f, "\n{heading}\n")?;
            let words = ALL.iter().map(|row| row.word);
            words.filter(|word| word.scope == scope).try_for_each(|word| line(f, word))?;
        }
        write!(f, "\n{SIGNALS}")
    }
}

fn line(f: &mut fmt::Formatter<'_>, word: &Word) -> fmt::Result {
    let written = format!("{}{}", word.head.text(), word.value);
    writeln!(f, "  {written:<17} {}", word.help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_is_one_line_of_a_screen() {
        let text = Help.to_string();
        assert!(text.lines().all(|line| line.len() <= 80), "{text}");
        assert!(!text.ends_with('\n'));
        for word in ALL.iter().map(|row| row.word) {
            let start = format!("  {}{} ", word.head.text(), word.value);
            let lines: Vec<&str> = text.lines().filter(|line| line.starts_with(&start)).collect();
            let [line] = lines[..] else { panic!("{start}: {lines:?}") };
            // The value is no longer than its column.
            assert_eq!(line.get(19..20), Some(" "), "{line}");
            assert_eq!(line.get(20..), Some(word.help));
        }
    }
}
