//! `current` is removed, replaced, moved or cut while a multilog writes to it, and then the multilog ends in one
//! way or another. Every line that was written is there, or multilog says that it is not.

use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::{LogView, Outcome, Scratch, is_ignored};
use rustix::process::Signal;

/// What another user does to `current`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meddling {
    Removes,
    /// As `sed -i` does: another file with some of the content.
    Edits,
    Moves,
    Cuts,
    PutsALink,
    PutsAFifo,
    PutsADirectory,
}

const MEDDLINGS: [Meddling; 7] = [
    Meddling::Removes,
    Meddling::Edits,
    Meddling::Moves,
    Meddling::Cuts,
    Meddling::PutsALink,
    Meddling::PutsAFifo,
    Meddling::PutsADirectory,
];

/// How the multilog ends then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    OfInput,
    By(Signal),
}

const ENDS: [End; 5] =
    [End::OfInput, End::By(Signal::TERM), End::By(Signal::INT), End::By(Signal::HUP), End::By(Signal::KILL)];

const SCRIPTS: [&[&str]; 3] = [&["./main"], &["!cat", "./main"], &["t", "compress=gzip", "./main"]];

fn meddle(here: &Scratch, meddling: Meddling) {
    let current = here.path("main/current");
    match meddling {
        Meddling::Removes => fs::remove_file(&current).unwrap(),
        Meddling::Edits => {
            let edited = here.write("main/sedAbCdEf", "edited\n");
            fs::rename(edited, &current).unwrap();
        }
        Meddling::Moves => fs::rename(&current, here.path("moved")).unwrap(),
        Meddling::Cuts => drop(fs::File::create(&current).unwrap()),
        Meddling::PutsALink => {
            fs::remove_file(&current).unwrap();
            symlink("../victim", &current).unwrap();
        }
        Meddling::PutsAFifo => {
            fs::remove_file(&current).unwrap();
            assert!(Command::new("mkfifo").arg(&current).status().unwrap().success());
        }
        Meddling::PutsADirectory => {
            fs::remove_file(&current).unwrap();
            fs::create_dir(&current).unwrap();
        }
    }
}

/// The lines `before` and `after` in the directory, without stamps. Only regular files are read.
fn logged(place: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut text = String::new();
    for path in names.iter().filter(|path| path.symlink_metadata().unwrap().is_file()) {
        let name = path.file_name().unwrap().to_str().unwrap();
        if name == "current" || name.starts_with('@') {
            let read = Command::new("gzip").args(["-dcf"]).arg(path).output().unwrap();
            text.push_str(&String::from_utf8(read.stdout).unwrap());
        }
    }
    let lines = text.lines().map(|line| line.rsplit(' ').next().unwrap().to_string());
    lines.filter(|line| line == "before" || line == "after").collect()
}

impl End {
    /// Not where whoever started the tests has the signal ignored: it stays so.
    fn can_be_had(self) -> bool {
        match self {
            End::OfInput => true,
            End::By(signal) => !is_ignored(signal),
        }
    }
}

/// Two lines, and between them the deed of another user. What the first multilog has left in the pipe is for a second one.
fn run(here: &Scratch, script: &[&str], meddling: Meddling, end: End) -> (Outcome, Option<Outcome>) {
    here.write("victim", "precious\n");
    let (reader, mut writer) = harness::pipe().unwrap();
    let start = || here.multilog(script).from(Stdio::from(reader.try_clone().unwrap())).start();
    let mut running = start();
    writer.write_all(b"before\n").unwrap();
    running.until("the line is there", || LogView::of(here.path("main")).current().ends_with(b"before\n"));
    meddle(here, meddling);
    writer.write_all(b"after\n").unwrap();
    let End::By(signal) = end else {
        drop((writer, start));
        drop(reader);
        return (running.wait(), None);
    };
    running.signal(signal);
    let first = running.wait();
    let second = start();
    drop((writer, start));
    drop(reader);
    (first, Some(second.wait()))
}

/// They were gone, with exit code 0 and without a word, as only rotation looked whose file `current` is.
#[test]
fn whatever_happens_to_current_its_lines_are_there_at_every_end() {
    for meddling in MEDDLINGS {
        for (at, end) in ENDS.into_iter().enumerate().filter(|(_, end)| end.can_be_had()) {
            let here = Scratch::new();
            let script = SCRIPTS[(at + meddling as usize) % SCRIPTS.len()];
            let (first, second) = run(&here, script, meddling, end);
            let what = format!("{meddling:?} {end:?} {script:?} {first:?} {second:?}");
            assert_eq!(fs::read(here.path("victim")).unwrap(), b"precious\n", "{what}");
            let killed = end == End::By(Signal::KILL);
            assert_eq!(first.code, if killed { None } else { Some(0) }, "{what}");
            let said = second.as_ref().is_some_and(|second| second.stderr.contains("lines are lost"));
            let code = second.as_ref().and_then(|second| second.code);
            if killed && meddling == Meddling::PutsADirectory {
                assert_eq!(code, Some(111), "{what}");
                continue;
            }
            assert!(code.is_none_or(|code| code == 0), "{what}");
            let lines = logged(&here.path("main"));
            if killed && !said {
                // Killed before anything had left the pipe: the next one has all of it.
                assert_eq!(lines, ["before", "after"], "{what}");
            } else if killed {
                // Consumed with what is gone, or still in the pipe.
                assert!(lines.is_empty() || lines == ["after"], "{what} {lines:?}");
            } else if meddling == Meddling::Cuts {
                assert_eq!(lines, ["after"], "{what}");
            } else {
                assert_eq!(lines, ["before", "after"], "{what}");
            }
        }
    }
}

/// It tried for ever to make a name in a directory that has none any more, and a stop of svscan waited a minute for it.
#[test]
fn with_the_whole_directory_removed_it_ends_at_every_end_and_says_so() {
    let ends = ENDS.into_iter().take(4).filter(|end| end.can_be_had());
    for (end, script) in ends.flat_map(|end| SCRIPTS.map(|script| (end, script))) {
        let here = Scratch::new();
        let mut running = here.multilog(script).start();
        running.write(b"before\n");
        running
            .until("the line is there", || LogView::of(here.path("main")).current().ends_with(b"before\n"));
        fs::remove_dir_all(here.path("main")).unwrap();
        let outcome = match end {
            End::OfInput => running.end(),
            End::By(signal) => {
                running.signal(signal);
                running.wait()
            }
        };
        let words = " in directory ./main, which was removed: file does not exist\n";
        assert!(outcome.stderr.ends_with(words), "{end:?} {script:?} {outcome:?}");
        assert_eq!(outcome.code, Some(111), "{end:?} {script:?} {outcome:?}");
    }
}
