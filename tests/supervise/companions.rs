//! svup, svwait, svgroup, readproctitle.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::time::Duration;

use harness::{Scratch, is_original, needs_root, tool};

use crate::{Service, until};

fn run(service: &Service, name: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let outcome = service.here.run(&tool(name), arguments).over("");
    (outcome.code, outcome.stderr)
}

#[test]
fn svup_says_whether_all_are_up() {
    if is_original() {
        return;
    }
    let service = Service::up("exec sleep 1000");
    service.until("up (pid N) N seconds");
    assert_eq!(run(&service, "svup", &["x"]), (Some(0), String::new()));
    service.svc("-d");
    service.until("down N seconds, normally up");
    assert_eq!(run(&service, "svup", &["x"]), (Some(100), String::new()));
    let words = "svup: fatal: nowhere: unable to chdir: file does not exist\n";
    assert_eq!(run(&service, "svup", &["nowhere"]), (Some(111), words.into()));
    assert_eq!(run(&service, "svup", &[]), (Some(100), "svup: usage: svup [ -lL ] dir ...\n".into()));
    service.leave();
}

/// The letters of daemontools-encore: `-L` is the log, `-l` the service.
#[test]
fn a_log_is_reached_through_its_service() {
    if is_original() {
        return;
    }
    let service = Service::up("exec sleep 1000");
    service.running();
    service.here.write("x/log/run", "#!/bin/sh\nexec sleep 1000\n");
    std::fs::set_permissions(service.here.path("x/log/run"), PermissionsExt::from_mode(0o755)).unwrap();
    let up = |letters: &[&str]| run(&service, "svup", &[letters, &["x"]].concat()).0;
    let words = "svup: fatal: x: unable to open supervise/ok: file does not exist\n";
    assert_eq!(run(&service, "svup", &["-L", "x"]), (Some(111), words.into()));
    let mut logger = service.here.run(&tool("supervise"), &["x/log"]).start();
    logger.until("the log is up", || up(&["-L"]) == Some(0));
    service.svc("-Ld");
    until("the log is down", || up(&["-L"]) == Some(100));
    assert_eq!([&["-l"][..], &[], &["-l", "-L"], &["-lL"]].map(up), [Some(0), Some(0), Some(100), Some(100)]);
    let said = |letters: &str| {
        let outcome = service.here.run(&tool("svstat"), &[letters, "x"]).over("").quietly();
        String::from_utf8(outcome.stdout).unwrap()
    };
    assert!(said("-L").starts_with("x log: down "), "{}", said("-L"));
    assert!(said("-l").starts_with("x: up "));
    let both = said("-lL");
    assert!(both.starts_with("x: up ") && both.contains("\nx log: down "), "{both}");
    assert!(said("-jL").starts_with("{\"dir\":\"x/log\",\"up\":false"));
    service.svc("-Lxld");
    logger.wait().quietly();
    service.until("down N seconds, normally up");
    service.leave();
}

/// Under the umask 077 the right on the status was gone after the first change of it.
#[test]
fn rights_of_a_group_outlive_changes_and_new_files() {
    if is_original() || !needs_root() {
        return;
    }
    let mut service = Service::new("echo >>log; exec sleep 1000");
    let supervise = ["-c", "umask 077; exec \"$0\" x", tool("supervise").to_str().unwrap()].map(String::from);
    service.supervise = Some(service.here.run("/bin/sh".as_ref(), &supervise).start());
    until("it is up", || service.ok() && service.state() == "up (pid N) N seconds");
    service.until_log(1);
    let rights = |file: &str| {
        let stat = std::fs::metadata(service.here.path("x/supervise").join(file)).unwrap();
        (stat.gid(), stat.permissions().mode() & 0o7777)
    };
    assert_eq!(rights("status").1, 0o600);
    assert_eq!(run(&service, "svgroup", &["65534", "x"]), (Some(0), String::new()));
    assert_eq!(rights("status"), (65534, 0o640));
    service.svc("-d");
    service.until("down N seconds, normally up");
    // The state of the service, which is there now, is for those who may read the status.
    assert_eq!((rights("status"), rights("state")), ((65534, 0o640), (65534, 0o640)));
    service.svc("-u");
    service.running();
    assert_eq!((rights("status"), rights("state")), ((65534, 0o640), (65534, 0o640)));
    service.leave();
}

