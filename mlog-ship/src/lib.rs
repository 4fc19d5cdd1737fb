//! Ships log directories to the engine of a fleet, exactly once where the engine allows it.
//!
//! | module | promise |
//! |---|---|
//! | [`identity`] | who ships and what, the same after every restart |
//! | [`batch`] | lines that are delivered together, and again with the same bytes |
//! | [`sink`] | an engine answers, or it is too late for an answer; nobody guesses |

#![forbid(unsafe_code)]

pub mod batch;
pub mod identity;
pub mod sink;

use std::ffi::OsString;

use unix::tool::{Exit, Fatal};

/// The command.
///
/// # Errors
///
/// What ends it.
pub fn main(_arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    Ok(Exit::Success)
}
