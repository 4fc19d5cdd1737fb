//! What a processor inherits.

use harness::{LogView, Scratch, is_original, original, ours_only, tool};

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
