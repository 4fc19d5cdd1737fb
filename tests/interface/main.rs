//! What is the same for all tools: `--help`, `--version`, a manual page; what documents say to write; and that imports run
//! one way.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod blocks;
mod formats;
mod imports;
mod manuals;
mod migration;
mod msrv;
mod pages;
mod stage;

use std::fs;
use std::path::{Path, PathBuf};

use harness::{Outcome, Scratch, ours_only, tool};

const CRATES: [&str; 4] = ["multilog", "mlog", "tai64tools", "supervise-min"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_string();
    let mut names: Vec<String> = entries.map(|entry| stem(entry.unwrap().path())).collect();
    names.sort();
    names
}

/// Every program that is built, and every script.
fn tools() -> Vec<String> {
    let built = CRATES.iter().flat_map(|name| names(&root().join(name).join("src/bin")));
    built.chain(names(&scripts())).collect()
}

fn scripts() -> PathBuf {
    root().join("supervise-min/scripts")
}

fn run(here: &Scratch, name: &str, word: &str) -> Outcome {
    let script = scripts().join(name);
    if script.exists() {
        return here.run(Path::new("/bin/sh"), &[script.to_str().unwrap(), word]).over("");
    }
    here.run(&tool(name), &[word]).over("")
}

/// A directory with a service, and what svscan and others would make or start in it.
fn place() -> Scratch {
    let here = Scratch::new();
    let run = here.write("service/run", "#!/bin/sh\ntouch ../started\n");
    fs::set_permissions(run, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    here
}

/// `svscan --help` scanned the directory that it was started in, and started services.
#[test]
fn help_and_version_are_answered_before_anything_is_opened() {
    if !ours_only("Help and version of all tools") {
        return;
    }
    let tools = tools();
    assert!(tools.len() > 20);
    for name in tools {
        let here = place();
        let Outcome { code, stdout, stderr, .. } = run(&here, &name, "--help");
        let text = String::from_utf8(stdout).unwrap();
        assert_eq!((code, &*stderr), (Some(0), ""), "{name}");
        assert!(text.starts_with(&format!("usage: {name}")) && text.lines().count() > 2, "{text}");
        let version = run(&here, &name, "--version").quietly().stdout;
        assert_eq!(version, format!("{name} {}\n", env!("CARGO_PKG_VERSION")).as_bytes());
        assert_eq!(names(&here.path(".")), ["service"], "{name}");
        assert_eq!(names(&here.path("service")), ["run"], "{name}");
    }
}

#[test]
fn help_that_nobody_takes_is_a_failure() {
    if ours_only("Help and version of all tools") {
        let full = || fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let outcome = Scratch::new().run(&tool("svok"), &["--help"]).writing_to(full()).over("");
        let words = "svok: fatal: unable to write output: out of disk space\n";
        assert_eq!((outcome.code, &*outcome.stderr), (Some(111), words));
    }
}

/// What svscan and svshutdown say is written down a second time where the help is.
#[test]
fn help_says_what_a_misuse_says() {
    if !ours_only("Help and version of all tools") {
        return;
    }
    for (name, misuse) in
        [("svscan", &["-?"][..]), ("svshutdown", &["a", "b"]), ("svwait", &[]), ("waitport", &[])]
    {
        let here = place();
        let refused = here.run(&tool(name), misuse).over("").stderr;
        let help = here.run(&tool(name), &["--help"]).over("").stdout;
        let first = String::from_utf8(help).unwrap().lines().next().unwrap().to_string();
        assert!(refused.ends_with(&format!("{name}: {first}\n")), "{refused}{first}");
    }
}

/// Names in backticks of small letters with an underscore in SECURITY.md.
#[test]
fn the_tests_that_the_threat_model_names_are_there() {
    let text = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let is_test = |name: &&str| name.contains('_') && !name.contains(|c: char| c.is_ascii_uppercase());
    let named: Vec<&str> = text.split('`').skip(1).step_by(2).filter(is_test).collect();
    assert!(named.len() > 10, "{named:?}");
    let suites = fs::read_dir(root().join("tests")).unwrap().map(|entry| entry.unwrap().path());
    let files = suites.filter(|path| path.is_dir()).flat_map(|path| fs::read_dir(path).unwrap());
    let source: String = files.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    for name in named {
        assert!(source.contains(&format!("fn {name}(")), "{name}");
    }
}

#[test]
fn every_tool_has_a_manual_page() {
    for name in tools() {
        assert!(root().join("docs").join(format!("{name}.8")).exists(), "{name}");
    }
}
