//! Why a journal can't be kept or written.

use std::borrow::Cow;
use std::io::{self, ErrorKind};

use unix::errno;

/// Why a journal can't be kept or written.
#[derive(Debug)]
pub enum JournalError {
    /// The record has no room for the shares of all directories.
    TooManyDirectories,
    /// The record has no room for what was taken out of the pipe and is not written.
    HeldTooLong,
    /// The kernel does not tell which run of the machine this is, so a journal would not be known again.
    NoBootId,
    /// What splice(2) moves into the file can't be read there.
    NoTrace,
    /// A system call failed.
    System(io::Error),
}

impl From<io::Error> for JournalError {
    fn from(error: io::Error) -> JournalError {
        JournalError::System(error)
    }
}

impl JournalError {
    /// The reason, as it is said behind a message.
    pub fn words(&self) -> Cow<'static, str> {
        match self {
            JournalError::TooManyDirectories => "too many directories".into(),
            JournalError::HeldTooLong => "too much of a line is held".into(),
            JournalError::NoBootId => "the boot id is not known".into(),
            JournalError::NoTrace => "the file system keeps no trace of what is moved into a file".into(),
            JournalError::System(error) => errno::words(error),
        }
    }

    /// Whether the same may work a moment later.
    pub fn may_pass(&self) -> bool {
        use ErrorKind::{
            AlreadyExists, FileTooLarge, InvalidInput, OutOfMemory, PermissionDenied, ReadOnlyFilesystem,
            Unsupported,
        };
        let lasting = [
            AlreadyExists,
            FileTooLarge,
            InvalidInput,
            OutOfMemory,
            PermissionDenied,
            ReadOnlyFilesystem,
            Unsupported,
        ];
        match self {
            JournalError::System(error) => !lasting.contains(&errno::kind(error)) && !is_foreign(error),
            JournalError::TooManyDirectories
            | JournalError::HeldTooLong
            | JournalError::NoBootId
            | JournalError::NoTrace => false,
        }
    }
}

/// Whether a journal is not to be believed and not to be touched, since another user may have made it.
pub fn is_foreign(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::IsADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_may_pass_and_what_the_file_system_refuses_for_good_does_not() {
        for (kind, may_pass) in [
            (ErrorKind::StorageFull, true),
            (ErrorKind::Interrupted, true),
            (ErrorKind::PermissionDenied, false),
            (ErrorKind::IsADirectory, false),
            (ErrorKind::ReadOnlyFilesystem, false),
            (ErrorKind::Unsupported, false),
        ] {
            assert_eq!(JournalError::from(io::Error::from(kind)).may_pass(), may_pass, "{kind}");
        }
    }

    #[test]
    fn each_reason_has_words_of_its_own_and_lasts() {
        use JournalError::{HeldTooLong, NoBootId, NoTrace, TooManyDirectories};
        let mut all: Vec<_> = [TooManyDirectories, HeldTooLong, NoBootId, NoTrace]
            .iter()
            .map(|error| {
                assert!(!error.may_pass(), "{error:?}");
                error.words()
            })
            .collect();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 4);
    }
}
