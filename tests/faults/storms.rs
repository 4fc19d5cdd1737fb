//! Storms of kills: no line is lost, repeated, torn, or out of order.

use std::path::Path;
use std::process::Command;

use harness::{LogView, Scratch, tool};

use crate::is_long;
use crate::lines::{Kind, account};
use crate::storm::Storm;

/// How many kills a storm has: ten thousand together in the long form.
fn kills() -> u64 {
    if is_long() { 1400 } else { 150 }
}

fn multilog(folder: &Path, script: &[&str]) -> Command {
    let mut command = Command::new(tool("multilog"));
    command.args(script).current_dir(folder);
    command
}

fn check(storm: Storm, script: &[&str]) {
    let here = Scratch::in_memory();
    let folder = here.path("");
    let written = storm.rage(|| multilog(&folder, script));
    let account = account(&here.path("main"), storm.kind, written, |_| true);
    assert!(account.is_exact(), "{storm:?}: {account:?}");
    let view = LogView::of(here.path("main"));
    assert!(view.codes().iter().all(|code| *code == "s"), "{storm:?}: {:?}", view.codes());
    assert_eq!(view.others.iter().filter(|name| *name != "state").count(), 1, "{:?}", view.others);
    println!("{storm:?}: {} lines", account.written);
}

#[test]
fn numbered_lines_at_full_speed() {
    let storm = Storm { kind: Kind::Numbered, kills: kills(), paced: false, seed: 1 };
    check(storm, &["s16777215", "n1000", "./main"]);
}

#[test]
fn numbered_lines_paced_into_small_files() {
    let storm = Storm { kind: Kind::Numbered, kills: kills(), paced: true, seed: 2 };
    check(storm, &["s4096", "n1000000", "./main"]);
}

#[test]
fn identical_lines() {
    let storm = Storm { kind: Kind::Identical, kills: kills(), paced: false, seed: 3 };
    check(storm, &["s16777215", "n1000", "./main"]);
}

#[test]
fn identical_lines_paced() {
    let storm = Storm { kind: Kind::Identical, kills: kills(), paced: true, seed: 4 };
    check(storm, &["s99999", "n1000000", "./main"]);
}

#[test]
fn bare_newlines() {
    let storm = Storm { kind: Kind::Newlines, kills: kills(), paced: true, seed: 5 };
    check(storm, &["s16777215", "n1000", "./main"]);
}

#[test]
fn lines_of_any_length() {
    let storm = Storm { kind: Kind::Mixed, kills: kills(), paced: false, seed: 6 };
    check(storm, &["s16777215", "n1000", "./main"]);
}

#[test]
fn lines_of_any_length_through_a_processor() {
    let storm = Storm { kind: Kind::Mixed, kills: kills() / 4, paced: true, seed: 7 };
    check(storm, &["s99999", "n1000000", "!cat", "./main"]);
}

#[test]
fn numbered_lines_with_standard_output_and_counters() {
    let storm = Storm { kind: Kind::Numbered, kills: kills() / 2, paced: true, seed: 9 };
    check(storm, &["metrics=m.prom", "mode=0660", "1", "s99999", "n1000000", "./main"]);
}

#[test]
fn two_directories_with_a_selection() {
    let here = Scratch::in_memory();
    let storm = Storm { kind: Kind::Numbered, kills: kills(), paced: false, seed: 8 };
    let script = ["s16777215", "n1000", "./main", "-*", "+*7", "s99999", "n1000000", "./few"];
    let folder = here.path("");
    let written = storm.rage(|| multilog(&folder, &script));
    let main = account(&here.path("main"), Kind::Numbered, written, |_| true);
    // A star runs to the first 7, and that has to be the last byte.
    let few = account(&here.path("few"), Kind::Numbered, written, |n| {
        let text = n.to_string();
        text.find('7') == Some(text.len() - 1)
    });
    assert!(main.is_exact() && few.is_exact(), "{main:?} {few:?}");
}
