//! The next multilog on the same input completes what a killed one had in hand.

use std::io::Write;
use std::process::Stdio;

use harness::{LogView, Scratch, ours_only};
use rustix::process::Signal;

use crate::held::Held;

fn logged(here: &Scratch) -> Vec<u8> {
    LogView::of(here.path("main")).bytes()
}

#[test]
fn a_kill_leaves_no_unsealed_file() {
    if ours_only("Unclean current") {
        let (here, pipe) = (Scratch::new(), Held::new());
        for round in 0..3 {
            let mut running = pipe.start(&here, &["./main"]);
            pipe.write(format!("line {round}\n").as_bytes());
            running.until("it is logged", || logged(&here).ends_with(format!("line {round}\n").as_bytes()));
            running.signal(Signal::KILL);
            running.wait();
        }
        let view = LogView::of(here.path("main"));
        assert_eq!((view.text().as_str(), view.codes().len()), ("line 0\nline 1\nline 2\n", 0));
        assert_eq!(view.others, [".journal", "lock"]);
        let last = pipe.start(&here, &["./main"]);
        drop(pipe);
        last.wait().quietly();
        assert_eq!(LogView::of(here.path("main")).others, ["lock"]);
    }
}

/// Behind what the journal knows may be lines of ours that it has not heard of; these are none.
#[test]
fn what_somebody_else_has_added_outlives_a_kill() {
    if ours_only("Exactly once") {
        let (here, pipe) = (Scratch::new(), Held::new());
        let mut running = pipe.start(&here, &["./main"]);
        pipe.write(b"one\n");
        running.until("it is logged", || logged(&here) == b"one\n");
        let current = std::fs::OpenOptions::new().append(true).open(here.path("main/current"));
        current.unwrap().write_all(b"note\n").unwrap();
        running.signal(Signal::KILL);
        running.wait();
        pipe.write(b"two\n");
        let last = pipe.start(&here, &["./main"]);
        drop(pipe);
        last.wait().quietly();
        assert_eq!(LogView::of(here.path("main")).text(), "one\nnote\ntwo\n");
    }
}

#[test]
fn a_line_that_is_partly_written_is_continued_after_a_kill_and_after_term() {
    if ours_only("Exactly once") {
        for signal in [Signal::KILL, Signal::TERM] {
            let (here, pipe) = (Scratch::new(), Held::new());
            let mut running = pipe.start(&here, &["t", "./main"]);
            pipe.write(&[b'x'; 5000]);
            running.until("the beginning is logged", || logged(&here).len() >= 5000);
            running.signal(signal);
            let ended = running.wait();
            assert!(ended.took.as_millis() < 5000, "{signal:?}: {ended:?}");
            let last = pipe.start(&here, &["t", "./main"]);
            pipe.write(b"yyy\nnext\n");
            drop(pipe);
            last.wait().quietly();
            let expected = [&[b'x'; 5000][..], b"yyy\nnext\n"].concat();
            assert_eq!(LogView::of(here.path("main")).unstamped(), expected, "{signal:?}");
            assert_eq!(LogView::of(here.path("main")).codes().len(), 0);
        }
    }
}

#[test]
fn pieces_that_were_taken_out_of_a_crowded_pipe_outlive_a_kill() {
    if ours_only("Exactly once") {
        let here = Scratch::new();
        let flags = rustix::pipe::PipeFlags::DIRECT | rustix::pipe::PipeFlags::CLOEXEC;
        let (reader, writer) = rustix::pipe::pipe_with(flags).unwrap();
        let start = || here.multilog(&["./main"]).from(Stdio::from(reader.try_clone().unwrap())).start();
        let running = start();
        // More packets than the pipe has slots: some of them have to be taken out.
        (0..40).for_each(|_| assert_eq!(rustix::io::write(&writer, b"piece ").unwrap(), 6));
        running.signal(Signal::KILL);
        running.wait();
        let running = start();
        rustix::io::write(&writer, b"end\n").unwrap();
        drop(writer);
        running.wait().quietly();
        assert_eq!(LogView::of(here.path("main")).text(), "piece ".repeat(40) + "end\n");
    }
}

#[test]
fn a_file_as_input_is_gone_on_with_where_the_last_batch_ended() {
    if ours_only("Exactly once") {
        let here = Scratch::new();
        let lines: String = (0..200_000).map(|n| format!("{n}\n")).collect();
        let path = here.write("input", &lines);
        let input = std::fs::File::open(path).unwrap();
        for delay in 0..20 {
            let running = here.multilog(&["n100", "./main"]).from(input.try_clone().unwrap()).start();
            std::thread::sleep(std::time::Duration::from_millis(delay % 5));
            running.signal(Signal::KILL);
            running.wait();
        }
        here.multilog(&["n100", "./main"]).from(input).start().wait().quietly();
        assert!(LogView::of(here.path("main")).text() == lines);
    }
}

#[test]
fn a_journal_that_is_none_is_replaced_and_one_of_a_stranger_is_left_alone() {
    if ours_only("The journal") {
        let here = Scratch::new();
        here.write("main/.journal", "not a journal");
        here.multilog(&["./main"]).over("line\n").quietly();
        assert_eq!(LogView::of(here.path("main")).others, ["lock"]);

        std::os::unix::fs::symlink("/etc/passwd", here.path("main/.journal")).unwrap();
        let outcome = here.multilog(&["./main"]).over("more\n");
        assert_eq!(outcome.code, Some(0));
        assert!(outcome.stderr.contains("unable to keep a journal in ./main"), "{}", outcome.stderr);
        assert_eq!(LogView::of(here.path("main")).text(), "line\nmore\n");
        assert!(here.path("main/.journal").is_symlink());
    }
}

#[test]
fn the_journal_is_found_when_the_directories_have_changed_their_order() {
    if ours_only("The journal") {
        let (here, pipe) = (Scratch::new(), Held::new());
        let mut running = pipe.start(&here, &["./main", "./other"]);
        pipe.write(&[b'x'; 3000]);
        running.until("the beginning is logged", || logged(&here).len() >= 3000);
        running.signal(Signal::KILL);
        running.wait();
        let last = pipe.start(&here, &["./other", "./main"]);
        pipe.write(b"\n");
        drop(pipe);
        last.wait().quietly();
        for name in ["main", "other"] {
            let view = LogView::of(here.path(name));
            assert_eq!((view.text(), view.codes().len()), ("x".repeat(3000) + "\n", 0), "{name}");
            assert_eq!(view.others, ["lock"]);
        }
    }
}

/// A sandbox may forbid what looking before taking needs.
#[test]
fn where_a_pipe_cannot_be_looked_into_it_is_read_and_that_is_said() {
    if ours_only("The journal") {
        let Some(strace) = harness::strace() else { return };
        let here = Scratch::new();
        let multilog = harness::tool("multilog");
        let inject = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=tee", "-e", "inject=tee:error=EPERM"];
        let mut arguments: Vec<&std::ffi::OsStr> = inject.map(std::ffi::OsStr::new).to_vec();
        arguments.extend([multilog.as_os_str(), "./main".as_ref()]);
        let outcome = here.run(&strace, &arguments).over("line\npart");
        let said =
            "multilog: warning: unable to look into the input, a kill may lose lines: permission denied\n";
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), said));
        assert_eq!(LogView::of(here.path("main")).text(), "line\npart\n");
    }
}
