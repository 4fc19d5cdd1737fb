//! `Survivor`: the process of a service whose supervise was killed, so that the next supervise takes it over.
//!
//! `supervise/lock` is read by supervise, svscan and svshutdown alone. It has one line of fixed length.
//! `PID BEGAN BOOT ROLE GROUP NOTE DEVICE INODE` are the number of the process, the tick at which it began, the run of
//! the machine, `run` or `finish`, `group` if it leads a process group and `-` otherwise, the inode of the pipe in
//! which it says that it is ready and 0 otherwise, and device and inode of the lock itself. The last two tell a lock
//! from its copy: a copy of a service directory names the same process, which belongs to the original. The line is
//! written in place and before the process runs anything, so a full disk does not matter.

use std::io::{self, ErrorKind};
use std::os::fd::AsFd;

use unix::file::{Identity, read_at};
use unix::held::{Kind, look_at};
use unix::process::Process;

use super::rules::Session;

/// Room for the longest line.
const LENGTH: usize = 160;

/// What a process was started for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It is the service.
    Run,
    /// It comes after the service.
    Finish,
}

/// What a process was started as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// For what.
    pub role: Role,
    /// Whether it leads a group.
    pub session: Session,
    /// The inode of the pipe in which it says that it is ready.
    pub note: Option<u64>,
}

/// A process that was found running.
#[derive(Debug)]
pub struct Survivor {
    /// Itself.
    pub process: Process,
    /// What it was started as.
    pub origin: Origin,
}

/// What the line says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Line {
    pid: u32,
    began: u64,
    origin: Origin,
}

/// Writes a process that does not run yet what it will run into the lock.
pub fn remember(lock: impl AsFd, process: &Process, origin: Origin) -> io::Result<()> {
    let began = process.began()?.ok_or(ErrorKind::NotFound)?;
    let boot = unix::file::boot_id()?;
    let line = text(Line { pid: process.pid(), began, origin }, &boot, Identity::of(&lock)?);
    let written = unix::file::write_at(lock, line.as_bytes(), 0)?;
    if written == LENGTH { Ok(()) } else { Err(ErrorKind::WriteZero.into()) }
}

/// The process that was written down in a lock, if it still runs. An error: that can't be known. A lock that another
/// user may have written is not believed, since it could name any process.
pub fn find(lock: impl AsFd) -> io::Result<Option<Survivor>> {
    let look = look_at(&lock)?;
    look.kind.must_be(Kind::File)?;
    if !look.is_trusted() {
        return Ok(None);
    }
    let mut line = [0; LENGTH];
    let length = read_at(&lock, &mut line, 0)?;
    let line = String::from_utf8_lossy(&line[..length]);
    let Some(Line { pid, began, origin }) = parse(&line, &unix::file::boot_id()?, Identity::of(lock)?) else {
        return Ok(None);
    };
    let process = Process::adopt(pid, began)?;
    Ok(process.map(|process| Survivor { process, origin }))
}

fn text(line: Line, boot: &[u8], lock: Identity) -> String {
    let Line { pid, began, origin } = line;
    let role = if origin.role == Role::Run { "run" } else { "finish" };
    let group = if origin.session == Session::Own { "group" } else { "-" };
    let (boot, note) = (String::from_utf8_lossy(boot), origin.note.unwrap_or(0));
    let line = format!("{pid} {began} {boot} {role} {group} {note} {} {}", lock.device, lock.inode);
    format!("{line:<width$}\n", width = LENGTH - 1)
}

/// None: the line names nobody, or was written at another run of the machine or into another file.
fn parse(line: &str, boot: &[u8], lock: Identity) -> Option<Line> {
    let mut words = line.split_ascii_whitespace();
    let (pid, began) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    let of_now = words.next()?.as_bytes() == boot;
    let role = if words.next() == Some("finish") { Role::Finish } else { Role::Run };
    let session = if words.next() == Some("group") { Session::Own } else { Session::Shared };
    let note = words.next().and_then(|inode| inode.parse().ok()).filter(|&inode| inode > 0);
    // Lines of earlier versions end here.
    let place = words.next().zip(words.next());
    let of_this_file = place
        .is_none_or(|(device, inode)| (device.parse(), inode.parse()) == (Ok(lock.device), Ok(lock.inode)));
    (of_now && of_this_file).then_some(Line { pid, began, origin: Origin { role, session, note } })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOOT: &[u8] = b"0a4f0d2c-74c7-4a8c-9f7e-000000000000";
    const LOCK: Identity = Identity { device: u64::MAX, inode: u64::MAX };

    #[test]
    fn what_was_written_is_read() {
        for (role, session, note) in
            [(Role::Run, Session::Shared, Some(u64::MAX)), (Role::Finish, Session::Own, None)]
        {
            let line = Line { pid: u32::MAX, began: u64::MAX, origin: Origin { role, session, note } };
            assert_eq!(text(line, BOOT, LOCK).len(), LENGTH);
            assert_eq!(parse(&text(line, BOOT, LOCK), BOOT, LOCK), Some(line));
        }
    }

    #[test]
    fn a_line_of_another_run_of_the_machine_names_nobody() {
        let line = format!("12 345 {}    \n", String::from_utf8_lossy(BOOT));
        let origin = Origin { role: Role::Run, session: Session::Shared, note: None };
        let known = Line { pid: 12, began: 345, origin };
        assert_eq!(parse(&line, BOOT, LOCK), Some(known));
        assert_eq!(parse(&line, b"another", LOCK), None);
        for line in ["", "12", "12 345", "x 1 another", "12 x another"] {
            assert_eq!(parse(line, b"another", LOCK), None);
        }
    }

    #[test]
    fn a_line_that_was_copied_into_another_file_names_nobody() {
        let origin = Origin { role: Role::Run, session: Session::Own, note: Some(7) };
        let line = text(Line { pid: 12, began: 345, origin }, BOOT, Identity { device: 1, inode: 2 });
        assert!(parse(&line, BOOT, Identity { device: 1, inode: 2 }).is_some());
        for (device, inode) in [(1, 3), (2, 2), (0, 0)] {
            assert_eq!(parse(&line, BOOT, Identity { device, inode }), None);
        }
    }
}
