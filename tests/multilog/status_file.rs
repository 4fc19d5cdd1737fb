//! Action `=file`.

use std::os::unix::fs::PermissionsExt;

use harness::Scratch;

fn padded(line: &str) -> Vec<u8> {
    let mut text = line.as_bytes().to_vec();
    text.resize(1001, b'\n');
    text
}

#[test]
fn the_last_selected_line_with_newlines_after_it() {
    let here = Scratch::new();
    here.multilog(&["-*", "+*ok*", "=status"]).over("ok 1\nbad\nok 2 longer\nok 3\nbad\n").quietly();
    assert_eq!(std::fs::read(here.path("status")).unwrap(), padded("ok 3"));
    assert_eq!(std::fs::metadata(here.path("status")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn it_is_made_empty_and_a_longer_one_keeps_its_tail() {
    let here = Scratch::new();
    here.multilog(&["=status"]).over("").quietly();
    assert_eq!(std::fs::read(here.path("status")).unwrap(), b"");
    here.write("status", "z".repeat(1200));
    here.multilog(&["=status"]).over("new\n").quietly();
    let expected = [padded("new"), vec![b'z'; 199]].concat();
    assert_eq!(std::fs::read(here.path("status")).unwrap(), expected);
}

#[test]
fn a_long_line_is_cut_to_a_thousand_bytes() {
    let here = Scratch::new();
    here.multilog(&["=status"]).over("a".repeat(999) + "bcd\n").quietly();
    assert_eq!(std::fs::read(here.path("status")).unwrap(), padded(&("a".repeat(999) + "b")));
}

#[test]
fn a_failed_write_is_said_with_the_name_and_tried_again() {
    let Some(strace) = harness::strace() else { return };
    let here = Scratch::new();
    here.write("status", "");
    let multilog = harness::tool("multilog");
    let path = here.path("status");
    let options = ["-qq", "-o", "/dev/null", "-P", path.to_str().unwrap(), "-e"];
    let inject = ["trace=write,pwrite64", "-e", "inject=write,pwrite64:error=ENOSPC:when=1"];
    let arguments = [&options[..], &inject, &[multilog.to_str().unwrap(), "=status"]].concat();
    let outcome = here.run(&strace, &arguments).over("new\n");
    assert_eq!(outcome.stderr, "multilog: warning: unable to write status, pausing: out of disk space\n");
    assert_eq!(std::fs::read(here.path("status")).unwrap(), padded("new"));
}

#[test]
fn a_path_that_cannot_be_opened_is_fatal() {
    let here = Scratch::new();
    let outcome = here.multilog(&["=no/such/status"]).over("a\n");
    assert_eq!(outcome.code, Some(111));
    assert_eq!(outcome.stderr, "multilog: fatal: unable to create no/such/status: file does not exist\n");
}
