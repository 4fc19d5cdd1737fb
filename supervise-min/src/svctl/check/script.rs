//! What may be wrong in the text of a script; pure.
//!
//! Only scripts of shells are read further than their first line, and only as far as words, quotes, comments, documents
//! within them and the signs between commands: what a word means is not looked at. A script that sets traps handles its
//! signals itself and is not judged.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::shell::{Command, Sign, commands};

const SHELLS: [&[u8]; 9] = [b"sh", b"bash", b"dash", b"ash", b"ksh", b"mksh", b"zsh", b"yash", b"busybox"];

/// What may be wrong, in words that follow the name of the script. `is_run`: it is a service and not a script of one.
/// `is_program` says whether there is a program of this path.
pub(super) fn lint(text: &[u8], is_run: bool, is_program: &dyn Fn(&OsStr) -> bool) -> Vec<String> {
    if text.starts_with(b"\x7fELF") {
        return Vec::new();
    }
    let Some(first) = text.strip_prefix(b"#!") else { return vec![without_interpreter(text).into()] };
    let first = first.split(|&byte| byte == b'\n').next().unwrap_or_default();
    if first.ends_with(b"\r") {
        let why = "so the kernel looks for an interpreter with a carriage return in its name";
        return vec![format!("has line ends of DOS, {why}: remove them (sed -i 's/\\r$//')")];
    }
    let words: Vec<&[u8]> = first.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
    let Some(interpreter) = words.first() else { return vec!["has no interpreter behind its #!".into()] };
    let mut found = Vec::new();
    if !is_program(OsStr::from_bytes(interpreter)) {
        let name = String::from_utf8_lossy(interpreter);
        found.push(format!("can't be run: its interpreter {name} is not there, or is no program"));
    }
    if is_run && is_shell(&words) {
        found.extend(lint_shell(&commands(text)));
    }
    found
}

fn without_interpreter(text: &[u8]) -> &'static str {
    match text {
        [] => "is empty, so it can't be run",
        [0xef, 0xbb, 0xbf, b'#', b'!', ..] => {
            "has a byte order mark before its #!, so the kernel can't run it: remove the mark"
        }
        _ => {
            "does not begin with #!, so the kernel can't run it: the first line has to be #!/bin/sh or another interpreter"
        }
    }
}

/// Also by way of env.
fn is_shell(words: &[&[u8]]) -> bool {
    let name = |word: &&[u8]| word.rsplit(|&byte| byte == b'/').next().unwrap_or_default().to_vec();
    let mut names = words.iter().filter(|word| !word.starts_with(b"-")).map(name);
    match names.next() {
        Some(first) if first == b"env" => names.next().is_some_and(|second| SHELLS.contains(&&second[..])),
        Some(first) => SHELLS.contains(&&first[..]),
        None => false,
    }
}

fn lint_shell(commands: &[Command]) -> Vec<String> {
    if commands.iter().any(|command| command.first() == Some("trap")) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (place, command) in commands.iter().enumerate() {
        let waited = commands[place + 1..].iter().any(|later| later.first() == Some("wait"));
        if command.sign == Sign::Background && !waited {
            found.push(format!(
                "line {}: & puts a program in the background, where supervise neither sees its end nor signals it: \
                 let it be the last command, with exec and without &",
                command.line
            ));
        }
    }
    if found.is_empty() {
        found.extend(without_exec(commands));
    }
    found
}

