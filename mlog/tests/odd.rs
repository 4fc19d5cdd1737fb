//! A directory under a follower in which something else happens than what loggers do.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::fs::{self, OpenOptions, Permissions};
use std::io::{Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use harness::Scratch;

const MLOG: &str = env!("CARGO_BIN_EXE_mlog");
const LABEL: &str = "@400000006b0000000000000";

struct Following {
    here: Scratch,
    child: Child,
}

impl Following {
    fn new(here: Scratch) -> Following {
        Following::with(here, |_| {})
    }

    fn with(here: Scratch, change: impl Fn(&mut Command)) -> Following {
        let mut command = Command::new(MLOG);
        let out = fs::File::create(here.path("out")).unwrap();
        command
            .args(["-f", "-o", "none", "log"])
            .current_dir(here.path("."))
            .stdout(out)
            .stderr(Stdio::piped());
        change(&mut command);
        let child = harness::spawn(&mut command);
        Following { here, child }
    }

    fn until(&self, text: &str) {
        harness::until(text, || fs::read_to_string(self.here.path("out")).unwrap().ends_with(text));
    }

    /// Waits until it has seen what has happened.
    fn rests(&self) {
        harness::until_it_rests(self.child.id());
    }

    fn append(&self, text: &str) {
        let mut current = OpenOptions::new().append(true).open(self.here.path("log/current")).unwrap();
        current.write_all(text.as_bytes()).unwrap();
    }

    fn rotate(&self, number: u32) {
        fs::rename(self.here.path("log/current"), self.here.path(format!("log/{LABEL}{number}.s"))).unwrap();
        self.here.write("log/current", "");
    }

    /// What came, and what was said.
    fn end(mut self) -> (String, String) {
        self.child.kill().unwrap();
        let mut said = String::new();
        self.child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        self.child.wait().unwrap();
        (fs::read_to_string(self.here.path("out")).unwrap(), said)
    }
}

fn scratch() -> Scratch {
    let here = Scratch::new();
    here.write("log/current", "a\n");
    here
}

#[test]
fn a_pipe_and_a_link_with_the_name_of_an_archive_are_left_out_and_said_once() {
    let following = Following::new(scratch());
    following.until("a\n");
    let name = |number: u32| following.here.path(format!("log/{LABEL}{number}.s"));
    following.rotate(1);
    Command::new("mkfifo").arg(name(2)).status().unwrap();
    symlink("/etc/passwd", name(3)).unwrap();
    fs::create_dir(name(4)).unwrap();
    following.append("b\n");
    following.until("b\n");
    following.rotate(5);
    following.append("c\n");
    following.until("c\n");
    let (out, said) = following.end();
    assert_eq!(out, "a\nb\nc\n");
    for number in [2, 3, 4] {
        let line = format!("mlog: warning: log/{LABEL}{number}.s can't be read");
        assert_eq!(said.matches(&line).count(), 1, "{said}");
    }
    assert_eq!(said.lines().count(), 3, "{said}");
}

#[test]
fn a_directory_that_is_removed_and_made_again_is_followed_again() {
    let following = Following::new(scratch());
    following.until("a\n");
    fs::remove_dir_all(following.here.path("log")).unwrap();
    following.rests();
    following.here.write("log/current", "b\n");
    following.until("b\n");
    fs::rename(following.here.path("log"), following.here.path("old")).unwrap();
    following.here.write("log/current", "c\n");
    following.until("c\n");
    following.append("d\n");
    following.until("d\n");
    let (out, said) = following.end();
    assert_eq!(out, "a\nb\nc\nd\n");
    assert!(said.matches("log: lines may be missing").count() >= 1, "{said}");
    assert!(said.matches("unable to follow").count() <= 2, "{said}");
}

#[test]
fn a_current_that_is_cut_and_longer_than_before_at_the_next_look_is_read_from_its_start() {
    let following = Following::new(scratch());
    following.until("a\n");
    // One write to the same inode, between two looks.
    let text = "x\ny\nz\n";
    let mut current = OpenOptions::new().write(true).open(following.here.path("log/current")).unwrap();
    current.write_all(text.as_bytes()).unwrap();
    following.until("z\n");
    let (out, said) = following.end();
    assert_eq!((&*out, said.matches("log: lines may be missing").count()), ("a\nx\ny\nz\n", 1), "{said}");
}

#[test]
fn a_current_that_is_replaced_by_a_pipe_and_then_by_a_file_is_followed_again() {
    let following = Following::new(scratch());
    following.until("a\n");
    let current = following.here.path("log/current");
    fs::remove_file(&current).unwrap();
    Command::new("mkfifo").arg(&current).status().unwrap();
    following.rests();
    fs::remove_file(&current).unwrap();
    following.here.write("log/current", "b\n");
    following.until("b\n");
    let (out, said) = following.end();
    assert_eq!(out, "a\nb\n");
    assert_eq!(said.matches("unable to follow log: is a named pipe").count(), 1, "{said}");
}

#[test]
fn rights_that_are_taken_away_and_given_back_cost_no_line() {
    let here = scratch();
    // Root has every right, so its follower is another user's.
    let privileged = unix::file::effective_user() == 0;
    let as_nobody = |command: &mut Command| {
        if privileged {
            command.uid(65_534).gid(65_534);
        }
    };
    let mut asked = Command::new(MLOG);
    asked.arg("--version").stdout(Stdio::null());
    as_nobody(&mut asked);
    if !asked.status().is_ok_and(|status| status.success()) {
        return;
    }
    fs::set_permissions(here.path("."), Permissions::from_mode(0o755)).unwrap();
    let log = here.path("log");
    let set = |mode: u32| fs::set_permissions(&log, Permissions::from_mode(mode)).unwrap();
    let following = Following::with(here, as_nobody);
    following.until("a\n");
    set(0);
    following.rests();
    if !privileged {
        set(0o755);
    }
    following.append("b\n");
    following.rotate(1);
    following.append("c\n");
    following.rests();
    set(0o755);
    following.until("c\n");
    let (out, said) = following.end();
    assert_eq!(out, "a\nb\nc\n");
    assert!(!said.contains("missing"), "{said}");
    assert_eq!(said.matches("unable to follow").count(), 1, "{said}");
}
