//! `mlog explain`: what a multilog script does.

use std::ffi::OsString;

use clap::ArgMatches;
use unix::diag::Message;
use unix::tool::{Exit, Fatal};

use crate::explain::explain as explained;
use crate::show::Output;

use super::query::{ended, wrong};
use super::{FOUND, MISTAKES};

/// Says what the script does and what may be wrong with it.
pub(super) fn explain(given: &ArgMatches) -> Result<Exit, Fatal> {
    let mut arguments: Vec<OsString> =
        given.get_many("script").map(|script| script.cloned().collect()).unwrap_or_default();
    if arguments.first().is_some_and(|first| first == "multilog") {
        arguments.remove(0);
    }
    if arguments.is_empty() {
        return Err(wrong("explain needs the arguments of a multilog"));
    }
    let explanation = explained(&arguments)
        .map_err(|refused| wrong(Message::new("multilog refuses ").and(refused).as_bytes()))?;
    let mut text = explanation.text;
    let mistakes = &explanation.mistakes;
    if !mistakes.is_empty() {
        text.push_str("\nWhat may not be meant:\n");
        mistakes.iter().for_each(|mistake| text.push_str(&format!("  {mistake}.\n")));
    }
    let mut output = Output::new(None);
    output.add(text.as_bytes()).and_then(|()| output.flush()).or_else(|gone| ended(gone).map(drop))?;
    Ok(Exit::Code(if mistakes.is_empty() { FOUND } else { MISTAKES }))
}