/// The shell stays between supervise and the program.
fn without_exec(commands: &[Command]) -> Option<String> {
    let all: Vec<&Command> = commands.iter().filter(|command| !command.words.is_empty()).collect();
    let (last, before) = all.split_last()?;
    let line = last.line;
    if before.last().is_some_and(|before| before.sign == Sign::Pipe) {
        return Some(format!(
            "line {line}: ends in a pipeline, whose programs supervise does not signal: it runs the shell; \
             let log/run be the program that reads"
        ));
    }
    let executes = all.iter().any(|command| command.is_exec());
    let why = "supervise signals the shell, which does not pass it on";
    match last.first() {
        Some("done" | "wait") => None,
        Some("fi" | "esac" | "}" | "exit") | None if executes => None,
        Some("fi" | "esac" | "}" | "exit") | None => {
            Some(format!("no exec: the program runs below the shell, and {why}: put exec before the program"))
        }
        Some(_) if last.is_exec() => None,
        // A function that has the exec in it.
        Some(word) if executes && before.iter().any(|one| one.words == [word]) => None,
        Some(word) => {
            let word: String = word.chars().take(40).collect();
            Some(format!(
                "line {line}: no exec before {word}: it runs below the shell, and {why}: write exec before it"
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> String {
        lint(text.as_bytes(), true, &|path| path == "/bin/sh" || path == "/usr/bin/env").join("\n")
    }

    #[test]
    fn a_script_needs_an_interpreter_that_is_there() {
        for (text, words) in [
            ("", "is empty"),
            ("exec x\n", "does not begin with #!"),
            (" #!/bin/sh\nexec x\n", "does not begin with #!"),
            ("\u{feff}#!/bin/sh\nexec x\n", "byte order mark"),
            ("#!\nexec x\n", "no interpreter"),
            ("#!/bin/sh\r\nexec x\r\n", "line ends of DOS"),
            ("#!/no/such/sh\nexec x\n", "its interpreter /no/such/sh is not there"),
        ] {
            assert!(found(text).contains(words), "{text:?}: {}", found(text));
            assert_eq!(found(text).lines().count(), 1, "{text:?}: {}", found(text));
        }
        assert_eq!(found("\x7fELF\x02 & x"), "");
    }

    #[test]
    fn a_service_that_is_as_it_should_be() {
        for script in [
            "exec x",
            "exec 2>&1\nexec x >&2 2>/dev/null",
            "exec x \\\n  -a & \\\n".replace(" &", "").as_str(),
            "cd /x && exec y",
            "A=1 B=\"2 3\" exec x",
            "if [ -e y ]; then exec a; else exec b; fi",
            "case $1 in a) exec a;; *) exec b;; esac",
            "# prog &\nexec x '&' \"& a\" \\& a\\;b # & c",
            "cat <<END >conf\nprog &\nEND\nexec x",
            "x=$(a & b; c) y=`d` z=${e:-&}\nexec x",
            "while :; do work; sleep 1; done",
            "prog & helper &\nwait",
            "trap 'kill $!' TERM\nprog &\nsleep 1",
            "exec x &>log",
            "run() { exec x; }\nrun",
            "exec setuidgid nobody softlimit -m 300M x",
        ] {
            assert_eq!(found(&format!("#!/bin/sh\n{script}\n")), "", "{script}");
        }
        assert_eq!(found("#!/usr/bin/env python3\nrun() &\n"), "");
        assert!(found("#!/usr/bin/env bash\nprog\n").contains("line 2: no exec before prog"));
    }

    #[test]
    fn a_service_in_the_background_or_below_the_shell() {
        for (script, words) in [
            ("prog &", "line 2: & puts"),
            ("prog -a \\\n  -b &\nsleep 1", "line 3: & puts"),
            ("(cd x; prog) &", "line 2: & puts"),
            ("exec 2>&1\n\nprog --flag\n\n# end", "line 4: no exec before prog"),
            ("A=1 prog", "no exec before prog"),
            ("exec 2>&1", "no exec before exec"),
            ("cd x; prog", "no exec before prog"),
            ("if a; then b; fi", "no exec: the program"),
            ("prog | multilog t ./main", "ends in a pipeline"),
            ("exec prog | exec multilog t ./main", "ends in a pipeline"),
        ] {
            let found = found(&format!("#!/bin/sh\n{script}\n"));
            assert!(found.contains(words) && found.lines().count() == 1, "{script}: {found}");
        }
        // A script of another kind need not stay.
        assert!(lint(b"#!/bin/sh\nclean up &\n", false, &|_| true).is_empty());
    }
}
