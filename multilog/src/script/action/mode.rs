//! `mode=MODE`: who may read and write the files of a directory.

use unix::file::Stat;

use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("mode="),
    value: "MODE",
    help: "new files have this mode: 0640, for example (0644)",
    scope: Scope::Directories,
    whose: Whose::Ours("Modes of files"),
};

/// The rw bits of a file of a log directory. The owner has both: a multilog reads its files and writes to them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileMode(u32);

impl FileMode {
    /// The owner may read and write.
    const LEAST: u32 = 0o600;
    /// Everybody may. The x bits have a meaning of their own.
    const MOST: u32 = 0o666;

    /// The bits.
    pub fn bits(self) -> u32 {
        self.0
    }

    /// The bits that a file is made with, before it gets all of them: whatever the umask, they are no more than those.
    pub fn at_first(self) -> u32 {
        self.0 & Self::default().0
    }

    /// What a file keeps that is there already: its own. A kill may have come between the creation of a file and its
    /// mode, which is then completed.
    pub fn kept_by(self, file: &Stat) -> FileMode {
        let own = FileMode(file.mode & Self::MOST | Self::LEAST);
        if file.size == 0 && own.0 == self.at_first() { self } else { own }
    }
}

impl Value for FileMode {
    /// Reads octal digits, with any number of zeros before them.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        const NONE: Malformed = Malformed("not a mode of rw bits between 0600 and 0666");
        if text.is_empty() || !text.iter().all(|byte| (b'0'..=b'7').contains(byte)) {
            return Err(NONE);
        }
        let digits = text.iter().map(|byte| u32::from(byte - b'0'));
        let bits = digits.fold(0, |bits: u32, digit| bits.saturating_mul(8).saturating_add(digit));
        let fits = bits & Self::LEAST == Self::LEAST && bits | Self::MOST == Self::MOST;
        if fits { Ok(FileMode(bits)) } else { Err(NONE) }
    }
}

impl Default for FileMode {
    /// 0644, as the original.
    fn default() -> FileMode {
        FileMode(0o644)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_mode_is_octal_and_has_rw_bits_only_and_those_of_the_owner() {
        for (text, bits) in [
            ("0600", Some(0o600)),
            ("600", Some(0o600)),
            ("0640", Some(0o640)),
            ("0666", Some(0o666)),
            ("000622", Some(0o622)),
            ("0604", Some(0o604)),
            ("", None),
            ("0", None),
            ("0400", None),
            ("0200", None),
            ("0066", None),
            ("0700", None),
            ("0610", None),
            ("0641", None),
            ("01640", None),
            ("04640", None),
            ("0680", None),
            ("0x1a0", None),
            ("0o640", None),
            ("u=rw", None),
            ("+0640", None),
            (" 0640", None),
            ("0640 ", None),
            // It would be 0640 if it wrapped around.
            ("40000000640", None),
            ("77777777777777777777777", None),
        ] {
            assert_eq!(FileMode::parse(text.as_bytes()).ok().map(FileMode::bits), bits, "{text}");
        }
    }

    fn file(mode: u32, size: u64) -> Stat {
        let identity = unix::file::Identity { device: 1, inode: 1 };
        let modified = std::time::UNIX_EPOCH;
        Stat { regular: true, directory: false, owner: 0, mode, size, identity, links: 1, modified }
    }

    #[test]
    fn a_file_that_is_there_keeps_its_bits_unless_it_was_made_just_now() {
        for (asked, mode, size, kept) in [
            (0o640, 0o644, 5, 0o644),
            (0o640, 0o1644, 0, 0o644),
            (0o640, 0o744, 0, 0o644),
            (0o600, 0o660, 5, 0o660),
            (0o640, 0o755, 5, 0o644),
            (0o640, 0o440, 5, 0o640),
            // Killed between its creation and its mode.
            (0o660, 0o640, 0, 0o660),
            (0o660, 0o640, 1, 0o640),
            (0o666, 0o644, 0, 0o666),
        ] {
            assert_eq!(FileMode(asked).kept_by(&file(mode, size)).bits(), kept, "{asked:o} {mode:o} {size}");
        }
    }

    proptest! {
        #[test]
        fn each_number_is_a_mode_exactly_if_it_is_one_of_sixteen(bits in 0u32..0o20000) {
            let all: Vec<u32> = (0..16).map(|n| 0o600 | (n & 3) << 1 | (n >> 2 & 3) << 4).collect();
            let read = FileMode::parse(format!("{bits:04o}").as_bytes()).ok().map(FileMode::bits);
            prop_assert_eq!(read, all.contains(&bits).then_some(bits));
        }
    }
}
