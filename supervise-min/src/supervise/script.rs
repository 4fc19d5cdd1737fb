//! Scripts of a service directory as processes: `run`, and `finish` after it.

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;

use unix::diag::Message;
use unix::environment::Environment;
use unix::exec::Program;
use unix::launch::Launch;
use unix::pipe;
use unix::process::{Ended, Process};
use unix::spawn::Ending;

use super::directory::Directory;
use crate::service::rules::Session;
use crate::service::survivor::{Origin, Role};

/// What s6 passes for a process that did not exit.
const NO_CODE: u32 = 256;

/// A script and what it is started with.
pub(super) struct Script {
    role: Role,
    program: Program,
    name: &'static str,
}

impl Script {
    /// `./run`.
    pub(super) fn run() -> io::Result<Script> {
        Script::new(Role::Run, "run", Vec::new())
    }

    /// `./finish CODE SIGNAL DIR`, if there is such a script: the exit code or 256, the signal or 0, and the directory
    /// as it was given to supervise.
    pub(super) fn finish(ended: Ended, directory: &[u8]) -> io::Result<Option<Script>> {
        if std::fs::metadata("finish").is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return Ok(None);
        }
        let (code, signal) = match ended {
            Ended(Some(Ending::Exited(code))) => (u32::from(code), 0),
            Ended(Some(Ending::Crashed(signal))) => (NO_CODE, signal),
            Ended(None) => (NO_CODE, 0),
        };
        let words =
            vec![code.to_string().into(), signal.to_string().into(), OsStr::from_bytes(directory).into()];
        Script::new(Role::Finish, "finish", words).map(Some)
    }

    fn new(role: Role, name: &'static str, words: Vec<OsString>) -> io::Result<Script> {
        let path = OsString::from(format!("./{name}"));
        let arguments = [vec![path.clone()], words].concat();
        Ok(Script { role, program: Program::new(&path, &arguments, Environment::inherited())?, name })
    }

    /// Starts it as soon as its number has been written down.
    ///
    /// `note` is where the child says that it is ready, and the number that it has this at.
    pub(super) fn start(
        &self,
        directory: &mut Directory,
        session: Session,
        note: Option<(&OwnedFd, RawFd)>,
    ) -> io::Result<Process> {
        let words = Message::new("unable to start ").and(directory.name()).and("/").and(self.name);
        let given = note.map(|(note, number)| (note.as_fd(), number));
        let launch = Launch { program: &self.program, session, given, complaint: ("supervise", words) };
        let (process, go) = launch.start()?;
        let note = note.and_then(|(note, _)| pipe::inode(note).ok());
        directory.remember(&process, Origin { role: self.role, session, note });
        go.say()?;
        Ok(process)
    }
}

/// A pipe that a service says a line to when it is ready: the end to read, which never waits, and the other.
pub(super) fn note() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = pipe::new()?;
    pipe::never_wait(&reader)?;
    Ok((reader, writer))
}

/// What came through such a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// Nothing yet.
    Silent,
    /// A line.
    Ready,
    /// The other end was closed without one.
    Closed,
}

/// Reads what is there.
pub(super) fn read_note(reader: impl AsFd) -> Note {
    let mut buffer = [0; 256];
    loop {
        match pipe::read(&reader, &mut buffer) {
            Ok(0) => return Note::Closed,
            Ok(length) if buffer[..length].contains(&b'\n') => return Note::Ready,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Note::Silent,
            Err(_) => return Note::Closed,
        }
    }
}

/// Takes over the pipe with this inode, if the process of an earlier supervise still has it under this number. Anything
/// else under this number is the process's own.
pub(super) fn note_of(process: &Process, number: RawFd, inode: u64) -> Option<OwnedFd> {
    let (reader, _) = pipe::take_over(process.pid(), number.try_into().ok()?).ok()?;
    if pipe::inode(&reader).ok()? != inode {
        return None;
    }
    pipe::never_wait(&reader).ok()?;
    Some(reader)
}
