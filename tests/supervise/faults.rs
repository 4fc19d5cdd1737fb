//! Full disks, processes that can't be made, garbage.

use std::time::Duration;

use harness::{SmallDisk, ours_only, strace};

use crate::{Service, until};

/// In the original the status stays what it was.
#[test]
fn on_a_full_disk_the_status_stays_true() {
    if ours_only("The status on a full disk") {
        let mut service = Service::new("exec sleep 1000");
        let Some(disk) = SmallDisk::mount(&service.here.path("x/supervise"), "64k") else { return };
        service.start();
        service.until("up (pid N) N seconds");
        let filled = std::fs::write(disk.path().join("filler"), vec![0; 1 << 20]);
        assert!(filled.is_err());
        service.svc("-d");
        service.until("down N seconds, normally up");
        service.svc("-u");
        service.until("up (pid N) N seconds");
        std::fs::remove_file(disk.path().join("filler")).unwrap();
        service.svc("-d");
        service.until("down N seconds, normally up");
        until("it is known how it ended", || {
            service.read("supervise/state").starts_with("ended killed 15\n")
        });
        let words = service.leave().stderr;
        let expected = ["replace x/supervise/status", "write x/supervise/state"]
            .map(|what| format!("supervise: warning: unable to {what}: out of disk space\n"));
        assert_eq!(words, expected.concat());
    }
}

/// In the original nothing is read for a minute.
#[test]
fn a_process_that_cannot_be_made_is_tried_again_and_commands_are_served() {
    let Some(strace) = strace() else { return };
    if ours_only("Waiting after a start") {
        let mut service = Service::new("exec sleep 1000");
        let trace =
            "-qq -o /dev/null -e trace=fork,clone,clone3 -e inject=fork,clone,clone3:error=EAGAIN:when=1..2";
        let supervise = service.tools.supervise.clone();
        let words: Vec<&str> = trace.split(' ').chain([supervise.to_str().unwrap(), "x"]).collect();
        service.supervise = Some(service.here.run(&strace, &words).start());
        until("supervise runs", || service.ok());
        service.until("down N seconds, normally up, want up");
        service.svc("-d");
        service.until("down N seconds, normally up");
        service.svc("-u");
        service.until("up (pid N) N seconds");
        let words = service.leave().stderr;
        assert_eq!(words, "supervise: warning: unable to fork for x, pausing: temporary failure\n".repeat(2));
    }
}

/// A sandbox that forbids unshare(2), which supervise asks whether it has one thread.
#[test]
fn where_the_kernel_does_not_say_how_many_threads_there_are_proc_does() {
    let Some(strace) = strace() else { return };
    if ours_only("Waiting after a start") {
        for error in ["EPERM", "ENOSYS"] {
            let mut service = Service::new("exec sleep 1000");
            let inject = format!("inject=unshare:error={error}");
            let supervise = service.tools.supervise.clone();
            let words = [
                "-qq",
                "-o",
                "/dev/null",
                "-e",
                "trace=unshare",
                "-e",
                &inject,
                supervise.to_str().unwrap(),
                "x",
            ];
            service.supervise = Some(service.here.run(&strace, &words).start());
            until("supervise runs", || service.ok());
            service.until("up (pid N) N seconds");
            assert_eq!(service.leave().stderr, "");
        }
    }
}

#[test]
fn garbage_in_the_control_pipe_is_passed_over() {
    let service = Service::up("exec sleep 1000");
    let pid = Some(service.running());
    let control = service.here.path("x/supervise/control");
    std::fs::write(&control, (0..=255u8).filter(|byte| !byte.is_ascii_alphanumeric()).collect::<Vec<_>>())
        .unwrap();
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(service.pid(), pid);
    service.svc("-p");
    service.until("up (pid N) N seconds, paused");
    service.leave();
}

#[test]
fn a_service_that_is_killed_is_started_again() {
    let service = Service::up("echo $$ >>log; exec sleep 1000");
    for count in 1..4 {
        service.until_log(count);
        crate::until("it is shown", || service.pid().is_some());
        let pid = rustix::process::Pid::from_raw(service.log()[count - 1].parse().unwrap()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    }
    service.until_log(4);
    service.leave();
}
