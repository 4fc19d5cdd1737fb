//! What can't be run, reached or read.

use harness::{Outcome, Scratch, ours_only, tool};

use crate::{Service, until};

fn run(here: &Scratch, name: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let Outcome { code, stderr, stdout, .. } = here.run(&tool(name), arguments).over("");
    (code, String::from_utf8(stdout).unwrap() + &stderr)
}

#[test]
fn directories_that_are_none_and_where_nothing_runs() {
    let here = Scratch::new();
    here.write("file", "");
    std::fs::create_dir_all(here.path("empty")).unwrap();
    std::fs::create_dir_all(here.path("dead/supervise")).unwrap();
    for fifo in ["ok", "control"] {
        let path = here.path("dead/supervise").join(fifo);
        rustix::fs::mkfifoat(rustix::fs::CWD, path, rustix::fs::Mode::RWXU).unwrap();
    }
    for (name, arguments, code, words) in [
        ("supervise", &[][..], 100, "supervise: usage: supervise dir\n"),
        ("supervise", &["a", "b"], 100, "supervise: usage: supervise dir\n"),
        (
            "supervise",
            &["nowhere"],
            111,
            "supervise: fatal: unable to chdir to nowhere: file does not exist\n",
        ),
        ("supervise", &["file"], 111, "supervise: fatal: unable to chdir to file: not a directory\n"),
        ("svok", &[], 100, "svok: usage: svok dir\n"),
        ("svok", &["nowhere"], 111, "svok: fatal: unable to chdir to nowhere: file does not exist\n"),
        ("svok", &["empty"], 100, ""),
        ("svok", &["dead"], 100, ""),
        ("svc", &[], 0, ""),
        ("svc", &["-u", "nowhere"], 0, "svc: warning: unable to chdir to nowhere: file does not exist\n"),
        ("svc", &["-u", "empty"], 0, "svc: warning: unable to control empty: file does not exist\n"),
        ("svc", &["-u", "dead"], 0, "svc: warning: unable to control dead: supervise not running\n"),
        ("svc", &["--nothing"], 0, ""),
        ("svstat", &[], 0, ""),
        ("svstat", &[""], 0, ": unable to chdir: file does not exist\n"),
        ("svc", &["-d", ""], 0, "svc: warning: unable to chdir to : file does not exist\n"),
        ("svok", &[""], 111, "svok: fatal: unable to chdir to : file does not exist\n"),
        ("svstat", &["nowhere"], 0, "nowhere: unable to chdir: file does not exist\n"),
        ("svstat", &["file"], 0, "file: unable to chdir: not a directory\n"),
        (
            "svstat",
            &["empty", "dead"],
            0,
            "empty: unable to open supervise/ok: file does not exist\ndead: supervise not running\n",
        ),
    ] {
        assert_eq!(run(&here, name, arguments), (Some(code), words.into()), "{name} {arguments:?}");
    }
}

#[test]
fn svc_says_its_options() {
    let here = Scratch::new();
    let (code, words) = run(&here, "svc", &["-z", "x"]);
    assert_eq!(code, Some(100));
    assert!(
        words.starts_with("svc: illegal option -- z\nsvc options: u up, d down, o once, x exit"),
        "{words}"
    );
}

#[test]
fn a_second_supervise_is_refused() {
    let service = Service::up("exec sleep 1000");
    let refused = "supervise: fatal: unable to acquire x/supervise/lock: temporary failure\n";
    assert_eq!(run(&service.here, "supervise", &["x"]), (Some(111), refused.into()));
    service.leave();
}

#[test]
fn a_script_that_cannot_be_run_is_said_and_tried_again() {
    for (spoil, reason) in [
        ("rm x/run", "file does not exist"),
        ("chmod 644 x/run", "access denied"),
        ("rm x/run; mkdir x/run", "access denied"),
    ] {
        let mut service = Service::new("exit");
        service.here.run("/bin/sh".as_ref(), &["-c", spoil]).over("").quietly();
        let elsewhere = Scratch::new();
        let said = elsewhere.path("said");
        let file = std::fs::File::create(&said).unwrap();
        service.supervise = Some(service.here.run(&tool("supervise"), &["x"]).saying_to(file).start());
        let expected = format!("supervise: fatal: unable to start x/run: {reason}\n");
        let words = || std::fs::read_to_string(&said).unwrap();
        until("it is said twice", || words().len() >= 2 * expected.len());
        service.leave();
        assert!(words().replace(&expected, "").is_empty(), "{}", words());
    }
}

/// Whoever owns the pipe gives the commands. The original reads from whatever is there.
#[test]
fn a_control_pipe_that_is_none_is_refused() {
    if ours_only("Trust in the control pipe") {
        let service = Service::new("exit");
        service.here.write("x/supervise/control", "");
        let words = "supervise: fatal: unable to read x/supervise/control: permission denied\n";
        assert_eq!(run(&service.here, "supervise", &["x"]), (Some(111), words.into()));
    }
}

#[test]
fn a_link_that_leads_nowhere_is_followed_and_its_target_made() {
    let mut service = Service::new("exec sleep 1000");
    std::os::unix::fs::symlink("../elsewhere", service.here.path("x/supervise")).unwrap();
    service.start();
    assert!(service.here.path("elsewhere/status").exists());
    service.leave();
}
