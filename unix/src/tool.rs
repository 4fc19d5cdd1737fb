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
}

impl Fatal {
    /// The caller's mistake: exit 100.
    pub fn misuse(message: Message) -> Fatal {
        Fatal { code: MISUSE, message }
    }

    /// The system's failure: exit 111, with the reason after the message.
    pub fn system(message: Message, error: &io::Error) -> Fatal {
        Fatal { code: SYSTEM, message: message.because(error) }
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
            diag::fatal(program, &fatal.message);
            ExitCode::from(fatal.code)
        }
    }
}
