//! `setuidgid`: becomes an account, for good: its user, its group and no other group.

use std::ffi::OsString;

use unix::diag::Message;
use unix::environment::Environment;
use unix::ids::{become_group, become_user};
use unix::tool::{Exit, Fatal};

use super::Command;
use super::account::Account;

/// The original's words, which know nothing of `-s`.
pub const USAGE: &str = "setuidgid account child";

/// Runs a program as an account, or as `:uid:gid`; `-s` with all groups that the account is in.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let (supplementary, words) = match &arguments[..] {
        [first, rest @ ..] if first == "-s" => (true, rest),
        words => (false, words),
    };
    let usage = || Fatal::usage(USAGE);
    let (name, command) = words.split_first().ok_or_else(usage)?;
    let command = Command::new(command).ok_or_else(usage)?;
    let account = Account::find(name)?;
    let groups = if supplementary { account.groups(name)? } else { vec![account.gid] };
    // Groups first: the right to change them goes with the user.
    become_group(account.gid, &groups)
        .map_err(|error| Fatal::system(Message::new("unable to setgid"), &error))?;
    become_user(account.uid).map_err(|error| Fatal::system(Message::new("unable to setuid"), &error))?;
    match command.run(Environment::inherited())? {}
}
