//! Messages on descriptor 2: one line, one write, and never a wait.
//!
//! A logger or a supervisor that waits until its warnings are read stands still together with everything that it
//! serves. So a message that can't be written at once is dropped.

use std::io::{self, IoSlice};
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, fstat};
use rustix::io::{Errno, ReadWriteFlags, pwritev2};

use crate::errno;

/// How much one write to a pipe takes without waiting once the pipe polls writable (POSIX' PIPE_BUF).
pub const ATOMIC_WRITE: usize = 4096;

/// Descriptor 2.
pub fn stderr() -> BorrowedFd<'static> {
    rustix::stdio::stderr()
}

/// Descriptor 1.
pub fn stdout() -> BorrowedFd<'static> {
    rustix::stdio::stdout()
}

/// A message in daemontools' grammar, put together piece by piece from text and raw bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message(Vec<u8>);

impl Message {
    /// A message that begins with `text`.
    pub fn new(text: impl AsRef<[u8]>) -> Message {
        Message::default().and(text)
    }

    /// The same with `text` after it.
    ///
    /// Each control character becomes a `?`. A message is one line, and the names in it may have been chosen by another
    /// user, who must not be able to command the terminal of whoever reads it. UTF-8 stays readable. Other bytes stay
    /// as they are, except those that are control characters to a terminal without UTF-8.
    pub fn and(mut self, text: impl AsRef<[u8]>) -> Message {
        for chunk in text.as_ref().utf8_chunks() {
            let mut room = [0; 4];
            for letter in chunk.valid().chars() {
                let letter = if letter.is_control() { '?' } else { letter };
                self.0.extend_from_slice(letter.encode_utf8(&mut room).as_bytes());
            }
            self.0.extend(chunk.invalid().iter().map(|&byte| match byte {
                0x80..=0x9f => b'?',
                _ => byte,
            }));
        }
        self
    }

    /// The same with `: ` and the reason after it.
    pub fn because(self, error: &io::Error) -> Message {
        self.and(": ").and(errno::words(error).as_bytes())
    }

    /// The bytes of the message, without a newline.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Messages that nobody was ready to take since one was taken.
static DROPPED: AtomicU64 = AtomicU64::new(0);

/// Says `program: warning: message`, and before it how many messages nobody was ready to take.
pub fn warn(program: &str, message: &Message) {
    let warning = Message::new(program).and(": warning: ");
    let dropped = DROPPED.swap(0, Ordering::Relaxed);
    if dropped > 0 {
        let words = warning.clone().and(dropped.to_string()).and(" messages were dropped, nobody read them");
        if !is_said(&words) {
            DROPPED.fetch_add(dropped, Ordering::Relaxed);
        }
    }
    say(&warning.and(message.as_bytes()));
}

/// Says `program: fatal: message`.
pub fn fatal(program: &str, message: &Message) {
    say(&Message::new(program).and(": fatal: ").and(message.as_bytes()));
}

/// Says `program: message`.
pub fn complain(program: &str, message: &Message) {
    say(&Message::new(program).and(": ").and(message.as_bytes()));
}

/// Writes one line to descriptor 2, if that needs no wait. A failure has nowhere to be told, but is counted.
pub fn say(message: &Message) {
    if !is_said(message) {
        DROPPED.fetch_add(1, Ordering::Relaxed);
    }
}

/// Says pieces of one short line where no memory can be had for a [`Message`].
pub fn say_without_memory(pieces: &[&str]) {
    let mut line = [0; 128];
    let mut length = 0;
    for byte in pieces.iter().flat_map(|piece| piece.bytes()).take(line.len() - 1).chain([b'\n']) {
        line[length] = byte;
        length += 1;
    }
    is_written(&line[..length]);
}

/// Whether it was written.
fn is_said(message: &Message) -> bool {
    let mut line = message.as_bytes().to_vec();
    line.push(b'\n');
    is_written(&line)
}

fn is_written(line: &[u8]) -> bool {
    let file =
        matches!(fstat(stderr()).map(|s| FileType::from_raw_mode(s.st_mode)), Ok(FileType::RegularFile));
    if file {
        return rustix::io::write(stderr(), line).is_ok();
    }
    let pieces = cut_to_one_write(line).map(IoSlice::new);
    match pwritev2(stderr(), &pieces, CURRENT_POSITION, ReadWriteFlags::NOWAIT) {
        // Terminals, sockets and older kernels' pipes have no writes that never wait: the nearest is
        // to ask first.
        Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL | Errno::SPIPE) if writable_now() => {
            rustix::io::writev(stderr(), &pieces).is_ok()
        }
        written => written.is_ok(),
    }
}

/// The offset that means "at the offset of the descriptor" to pwritev2(2).
const CURRENT_POSITION: u64 = u64::MAX;

/// A line that is too long loses its end, and not its newline.
fn cut_to_one_write(line: &[u8]) -> [&[u8]; 2] {
    if line.len() <= ATOMIC_WRITE { [line, b""] } else { [&line[..ATOMIC_WRITE - 1], b"\n"] }
}

fn writable_now() -> bool {
    let stderr = stderr();
    let mut fds = [PollFd::new(&stderr, PollFlags::OUT)];
    let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
    matches!(poll(&mut fds, Some(&now)), Ok(1)) && fds[0].revents().contains(PollFlags::OUT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_one_line_whatever_a_path_contains() {
        let message =
            Message::new("unable to open ").and("a\nb").because(&io::Error::from_raw_os_error(libc::ENOENT));
        assert_eq!(message.as_bytes(), b"unable to open a?b: file does not exist");
    }

    /// A path with ESC in it moved the cursor and set the title of the terminal that showed the message.
    #[test]
    fn no_control_character_passes_and_everything_else_does() {
        let every: Vec<u8> = (0..=0xff).collect();
        let message = Message::new(&every).and(&every);
        let expected = every.iter().map(|&byte| match byte {
            0..0x20 | 0x7f..0xa0 => b'?',
            _ => byte,
        });
        let expected: Vec<u8> = expected.collect();
        assert_eq!(message.as_bytes(), expected.repeat(2));
        for (text, said) in [
            ("\x1b[2Jx", &b"?[2Jx"[..]),
            ("a\r\tb", b"a??b"),
            ("\u{e4}\u{20ac}\u{1f980}", "\u{e4}\u{20ac}\u{1f980}".as_bytes()),
            ("\u{9b}1m", b"?1m"),
        ] {
            assert_eq!(Message::new(text).as_bytes(), said, "{text:?}");
        }
        // A character that comes in two parts is none.
        assert_eq!(Message::new(b"\xc2").and(b"\x9b").as_bytes(), b"\xc2?");
    }

    #[test]
    fn a_long_message_is_cut_to_what_one_write_takes_and_keeps_its_newline() {
        let line = cut_to_one_write(&[b'x'; 10_000]).concat();
        assert_eq!(line.len(), ATOMIC_WRITE);
        assert_eq!(line.last(), Some(&b'\n'));
    }
}
