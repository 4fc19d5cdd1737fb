//! `mode=`: who may read and write new files.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

use harness::{Scratch, ours_only};

fn lines(count: usize) -> String {
    (0..count).map(|n| format!("{n:059}\n")).collect()
}

/// The mode of each file of a directory. Labels are left out, since they differ from run to run.
fn modes(here: &Scratch, directory: &str) -> BTreeMap<String, u32> {
    let mode = |entry: std::io::Result<std::fs::DirEntry>| {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let name = name.strip_prefix('@').map_or(name.clone(), |rest| format!("@{}", &rest[24..]));
        (name, entry.metadata().unwrap().permissions().mode() & 0o7777)
    };
    std::fs::read_dir(here.path(directory)).unwrap().map(mode).collect()
}

fn expect(here: &Scratch, directory: &str, expected: &[(&str, u32)]) {
    let expected = expected.iter().map(|(name, mode)| (name.to_string(), *mode)).collect();
    assert_eq!(modes(here, directory), expected, "{directory}");
}

#[test]
fn new_files_have_the_mode_of_their_directory_whatever_the_umask() {
    if ours_only("Modes of files") {
        let here = Scratch::new();
        let script = "umask 077; exec \"$0\" s4096 n100 ./a mode=0666 ./b mode=640 '!cat; echo 1 >&5' ./c \
                      mode=0600 compress=gzip ./d";
        let multilog = harness::tool("multilog");
        let arguments = ["-c".as_ref(), script.as_ref(), multilog.as_os_str()];
        here.run("/bin/sh".as_ref(), &arguments).over(lines(200)).quietly();
        expect(&here, "a", &[("@.s", 0o744), ("current", 0o744), ("lock", 0o600)]);
        expect(&here, "b", &[("@.s", 0o766), ("current", 0o766), ("lock", 0o600)]);
        expect(&here, "c", &[("@.s", 0o740), ("current", 0o740), ("lock", 0o600), ("state", 0o640)]);
        expect(&here, "d", &[("@.gz", 0o700), ("current", 0o700), ("lock", 0o600)]);
    }
}

#[test]
fn while_a_file_is_written_it_has_no_x_and_the_journal_is_private() {
    if ours_only("Modes of files") {
        let here = Scratch::new();
        let mut running = here.multilog(&["mode=0664", "./main"]).start();
        running.write(b"line\n");
        running.until("it is there", || {
            std::fs::read(here.path("main/current")).is_ok_and(|text| !text.is_empty())
        });
        expect(&here, "main", &[(".journal", 0o600), ("current", 0o664), ("lock", 0o600)]);
        running.end().quietly();
    }
}

/// Others may have been given a right on a file, or have been denied one.
#[test]
fn what_is_there_keeps_its_mode_and_is_understood() {
    if ours_only("Modes of files") {
        let here = Scratch::new();
        here.multilog(&["mode=0660", "./main"]).over("one\n").quietly();
        here.multilog(&["mode=0600", "./main"]).over("two\n").quietly();
        expect(&here, "main", &[("current", 0o760), ("lock", 0o600)]);
        assert_eq!(std::fs::read(here.path("main/current")).unwrap(), b"one\ntwo\n");
        // Without the word it is as it always was.
        here.multilog(&["./main"]).over("three\n").quietly();
        expect(&here, "main", &[("current", 0o744), ("lock", 0o600)]);
        let folder = std::fs::metadata(here.path("main")).unwrap().permissions().mode() & 0o7777;
        assert_eq!(folder, 0o700);
    }
}

#[test]
fn the_next_file_has_the_new_mode() {
    if ours_only("Modes of files") {
        let here = Scratch::new();
        here.multilog(&["./main"]).over("one\n").quietly();
        here.multilog(&["s4096", "mode=0640", "./main"]).over(lines(100)).quietly();
        let all = std::fs::read_dir(here.path("main")).unwrap().map(|entry| entry.unwrap());
        let mut all: Vec<(String, u32)> = all
            .map(|entry| {
                let mode = entry.metadata().unwrap().permissions().mode() & 0o7777;
                (entry.file_name().into_string().unwrap(), mode)
            })
            .collect();
        all.sort();
        let modes: Vec<u32> = all.iter().map(|(_, mode)| *mode).collect();
        assert_eq!(modes, [0o744, 0o740, 0o740, 0o600], "{all:?}");
    }
}

#[test]
fn what_is_no_mode_is_refused_before_anything_is_opened() {
    if ours_only("Modes of files") {
        for bad in ["mode=", "mode=0700", "mode=0440", "mode=01640", "mode=rw"] {
            let here = Scratch::new();
            let outcome = here.multilog(&[bad, "./main"]).over("a\n");
            let said = format!(
                "multilog: fatal: unable to understand {bad}: not a mode of rw bits between 0600 and 0666\n"
            );
            assert_eq!((outcome.code, outcome.stderr), (Some(100), said));
            assert!(!here.path("main").exists());
        }
    }
}
