//! Starting, ending, starting again.

use std::time::{Duration, Instant};

use harness::{is_ignored, ours_only};
use rustix::process::Signal;

use crate::{Service, lives, state_of, until};

/// Says what signals come, and goes on.
const TRAPS: &str = "for s in HUP ALRM INT TERM QUIT USR1 USR2 WINCH; do trap \"echo $s >>log\" $s; done; echo $$ >>log; \
                     while :; do sleep 0.05; done";

#[test]
fn a_service_runs_and_is_shown() {
    let service = Service::up("echo $$ >>log; exec sleep 1000");
    let pid = service.running();
    assert_eq!(service.until_log(1), [pid.to_string()]);
    let status = std::fs::read(service.here.path("x/supervise/status")).unwrap();
    assert_eq!(status.len(), 18);
    assert_eq!(status[12..16], pid.to_le_bytes());
    assert_eq!(status[16..], *b"\0u");
    assert_eq!(service.leave().code, Some(0));
    assert!(!lives(pid));
}

#[test]
fn a_service_that_ends_is_started_again() {
    let service = Service::up("echo $$ >>log; exec sleep 1.2");
    let pids = service.until_log(3);
    assert!(pids[0] != pids[1] && pids[1] != pids[2], "{pids:?}");
    service.leave();
}

/// A logger whose input ends just after its supervise was told to leave with it was started once more, and its first lines
/// came again.
#[test]
fn a_service_that_ends_with_an_x_in_the_pipe_is_not_started_again() {
    if !ours_only("A service that ends with an x in the pipe") {
        return;
    }
    for (commands, starts) in [("-cx", 1), ("-dx", 1), ("-x", 1), ("-ux", 2), ("-o", 2)] {
        let service = Service::up("echo $$ >>log; exec sleep 1000");
        let pid = service.running();
        // So that it may be started again at once.
        std::thread::sleep(Duration::from_millis(1100));
        let supervise = service.supervise.as_ref().unwrap();
        supervise.signal(Signal::STOP);
        let process = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
        rustix::process::kill_process(process, Signal::KILL).unwrap();
        service.svc(commands);
        supervise.signal(Signal::CONT);
        if starts == 1 {
            service.supervise_ends();
            assert_eq!(service.log().len(), 1, "{commands}");
        } else {
            assert_eq!(service.until_log(2).len(), 2, "{commands}");
            service.leave();
        }
    }
}

#[test]
fn two_starts_are_a_second_apart() {
    let begun = Instant::now();
    let service = Service::up("echo $$ >>log; exit 1");
    service.until_log(4);
    assert!(begun.elapsed() >= Duration::from_millis(2900), "{:?}", begun.elapsed());
    service.leave();
}

#[test]
fn a_file_down_keeps_it_down_until_it_is_told_otherwise() {
    let mut service = Service::new("echo $$ >>log; exec sleep 1000");
    service.here.write("x/down", "");
    service.start();
    service.until("down N seconds");
    assert!(service.log().is_empty());
    service.svc("-u");
    service.until("up (pid N) N seconds, normally down");
    service.svc("-d");
    service.until("down N seconds");
    service.leave();
}

#[test]
fn down_is_term_and_cont_and_it_stays_down() {
    let service = Service::up("echo $$ >>log; exec sleep 1000");
    service.until_log(1);
    service.svc("-p");
    service.until("up (pid N) N seconds, paused");
    let pid = service.pid().unwrap();
    until("it is stopped", || state_of(pid) == Some('T'));
    service.svc("-d");
    service.until("down N seconds, normally up");
    std::thread::sleep(Duration::from_millis(1200));
    assert_eq!(service.log().len(), 1);
    service.svc("-u");
    service.until("up (pid N) N seconds");
    service.leave();
}

#[test]
fn once_is_once() {
    let service = Service::up("echo $$ >>log; sleep 0.1");
    service.until_log(1);
    service.svc("-d");
    service.until("down N seconds, normally up");
    let before = service.log().len();
    std::thread::sleep(Duration::from_millis(1100));
    service.svc("-o");
    service.until_log(before + 1);
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(service.log().len(), before + 1);
    assert_eq!(service.state(), "down N seconds, normally up");
    service.leave();
}

#[test]
fn a_service_that_runs_stays_until_it_ends_when_it_is_told_once() {
    let service = Service::up("echo $$ >>log; exec sleep 1000");
    service.until_log(1);
    service.svc("-o");
    service.until("up (pid N) N seconds");
    service.svc("-k");
    service.until("down N seconds, normally up");
    service.leave();
}

#[test]
fn a_paused_service_goes_on() {
    let service = Service::up("exec sleep 1000");
    let pid = service.running();
    service.svc("-p");
    until("it is stopped", || state_of(pid) == Some('T'));
    service.svc("-c");
    until("it goes on", || state_of(pid) == Some('S'));
    // The signal comes first, and then the status.
    service.until("up (pid N) N seconds");
    service.leave();
}

#[test]
fn exit_waits_for_the_service() {
    let mut service = Service::up("exec sleep 1000");
    let pid = service.running();
    service.svc("-x");
    std::thread::sleep(Duration::from_millis(300));
    assert!(service.ok() && lives(pid));
    service.svc("-t");
    let outcome = service.supervise.take().unwrap().wait();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    assert!(!lives(pid));
}

