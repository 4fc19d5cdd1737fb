//! Supervise is killed and started again: one copy of the service at any time.

use harness::ours_only;

use crate::{Service, lives};

/// The original starts a second copy.
#[test]
fn the_next_supervise_takes_the_service_over() {
    if ours_only("A service that outlives its supervise") {
        let mut service = Service::up("echo $$ >>log; exec sleep 1000");
        service.until_log(1);
        service.svc("-p");
        service.until("up (pid N) N seconds, paused");
        let (pid, before) = (service.pid(), std::fs::read(service.here.path("x/supervise/status")).unwrap());
        for _ in 0..3 {
            service.kill_supervise();
            assert!(lives(pid.unwrap()));
            service.start();
            assert_eq!(service.pid(), pid);
            assert_eq!(std::fs::read(service.here.path("x/supervise/status")).unwrap(), before);
        }
        assert_eq!(service.log().len(), 1);
        service.svc("-ck");
        crate::until("another process", || service.pid().is_some() && service.pid() != pid);
        assert_eq!(service.until_log(2).len(), 2);
        service.leave();
    }
}

#[test]
fn what_was_wanted_stays_wanted() {
    if ours_only("A service that outlives its supervise") {
        let mut service = Service::up("trap : TERM; echo $$ >>log; while :; do sleep 0.1; done");
        service.until_log(1);
        service.svc("-d");
        service.until("up (pid N) N seconds, want down");
        service.kill_supervise();
        service.start();
        service.until("up (pid N) N seconds, want down");
        service.svc("-k");
        service.until("down N seconds, normally up");
        assert_eq!(service.log().len(), 1);
        service.leave();
    }
}

/// Whatever instant the kill hits, there is never a second copy: each writes its beginning and its end.
#[test]
fn a_kill_at_any_moment_leaves_one_copy_at_most() {
    if ours_only("A service that outlives its supervise") {
        let run = "exec 9>lock; flock -n 9 || echo second >>second; echo $$ >>log; exec sleep 0.3";
        let mut service = Service::new(run);
        for round in 0..40u64 {
            service.start();
            std::thread::sleep(std::time::Duration::from_millis(round * 37 % 400));
            service.kill_supervise();
        }
        service.start();
        assert!(!service.here.path("x/second").exists(), "two copies ran");
        assert!(service.log().len() > 5);
        service.leave();
    }
}