#[test]
fn svwait_waits_until_a_service_is_up_or_down() {
    if is_original() {
        return;
    }
    let mut service = Service::new("exec sleep 1000");
    let waiting = service.here.run(&tool("svwait"), &["-u", "-t", "30", "x"]).start();
    std::thread::sleep(Duration::from_millis(100));
    service.start();
    waiting.end().quietly();
    assert!(service.state().starts_with("up"));
    let words = "svwait: fatal: unable to wait longer for x: timed out\n";
    assert_eq!(run(&service, "svwait", &["-d", "-t0", "x"]), (Some(111), words.into()));
    let waiting = service.here.run(&tool("svwait"), &["-d", "x"]).start();
    service.svc("-d");
    waiting.end().quietly();
    service.svc("-x");
    until("supervise is gone", || !service.ok());
    assert_eq!(run(&service, "svwait", &["-d", "x"]), (Some(0), String::new()));
    let usage = "svwait: usage: svwait -u|-d|-r [ -t seconds ] dir ...\n";
    for arguments in [&["x"][..], &["-u"], &["-u", "-tx", "x"]] {
        assert_eq!(run(&service, "svwait", arguments), (Some(100), usage.into()));
    }
    service.supervise.take().unwrap().wait();
}

#[test]
fn svgroup_lets_a_group_control_a_service_and_supervise_keeps_that() {
    if is_original() || !needs_root() {
        return;
    }
    let mut service = Service::up("exec sleep 1000");
    assert_eq!(run(&service, "svgroup", &["65534", "x"]), (Some(0), String::new()));
    let rights = |service: &Service| {
        ["control", "ok", ""].map(|file| {
            let stat = std::fs::metadata(service.here.path("x/supervise").join(file)).unwrap();
            (stat.gid(), stat.permissions().mode() & 0o777)
        })
    };
    let expected = [(65534, 0o620), (65534, 0o620), (65534, 0o710)];
    assert_eq!(rights(&service), expected);
    service.kill_supervise();
    service.start();
    assert_eq!(rights(&service), expected);
    // Anybody in the group may: svc and svstat as such a user.
    std::fs::set_permissions(service.here.path("."), PermissionsExt::from_mode(0o755)).unwrap();
    let svc = tool("svc");
    let line = [":65533:65534", svc.to_str().unwrap(), "-d", "x"];
    let as_member = service.here.run(&tool("setuidgid"), &line).over("");
    if as_member.code == Some(0) && as_member.stderr.is_empty() {
        service.until("down N seconds, normally up");
    } else {
        eprintln!("skipped: the tools are where others can't run them: {}", as_member.stderr);
    }
    assert_eq!(
        run(&service, "svgroup", &["no-such-group", "x"]),
        (Some(111), "svgroup: fatal: unknown group no-such-group\n".into())
    );
    service.leave();
}

/// The same where supervise is not in that group, and so can't give it a new file.
#[test]
fn rights_of_a_group_outlive_changes_by_a_supervise_outside_of_it() {
    let setpriv = std::path::Path::new("/usr/bin/setpriv");
    if is_original() || !needs_root() || !setpriv.exists() {
        return;
    }
    let mut service = Service::new("exec sleep 1000");
    std::fs::set_permissions(service.here.path("."), PermissionsExt::from_mode(0o755)).unwrap();
    std::os::unix::fs::chown(service.here.path("x"), Some(65533), Some(65533)).unwrap();
    let supervise = service.here.copy(&tool("supervise"), "supervise");
    let account = ["--reuid=65533", "--regid=65533", "--clear-groups", supervise.to_str().unwrap(), "x"];
    service.supervise = Some(service.here.run(setpriv, &account).start());
    until("it is up", || service.ok() && service.state() == "up (pid N) N seconds");
    assert_eq!(run(&service, "svgroup", &["65534", "x"]), (Some(0), String::new()));
    service.svc("-d");
    service.until("down N seconds, normally up");
    let stat = std::fs::metadata(service.here.path("x/supervise/status")).unwrap();
    assert_eq!((stat.uid(), stat.gid(), stat.permissions().mode() & 0o777), (65533, 65534, 0o644));
    assert!(!service.here.path("x/supervise/status.new").exists());
    service.leave().quietly();
}

#[test]
fn readproctitle_shows_the_end_of_its_input() {
    let here = Scratch::new();
    let mut running = here.run(&tool("readproctitle"), &["service errors:", &".".repeat(20)]).start();
    let path = format!("/proc/{}/cmdline", running.pid());
    let shown = || {
        let bytes = std::fs::read(&path).unwrap();
        String::from_utf8(bytes.split(|&byte| byte == 0).nth(2).unwrap_or_default().to_vec()).unwrap()
    };
    running.until("it begins", || shown() == ".".repeat(20));
    running.write(b"one\0two\n");
    running.until("what came", || shown() == ".............onetwo\n");
    running.write(b"0123456789abcdefghij");
    running.until("the end of what came", || shown() == "...3456789abcdefghij");
    running.end().quietly();
    assert_eq!(here.run(&tool("readproctitle"), &["...."]).over("").code, Some(100));
}
