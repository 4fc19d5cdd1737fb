//! The words for a failed system call: daemontools' own lower-case table.
//!
//! Scripts and people grep for these words, so they are daemontools' and not strerror(3)'s. An error that is not in the
//! table gets the system's text in lower case.

use std::borrow::Cow;
use std::io;

/// The reason in daemontools' words, as it is at the end of a message.
pub fn words(error: &io::Error) -> Cow<'static, str> {
    let Some(code) = error.raw_os_error() else {
        return Cow::Owned(error.to_string());
    };
    match TABLE.iter().find(|(known, _)| *known == code) {
        Some((_, text)) => Cow::Borrowed(text),
        None => Cow::Owned(system_words(error)),
    }
}

/// The kind of an error, which does not depend on the compiler: that of Debian 13 gives EOPNOTSUPP none.
pub fn kind(error: &io::Error) -> io::ErrorKind {
    if error.raw_os_error() == Some(libc::EOPNOTSUPP) { io::ErrorKind::Unsupported } else { error.kind() }
}

/// What a process is told that has as many descriptors as it may have.
pub fn too_many_open() -> io::Error {
    io::Error::from_raw_os_error(libc::EMFILE)
}

/// The same for a number, from the table alone. It allocates nothing, so the child of a fork may ask.
pub(crate) fn of_code(code: i32) -> &'static str {
    TABLE.iter().find(|(known, _)| *known == code).map_or("system call failed", |(_, text)| text)
}

/// What std says, without its "(os error N)" and with a small first letter.
fn system_words(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::from("unknown error"),
    }
}

const TABLE: &[(i32, &str)] = &[
    (libc::EINTR, "interrupted system call"),
    (libc::ENOMEM, "out of memory"),
    (libc::ENOENT, "file does not exist"),
    (libc::ETXTBSY, "text busy"),
    (libc::EIO, "input/output error"),
    (libc::EEXIST, "file already exists"),
    (libc::ETIMEDOUT, "timed out"),
    (libc::EINPROGRESS, "operation in progress"),
    (libc::EAGAIN, "temporary failure"),
    (libc::EPIPE, "broken pipe"),
    (libc::EPERM, "permission denied"),
    (libc::EACCES, "access denied"),
    (libc::ENXIO, "device not configured"),
    (libc::EPROTO, "protocol error"),
    (libc::EISDIR, "is a directory"),
    (libc::ECONNREFUSED, "connection refused"),
    (libc::ENOTDIR, "not a directory"),
    (libc::ESRCH, "no such process"),
    (libc::E2BIG, "argument list too long"),
    (libc::ENOEXEC, "exec format error"),
    (libc::EBADF, "file descriptor not open"),
    (libc::ECHILD, "no child processes"),
    (libc::EDEADLK, "operation would cause deadlock"),
    (libc::EFAULT, "bad address"),
    (libc::ENOTBLK, "not a block device"),
    (libc::EBUSY, "device busy"),
    (libc::EXDEV, "cross-device link"),
    (libc::ENODEV, "device does not support operation"),
    (libc::EINVAL, "invalid argument"),
    (libc::ENFILE, "system cannot open more files"),
    (libc::EMFILE, "process cannot open more files"),
    (libc::ENOTTY, "not a tty"),
    (libc::EFBIG, "file too big"),
    (libc::ENOSPC, "out of disk space"),
    (libc::ESPIPE, "unseekable descriptor"),
    (libc::EROFS, "read-only file system"),
    (libc::EMLINK, "too many links"),
    (libc::EDOM, "input out of range"),
    (libc::ERANGE, "output out of range"),
    (libc::EALREADY, "operation already in progress"),
    (libc::ENOTSOCK, "not a socket"),
    (libc::EDESTADDRREQ, "destination address required"),
    (libc::EMSGSIZE, "message too long"),
    (libc::EOPNOTSUPP, "operation not supported"),
    (libc::EADDRINUSE, "address already used"),
    (libc::EADDRNOTAVAIL, "address not available"),
    (libc::ECONNRESET, "connection reset"),
    (libc::ENOBUFS, "out of buffer space"),
    (libc::ENOTCONN, "not connected"),
    (libc::ELOOP, "symbolic link loop"),
    (libc::ENAMETOOLONG, "file name too long"),
    (libc::ENOTEMPTY, "directory not empty"),
    (libc::EUSERS, "too many users"),
    (libc::EDQUOT, "disk quota exceeded"),
    (libc::ESTALE, "stale NFS file handle"),
    (libc::ENOLCK, "no locks available"),
    (libc::ENOSYS, "system call not available"),
    (libc::ETIME, "timer expired"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_daemontools_own() {
        for (code, text) in [
            (libc::ENOENT, "file does not exist"),
            (libc::EAGAIN, "temporary failure"),
            (libc::ENOSPC, "out of disk space"),
            (libc::EISDIR, "is a directory"),
        ] {
            assert_eq!(words(&io::Error::from_raw_os_error(code)), text);
        }
    }

    /// Programs built with Rust 1.85 tried again for ever to link a file where the file system knows no links.
    #[test]
    fn what_is_not_supported_has_this_kind() {
        for code in [libc::EOPNOTSUPP, libc::ENOTSUP, libc::ENOSYS] {
            assert_eq!(kind(&io::Error::from_raw_os_error(code)), io::ErrorKind::Unsupported);
        }
        assert_eq!(kind(&io::Error::from_raw_os_error(libc::ENOENT)), io::ErrorKind::NotFound);
        assert_eq!(kind(&io::ErrorKind::Unsupported.into()), io::ErrorKind::Unsupported);
    }

    #[test]
    fn an_error_outside_the_table_is_the_systems_text_in_lower_case() {
        let text = words(&io::Error::from_raw_os_error(libc::EUCLEAN)).into_owned();
        assert_eq!(text, "structure needs cleaning");
    }
}
