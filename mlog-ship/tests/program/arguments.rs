//! What is wrong is said in one line, before anything is opened.

use harness::Scratch;

use super::{ship, write};

#[test]
fn what_is_wrong_on_the_command_line_is_100_in_one_line_and_nothing_is_made() {
    let scratch = Scratch::new();
    for (arguments, said) in [
        (&[][..], "no sink"),
        (&["log"], "no sink"),
        (&["exec:true"], "nothing to ship"),
        (&["log", "exec:true"], "--state is missing"),
        (&["log", "exec:true", "--state", ""], "--state is missing"),
        (&["log", "exec:", "--state", "state"], "exec: needs a command"),
        (&["log", "exec:true", "--state", "state", "--from", "here"], "--from here: start or end"),
        (&["log", "exec:true", "--state", "state", "--delay", "-1"], "--delay -1: a time"),
        (&["log", "exec:true", "--state", "state", "--batch", "1"], "--batch 1: a size from 1K to 8M"),
        (&["log", "exec:true", "--state", "state", "--batch", "9M"], "--batch 9M: a size from 1K to 8M"),
        (&["log", "exec:true", "--state", "state", "--memory", "x"], "--memory x: a size"),
        (&["log", "exec:true", "--state", "state", "--max-record", "1"], "--max-record 1: a size"),
        (&["log", "exec:true", "--state", "state", "--timeout", "0"], "--timeout 0: a time"),
        (&["log", "exec:true", "--state", "state", "--tai-offset", "9"], "--tai-offset 9: auto, 10 or leap"),
        (&["log", "exec:true", "--state", "state", "--host", ""], "--host needs a name"),
        (&["log", "exec:true", "--state", "state", "--metrics", ""], "--metrics needs a file"),
        (&["log", "exec:true", "--state", "state", "-u", "web"], "-S is missing"),
        (&["", "exec:true", "--state", "state"], "a directory without a name"),
        (&["log", "exec:true", "--state", "state", "--nonsense"], "--nonsense"),
        (&["log", "exec:true", "--state", "a", "--state", "b"], "--state"),
    ] {
        let outcome = ship(&scratch, arguments).over("");
        let is_one_line =
            outcome.stderr.lines().count() == 1 && outcome.stderr.starts_with("mlog-ship: fatal: ");
        assert!(
            outcome.code == Some(100) && is_one_line && outcome.stderr.contains(said),
            "{said}: {outcome:?}"
        );
    }
    assert_eq!(std::fs::read_dir(scratch.path("")).unwrap().count(), 0);
}

/// The command of the example, with folders of our own and without another user.
#[test]
fn the_service_of_the_examples_starts() {
    let scratch = Scratch::new();
    let example = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/service/mlog-ship");
    let run = std::fs::read_to_string(example.join("run")).unwrap();
    assert!(example.join("log/run").exists());
    let program = env!("CARGO_BIN_EXE_mlog-ship");
    let run = run.replace("setuidgid daemon mlog-ship", program).replace(" /service", " scan");
    let run = run.replace("/var/lib/mlog-ship", "state").replace("/var/lib/prometheus/node-exporter/", "");
    std::fs::create_dir_all(scratch.path("scan/web/log")).unwrap();
    write(&scratch, &["t", "./scan/web/log/main"], 0..3);
    let run = run.replace("nats-1,nats-2,nats-3", "127.0.0.1:1");
    let mut running = scratch.run(std::path::Path::new("/bin/sh"), &["-c", &run]).start();
    let counters = || std::fs::read_to_string(scratch.path("mlog-ship.prom")).unwrap_or_default();
    let is_down = |line: &str| line.starts_with("mlog_ship_down{") && line.ends_with("\",sink=\"nats\"} 1");
    running.until("an outage", || counters().lines().any(is_down));
    running.signal(rustix::process::Signal::TERM);
    let outcome = running.wait();
    let said = String::from_utf8_lossy(&outcome.stdout);
    assert!(
        outcome.code == Some(0) && said.contains("unable to deliver to nats: no connection"),
        "{outcome:?}"
    );
}

#[test]
fn it_says_what_it_is() {
    let scratch = Scratch::new();
    let help = ship(&scratch, &["--help"]).over("");
    assert!(String::from_utf8_lossy(&help.stdout).starts_with("usage: mlog-ship "), "{help:?}");
    let version = ship(&scratch, &["--version"]).over("");
    assert!(String::from_utf8_lossy(&version.stdout).starts_with("mlog-ship "), "{version:?}");
}

/// A log directory was taken for the state, and its logger could not start: both have a file called lock.
#[test]
fn a_log_directory_is_no_state_directory_and_its_logger_starts() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], 0..3);
    write(&scratch, &["t", "./other"], 0..3);
    let names = |name: &str| {
        let found = std::fs::read_dir(scratch.path(name)).unwrap().map(|entry| entry.unwrap().file_name());
        found.collect::<std::collections::BTreeSet<_>>()
    };
    for state in ["log", "other"] {
        let before = names(state);
        let outcome = ship(&scratch, &["log", "--state", state, "exec:cat >> out"]).over("");
        let said = format!("mlog-ship: fatal: --state {state} is a log directory\n");
        assert_eq!((outcome.code, outcome.stderr), (Some(100), said));
        assert_eq!(names(state), before);
        write(&scratch, &["t", &format!("./{state}")], 3..4);
    }
}

#[test]
fn a_state_that_is_damaged_or_in_use_is_111_in_one_line() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], 0..3);
    let sink = "exec:cat >> out";
    let mut running = ship(&scratch, &["log", "--state", "state", sink]).start();
    running.until("lines", || scratch.path("out").exists());
    let second = ship(&scratch, &["log", "--state", "state", sink]).over("");
    let said = format!("mlog-ship: fatal: unable to lock state: process {} ships with it\n", running.pid());
    assert_eq!((second.code, second.stderr), (Some(111), said));
    running.signal(rustix::process::Signal::TERM);
    assert_eq!(running.wait().code, Some(0));
    let lane = std::fs::read_dir(scratch.path("state")).unwrap().map(|entry| entry.unwrap().path());
    let lane = lane.into_iter().find(|path| path.to_string_lossy().contains("exec.")).unwrap();
    let good = std::fs::read_to_string(&lane).unwrap();
    std::fs::write(&lane, good.replace("taken ", "taken 7")).unwrap();
    let damaged = ship(&scratch, &["log", "--state", "state", sink]).over("");
    assert!(damaged.code == Some(111) && damaged.stderr.contains(" is damaged: "), "{damaged:?}");
    std::fs::write(&lane, "").unwrap();
    let empty = ship(&scratch, &["log", "--state", "state", sink]).over("");
    assert!(empty.code == Some(111) && empty.stderr.contains(" is damaged: "), "{empty:?}");
    std::fs::write(scratch.path("state/instance"), "short\n").unwrap();
    let instance = ship(&scratch, &["log", "--state", "state", sink]).over("");
    assert!(instance.code == Some(111) && instance.stderr.contains("instance is damaged"), "{instance:?}");
}
