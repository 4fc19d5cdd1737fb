//! `nNUMBER`: how many files a directory keeps.

use std::fmt;

use super::number::{digits, or_as_original};
use super::value::{Number, Understood};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("n"),
    value: "NUMBER",
    help: "NUMBER files are kept, current among them (10)",
    scope: Scope::Directories,
    whose: Whose::Original,
};

/// How many files a directory keeps, `current` among them. At least 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileCount(usize);

impl FileCount {
    /// The number of files.
    pub fn files(self) -> usize {
        self.0
    }

    /// How many archives may be beside `current`.
    pub fn archives(self) -> usize {
        self.0 - 1
    }
}

impl Number for FileCount {
    /// Reads digits, and clamps. Anything else is what the original makes of it.
    fn parse(text: &[u8]) -> (Self, Understood) {
        let (count, understood) = or_as_original(digits(text), text);
        (FileCount(usize::try_from(count).unwrap_or(usize::MAX).max(2)), understood)
    }
}

impl fmt::Display for FileCount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

impl Default for FileCount {
    fn default() -> FileCount {
        FileCount(10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_leaves_room_for_current_and_one_archive_at_least() {
        for (text, archives) in [("0", 1), ("1", 1), ("2", 1), ("3", 2), ("10", 9)] {
            let (count, understood) = FileCount::parse(text.as_bytes());
            assert_eq!((count.archives(), understood), (archives, Understood::Whole));
        }
    }

    #[test]
    fn a_count_that_is_no_number_is_what_the_original_reads() {
        for (text, files) in [
            ("", 2),
            ("k", 2),
            ("tarting", 2),
            ("3k", 3),
            ("9999kk", 9999),
            ("5000 ", 5000),
            ("-1", 2),
            ("+5000", 2),
            ("0x5000", 2),
            ("1e9", 2),
            ("7000/2", 7000),
            ("99999999999999999999999x", usize::MAX),
        ] {
            let (count, understood) = FileCount::parse(text.as_bytes());
            assert_eq!((count.files(), understood), (files, Understood::Digits), "{text}");
        }
    }
}
