//! `pgrphack`: a process group of its own.

use harness::Scratch;

use crate::{run, shell, text};

#[test]
fn the_program_leads_a_session_and_a_group() {
    let here = Scratch::new();
    let shown = text(run(&here, "pgrphack", &["sh", "-c", "cut -d' ' -f1,5,6 /proc/$$/stat"]));
    let ids: Vec<&str> = shown.split_whitespace().collect();
    assert!(ids[0] == ids[1] && ids[1] == ids[2], "{shown}");
}

#[test]
fn what_leads_a_group_already_is_run_all_the_same() {
    let here = Scratch::new();
    assert_eq!(text(shell(&here, "\"$T\"/pgrphack \"$T\"/pgrphack echo run")), "run\n");
}
