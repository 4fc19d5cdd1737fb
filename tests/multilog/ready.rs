//! `ready=`: the logger says when it is about to read.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use harness::{LogView, Outcome, Scratch, ours_only, tool, until};

/// Runs a script of sh with multilog as `$0`.
fn sh(here: &Scratch, script: &str) -> Outcome {
    let multilog = tool("multilog");
    let arguments: [&OsStr; 3] = ["-c".as_ref(), script.as_ref(), multilog.as_os_str()];
    here.run(Path::new("/bin/sh"), &arguments).over("a\n")
}

#[test]
fn it_says_a_newline_once_the_directory_is_locked_and_closes_the_descriptor() {
    if ours_only("Readiness") {
        let here = Scratch::new();
        let program = tool("multilog");
        let script = "mkfifo in ready; exec 4<>in; \"$0\" ./main ready=7 <in 4<&- 7>ready & \
                      cat ready >said; ls -A main >names; echo line >&4; exec 4>&-; wait";
        let arguments: [&OsStr; 3] = ["-c".as_ref(), script.as_ref(), program.as_os_str()];
        // It reads until its end comes, so the descriptor was closed while the logger ran.
        here.run(Path::new("/bin/sh"), &arguments).over("").quietly();
        assert_eq!(std::fs::read(here.path("said")).unwrap(), b"\n");
        assert_eq!(std::fs::read_to_string(here.path("names")).unwrap(), ".journal\ncurrent\nlock\n");
        assert_eq!(LogView::of(here.path("main")).text(), "line\n");
    }
}

#[test]
fn supervise_and_svwait_know_when_a_logger_is_ready() {
    if ours_only("Readiness") {
        let here = Scratch::new();
        let multilog = tool("multilog");
        here.write("x/notification-fd", "3\n");
        let run = format!(
            "#!/bin/sh\nexec 2>>said\n[ -p in ] || mkfifo in\nexec <>in\nexec {} ready=3 t ./main\n",
            multilog.display()
        );
        let run = here.write("x/run", run);
        std::fs::set_permissions(run, PermissionsExt::from_mode(0o755)).unwrap();
        // Another multilog holds the lock, so this one can't be ready.
        let mut other = here.multilog(&["./x/main"]).start();
        other.until("the other one has the lock", || here.path("x/main/.journal").exists());
        let supervise = here.run(&tool("supervise"), &["x"]).start();
        let ask = |seconds| here.run(&tool("svwait"), &["-r", "-t", seconds, "x"]).over("").code;
        until("it tries", || {
            std::fs::read_to_string(here.path("x/said")).is_ok_and(|said| said.contains("lock"))
        });
        assert_eq!(ask("0"), Some(111));
        other.end();
        assert_eq!(ask("30"), Some(0));
        here.run(&tool("svc"), &["-dx", "x"]).over("").quietly();
        supervise.wait();
    }
}

#[test]
fn a_descriptor_that_is_not_there_or_can_t_be_written_to_is_fatal_before_anything_is_opened() {
    if ours_only("Readiness") {
        for (descriptors, number) in [("8>&-", "8"), ("8</dev/null", "8"), ("", "1000000")] {
            let here = Scratch::new();
            let outcome = sh(&here, &format!("exec \"$0\" ready={number} =status ./main {descriptors}"));
            let said =
                format!("multilog: fatal: unable to use descriptor {number}: file descriptor not open\n");
            assert_eq!((outcome.code, outcome.stderr), (Some(111), said));
            assert!(!here.path("main").exists() && !here.path("status").exists());
        }
    }
}

#[test]
fn what_is_no_descriptor_is_refused_before_anything_is_opened() {
    if ours_only("Readiness") {
        for bad in ["ready=", "ready=2", "ready=x", "ready=99999999999"] {
            let here = Scratch::new();
            let outcome = here.multilog(&["./main", bad]).over("a\n");
            let said = format!(
                "multilog: fatal: unable to understand {bad}: not the number of a descriptor, 3 or more\n"
            );
            assert_eq!((outcome.code, outcome.stderr), (Some(100), said));
            assert!(!here.path("main").exists());
        }
    }
}

#[test]
fn a_processor_does_not_get_the_descriptor() {
    if ours_only("Readiness") {
        let here = Scratch::new();
        let script = "exec \"$0\" ready=7 s4096 '!ls /proc/self/fd' ./main 7>ready";
        let multilog = tool("multilog");
        let arguments: [&OsStr; 3] = ["-c".as_ref(), script.as_ref(), multilog.as_os_str()];
        here.run(Path::new("/bin/sh"), &arguments).over("x\n".repeat(3000)).quietly();
        let view = LogView::of(here.path("main"));
        let numbers = String::from_utf8(view.archives[0].2.clone()).unwrap();
        assert!(!numbers.lines().any(|number| number == "7"), "{numbers}");
        assert_eq!(std::fs::read(here.path("ready")).unwrap(), b"\n");
    }
}

/// Nobody listens any more, or nobody reads: that is said, and lines are logged.
#[test]
fn who_does_not_listen_is_not_waited_for() {
    if ours_only("Readiness") {
        let here = Scratch::new();
        let outcome = sh(&here, "exec \"$0\" ready=7 ./main 7>/dev/full");
        let said = "multilog: warning: unable to say that it is ready: out of disk space\n";
        assert_eq!((outcome.code, outcome.stderr), (Some(0), said.to_string()));
        assert_eq!(LogView::of(here.path("main")).text(), "a\n");
    }
}
