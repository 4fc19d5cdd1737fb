//! Services that come while they are followed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use harness::{Scratch, until};
use tai64tools::Label;

use crate::{MLOG, append, end, follower, stamped};

fn now(text: &str) -> String {
    format!("{} {text}\n", String::from_utf8_lossy(&Label::now().text()))
}

/// `mlog -f -S` went on with the services of its start, and said nothing of others.
#[test]
fn a_service_that_comes_is_followed_from_its_first_line() {
    let here = Scratch::new();
    here.write("scan/a/log/main/current", "a 1\n");
    let out = here.path("out");
    let shown = || fs::read_to_string(&out).unwrap();
    let following = follower(
        &here,
        &["-f", "-o", "none", "-S", "scan", "-u", "[a-c]"],
        fs::File::create(&out).unwrap().into(),
    );
    until("the first", || shown() == "a: a 1\n");
    here.write("scan/b/log/main/current", "b 1\nb 2\n");
    here.write("scan/other/log/main/current", "other\n");
    // A service of long standing, which is enabled now.
    let old = format!("there/log/main/{}.s", &stamped(0, "")[..25]);
    here.write(&old, stamped(0, "c of long ago"));
    here.write("there/log/main/current", stamped(5, "c of yesterday") + &now("c 1"));
    symlink(here.path("there"), here.path("scan/c")).unwrap();
    until("all", || shown().contains("b: b 2\n") && shown().contains("c: c 1\n"));
    append(&here, "scan/b/log/main", "b 3\n");
    append(&here, "scan/c/log/main", &now("c 2"));
    append(&here, "scan/a/log/main", "a 2\n");
    until("what follows", || [": b 3", ": c 2", ": a 2"].iter().all(|line| shown().contains(line)));
    assert_eq!(end(following), "");
    let text = shown();
    let mut lines: Vec<&str> = text.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["a: a 1", "a: a 2", "b: b 1", "b: b 2", "b: b 3", "c: c 1", "c: c 2"]);
}

/// Also where it is found again with each look for services that come.
#[test]
fn a_current_that_may_not_be_read_is_said_once_and_followed_when_it_may() {
    let here = Scratch::new();
    // Root may read everything, so its follower is another user's.
    let as_other = |command: &mut Command| {
        if unix::file::effective_user() == 0 {
            command.uid(65_534).gid(65_534);
        }
    };
    let mut asked = Command::new(MLOG);
    as_other(asked.arg("--version").stdout(Stdio::null()));
    if !asked.status().is_ok_and(|status| status.success()) {
        return;
    }
    fs::set_permissions(here.path("."), Permissions::from_mode(0o755)).unwrap();
    here.write("scan/a/log/main/current", "a 1\n");
    let current = here.write("scan/b/log/main/current", "b 1\n");
    fs::set_permissions(&current, Permissions::from_mode(0o000)).unwrap();
    let out = here.path("out");
    let mut command = Command::new(MLOG);
    command.args(["-f", "-o", "none", "-S", "scan"]).current_dir(here.path("."));
    command.stdout(fs::File::create(&out).unwrap()).stderr(Stdio::piped());
    as_other(&mut command);
    let following = harness::spawn(&mut command);
    until("a", || fs::read_to_string(&out).unwrap() == "a: a 1\n");
    here.write("scan/c/log/main/current", "c 1\n");
    until("c", || fs::read_to_string(&out).unwrap().ends_with("c: c 1\n"));
    fs::set_permissions(&current, Permissions::from_mode(0o644)).unwrap();
    until("b", || fs::read_to_string(&out).unwrap().ends_with("b: b 1\n"));
    assert_eq!(end(following), "mlog: warning: unable to read scan/b/log/main/current: access denied\n");
}

#[test]
fn the_first_service_is_waited_for_and_a_cursor_knows_all_of_them() {
    let here = Scratch::new();
    fs::create_dir(here.path("scan")).unwrap();
    let out = here.path("out");
    let shown = || fs::read_to_string(&out).unwrap();
    let options = ["-f", "-o", "none", "--cursor-file", "cursor", "-S", "scan"];
    let following = follower(&here, &options, fs::File::create(&out).unwrap().into());
    harness::until_it_rests(following.id());
    here.write("scan/a/log/main/current", stamped(1, "a 1"));
    until("a", || shown() == "a: a 1\n");
    here.write(&format!("scan/b/log/main/{}.s", &stamped(2, "")[..25]), stamped(1, "b 1"));
    here.write("scan/b/log/main/current", stamped(3, "b 2"));
    until("b", || shown().ends_with("b: b 1\nb: b 2\n"));
    // Meant, label, offset and what else tells the place in a directory.
    let offset = |line: &str| line.split(' ').nth(2).is_some_and(|offset| offset != "0");
    let places = || fs::read_to_string(here.path("cursor")).unwrap();
    until("the cursor", || {
        places().lines().filter(|line| line.ends_with("/main") && offset(line)).count() == 2
    });
    let said = end(following);
    assert_eq!(said, "mlog: warning: no log directory of such a service under scan\n");
    append(&here, "scan/b/log/main", &stamped(4, "b 3"));
    let rest = follower(&here, &options[1..], Stdio::piped()).wait_with_output().unwrap();
    assert_eq!(String::from_utf8(rest.stdout).unwrap(), "b: b 3\n");
}
