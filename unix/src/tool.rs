//! How a program ends: `run` calls its body, says what was fatal, and gives the exit code.

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use crate::diag::{self, Message};

/// The exit code for a misuse: bad arguments, a malformed value.
pub const MISUSE: u8 = 100;
/// The exit code for a failure of the system, which a retry may cure.
pub const SYSTEM: u8 = 111;

/// How a program that ran to its end ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0.
    Success,
    /// Something was already said on descriptor 2, and the code is this.
    Code(u8),
}

/// What stops a program: the message and the exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fatal {
    code: u8,
    message: Message,
    grade: Grade,
}

/// How a message begins behind the program's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grade {
    /// `fatal: `
    Fatal,
    /// Nothing: it says `usage: ` itself.
    Usage,
}

impl Fatal {
    /// The caller's mistake: exit 100.
    pub fn misuse(message: Message) -> Fatal {
        Fatal { code: MISUSE, message, grade: Grade::Fatal }
    }

    /// The system's failure: exit 111, with the reason after the message.
    pub fn system(message: Message, error: &io::Error) -> Fatal {
        Fatal { code: SYSTEM, message: message.because(error), grade: Grade::Fatal }
    }

    /// The system's failure where the reason is in the message: exit 111.
    pub fn failure(message: Message) -> Fatal {
        Fatal { code: SYSTEM, message, grade: Grade::Fatal }
    }

    /// Arguments that are not understood: how the program is used, exit 100.
    pub fn usage(words: &str) -> Fatal {
        Fatal { code: MISUSE, message: Message::new("usage: ").and(words), grade: Grade::Usage }
    }

    /// The same with another exit code.
    pub fn with_code(self, code: u8) -> Fatal {
        Fatal { code, ..self }
    }

    /// The same with a remark after the reason.
    pub fn with_remark(self, remark: &str) -> Fatal {
        Fatal { message: self.message.and(remark), ..self }
    }

    /// The exit code.
    pub fn code(&self) -> u8 {
        self.code
    }

    /// The message without program name and newline.
    pub fn message(&self) -> &Message {
        &self.message
    }
}

/// Runs the body of a program over its arguments (without argv 0) and turns its end into an exit code.
///
/// This is the only place where a program of the toolchain ends.
pub fn run(program: &'static str, body: impl FnOnce(Vec<OsString>) -> Result<Exit, Fatal>) -> ExitCode {
    match body(std::env::args_os().skip(1).collect()) {
        Ok(Exit::Success) => ExitCode::SUCCESS,
        Ok(Exit::Code(code)) => ExitCode::from(code),
        Err(fatal) => {
            match fatal.grade {
                Grade::Fatal => diag::fatal(program, &fatal.message),
                Grade::Usage => diag::complain(program, &fatal.message),
            }
            ExitCode::from(fatal.code)
        }
    }
}
