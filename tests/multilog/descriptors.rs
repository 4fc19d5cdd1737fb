//! What a processor inherits, and what a journal needs.

use std::path::Path;
use std::process::{Command, Stdio};

use harness::{LogView, Scratch, is_original, needs_root, original, ours_only, tool};
use rustix::process::Signal;

use crate::held::Held;

/// `cat` failed under ours in little memory: it copied within the kernel under the original, and could not with a
/// descriptor in append mode.
///
/// A processor's open descriptors, whether they append, its umask, its ignored and blocked signals: the same under the
/// original and under ours. (Signals 32 and 33, which are taken out, are glibc's own: it gives them
/// handlers in every program with threads.)
#[test]
fn a_processor_inherits_under_ours_what_it_inherits_under_the_original() {
    let Some(original) = original("multilog").filter(|_| !is_original()) else { return };
    let inherited = |program: &std::path::Path| {
        let here = Scratch::new();
        // The shell reads its status itself: while it starts a program it has signals blocked.
        let command = "!cat >/dev/null; umask; ls /proc/$$/fd; for fd in 1 5; do \
                       while read -r name flags; do case $name in flags:) echo append $((flags & 02000));; esac; \
                       done </proc/$$/fdinfo/$fd; done; while read -r name set; do \
                       case $name in SigBlk:|SigIgn:|SigCgt:) echo $name $set;; esac; done </proc/$$/status";
        here.run(program, &["s4096", command, "./main"]).over("x".repeat(4000) + "\n").quietly();
        let all = String::from_utf8(LogView::of(here.path("main")).archives[0].2.clone()).unwrap();
        let lines = all.lines().map(|line| match line.split_once(' ') {
            None => line.to_string(),
            Some((name, set)) => {
                let set = u64::from_str_radix(set, 16).unwrap() & !(0b11 << 31);
                format!("{name} {set:x}")
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let ours = inherited(&tool("multilog"));
    assert_eq!(ours, inherited(&original));
    assert!(ours.contains("SigBlk: 0\n"), "{ours}");
}

/// The journal has room for about thirty. That it has not was said to be a lack of memory.
#[test]
fn more_directories_than_a_journal_has_room_for_are_said() {
    if ours_only("The journal") {
        let here = Scratch::new();
        let names: Vec<String> = (0..60).map(|number| format!("./log{number}")).collect();
        let outcome = here.multilog(&names.iter().map(String::as_str).collect::<Vec<_>>()).over("a\n");
        let warning = "multilog: warning: unable to keep a journal in ./log0, a kill may repeat lines: \
                       too many directories\n";
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), warning));
        for name in names {
            assert_eq!(LogView::of(here.path(name)).text(), "a\n");
        }
    }
}

/// With limit= a record grows when lines are dropped, and the journal was given up only then.
#[test]
fn a_journal_that_has_no_room_for_what_limits_drop_is_said_at_the_start() {
    if ours_only("The journal") {
        let names: Vec<String> = (0..36).map(|number| format!("./log{number}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(Scratch::new().multilog(&names).over("a\n").stderr, "");
        let outcome = Scratch::new().multilog(&[&["limit=1000"], names.as_slice()].concat()).over("a\n");
        assert!(outcome.stderr.ends_with("a kill may repeat lines: too many directories\n"), "{outcome:?}");
        assert_eq!(outcome.stderr.lines().count(), 1);
    }
}

/// What a killed logger had left was needed until a journal took its place, and none could: the next logger waited for
/// ever.
#[test]
fn a_logger_with_too_many_directories_begins_where_another_was_killed() {
    if ours_only("The journal") {
        let (here, held) = (Scratch::new(), Held::new());
        let mut killed = held.start(&here, &["./log0"]);
        held.write(b"a\n");
        killed.until("it reads", || LogView::of(here.path("log0")).text() == "a\n");
        killed.signal(Signal::KILL);
        killed.wait();
        assert!(here.path("log0/.journal").exists());
        let names: Vec<String> = (0..60).map(|number| format!("./log{number}")).collect();
        let mut next = held.start(&here, &names.iter().map(String::as_str).collect::<Vec<_>>());
        held.write(b"b\n");
        next.until("it reads", || LogView::of(here.path("log0")).text() == "a\nb\n");
        next.signal(Signal::TERM);
        assert!(next.wait().stderr.ends_with("too many directories\n"));
        assert!(!here.path("log0/.journal").exists());
    }
}

/// The same where /proc is not mounted any more.
#[test]
fn a_logger_that_does_not_know_the_boot_id_begins_where_another_was_killed() {
    if ours_only("The journal") && needs_root() && may_unshare() {
        let (here, held) = (Scratch::new(), Held::new());
        let mut killed = held.start(&here, &["./main"]);
        held.write(b"a\n");
        killed.until("it reads", || LogView::of(here.path("main")).text() == "a\n");
        killed.signal(Signal::KILL);
        killed.wait();
        let command = "mount --bind /dev/null /proc/sys/kernel/random/boot_id && exec \"$@\"";
        let multilog = tool("multilog");
        let script = ["-m", "sh", "-c", command, "sh", multilog.to_str().unwrap(), "./main"];
        let reader = Stdio::from(held.reader.try_clone().unwrap());
        let mut next = here.run(Path::new("unshare"), &script).from(reader).start();
        held.write(b"b\n");
        next.until("it reads", || LogView::of(here.path("main")).text().ends_with("b\n"));
        next.signal(Signal::TERM);
        assert!(next.wait().stderr.ends_with("the boot id is not known\n"));
    }
}

/// Whether a process may have mounts of its own.
fn may_unshare() -> bool {
    let may = Command::new("unshare").args(["-m", "true"]).status().is_ok_and(|status| status.success());
    if !may {
        eprintln!("skipped: no mounts of one's own here");
    }
    may
}
