//! The chain-loading tools. They do the same on ours and on Debian's, as root and as any other user, except where
//! DIFFERENCES.md says otherwise.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod argv0;
mod envdir;
mod envini;
mod envuidgid;
mod fghack;
mod pgrphack;
mod setlock;
mod setuidgid;
mod softlimit;
mod state;
mod waitport;

use std::path::Path;

use harness::{Outcome, Scratch, tool};

/// Runs a tool.
fn run(here: &Scratch, name: &str, arguments: &[&str]) -> Outcome {
    here.run(&tool(name), arguments).over("")
}

/// Runs a line of shell; `$T` is the folder of the tools under test.
fn shell(here: &Scratch, line: &str) -> Outcome {
    here.run(Path::new("/bin/sh"), &["-c", line]).with("T", tools().to_str().unwrap()).over("")
}

/// The same with another program in the place of getent, in a view of the file system of its own. None: that takes root.
fn with_getent(here: &Scratch, program: &str, line: &str) -> Option<Outcome> {
    const NO_MOUNT: i32 = 99;
    here.write("getent", program);
    let mount = format!("chmod +x getent; mount --bind getent /usr/bin/getent || exit {NO_MOUNT}; {line}");
    let unshare = here.run(Path::new("/usr/bin/unshare"), &["-m", "sh", "-c", &mount]);
    let outcome = unshare.with("T", tools().to_str().unwrap()).over("");
    if !harness::is_root() || outcome.code == Some(NO_MOUNT) {
        eprintln!("skipped: needs the right to mount");
        return None;
    }
    Some(outcome)
}

fn tools() -> std::path::PathBuf {
    tool("envdir").parent().unwrap().to_path_buf()
}

/// What a run that goes well prints.
fn text(outcome: Outcome) -> String {
    String::from_utf8(outcome.quietly().stdout).unwrap()
}

/// Fails the test unless the tool ended with this code and these words.
fn refused(outcome: &Outcome, code: i32, words: &str) {
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(code), &*format!("{words}\n")), "{outcome:?}");
}

/// Every tool that only needs a program behind it, with what has to stand before that.
const LOADERS: [(&str, &[&str]); 7] = [
    ("envdir", &["."]),
    ("envuidgid", &["root"]),
    ("softlimit", &["-t", "="]),
    ("setlock", &[".lock"]),
    ("pgrphack", &[]),
    ("fghack", &[]),
    ("setuidgid", &["root"]),
];

/// Those that this user can run.
fn loaders() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    let root = harness::is_root();
    if !root {
        eprintln!("skipped: setuidgid, which needs root");
    }
    LOADERS.into_iter().filter(move |(name, _)| root || *name != "setuidgid")
}

#[test]
fn a_program_that_cannot_be_run_is_111_and_said() {
    let here = Scratch::new();
    here.write("bin/not-executable", "#!/bin/sh\n");
    let not_executable = here.path("bin/not-executable");
    let not_executable = not_executable.to_str().unwrap();
    for (name, words) in loaders() {
        for (program, reason) in [
            ("no-such-program", "file does not exist"),
            ("/no/such/program", "file does not exist"),
            ("/etc/passwd/x", "not a directory"),
            ("/etc/passwd", "access denied"),
            ("/etc", "access denied"),
            (not_executable, "access denied"),
        ] {
            let empty = Scratch::new();
            let outcome = run(&empty, name, &[words, &[program]].concat());
            refused(&outcome, 111, &format!("{name}: fatal: unable to run {program}: {reason}"));
        }
    }
}

#[test]
fn a_program_is_looked_for_in_the_path() {
    let here = Scratch::new();
    for folder in ["first", "second"] {
        here.write(&format!("{folder}/prog"), "#!/bin/sh\necho $0\n");
    }
    here.write("env/x", "");
    let set = "chmod +x second/prog; cd env; P=../first:/nowhere:../second:/usr/bin:/bin";
    for (name, words) in loaders() {
        let words = words.join(" ");
        // One that may not be run does not end the search, and is the reason if nothing else is found.
        let found = shell(&here, &format!("{set}; PATH=$P exec \"$T\"/{name} {words} prog"));
        assert_eq!(text(found), "../second/prog\n", "{name}");
        let only = shell(&here, &format!("{set}; PATH=../first:/nowhere exec \"$T\"/{name} {words} prog"));
        refused(&only, 111, &format!("{name}: fatal: unable to run prog: access denied"));
        // An empty part is the working directory; without PATH there is /bin:/usr/bin.
        let here_too = shell(
            &here,
            &format!("{set}; cd ../second; mkdir -p .x; PATH=: exec \"$T\"/{name} {words} prog"),
        );
        if name != "envdir" {
            assert_eq!(text(here_too), "./prog\n", "{name}");
        }
        let without = shell(&here, &format!("cd env; exec /usr/bin/env -u PATH \"$T\"/{name} {words} true"));
        text(without);
    }
}

#[test]
fn without_a_program_it_says_how_it_is_used() {
    let here = Scratch::new();
    for (name, words) in LOADERS {
        let usage = match name {
            "envdir" => "envdir dir child",
            "envuidgid" => "envuidgid account child",
            "setuidgid" => "setuidgid account child",
            "setlock" => "setlock [ -nNxX ] file program [ arg ... ]",
            "softlimit" => softlimit::USAGE,
            "pgrphack" => "pgrphack child",
            _ => "fghack child",
        };
        let code = if name == "envdir" { 111 } else { 100 };
        for arguments in [words, &[]] {
            refused(&run(&here, name, arguments), code, &format!("{name}: usage: {usage}"));
        }
    }
}
