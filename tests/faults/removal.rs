//! A log directory that is removed, and one that can't be pruned, while lines come.

use std::io::Write;
use std::process::Command;
use std::time::Duration;

use harness::{LogView, Scratch, tool};

use crate::storm::{end, start};

/// Nobody can log into a directory that is gone; but TERM is obeyed, and the input stays in the pipe.
#[test]
fn a_directory_that_is_removed_under_it() {
    let here = Scratch::in_memory();
    let (reader, mut writer) = harness::pipe().unwrap();
    let command = || {
        let mut command = Command::new(tool("multilog"));
        command.args(["s4096", "n100", "./main"]).current_dir(here.path(""));
        command
    };
    let mut logger = start(command(), &reader);
    writer.write_all(b"line\n").unwrap();
    while LogView::of(here.path("main")).text() != "line\n" {
        std::thread::sleep(Duration::from_millis(2));
    }
    std::fs::remove_dir_all(here.path("main")).unwrap();
    let more: Vec<u8> = (0..3000).flat_map(|n| format!("more {n}\n").into_bytes()).collect();
    writer.write_all(&more).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    rustix::process::kill_process(rustix::process::Pid::from_child(&logger), rustix::process::Signal::TERM)
        .unwrap();
    assert!(end(&mut logger, Duration::from_secs(2)).is_some(), "TERM is obeyed");
    drop(writer);
    let mut next = start(command(), &reader);
    drop(reader);
    assert!(end(&mut next, Duration::from_secs(20)).is_some());
    let log = LogView::of(here.path("main")).bytes();
    assert!(more.ends_with(&log) && !log.is_empty(), "what was not logged elsewhere is logged here");
}
