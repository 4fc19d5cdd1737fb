//! `--help` and `--version`: every tool answers to them, if they are its only argument, before it opens anything.

use std::ffi::OsString;
use std::process::ExitCode;

use unix::about::About;
use unix::tool::{self, Exit, Fatal};

use crate::chain::{
    argv0, envdir, envini, envuidgid, fghack, pgrphack, setlock, setuidgid, softlimit, waitport,
};
use crate::{readproctitle, supervise, svc, svctl, svgroup, svok, svstat, svup, svwait};

/// A tool, how it is used, what it does.
type Entry = (&'static str, &'static str, &'static str);

const TOOLS: [Entry; 21] = [
    ("argv0", argv0::USAGE, "Runs a program that is told another name for itself."),
    (
        "envdir",
        envdir::USAGE,
        "Runs a program with variables from the files of a directory; -p PREFIX before their names.",
    ),
    ("envini", envini::USAGE, "Runs a program with variables from a file of lines name=value."),
    ("envuidgid", envuidgid::USAGE, "Runs a program with the numbers of an account in UID and GID."),
    ("fghack", fghack::USAGE, "Runs a program and waits until it and all that it has started have ended."),
    ("pgrphack", pgrphack::USAGE, "Runs a program in a session and process group of its own."),
    (
        "readproctitle",
        readproctitle::USAGE,
        "Shows the end of standard input where ps shows its last argument.",
    ),
    ("setlock", setlock::USAGE, "Runs a program while a file is locked."),
    (
        "setuidgid",
        setuidgid::USAGE,
        "Runs a program as an account, or :uid:gid; -s with all groups of the account.",
    ),
    ("softlimit", softlimit::USAGE, "Runs a program with lower limits on resources."),
    (
        "supervise",
        supervise::USAGE,
        "Runs a service, and runs it again whenever it ends; -o before dir: once.",
    ),
    ("svc", "svc -OPTIONS dir ...", svc::OPTIONS),
    ("svctl", svctl::USAGE, svctl::WHAT),
    ("svgroup", svgroup::USAGE, "Lets a group control services."),
    ("svok", svok::USAGE, "Exits 0 if a supervise runs in a directory, 100 if none does."),
    // The same words as in svscan and svshutdown.
    (
        "svscan",
        "svscan [ -t seconds ] [ --main name ] [ dir ]",
        "Runs a supervise for each directory in a directory, and for its log; --main: until that service ends.",
    ),
    (
        "svshutdown",
        "svshutdown [ dir ]",
        "Ends all services of a directory in order, and waits until they have ended.",
    ),
    ("svstat", svstat::USAGE, "Says what services are doing; -j as JSON, -L of their logs, -l -L of both."),
    ("svup", svup::USAGE, "Exits 0 if all services are up, 100 if one is not; -L their logs, -l -L both."),
    ("svwait", svwait::USAGE, "Waits until services are up, down or ready."),
    ("waitport", waitport::USAGE, "Runs a program when all addresses accept connections."),
];

/// Runs the body of a tool, as [`tool::run`], or answers.
pub fn run(name: &'static str, body: impl FnOnce(Vec<OsString>) -> Result<Exit, Fatal>) -> ExitCode {
    tool::run(name, |arguments| {
        match about(name).map(|about| about.answer(&arguments)).transpose()?.flatten() {
            Some(answered) => Ok(answered),
            None => body(arguments),
        }
    })
}

fn about(wanted: &str) -> Option<About> {
    let &(name, usage, what) = TOOLS.iter().find(|(name, ..)| *name == wanted)?;
    Some(About { name, version: env!("CARGO_PKG_VERSION"), usage, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_an_answer() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/bin");
        let entries = std::fs::read_dir(folder).unwrap();
        let mut tools: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        tools.sort();
        let names: Vec<_> = tools.iter().map(|path| path.file_stem().unwrap().to_str().unwrap()).collect();
        assert_eq!(names, TOOLS.map(|(name, ..)| name));
    }
    /// Which words ask is what [`About`] knows.
    #[test]
    fn only_what_stands_alone_is_answered() {
        let asked = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            about("svok").unwrap().asked(&words)
        };
        assert_eq!(asked(&["--version"]).unwrap(), concat!("svok ", env!("CARGO_PKG_VERSION"), "\n"));
        assert!(asked(&["--help"]).unwrap().starts_with("usage: svok dir\n\n"));
        for words in [&[][..], &["--help", "x"], &["x", "--help"], &["-h"], &["--helpx"], &["./--help"]] {
            assert_eq!(asked(words), None);
        }
    }
}
