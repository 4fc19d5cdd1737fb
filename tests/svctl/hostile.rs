//! Names and lines that others have chosen.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use harness::until;

use crate::{Place, SLEEP};

/// A line end, ESC with a command for a terminal, a quote, a byte that is no UTF-8.
const ODD: &[u8] = b"a\nb\x1b[2J\x07\"*\xff";

fn has_control_characters(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).chars().any(|letter| letter.is_control() && letter != '\n')
}

#[test]
fn no_control_character_of_a_name_is_shown() {
    let place = Place::running();
    place.service("x", SLEEP);
    let odd = OsStr::from_bytes(ODD);
    symlink(place.path("sv/x"), place.path("s").join(odd)).unwrap();
    until("it is up", || {
        place
            .here
            .run(&harness::tool("svstat"), &[place.path("s").join(odd)])
            .over("")
            .stdout
            .windows(4)
            .any(|four| four == b": up")
    });
    for words in [
        &[OsStr::new("status")][..],
        &["stop".as_ref(), odd],
        &["reload".as_ref(), odd],
        &["start".as_ref(), odd],
    ] {
        let outcome = place.run(words).over("");
        assert!(
            !has_control_characters(&outcome.stdout) && !has_control_characters(outcome.stderr.as_bytes())
        );
        assert!(outcome.stdout.iter().filter(|&&byte| byte == b'\n').count() <= 2, "{outcome:?}");
        let all = [&outcome.stdout[..], outcome.stderr.as_bytes()].concat();
        assert!(String::from_utf8_lossy(&all).contains("a?b?[2J?\"*"), "{outcome:?}");
    }
    let json = place.svctl("status --json").stdout;
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["service"], "a\nb\u{1b}[2J\u{7}\"*\u{fffd}");
    // Names that begin with a dash need two of them.
    let dashed = place.run(&["stop", "--", "-x"]).over("");
    assert!(dashed.stderr.contains("no service -x in "), "{}", dashed.stderr);
    let disabled = place.run(&[OsStr::new("disable"), odd]).over("").quietly();
    assert!(!has_control_characters(&disabled.stdout));
}

#[test]
fn no_control_character_of_a_line_is_shown() {
    let place = Place::running();
    place.service("x", "printf 'one\\033[2J\\033]0;title\\007\\n'; exit 1");
    place.logger("x");
    place.here.write("sv/x/down", "");
    place.here.write("sv/x/permanent-failure", "1\n");
    place.link("x");
    until("its logger runs", || place.ok("s/x/log"));
    let said = place.says("start x", 1);
    assert!(
        said.contains("svctl:   one?[2J?]0;title?\n") && !has_control_characters(said.as_bytes()),
        "{said:?}"
    );
    let said = place.well("status");
    assert!(said.contains("  one?[2J?]0;title?\n") && !has_control_characters(said.as_bytes()), "{said:?}");
    let value: serde_json::Value = serde_json::from_str(&place.well("status --json")).unwrap();
    assert_eq!(value["last_line"], "one\u{1b}[2J\u{1b}]0;title\u{7}");
}

/// Nothing waits for a pipe, and nothing is read through a link.
#[test]
fn odd_things_in_the_place_of_files_are_passed_over() {
    let place = Place::running();
    place.up("x", SLEEP);
    std::fs::create_dir_all(place.path("sv/x/log/main")).unwrap();
    let fifo = |name: &str| {
        let path = place.path(name);
        place.here.run("/usr/bin/mkfifo".as_ref(), &[path]).over("").quietly();
    };
    fifo("sv/x/log/main/current");
    let said = place.says("status", 1);
    assert!(said.lines().nth(1).unwrap().ends_with("no supervise"), "{said}");
    std::fs::remove_file(place.path("sv/x/log/main/current")).unwrap();
    symlink("/etc/passwd", place.path("sv/x/log/main/current")).unwrap();
    assert!(!place.says("status", 1).contains("root:"));
    fifo("s/svctl.groups");
    assert!(place.says("stop @web", 111).contains("unable to read "));
    // A control that is none.
    std::fs::rename(place.path("sv/x/supervise/control"), place.path("control")).unwrap();
    std::fs::write(place.path("sv/x/supervise/control"), "").unwrap();
    assert!(place.says("stop x", 111).contains("x: unable to tell supervise: is a regular file"));
    std::fs::rename(place.path("control"), place.path("sv/x/supervise/control")).unwrap();
    assert_eq!(place.well("stop x"), "x: down\n");
}
