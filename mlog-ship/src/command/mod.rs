//! The command line: options as values, and the program behind them.

mod cli;
mod help;

use std::ffi::OsString;

use unix::about::About;
use unix::tool::{Exit, Fatal};

pub use cli::command;

/// Ships until it is told to end, which is 0; 100 is a misuse, and 111 where something can't be done.
///
/// # Errors
///
/// What ends it.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let about =
        About { name: "mlog-ship", version: env!("CARGO_PKG_VERSION"), usage: cli::USAGE, what: help::Help };
    if let Some(answered) = about.answer(&arguments)? {
        return Ok(answered);
    }
    let settled = cli::settle(arguments)?;
    crate::run::run(settled)
}
