//! The command line: options as values, and a file for each subcommand.

mod archives;
mod cli;
mod completions;
mod delivered;
mod directories;
mod explain;
mod follow;
mod followed;
mod help;
mod pager;
mod printer;
mod progress;
mod query;
mod scan;
mod stat;

use std::ffi::OsString;

use unix::about::About;
use unix::tool::{Exit, Fatal, SYSTEM};

pub use cli::command;
pub use help::{row, written};

/// What was asked for was found.
pub const FOUND: u8 = 0;
/// It was not.
pub const NOTHING: u8 = 1;
/// `explain` has found something that may not be meant.
const MISTAKES: u8 = 1;
/// Something could not be done.
pub const TROUBLE: u8 = 2;
/// Lines are missing or damaged.
pub const MISSING: u8 = 3;
/// Marks what could not be written among failures. It becomes 111, as in the other tools.
const UNWRITTEN: u8 = 4;

/// Does what the arguments say, and ends with 0 where lines were found, 1 where there were none, 2 where something could not
/// be done, 3 where lines are missing or damaged, and 111 where output can't be written.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let about =
        About { name: "mlog", version: env!("CARGO_PKG_VERSION"), usage: cli::USAGE, what: help::Help };
    if let Some(answered) = about.answer(&arguments)? {
        return Ok(answered);
    }
    // What can't be written is a failure, and not something for /dev/null.
    unix::inherited::close_standard_descriptors_again();
    let words = std::iter::once(OsString::from("mlog")).chain(arguments);
    let given = cli::command().try_get_matches_from(words).map_err(|error| cli::misuse(&error))?;
    let done = match given.subcommand() {
        Some(("completions", given)) => completions::completions(given),
        Some(("explain", given)) => explain::explain(given),
        Some(("ls", given)) => archives::ls(given),
        Some(("verify", given)) => archives::verify(given),
        Some(("stat", given)) => stat::stat(given),
        _ => query::run(&given),
    };
    done.map_err(|fatal| {
        let code = if fatal.code() == UNWRITTEN { SYSTEM } else { TROUBLE };
        fatal.with_code(code)
    })
}
