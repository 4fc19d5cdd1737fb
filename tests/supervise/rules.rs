//! The files of a service directory that say how its service is treated.

use std::time::Duration;

use harness::ours_only;

use crate::Service;

/// A service with these files.
fn with(run: &str, files: &[(&str, &str)]) -> Service {
    let mut service = Service::new(run);
    for (name, text) in files {
        service.here.write(&format!("x/{name}"), text);
    }
    service.start();
    service
}

#[test]
fn what_does_not_go_down_in_time_is_killed() {
    if ours_only("Files of a service directory") {
        let files = [("timeout-kill", "300\n"), ("down-signal", "USR1\n")];
        let service =
            with("trap 'echo usr1 >>log' USR1; echo $$ >>log; while :; do sleep 0.05; done", &files);
        service.until_log(1);
        service.svc("-d");
        service.until("down N seconds, normally up");
        assert_eq!(service.log()[1..], ["usr1"]);
        service.leave();
    }
}

#[test]
fn a_permanent_failure_is_down() {
    if ours_only("Files of a service directory") {
        let service = with("echo $$ >>log; exit 100", &[("permanent-failure", "100 101")]);
        service.until_log(1);
        service.until("down N seconds, normally up");
        std::thread::sleep(Duration::from_millis(1500));
        assert_eq!(service.log().len(), 1);
        service.leave();
    }
}

#[test]
fn a_service_that_keeps_ending_waits_longer() {
    if ours_only("Files of a service directory") {
        let service = with("date +%s%N >>log; exit 1", &[("backoff", "60")]);
        let times: Vec<u64> = service.until_log(3).iter().map(|time| time.parse().unwrap()).collect();
        assert!(times[2] - times[1] >= 1_900_000_000, "{times:?}");
        service.leave();
    }
}

#[test]
fn a_session_of_its_own() {
    if ours_only("Files of a service directory") {
        let show = "cut -d' ' -f1,5,6 /proc/$$/stat >>log; exec sleep 1000";
        for (files, alone) in [(&[][..], false), (&[("setsid", "")], true)] {
            let service = with(show, files);
            let ids = service.until_log(1)[0].clone();
            let ids: Vec<&str> = ids.split(' ').collect();
            assert_eq!(ids[0] == ids[1] && ids[1] == ids[2], alone, "{ids:?}");
            service.leave();
        }
    }
}

/// A shell and its child, which both say what they got.
const GROUP: &str = "trap 'echo main >>log' HUP\n\
                     sh -c 'trap \"echo child >>log\" HUP; echo up >>log; while :; do sleep 0.05; done' &\n\
                     while :; do wait; done";

#[test]
fn a_signal_behind_a_plus_is_for_the_group() {
    if ours_only("Files of a service directory") {
        let service = with(GROUP, &[("setsid", "")]);
        service.until_log(1);
        service.svc("-+h");
        service.until_log(3);
        // The next svc is for the process again.
        service.svc("-h");
        service.until_log(4);
        std::thread::sleep(Duration::from_millis(300));
        let mut log = service.log();
        log.sort();
        assert_eq!(log, ["child", "main", "main", "up"]);
        service.svc("-+dxk");
        service.supervise_ends();
    }
}

#[test]
fn without_a_group_of_its_own_the_process_gets_it_and_that_is_said() {
    if ours_only("Files of a service directory") {
        let service = with("trap 'echo main >>log' HUP; echo up >>log; while :; do sleep 0.05; done", &[]);
        service.until_log(1);
        service.svc("-+h");
        assert_eq!(service.until_log(2), ["up", "main"]);
        // Two signals, and one command.
        service.svc("-+d");
        service.until("down N seconds, normally up");
        let words = "supervise: warning: unable to signal the group of x: it has none of its own without a file setsid\n";
        assert_eq!(service.leave().stderr, words.repeat(2));
    }
}

#[test]
fn what_is_not_understood_is_warned_about() {
    if ours_only("Files of a service directory") {
        let service = with("exec sleep 1000", &[("timeout-kill", "soon")]);
        service.until("up (pid N) N seconds");
        let words = "supervise: warning: unable to understand x/timeout-kill\n";
        assert!(service.leave().stderr.starts_with(words));
    }
}
