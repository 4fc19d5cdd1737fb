//! The names in a log directory.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use tai64tools::label::LAST_SECOND;
use tai64tools::{Label, label};

use crate::script::Code;

/// A rotated file: its label, and the rest of its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Archive {
    /// When it was rotated.
    pub label: Label,
    /// The rest of the name, dot included: `.u`, `.t`, `.s` or another code.
    suffix: Vec<u8>,
}

impl Archive {
    /// The rest of the name.
    pub fn suffix(&self) -> &[u8] {
        &self.suffix
    }

    /// `@label.u`: rotated, not yet known to be safe or not yet processed.
    pub fn unsealed(label: Label) -> Archive {
        Archive { label, suffix: b".u".to_vec() }
    }

    /// `@label.t`: what a processor or compressor is writing.
    pub fn temporary(label: Label) -> Archive {
        Archive { label, suffix: b".t".to_vec() }
    }

    /// The finished archive.
    pub fn sealed(label: Label, code: &Code) -> Archive {
        Archive { label, suffix: [b".", code.as_bytes()].concat() }
    }

    /// Reads a name. None: not one of ours to count or delete, nor one that a label has to be later than.
    pub fn parse(name: &OsStr) -> Option<Archive> {
        let label = Label::parse(name.as_bytes()).filter(|label| label.seconds() <= LAST_SECOND)?;
        Some(Archive { label, suffix: name.as_bytes()[label::LENGTH..].to_vec() })
    }

    /// Whether this is an output that was not finished, or not yet named.
    pub fn is_temporary(&self) -> bool {
        self.suffix == b".t"
    }

    /// Whether this is a file that still has to be sealed, or that was left by a crash.
    pub fn is_unsealed(&self) -> bool {
        self.suffix == b".u"
    }
}

/// A name that multilog uses in a log directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Name {
    /// `current`: the newest lines.
    Current,
    /// `previous`: a full file that an original multilog had not finished.
    Previous,
    /// `processed`: what an original multilog's processor made of `previous`.
    Processed,
    /// `state`: what the processor left for its next run.
    State,
    /// `newstate`: what the processor's run in hand is leaving.
    NewState,
    /// `lock`: held by the multilog that owns the directory.
    Lock,
    /// `.journal`: what the batch in hand is doing.
    Journal,
    /// `.age-hold`: since when nothing goes by age.
    AgeHold,
    /// A rotated file.
    Archive(Archive),
}

impl Name {
    /// The name in the file system.
    pub fn to_os(&self) -> OsString {
        match self {
            Name::Current => "current".into(),
            Name::Previous => "previous".into(),
            Name::Processed => "processed".into(),
            Name::State => "state".into(),
            Name::NewState => "newstate".into(),
            Name::Lock => "lock".into(),
            Name::Journal => ".journal".into(),
            Name::AgeHold => ".age-hold".into(),
            Name::Archive(archive) => {
                OsString::from_vec([&archive.label.text()[..], &archive.suffix].concat())
            }
        }
    }
}

impl From<Archive> for Name {
    fn from(archive: Archive) -> Name {
        Name::Archive(archive)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_as_it_is_written() {
        for text in [
            "@400000006b00e05e2c8dfba4.s",
            "@400000006b00e05e2c8dfba4.u",
            "@400000006b00e05e2c8dfba4-old",
            // The last moment of the year 9999.
            "@4000003afff441893b9ac9ff.s",
        ] {
            let archive = Archive::parse(OsStr::new(text)).unwrap();
            assert_eq!(Name::from(archive).to_os(), text);
        }
        for text in [
            "current",
            "@",
            "@400000006b00e05e2c8dfba",
            "@note-about-something-long",
            "@FFFFFFFF6b00e05e2c8dfba4.s",
            "@4000003afff4418a00000000.s",
            "@7fffffffffffffff3b9ac9ff.s",
            "@7fffffffffffffff3b9ac9ff.u",
        ] {
            assert_eq!(Archive::parse(OsStr::new(text)), None, "{text}");
        }
    }
}
