//! Odd surroundings, and every tool in each of them: ignored signals, closed descriptors, small limits, names with
//! control characters.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod children;
mod descriptors;
mod messages;
mod size_limit;

use std::path::{Path, PathBuf};

use harness::{Run, Scratch, tool};

/// Runs a line of shell; `$T` is the folder of the tools under test.
fn shell(here: &Scratch, line: &str) -> Run {
    here.run(Path::new("/bin/sh"), &["-c", line]).with("T", folder().to_str().unwrap())
}

fn folder() -> PathBuf {
    tool("multilog").parent().unwrap().to_path_buf()
}

/// Every tool, with arguments that make it come to an end.
const TOOLS: [(&str, &str); 24] = [
    ("multilog", "./log"),
    ("tai64n", ""),
    ("tai64nfrac", ""),
    ("tai64nlocal", ""),
    ("argv0", "/bin/true true"),
    ("envdir", "env /bin/true"),
    ("envini", "ini /bin/true"),
    ("envuidgid", "root /bin/true"),
    ("fghack", "/bin/true"),
    ("pgrphack", "/bin/true"),
    ("setlock", "lock /bin/true"),
    ("setuidgid", "root /bin/true"),
    ("softlimit", "-t 9 /bin/true"),
    ("waitport", "-t 1 127.0.0.1 1 /bin/true"),
    ("readproctitle", "x"),
    ("svc", "-u no-such-service"),
    ("svctl", "-d no-such-directory status no-such-service"),
    ("svgroup", "root no-such-service"),
    ("svok", "no-such-service"),
    ("svshutdown", "no-such-directory"),
    ("svstat", "no-such-service"),
    ("svup", "no-such-service"),
    ("svwait", "-t 1 -u no-such-service"),
    ("supervise", "no-such-service"),
];
