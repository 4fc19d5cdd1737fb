//! Commands, and what is waited for.

use std::time::Duration;

use harness::until;

use crate::{Place, SLEEP};

#[test]
fn a_service_is_stopped_started_and_restarted() {
    let place = Place::running();
    place.service("x", SLEEP);
    place.logger("x");
    place.link("x");
    assert!(place.well("start x").starts_with("x: up, pid "));
    let pid = place.read("sv/x/started");
    assert_eq!(place.well("start x"), format!("x: up, pid {pid}"), "it is up already");
    assert!(place.well("restart x").starts_with("x: up, pid "));
    assert_eq!(place.read("sv/x/started").lines().count(), 2);
    assert_eq!(place.well("stop x"), "x: down\n");
    assert!(place.svstat("x").contains(": down"));
    assert!(place.well("restart x").starts_with("x: up, pid "), "what is down is started");
    assert_eq!(place.well("stop x"), "x: down\n");
    assert!(place.well("start x").starts_with("x: up, pid "));
    assert!(place.well("restart x/log").starts_with("x/log: up, pid "));
    assert_eq!(place.well("-w 0 stop x"), "x: told\n");
}

#[test]
fn a_start_that_fails_shows_how_it_ended_and_the_last_lines_of_its_log() {
    let place = Place::running();
    std::fs::create_dir_all(place.path("sv/x")).unwrap();
    place.here.write("sv/x/down", "");
    place.service("x", "echo no such file: config; exit 3");
    place.logger("x");
    place.link("x");
    until("its logger runs", || place.ok("s/x/log"));
    let said = place.says("start x", 1);
    assert!(said.contains("svctl: x: ended with exit code 3 after its start\n"), "{said}");
    assert!(said.contains("svctl: x: the last lines of its log:\nsvctl:   no such file: config\n"), "{said}");
    assert_eq!(place.well("stop x"), "x: down\n");
    // A signal, and no logger.
    place.service("y", "kill -9 $$");
    place.link("y");
    let said = place.says("start y", 1);
    assert!(said.contains("svctl: y: was ended by signal 9 after its start\n"), "{said}");
    assert!(said.contains("y: it has no logger: its output is where that of svscan is\n"), "{said}");
}

#[test]
fn what_a_service_without_a_logger_said_is_in_the_log_of_svscan() {
    let mut place = Place::new();
    let multilog = harness::tool("multilog");
    place.script("s/.svscan/log/run", &format!("exec '{}' t ./main", multilog.display()));
    place.start();
    place.service("x", "echo out of x; exit 1");
    place.link("x");
    until("it was said", || place.path("s/.svscan/log/main/current").exists());
    let said = place.says("start x", 1);
    assert!(said.contains("the last lines of svscan's log, since it has no logger:"), "{said}");
    assert!(said.contains("svctl:   out of x\n"), "{said}");
}

#[test]
fn a_run_that_cannot_be_run_is_a_start_that_fails() {
    let place = Place::running();
    place.service("x", SLEEP);
    place.here.write("sv/x/run", "no interpreter\n");
    place.link("x");
    let said = place.says("start x", 1);
    assert!(said.contains("svctl: x: ended with exit code 111 after its start\n"), "{said}");
}

#[test]
fn what_does_not_end_is_waited_for_named_and_killed() {
    let place = Place::running();
    place.up("x", "trap '' TERM; echo $$ >pid; while :; do sleep 0.1; done");
    until("it ignores the signal", || !place.read("sv/x/pid").is_empty());
    let pid = place.read("sv/x/pid").trim().to_string();
    let said = place.says("stop x -w 3", 1);
    assert!(said.contains(&format!("svctl: waiting for x (up, pid {pid}, wants down); ")), "{said}");
    assert!(
        said.contains(&format!("svctl: x: up, pid {pid}, wants down after 3 s; svctl kill ends it")),
        "{said}"
    );
    assert_eq!(place.well("kill x"), "x: down\n");
}

