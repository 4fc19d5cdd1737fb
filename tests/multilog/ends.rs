//! What is left when multilog is told to end while files wait for a processor.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use harness::{LogView, Scratch, is_ignored, ours_only, tool, until};
use rustix::process::Signal;

/// Fails for files that begin with A until there is `ok`, and writes down what it has seen.
const PROCESSOR: &str =
    r#"!f=$(cat); case "$f" in A*) [ -e ../ok ] || exit 1;; esac; echo "$f" >>../seen; echo "$f""#;

/// A file that TERM left was known to the journal alone. Without one, as after the machine was down, it became an archive
/// to retention, and its processor never saw it.
#[test]
fn what_a_processor_has_not_seen_at_term_it_sees_after_the_next_start() {
    if !ours_only("Processors") {
        return;
    }
    let here = Scratch::new();
    let script = [PROCESSOR, "s4096", "n2", "./main"];
    for lines in [&["A"][..], &["B", "C", "D"]] {
        // Nobody can look into a socket, so there is no journal.
        let (mut writer, reader) = UnixStream::pair().unwrap();
        let mut running =
            here.multilog(&script).from(Stdio::from(std::os::fd::OwnedFd::from(reader))).start();
        for line in lines {
            writeln!(writer, "{line}").unwrap();
            let text = format!("{line}\n").into_bytes();
            running.until("the line is there", || LogView::of(here.path("main")).current() == text);
            running.signal(Signal::ALARM);
            running.until("it is rotated", || LogView::of(here.path("main")).current().is_empty());
        }
        running.signal(Signal::TERM);
        running.wait();
        here.write("ok", "");
    }
    here.multilog(&script).over("").quietly();
    assert_eq!(std::fs::read_to_string(here.path("seen")).unwrap(), "A\nB\nC\nD\n");
}

/// A TERM that came while the start sealed in line was forgotten: it went on to wait for input.
#[test]
fn a_term_while_the_start_seals_in_line_is_obeyed() {
    if !ours_only("Few descriptors") {
        return;
    }
    let here = Scratch::new();
    let multilog = tool("multilog");
    let words = ["--nofile=18", multilog.to_str().unwrap(), "!exit 1", "s4096", "./main"];
    let (reader, mut writer) = harness::pipe().unwrap();
    let start = || {
        let reader = reader.try_clone().unwrap();
        here.run(std::path::Path::new("prlimit"), &words).from(Stdio::from(reader)).start()
    };
    let mut first = start();
    writer.write_all(b"A\n").unwrap();
    first.until("the line is there", || LogView::of(here.path("main")).current() == b"A\n");
    first.signal(Signal::ALARM);
    first.until("it is rotated", || LogView::of(here.path("main")).current().is_empty());
    first.signal(Signal::TERM);
    assert_eq!(first.wait().code, Some(0));
    let second = start();
    until("it has failed to process", || second.said().contains("processor failed"));
    second.signal(Signal::TERM);
    assert_eq!(second.wait().code, Some(0));
}

/// They ended with input unread, without a word, when full files had to wait for their processor.
#[test]
fn hup_reads_the_rest_though_a_processor_is_slow() {
    if !ours_only("Processors") || is_ignored(Signal::HUP) {
        return;
    }
    let here = Scratch::new();
    let (reader, mut writer) = harness::pipe().unwrap();
    let lines: String = (0..2000).map(|n| format!("{n:07}\n")).collect();
    let mut running =
        here.multilog(&["!sleep .1; cat", "s4096", "n100", "./main"]).from(Stdio::from(reader)).start();
    writer.write_all(lines.as_bytes()).unwrap();
    running.until("it has begun", || LogView::of(here.path("main")).archives.len() > 1);
    running.signal(Signal::HUP);
    let outcome = running.wait();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    drop(writer);
    assert_eq!(LogView::of(here.path("main")).text(), lines);
}