/// Each option sends its signal to a service. A shell can't catch one that was ignored when it began.
fn reach_a_service(options: [(&str, &str, Signal); 4]) {
    let service = Service::up(TRAPS);
    service.until_log(1);
    let caught = options.into_iter().filter(|&(_, _, signal)| !is_ignored(signal));
    for (count, (option, name, _)) in (2..).zip(caught) {
        service.svc(option);
        assert_eq!(service.until_log(count)[count - 1], name);
    }
    service.leave();
}

#[test]
fn signals_reach_the_service() {
    reach_a_service([
        ("-h", "HUP", Signal::HUP),
        ("-a", "ALRM", Signal::ALARM),
        ("-i", "INT", Signal::INT),
        ("-t", "TERM", Signal::TERM),
    ]);
}

#[test]
fn more_signals_reach_the_service() {
    if harness::ours_only("Letters of svc") {
        reach_a_service([
            ("-q", "QUIT", Signal::QUIT),
            ("-1", "USR1", Signal::USR1),
            ("-2", "USR2", Signal::USR2),
            ("-w", "WINCH", Signal::WINCH),
        ]);
    }
}

/// The original reads nothing for a second after each start, and shows a service that dies at once as up.
#[test]
fn commands_are_obeyed_at_once_also_just_after_a_start() {
    if harness::ours_only("Waiting after a start") {
        let service = Service::up("echo $$ >>log; exec sleep 1000");
        service.until_log(1);
        // On a machine that is busy with other things one of five has to do: the original never does.
        let at_once = (0..5).any(|_| {
            service.svc("-u");
            service.until("up (pid N) N seconds");
            let begun = Instant::now();
            service.svc("-d");
            service.until("down N seconds, normally up");
            begun.elapsed() < Duration::from_millis(700)
        });
        assert!(at_once);
        service.leave();
        let dies = Service::up("exit 1");
        dies.until("down N seconds, normally up, want up");
        dies.leave();
    }
}

#[test]
fn the_service_inherits_what_supervise_was_started_with() {
    // The shell itself looks at its descriptors: a pipeline would be in the middle of making its own.
    let show = "grep -E '^Sig(Ign|Blk)' /proc/self/status >signals; echo /proc/self/fd/* >descriptors; exec sleep 1000";
    let seen = |supervise: &std::path::Path, before: &str| {
        let mut service = Service::new(show);
        let shell = ["-c", &format!("{before} exec \"$0\" x"), supervise.to_str().unwrap()];
        let running = service.here.run("/bin/sh".as_ref(), &shell).start();
        service.supervise = Some(running);
        let path = service.here.path("x/descriptors");
        until("the service runs", || std::fs::read_to_string(&path).is_ok_and(|text| text.contains('\n')));
        std::thread::sleep(Duration::from_millis(50));
        let read = |name: &str| std::fs::read_to_string(service.here.path(name)).unwrap();
        let seen = (read("x/signals"), read("x/descriptors"));
        service.leave();
        seen
    };
    let Some(original) = harness::original("supervise") else { return };
    for before in ["", "trap '' PIPE;", "trap '' HUP;", "exec 5</etc/passwd 9>&2;", "exec <&-;"] {
        assert_eq!(seen(&harness::tool("supervise"), before), seen(&original, before), "{before}");
    }
}

#[test]
fn four_thousand_descriptors_are_passed_on_and_none_is_added() {
    let count = |supervise: &std::path::Path| {
        let mut service =
            Service::new("set -- /proc/self/fd/*; echo $# >count.new; mv count.new count; exec sleep 1000");
        let open = "ulimit -n 8192 2>/dev/null; exec perl -e '$^F = 9999; open($f[$_], \"<\", \"/dev/null\") for 1..4000; exec @ARGV' \"$0\" x";
        let shell = ["-c", open, supervise.to_str().unwrap()];
        service.supervise = Some(service.here.run("/bin/sh".as_ref(), &shell).start());
        let path = service.here.path("x/count");
        until("the service runs", || path.exists());
        let count: u32 = std::fs::read_to_string(&path).unwrap().trim().parse().unwrap();
        service.leave();
        count
    };
    if !std::path::Path::new("/usr/bin/perl").exists() {
        return eprintln!("skipped: there is no perl to open so many");
    }
    let Some(original) = harness::original("supervise") else { return };
    let ours = count(&harness::tool("supervise"));
    assert_eq!(ours, count(&original));
    assert!(ours > 4000, "{ours}");
}

/// svscan, when it stops, leaves this for a supervise that it starts to end a service which has lost its own: by then the
/// service may have ended, and it was started once more.
#[test]
fn what_was_told_before_supervise_began_is_known_before_the_first_start() {
    if !harness::ours_only("Smaller ones of supervision") {
        return;
    }
    for (early, starts) in [("dx", 0), ("cdx", 0), ("x", 1)] {
        let mut service = Service::new("echo $$ >>log; exec sleep 0.1");
        std::fs::create_dir(service.here.path("x/supervise")).unwrap();
        let control = service.here.path("x/supervise/control");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        rustix::fs::mkfifoat(rustix::fs::CWD, &control, mode).unwrap();
        let mut kept = std::fs::OpenOptions::new().read(true).write(true).open(&control).unwrap();
        std::io::Write::write_all(&mut kept, early.as_bytes()).unwrap();
        let supervise = service.here.run(&service.tools.supervise, &["x"]).over("");
        assert_eq!((supervise.code, supervise.stderr.as_str()), (Some(0), ""), "{early}");
        assert_eq!(service.log().len(), starts, "{early}");
        service.supervise.take();
    }
}
