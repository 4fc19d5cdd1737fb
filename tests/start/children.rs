//! A parent that ignores SIGCHLD hands that on, and the kernel then forgets how children end.

use harness::{LogView, Scratch, is_original, needs_root, ours_only, until};
use rustix::process::Signal;

use crate::{TOOLS, folder, shell};

/// Runs what follows with SIGCHLD ignored, which some shells can't.
const IGNORING: &str = "env --ignore-signal=CHLD";
/// SIGCHLD in the sets of /proc/PID/status.
const CHILD: u64 = 1 << (Signal::CHILD.as_raw() - 1);

/// What a command gives that is started with SIGCHLD ignored, and with its default.
fn with_and_without(line: &str) -> [(Option<i32>, String, String); 2] {
    [IGNORING, ""].map(|around| {
        let here = Scratch::new();
        let outcome = shell(&here, &format!("exec {around} {line}")).over("");
        (outcome.code, String::from_utf8(outcome.stdout).unwrap(), outcome.stderr)
    })
}

/// A processor was run again and again, and nothing was sealed.
#[test]
fn a_processor_runs_once_for_each_file() {
    if ours_only("Ignored SIGCHLD") {
        let here = Scratch::new();
        let command = "\"$T\"/multilog s4096 n100 '!echo x >>../runs; cat' ./log";
        shell(&here, &format!("seq 1 4000 | exec {IGNORING} {command}")).over("").quietly();
        let view = LogView::of(here.path("log"));
        let runs = std::fs::read_to_string(here.path("runs")).unwrap().lines().count();
        assert!(view.archives.len() > 3);
        assert_eq!(runs, view.archives.len());
        assert!(view.codes().iter().all(|&code| code == "s"), "{:?}", view.codes());
        let expected: String = (1..=4000).map(|number| format!("{number}\n")).collect();
        assert_eq!(view.text(), expected);
    }
}

#[test]
fn the_end_of_a_child_is_known_to_the_tools_that_have_one() {
    if ours_only("Ignored SIGCHLD") {
        for line in ["\"$T\"/fghack sh -c 'exit 7'", "\"$T\"/fghack sh -c 'kill -9 $$'"] {
            let [ignored, plain] = with_and_without(line);
            assert_eq!(ignored, plain, "{line}");
        }
        // It looks accounts up by a child where the files don't have them.
        if needs_root() {
            let [ignored, plain] = with_and_without("\"$T\"/setuidgid no-such-account true");
            assert_eq!(ignored, plain);
            assert_eq!(ignored.0, Some(111));
        }
    }
}

#[test]
fn the_chain_loading_tools_pass_it_on() {
    for (tool, arguments) in TOOLS {
        let Some(words) =
            arguments.strip_suffix("/bin/true").filter(|_| !["argv0", "waitport"].contains(&tool))
        else {
            continue;
        };
        if tool == "setuidgid" && !needs_root() || is_original() && !folder().join(tool).exists() {
            continue;
        }
        let here = Scratch::new();
        std::fs::create_dir(here.path("env")).unwrap();
        here.write("ini", "A=1\n");
        let line = format!("exec {IGNORING} \"$T\"/{tool} {words} grep SigIgn /proc/self/status");
        let outcome = shell(&here, &line).over("");
        let text = String::from_utf8(outcome.stdout).unwrap();
        let set = text.trim().strip_prefix("SigIgn:\t").unwrap_or_default();
        assert_eq!(u64::from_str_radix(set, 16).unwrap_or_default() & CHILD, CHILD, "{tool}: {text:?}");
    }
}

/// A service under a supervise, and under a supervise under a svscan, ends and comes again, with SIGCHLD as the
/// original's services have it: the default.
#[test]
fn services_are_restarted() {
    let run = "#!/bin/sh\ngrep SigIgn /proc/$$/status >>../signals\nexec sleep 0.1\n";
    for command in ["supervise service", "svscan ."] {
        let here = Scratch::new();
        let script = here.write("service/run", run);
        std::fs::set_permissions(script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let line = format!("PATH=\"$T:$PATH\"; exec {IGNORING} \"$T\"/{command}");
        let running = shell(&here, &line).start();
        let signals = || std::fs::read_to_string(here.path("signals")).unwrap_or_default();
        until("the service ran three times", || signals().lines().count() >= 3);
        for line in signals().lines() {
            let set = line.strip_prefix("SigIgn:\t").unwrap();
            assert_eq!(u64::from_str_radix(set, 16).unwrap() & CHILD, 0, "{command}");
        }
        shell(&here, "\"$T\"/svc -dx service").over("");
        if command.starts_with("svscan") {
            running.signal(Signal::TERM);
        }
        running.wait();
        shell(&here, "\"$T\"/svc -dx service").over("");
    }
}
