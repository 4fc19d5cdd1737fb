//! Services that come, directories that go, states that can't be written, and processors that change lines.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use harness::{Scratch, SmallDisk, needs_root};
use rustix::process::Signal;

use super::{expected, ship, unstamped, write};

#[test]
fn a_service_that_comes_later_is_found_and_called_as_it_is() {
    let scratch = Scratch::new();
    let make = |name: &str| std::fs::create_dir_all(scratch.path(format!("scan/{name}/log"))).unwrap();
    make("web");
    write(&scratch, &["t", "./scan/web/log/main"], 0..3);
    let sink = "exec:cat >> out.$SHIP_SERVICE.$SHIP_HOST";
    let arguments = ["-S", "scan", "--state", "state", "--host", "h", "--delay", "50ms", sink];
    let mut running = ship(&scratch, &arguments).start();
    running.until("its lines", || unstamped(&scratch.path("out.web.h")) == expected(0..3));
    make("db");
    std::thread::sleep(Duration::from_millis(300));
    write(&scratch, &["t", "./scan/db/log/main"], 0..5);
    running.until("the lines of the new one", || unstamped(&scratch.path("out.db.h")) == expected(0..5));
    write(&scratch, &["t", "./scan/web/log/main"], 3..4);
    running.until("a fresh line", || unstamped(&scratch.path("out.web.h")) == expected(0..4));
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
}

/// Log directories that the shipper may not look into were not shipped, without a word.
#[test]
fn a_service_that_cannot_be_looked_into_is_named_once() {
    if !needs_root() {
        return;
    }
    let scratch = Scratch::new();
    let mode = |path: &str, mode: u32| {
        std::fs::set_permissions(scratch.path(path), PermissionsExt::from_mode(mode)).unwrap();
    };
    for service in ["db", "web"] {
        std::fs::create_dir_all(scratch.path(format!("scan/{service}/log"))).unwrap();
        write(&scratch, &["t", &format!("./scan/{service}/log/main")], 0..3);
        mode(&format!("scan/{service}/log/main"), 0o755);
        mode(&format!("scan/{service}/log/main/current"), 0o644);
    }
    mode(".", 0o777);
    mode("scan/db/log/main", 0o700);
    let program = scratch.copy(Path::new(env!("CARGO_BIN_EXE_mlog-ship")), "ship");
    let words = ["--reuid", "65534", "--clear-groups", program.to_str().unwrap()];
    let sink = "exec:cat >> out.$SHIP_SERVICE";
    let arguments = [&words[..], &["-S", "scan", "--state", "state", "--delay", "50ms", sink]].concat();
    let mut running = scratch.run(Path::new("/usr/bin/setpriv"), &arguments).start();
    running.until("the lines of the other", || unstamped(&scratch.path("out.web")) == expected(0..3));
    mode("scan/db/log/main", 0o755);
    // It is found when the scan directory is looked at again.
    std::fs::create_dir(scratch.path("scan/new")).unwrap();
    running.until("its lines", || unstamped(&scratch.path("out.db")) == expected(0..3));
    running.signal(Signal::TERM);
    let outcome = running.wait();
    let said = "mlog-ship: warning: unable to read scan/db/log/main: access denied\n";
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), said));
}

#[test]
fn a_directory_that_is_not_there_yet_holds_nobody_up() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./web"], 0..3);
    let sink = "exec:cat >> out.$SHIP_SERVICE";
    let arguments = ["later", "web", "--state", "state", "--delay", "50ms", sink];
    let mut running = ship(&scratch, &arguments).start();
    running.until("the lines of the other", || unstamped(&scratch.path("out.web")) == expected(0..3));
    write(&scratch, &["t", "./later"], 0..3);
    running.until("its lines", || unstamped(&scratch.path("out.later")) == expected(0..3));
    running.signal(Signal::TERM);
    let outcome = running.wait();
    // A logger makes a directory, and then what is in it.
    let said: Vec<&str> =
        outcome.stderr.lines().filter(|line| !line.ends_with("is not a log directory")).collect();
    let path = scratch.path("later").canonicalize().unwrap();
    let wanted = [
        format!("mlog-ship: warning: unable to read {}: file does not exist", path.display()),
        format!("mlog-ship: {}: shipped again", path.display()),
    ];
    assert_eq!(said, wanted);
}

#[test]
fn on_a_full_disk_a_lane_goes_on_that_has_its_state_and_a_new_one_sends_nothing_until_there_is_room() {
    let scratch = Scratch::new();
    let Some(disk) = SmallDisk::mount(&scratch.path("small"), "64k") else { return };
    write(&scratch, &["t", "./old"], 0..3);
    let state = disk.path().join("state");
    let sink = "exec:cat >> out.$SHIP_SERVICE";
    let arguments = ["old", "new", "--state", state.to_str().unwrap(), "--delay", "50ms", sink];
    let mut running = ship(&scratch, &arguments).start();
    running.until("three lines", || unstamped(&scratch.path("out.old")) == expected(0..3));
    let filler = disk.path().join("filler");
    std::fs::write(&filler, vec![0; 1 << 20]).unwrap_err();
    write(&scratch, &["t", "./old"], 3..6);
    write(&scratch, &["t", "./new"], 0..3);
    running.until("the old one's", || unstamped(&scratch.path("out.old")) == expected(0..6));
    harness::until("the trouble", || running.said().contains("unable to write state of "));
    std::thread::sleep(Duration::from_millis(500));
    assert!(!scratch.path("out.new").exists());
    std::fs::remove_file(filler).unwrap();
    running.until("the new one's", || unstamped(&scratch.path("out.new")) == expected(0..3));
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert_eq!(outcome.stderr.matches("unable to write state of ").count(), 1, "{outcome:?}");
}

#[test]
fn a_processor_that_changes_lines_loses_none_and_what_may_come_twice_is_said() {
    let scratch = Scratch::new();
    let arguments = ["log", "--state", "state", "--delay", "50ms", "exec:cat >> out"];
    write(&scratch, &["t", "s999999", "./log"], 0..10);
    let mut running = ship(&scratch, &arguments).start();
    running.until("ten lines", || unstamped(&scratch.path("out")).len() == 10);
    running.signal(Signal::TERM);
    running.wait();
    // A size that is full now: what was shipped in part is changed.
    write(&scratch, &["t", "s4096", "!sed 's/$/ changed/'", "./log"], 10..300);
    let mut running = ship(&scratch, &arguments).start();
    let plain = || -> Vec<String> {
        unstamped(&scratch.path("out")).iter().map(|line| line.trim_end_matches(" changed").into()).collect()
    };
    running.until("the last line", || plain().last() == expected(299..300).last());
    running.signal(Signal::TERM);
    let outcome = running.wait();
    let mut found = plain();
    found.dedup();
    assert_eq!(found, expected(0..300), "{outcome:?}");
    assert_eq!(outcome.stderr.matches("possibly repeated").count(), 1, "{outcome:?}");
    assert!(plain().len() <= 301);
}

#[test]
fn what_is_no_log_directory_is_said_once() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("empty")).unwrap();
    scratch.write("file", "x");
    let arguments = ["empty", "file", "--state", "state", "exec:cat"];
    let mut running = ship(&scratch, &arguments).start();
    harness::until("both", || running.said().lines().count() == 2);
    std::thread::sleep(Duration::from_millis(700));
    assert!(!running.has_ended());
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert!(outcome.stderr.contains("empty is not a log directory"), "{outcome:?}");
    assert!(outcome.stderr.contains("file: not a directory"), "{outcome:?}");
    assert_eq!(outcome.stderr.lines().count(), 2);
}