#[test]
fn a_start_waits_until_a_service_that_says_so_is_ready() {
    let place = Place::running();
    place.service("x", "while [ ! -e go ]; do sleep 0.05; done; echo >&3; exec sleep 1000");
    place.here.write("sv/x/notification-fd", "3\n");
    place.link("x");
    let said = place.says("-w 2 start x", 1);
    assert!(said.contains("svctl: x: up, not ready, pid "), "{said}");
    assert!(place.says("status x", 1).lines().nth(1).unwrap().contains(" no "));
    place.here.write("sv/x/go", "");
    assert!(place.well("start x").starts_with("x: up and ready, pid "));
    assert!(place.well("status x").lines().nth(1).unwrap().contains(" yes "));
}

#[test]
fn once_pause_continue_reload_and_kill() {
    let place = Place::running();
    place.up("x", "trap 'echo again >>reloaded' HUP; echo >>begun; while :; do sleep 0.05; done");
    until("it waits for signals", || !place.read("sv/x/begun").is_empty());
    assert!(place.well("reload x").starts_with("x: told, up, pid "));
    until("it has read again", || place.read("sv/x/reloaded") == "again\n");
    assert!(place.well("pause x").ends_with(", paused\n"));
    assert!(place.well("status x").contains(" paused "));
    assert!(!place.well("continue x").contains("paused"));
    place.well("kill x");
    until("it is back", || place.read("sv/x/begun").lines().count() == 2);
    assert!(place.well("once x").starts_with("x: up, pid "));
    place.well("kill x");
    std::thread::sleep(Duration::from_millis(1500));
    assert_eq!(place.read("sv/x/begun").lines().count(), 2, "it was to run once");
    assert!(place.says("reload x", 1).contains("x: down, so there is nothing to reload\n"));
    // One that ends by itself has run.
    place.service("task", "echo done >>did; exit 0");
    place.here.write("sv/task/down", "");
    place.link("task");
    assert_eq!(place.well("once task"), "task: down\n");
    assert_eq!(place.read("sv/task/did"), "done\n");
}

#[test]
fn a_hundred_services_are_told_together() {
    let place = Place::new();
    for number in 0..100 {
        place.service(&format!("x{number}"), "exec sleep 1000");
        std::os::unix::fs::symlink(place.path(format!("sv/x{number}")), place.path(format!("s/x{number}")))
            .unwrap();
    }
    let mut place = place;
    place.start();
    assert_eq!(place.well("startall -w 50").lines().filter(|line| line.contains(": up, pid ")).count(), 100);
    assert_eq!(place.well("-w 50 stopall").lines().filter(|line| line.ends_with(": down")).count(), 100);
    let outcome = place.svctl("-w 50 startall");
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    assert!(outcome.took < Duration::from_secs(40), "one after the other takes 100 s: {:?}", outcome.took);
    assert_eq!(place.well("statusall").lines().count(), 101);
    assert_eq!(place.well("status x9*").lines().count(), 12);
}

#[test]
fn groups_are_read_from_their_file() {
    let place = Place::running();
    for name in ["a", "b1", "b2", "c"] {
        place.up(name, SLEEP);
    }
    place.here.write("s/svctl.groups", "# two kinds\nbs: b*\nweb: a @bs\nbad: none\n");
    assert_eq!(place.well("stop @web"), "a: down\nb1: down\nb2: down\n");
    assert!(place.svstat("c").contains(": up"));
    assert!(place.says("stop @none", 100).contains("no group @none"), "and which there are");
    assert!(place.says("stop @bad", 100).contains("no service none in "));
    place.here.write("s/svctl.groups", "web a\n");
    assert!(
        place
            .says("stop @web", 100)
            .contains("svctl.groups, line 1: not understood; a line is GROUP: SERVICE ...")
    );
}

#[test]
fn shutdown_ends_all_and_svscan() {
    let mut place = Place::running();
    place.service("x", "trap 'seq 1 500; exit' TERM; echo up; while :; do sleep 0.05; done");
    place.logger("x");
    place.link("x");
    until("it is up", || place.logged("x") == "up\n");
    place.well("shutdown");
    assert_eq!(place.svscan.take().unwrap().wait().code, Some(0));
    assert!(place.logged("x").ends_with("\n500\n"));
    let said = place.says("start x", 111);
    assert!(
        said.contains("x: no supervise runs in ") && said.contains("no svscan can be seen in "),
        "{said}"
    );
}
