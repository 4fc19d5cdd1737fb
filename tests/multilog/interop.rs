//! Our multilog and Debian's in one directory, one after the other.

use std::ffi::OsStr;
use std::path::Path;

use harness::{LogView, Scratch, is_original, original, strace, tool};

fn lines(from: usize, to: usize) -> String {
    (from..to).map(|n| format!("{n:059}\n")).collect()
}

const SCRIPT: [&str; 4] = ["s4096", "n100", "!cat", "./main"];

/// Runs `program` until its call number `when` of `call` and kills it there. False: it ran to its end.
fn kill_at(here: &Scratch, program: &Path, call: &str, when: usize) -> Option<bool> {
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:signal=KILL:when={when}");
    let strace = strace()?;
    // With the threads and children of the program, whose calls are counted each for itself. Opening
    // is left out there: a processor that is killed at each of its starts would be run for ever.
    let family = if call == "openat" { &[][..] } else { &["-f"] };
    let options = [family, &["-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject]].concat();
    let arguments: Vec<&OsStr> = options
        .iter()
        .copied()
        .map(OsStr::new)
        .chain([program.as_os_str()])
        .chain(SCRIPT.iter().copied().map(OsStr::new))
        .collect();
    Some(here.run(&strace, &arguments).over(lines(0, 120)).signal.is_some())
}

/// The archives as our own next start would leave them: no `.t`, and no `.u` beside its archive. The
/// original does not know them and keeps them.
fn without_leftovers(mut view: LogView) -> LogView {
    let names: Vec<String> = view.archives.iter().map(|file| file.0.clone()).collect();
    let published = |name: &str| names.contains(&name.replace(".u", ".s"));
    view.archives.retain(|(name, _, _)| !(name.ends_with(".t") || name.ends_with(".u") && published(name)));
    view
}

/// The lines that `first` had written when it was killed are all there, once and in order, after
/// `second` took the directory over and added its own.
fn take_over(first: &Path, second: &Path) {
    for call in [
        "rename",
        "renameat",
        "renameat2",
        "link",
        "linkat",
        "unlink",
        "unlinkat",
        "fsync",
        "fchmod",
        "openat",
    ] {
        for when in 1..200 {
            let here = Scratch::new();
            let Some(killed) = kill_at(&here, first, call, when) else { return };
            if !here.path("main").exists() {
                continue;
            }
            let before = without_leftovers(LogView::of(here.path("main")));
            here.run(second, &SCRIPT).over(lines(900, 960)).quietly();
            let text = without_leftovers(LogView::of(here.path("main"))).text();
            let old = text.strip_suffix(&lines(900, 960)).unwrap_or_else(|| panic!("{call} {when}: {text}"));
            assert!(lines(0, 120).starts_with(old), "{call} {when}: {old}");
            let written = before.bytes().len();
            let names = |view: &LogView, name: &str| view.others.iter().any(|other| other == name);
            if !names(&before, "previous") && !names(&before, "processed") {
                assert!(
                    old.len() >= written.min(lines(0, 120).len()),
                    "{call} {when}: {} < {written}",
                    old.len()
                );
            }
            if !killed {
                break;
            }
        }
    }
}

#[test]
fn ours_takes_over_what_the_original_was_killed_in() {
    if let Some(original) = original("multilog").filter(|_| !is_original()) {
        take_over(&original, &tool("multilog"));
    }
}

#[test]
fn the_original_takes_over_what_ours_was_killed_in() {
    if let Some(original) = original("multilog").filter(|_| !is_original()) {
        take_over(&tool("multilog"), &original);
    }
}

#[test]
fn a_multilog_takes_over_what_another_of_its_kind_was_killed_in() {
    take_over(&tool("multilog"), &tool("multilog"));
}

#[test]
fn both_continue_what_the_other_has_closed() {
    if let Some(original) = original("multilog").filter(|_| !is_original()) {
        let here = Scratch::new();
        for n in 0..6 {
            let program = if n % 2 == 0 { tool("multilog") } else { original.clone() };
            here.run(&program, &SCRIPT).over(lines(n * 50, n * 50 + 50)).quietly();
        }
        let view = LogView::of(here.path("main"));
        assert_eq!(view.text(), lines(0, 300));
        assert!(view.codes().iter().all(|code| *code == "s"));
    }
}
