//! `Launch`: a child that waits for a word of its parent before it becomes a program.
//!
//! This gives the parent the time to write down which process it is. If the parent is killed before it gives the word,
//! the child ends without having run anything. So no process ever runs that is written down nowhere.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd, RawFd};

use crate::diag::{Message, fatal};
use crate::exec::Program;
use crate::ids::new_session;
use crate::process::Process;
use crate::tool::SYSTEM;
use crate::{file, pipe, stdio};

/// Which session and process group a program is started in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// Those of its parent.
    Shared,
    /// Its own.
    Own,
}

/// What a child is started with, beside what it has of its parent.
pub struct Launch<'a> {
    /// What it becomes.
    pub program: &'a Program,
    /// In which session.
    pub session: Session,
    /// A descriptor that it gets under this number.
    pub given: Option<(BorrowedFd<'a>, RawFd)>,
    /// Who says so when it can't be run, and the words before the reason.
    pub complaint: (&'a str, Message),
}

/// The word that a child waits for. Dropped: the child ends.
#[must_use]
pub struct Go(OwnedFd);

impl Go {
    /// Lets the child become its program.
    pub fn say(self) -> io::Result<()> {
        file::write(self.0, b"!").map(drop)
    }
}

impl Launch<'_> {
    /// Makes the child. It needs a process with one thread, as [`Process::fork`] does.
    pub fn start(&self) -> io::Result<(Process, Go)> {
        let (go, say) = pipe::new()?;
        let mut say = Some(say);
        let process = Process::fork(|| {
            // The copy of the end to write, so that the original's end is the end of the pipe.
            drop(say.take());
            if matches!(pipe::read(&go, &mut [0]), Ok(1)) {
                let error = self.become_program();
                let (program, words) = &self.complaint;
                fatal(program, &words.clone().because(&error));
            }
            SYSTEM
        })?;
        // The parent's is there: only the child has taken its own.
        let say = say.ok_or(io::ErrorKind::BrokenPipe)?;
        Ok((process, Go(say)))
    }

    /// In the child, which ends when this returns.
    fn become_program(&self) -> io::Error {
        if self.session == Session::Own {
            // The child of a fork leads no group, so it can't fail.
            new_session().ok();
        }
        if let Some((file, number)) = self.given {
            // SAFETY: the child becomes the program or ends. Until then it uses no descriptor except 2, and nothing
            // here opens or closes that one.
            if let Err(error) = unsafe { stdio::give(file, number) } {
                return error;
            }
        }
        self.program.run()
    }
}
