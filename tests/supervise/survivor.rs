//! Supervise is killed and started again: one copy of the service at any time.

use harness::{ours_only, strace};

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

/// An old kernel, or one that forbids it.
#[test]
fn where_processes_cannot_be_known_it_is_as_in_the_original() {
    let Some(strace) = strace() else { return };
    if ours_only("A service that outlives its supervise") {
        let mut service = Service::up("echo $$ >>log; exec sleep 1000");
        let first = service.until_log(1)[0].parse().unwrap();
        service.kill_supervise();
        let supervise = service.tools.supervise.clone();
        let trace = "-qq -o /dev/null -e trace=pidfd_open -e inject=pidfd_open:error=ENOSYS";
        let words: Vec<&str> = trace.split(' ').chain([supervise.to_str().unwrap(), "x"]).collect();
        service.supervise = Some(service.here.run(&strace, &words).start());
        let second: u32 = service.until_log(2)[1].parse().unwrap();
        assert!(lives(first) && lives(second));
        service.svc("-t");
        service.until_log(3);
        let process = rustix::process::Pid::from_raw(i32::try_from(first).unwrap()).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::KILL).unwrap();
        let words =
            "supervise: warning: unable to look for the last process of x: system call not available\n";
        assert_eq!(service.leave().stderr, words);
    }
}

/// A backup of a running service that was started took the original's process for its own, and killed it.
#[test]
fn a_copy_of_a_service_is_another_service() {
    if ours_only("A service that outlives its supervise") {
        let mut service = Service::up("echo $$ >>log; exec sleep 1000");
        let first: u32 = service.until_log(1)[0].parse().unwrap();
        service.kill_supervise();
        service.here.run("/bin/cp".as_ref(), &["-a", "x", "y"]).over("").quietly();
        let copy = service.here.run(&service.tools.supervise, &["y"]).start();
        let log = || std::fs::read_to_string(service.here.path("y/log")).unwrap();
        crate::until("the copy's own process", || log().lines().count() == 2);
        service.here.run(&service.tools.svc, &["-dxk", "y"]).over("").quietly();
        copy.wait().quietly();
        assert!(lives(first));
        service.start();
        assert_eq!(service.pid(), Some(first));
        service.leave();
    }
}
