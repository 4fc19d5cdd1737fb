//! The examples of services: what svctl and mlog say of them.

use std::fs;
use std::path::{Path, PathBuf};

use harness::{Scratch, tool};

fn examples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/service");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

#[test]
fn the_examples_have_no_findings() {
    let here = Scratch::new();
    let examples = examples();
    for name in ["nginx", "redis", "postgresql", "postfix", "sshd", "web", "qmail-send", "svscan-log"] {
        assert!(examples.iter().any(|path| path.ends_with(name)), "{name}");
    }
    for example in examples {
        let outcome = here.run(&tool("svctl"), &["check", example.to_str().unwrap()]).over("");
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
    }
}

/// The arguments of multilog in a script, which the shell reads as it would when it runs it.
#[test]
fn the_loggers_of_the_examples_do_what_they_seem_to_do() {
    let here = Scratch::new();
    let tools = tool("mlog").parent().unwrap().to_path_buf();
    for example in examples() {
        let logger = [example.join("log/run"), example.join("run")].into_iter().find(|path| path.exists());
        let script = fs::read_to_string(logger.unwrap()).unwrap();
        let (_, arguments) = script.split_once(" multilog ").unwrap();
        let command = format!("exec {}/mlog explain {arguments}", tools.display());
        let outcome = here.run(Path::new("/bin/sh"), &["-c", &command]).over("");
        assert_eq!(outcome.code, Some(0), "{}: {outcome:?}", example.display());
    }
}
