//! `mlog completions`: what a shell needs to complete the options.

use clap::ArgMatches;
use clap_complete::{Shell, generate};
use unix::tool::{Exit, Fatal};

use crate::show::Output;

use super::query::ended;
use super::{FOUND, cli};

/// Writes the script for the shell that was asked for.
pub(super) fn completions(given: &ArgMatches) -> Result<Exit, Fatal> {
    let shell = match given.get_one::<String>("shell").map(String::as_str) {
        Some("zsh") => Shell::Zsh,
        Some("fish") => Shell::Fish,
        _ => Shell::Bash,
    };
    let mut script = Vec::new();
    generate(shell, &mut cli::command(), "mlog", &mut script);
    let mut output = Output::new(None);
    output.add(&script).and_then(|()| output.flush()).or_else(|gone| ended(gone).map(drop))?;
    Ok(Exit::Code(FOUND))
}
