//! `LogConfig`: a log directory, and the settings that the actions before it have made.

use std::ffi::OsString;

use super::action::age::MaxAge;
use super::action::cap::Cap;
use super::action::code::Code;
use super::action::count::FileCount;
use super::action::durable::Durability;
use super::action::limit::Rate;
use super::action::min::Spared;
use super::action::mode::FileMode;
use super::action::prefix::Prefix;
use super::action::processor::Transform;
use super::action::rotate::Cycle;
use super::action::size::FileSize;

/// A log directory and what was said about it. The default is what a directory gets without any setting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogConfig {
    /// Its path as given.
    pub path: OsString,
    /// When `current` is full.
    pub size: FileSize,
    /// At which boundaries of local time `current` is rotated. None: at none.
    pub cycle: Option<Cycle>,
    /// How many files are kept, if the script says so; see [`LogConfig::keep`].
    pub keep: Option<FileCount>,
    /// How old an archive may become.
    pub age: Option<MaxAge>,
    /// How many bytes the files may have together.
    pub cap: Option<Cap>,
    /// On a full disk the oldest archives are deleted down to this number. None: multilog waits.
    pub spare: Option<Spared>,
    /// When `current` is brought to the disk.
    pub durability: Durability,
    /// What is done with a full file.
    pub transform: Transform,
    /// What goes before each line, after the stamp.
    pub prefix: Prefix,
    /// How many lines it takes. None: every one.
    pub limit: Option<Rate>,
    /// The mode of new files. None: nothing was said of it, and files get and keep the usual one.
    pub mode: Option<FileMode>,
    /// The code that `w` gave to archives; see [`LogConfig::code`].
    pub code: Option<Code>,
}

impl LogConfig {
    /// What a finished archive is called after its label: the code of `w`, or else that of the compression.
    pub fn code(&self) -> Code {
        match (&self.code, &self.transform) {
            (Some(code), _) => code.clone(),
            (None, Transform::Compress(compression)) => compression.code(),
            (None, Transform::Process(_) | Transform::Keep) => Code::plain(),
        }
    }

    /// How many files are kept. None: their number is not limited, since the script limits something else.
    pub fn keep(&self) -> Option<FileCount> {
        let is_limited = self.age.is_some() || self.cap.is_some();
        self.keep.or_else(|| (!is_limited).then(FileCount::default))
    }

    /// How many archives may be beside `current`.
    #[cfg(test)]
    pub fn archives(&self) -> usize {
        self.keep().map_or(usize::MAX, FileCount::archives)
    }

    /// Whether archives go by age or size alone.
    #[cfg(test)]
    pub fn has_limits(&self) -> bool {
        self.keep().is_none()
    }

    /// Whether nothing goes in a test.
    #[cfg(test)]
    pub fn keeps_all(&self) -> bool {
        self.age.is_none() && self.cap.is_none() && self.archives() >= 50
    }

    /// Whether every byte has to go through a processor before it may be deleted.
    pub fn has_processor(&self) -> bool {
        matches!(self.transform, Transform::Process(_))
    }

    /// Whether full files are compressed.
    pub fn has_compression(&self) -> bool {
        matches!(self.transform, Transform::Compress(_))
    }

    /// Whether an archive is another file than the full one that it is made of.
    pub fn has_transform(&self) -> bool {
        self.transform != Transform::Keep
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::{Compression, Value};

    #[test]
    fn the_code_of_w_comes_before_that_of_the_compression() {
        let (gzip, mine) = (Transform::Compress(Compression::Gzip(6)), Code::parse(b"mine").ok());
        for (code, transform, expected) in [
            (None, Transform::Keep, &b"s"[..]),
            (None, Transform::Process("cat".into()), b"s"),
            (None, gzip.clone(), b"gz"),
            (mine.clone(), Transform::Keep, b"mine"),
            (mine, gzip, b"mine"),
        ] {
            let config = LogConfig { code, transform, ..LogConfig::default() };
            assert_eq!(config.code().as_bytes(), expected, "{config:?}");
        }
    }
}
