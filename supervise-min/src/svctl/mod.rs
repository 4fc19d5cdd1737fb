//! `svctl`: the command for people: it names services by their names in a scan directory, says what they do, tells
//! them what to do, and waits until they have done it.
//!
//! ```text
//! arguments    what was asked for, as types
//! scan         the scan directory: which one, what is in it, which svscan runs there
//! select       the services that words, globs and groups name; groups and glob are its pure parts
//! sight        what is seen of one service; trouble: why nothing is seen, what was looked at, what to do
//! status       all that is known of services, as a table (table, span) or as JSON
//! action       commands for services, and what is waited for; goal: whether it has come, pure
//! waiting      the loop that waits; tail: the last lines of a log
//! links        enable and disable
//! hand         what other programs do: mlog, svshutdown, svgroup
//! check/       what may be wrong in a service directory
//! say          lines on standard output
//! ```
//!
//! Names and lines of logs belong to others: everything that is shown goes through [`Message`], which lets no control
//! character pass. Directories are opened once and reached through their descriptors, as the other tools do it.
//!
//! [`Message`]: unix::diag::Message

mod action;
mod arguments;
mod check;
mod goal;
mod groups;
mod hand;
mod links;
mod say;
mod scan;
mod select;
mod sight;
mod span;
mod status;
mod table;
mod tail;
mod trouble;
mod waiting;

use std::ffi::OsString;

use unix::tool::{Exit, Fatal};

pub use arguments::{USAGE, WHAT};

use arguments::{Request, Verb};
use scan::ScanDirectory;

/// Something was not as it was asked for, and was named.
const NOT_SO: u8 = 1;

/// Does what was asked for. 1: a service is not as it should be, or `check` has found something.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let request = Request::parse(&arguments)?;
    if let Verb::Check = request.verb {
        return check::run(&request);
    }
    let scan = ScanDirectory::find(request.scan.as_deref())?;
    if request.looks_in_scan() {
        scan.must_have_services()?;
    }
    match request.verb {
        Verb::Status(form) => status::run(&scan, &request, form),
        Verb::Act(action) => action::run(&scan, &request, action),
        Verb::Enable => links::enable(&scan, &request),
        Verb::Disable => links::disable(&scan, &request),
        Verb::Group => hand::group(&scan, &request),
        Verb::Log => hand::log(&scan, &request),
        Verb::Shutdown => hand::shutdown(&scan),
        Verb::Check => check::run(&request),
    }
}
