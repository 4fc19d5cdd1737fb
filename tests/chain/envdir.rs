//! `envdir`: variables from a directory.

use harness::{Scratch, ours_only, user_cannot_read};

use crate::{refused, run, shell, text};

/// A directory `env` with these files.
fn with(files: &[(&str, &str)]) -> Scratch {
    let here = Scratch::new();
    std::fs::create_dir(here.path("env")).unwrap();
    for (name, bytes) in files {
        here.write(&format!("env/{name}"), bytes);
    }
    here
}

#[test]
fn a_value_is_the_first_line_without_the_blanks_at_its_end() {
    let here =
        with(&[("A", "a b \t \nsecond"), ("B", "x\0y"), ("C", " c"), ("D", "\n"), ("E", "no newline")]);
    let shown = text(shell(
        &here,
        "\"$T\"/envdir env sh -c 'for v in \"$A\" \"$B\" \"$C\" \"${D-unset}\" \"$E\"; do echo \"<$v>\"; done'",
    ));
    assert_eq!(shown, "<a b>\n<x\ny>\n< c>\n<>\n<no newline>\n");
}

#[test]
fn an_empty_file_removes_and_files_with_a_dot_do_not_count() {
    let here = with(&[("GONE", ""), (".A", "hidden")]);
    let shown = text(shell(
        &here,
        "GONE=x KEPT=y \"$T\"/envdir env sh -c 'echo ${GONE-removed} $KEPT; env' | grep -E '^(removed|.A=|KEPT)'",
    ));
    assert_eq!(shown, "removed y\nKEPT=y\n");
}

#[test]
fn a_link_to_a_file_is_one() {
    let here = with(&[("..data", "")]);
    std::fs::remove_file(here.path("env/..data")).unwrap();
    here.write("env/..1/A", "linked");
    std::os::unix::fs::symlink("..1", here.path("env/..data")).unwrap();
    std::os::unix::fs::symlink("..data/A", here.path("env/A")).unwrap();
    std::os::unix::fs::symlink("env", here.path("link")).unwrap();
    assert_eq!(text(run(&here, "envdir", &["link", "sh", "-c", "echo $A"])), "linked\n");
}

#[test]
fn what_cannot_be_read_is_111_and_nothing_is_run() {
    let here = with(&[]);
    for (directory, words) in [
        ("nowhere", "unable to switch to directory nowhere: file does not exist"),
        ("/etc/passwd", "unable to switch to directory /etc/passwd: not a directory"),
        ("", "unable to switch to directory : file does not exist"),
    ] {
        refused(&run(&here, "envdir", &[directory, "echo", "run"]), 111, &format!("envdir: fatal: {words}"));
    }
    std::os::unix::fs::symlink("loop", here.path("env/loop")).unwrap();
    refused(
        &run(&here, "envdir", &["env", "echo"]),
        111,
        "envdir: fatal: unable to read env/loop: symbolic link loop",
    );
    let here = with(&[]);
    std::fs::create_dir(here.path("env/sub")).unwrap();
    refused(
        &run(&here, "envdir", &["env", "echo"]),
        111,
        "envdir: fatal: unable to read env/sub: is a directory",
    );
}

#[test]
fn a_file_that_may_not_be_read_is_111() {
    let here = with(&[("A", "secret")]);
    if user_cannot_read(&here.path("env/A")) {
        let outcome = run(&here, "envdir", &["env", "echo"]);
        refused(&outcome, 111, "envdir: fatal: unable to read env/A: access denied");
    }
}

/// In the original a file named `LD_PRELOAD=x` sets LD_PRELOAD.
#[test]
fn a_name_that_would_set_another_variable_is_refused() {
    if ours_only("Names in envdir") {
        let here = with(&[("LD_PRELOAD=x", "y"), ("A", "1")]);
        let words =
            "envdir: fatal: unable to read env/LD_PRELOAD=x: a name with = would set another variable";
        refused(&run(&here, "envdir", &["env", "echo"]), 111, words);
    }
}

/// The original waits for a fifo's writer or takes nothing for a value, and gives a link that leads nowhere the value of the
/// file before it.
#[test]
fn what_is_no_file_is_refused() {
    if ours_only("Files in envdir") {
        let here = with(&[]);
        text(shell(&here, "mkfifo env/fifo"));
        refused(
            &run(&here, "envdir", &["env", "echo"]),
            111,
            "envdir: fatal: unable to read env/fifo: invalid argument",
        );
        let here = with(&[("A", "1")]);
        std::os::unix::fs::symlink("nowhere", here.path("env/link")).unwrap();
        refused(
            &run(&here, "envdir", &["env", "echo"]),
            111,
            "envdir: fatal: unable to read env/link: file does not exist",
        );
    }
}

#[test]
fn a_prefix_stands_before_the_names() {
    if ours_only("Options of the chain-loading tools") {
        let here = with(&[("A", "1"), ("B", "")]);
        for prefix in ["-p X_", "-pX_"] {
            let line = format!("X_B=2 A=0 \"$T\"/envdir {prefix} env sh -c 'echo $A $X_A ${{X_B-removed}}'");
            assert_eq!(text(shell(&here, &line)), "0 1 removed\n");
        }
    }
}
