//! `finish`: what comes after the end of a service.

use harness::ours_only;

use crate::{Service, lives, until};

const FINISH: &str = "#!/bin/sh\necho \"$@\" >>finished\n";

/// A service with a `finish`, and other files.
fn with(run: &str, finish: &str, files: &[(&str, &str)]) -> Service {
    let mut service = Service::new(run);
    service.script("finish", finish);
    for (name, text) in files {
        service.here.write(&format!("x/{name}"), text);
    }
    service.start();
    service
}

fn finished(service: &Service) -> Vec<String> {
    service.read("finished").lines().map(String::from).collect()
}

#[test]
fn it_is_told_how_the_service_ended_and_where() {
    if ours_only("Files of a service directory") {
        for (run, line) in [("exit 7", "7 0 x"), ("kill -KILL $$", "256 9 x")] {
            let service = with(run, FINISH, &[]);
            until("it has finished twice", || finished(&service).len() >= 2);
            assert_eq!(finished(&service)[..2], [line, line]);
            service.leave();
        }
    }
}

#[test]
fn the_service_is_started_again_after_it() {
    if ours_only("Files of a service directory") {
        let finish = "#!/bin/sh\necho begun >>log; sleep 1.2; echo done >>log\n";
        let service = with("echo run >>log; exit 1", finish, &[]);
        assert_eq!(service.until_log(5)[..5], ["run", "begun", "done", "run", "begun"]);
        service.until("down N seconds, normally up, want up");
        service.svc("-dx");
        service.supervise_ends();
        assert_eq!(service.log().last().unwrap(), "done");
    }
}

#[test]
fn it_is_killed_when_it_takes_too_long() {
    if ours_only("Files of a service directory") {
        let finish = "#!/bin/sh\necho $$ >>finished; exec sleep 1000\n";
        let service = with("exit 1", finish, &[("timeout-finish", "200")]);
        until("it has finished twice", || finished(&service).len() >= 2);
        assert!(!lives(finished(&service)[0].parse().unwrap()));
        service.leave();
    }
}

#[test]
fn a_finish_that_exits_125_leaves_the_service_down() {
    if ours_only("Files of a service directory") {
        let service = with("echo run >>log; exit 1", "#!/bin/sh\nexit 125\n", &[]);
        service.until("down N seconds, normally up");
        std::thread::sleep(std::time::Duration::from_millis(1200));
        assert_eq!(service.log(), ["run"]);
        service.leave();
    }
}

#[test]
fn one_that_cannot_be_run_is_said_and_passed_over() {
    if ours_only("Files of a service directory") {
        let mut service = Service::new("echo run >>log; exit 1");
        service.here.write("x/finish", "");
        service.start();
        service.until_log(2);
        let words = "supervise: fatal: unable to start x/finish: access denied\n";
        assert!(service.leave().stderr.starts_with(words));
    }
}

/// A service may not be started while what cleans up after its last life still runs.
#[test]
fn a_supervise_that_comes_after_a_kill_waits_for_it() {
    if ours_only("A service that outlives its supervise") {
        let finish = "#!/bin/sh\necho $$ >>finished; sleep 2; echo done >>log\n";
        let mut service = with("echo run >>log; exit 1", finish, &[]);
        until("it finishes", || finished(&service).len() == 1);
        service.kill_supervise();
        service.start();
        assert_eq!(service.until_log(3)[..3], ["run", "done", "run"]);
        service.leave();
    }
}
