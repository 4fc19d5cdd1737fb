//! What a program inherits through a tool: signals, descriptors and variables, as through the original.

use harness::Scratch;

use crate::{loaders, shell, text};

/// Signals of the program that the tool becomes, into a file.
const SIGNALS: &str = "exec grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status >$OUT";
/// Its descriptors.
const DESCRIPTORS: &str = "ls /proc/$$/fd >$OUT";

/// What a line of shell gives through a tool and without one. `TOOL` is the tool, and `SHOW` what is run.
fn compare(name: &str, words: &str, before: &str, show: &str) {
    let here = Scratch::new();
    let line = format!("export OUT=\"$PWD\"/out; mkdir empty; cd empty; {before}");
    let show = show.replace('$', "\\$");
    let shown = |tool: &str| {
        shell(&here, &format!("rm -rf empty; {line} exec {tool} sh -c \"{show}\""));
        std::fs::read_to_string(here.path("out")).unwrap()
    };
    let through = shown(&format!("\"$T\"/{name} {words}"));
    assert_eq!(through, shown(""), "{name} after {before:?}");
}

#[test]
fn signals_are_passed_on() {
    for (name, words) in loaders() {
        for before in ["", "trap '' PIPE;", "trap '' HUP USR1;"] {
            compare(name, &words.join(" "), before, SIGNALS);
        }
    }
}

/// But by setlock and fghack, which keep some open on purpose and have tests of their own.
#[test]
fn descriptors_are_passed_on() {
    for (name, words) in loaders().filter(|(name, _)| !["setlock", "fghack"].contains(name)) {
        for before in ["", "exec 5</etc/passwd 9>&2;", "exec <&-;", "exec 2>&-;", "exec <&- >&- 2>&-;"] {
            compare(name, &words.join(" "), before, DESCRIPTORS);
        }
    }
}

#[test]
fn no_variable_is_changed_but_those_that_are_named() {
    let here = Scratch::new();
    let env = "/usr/bin/env";
    for (name, words) in loaders() {
        let line = format!(
            "mkdir -p empty; cd empty; A=1 B='x\ny' {env} -u OLDPWD sh -c 'exec \"$T\"/{name} {} {env}' | sort",
            words.join(" ")
        );
        let through = text(shell(&here, &line));
        let plain = text(shell(
            &here,
            &format!("mkdir -p empty; cd empty; A=1 B='x\ny' {env} -u OLDPWD sh -c 'exec {env}' | sort"),
        ));
        let rest: Vec<&str> = through
            .lines()
            .filter(|line| name != "envuidgid" || !["UID=0", "GID=0"].contains(line))
            .collect();
        assert_eq!(rest, plain.lines().collect::<Vec<_>>(), "{name}");
    }
}
