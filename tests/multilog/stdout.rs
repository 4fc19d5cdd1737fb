//! Action `1`.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use harness::{LogView, PipeReader, Scratch, ours_only, pipe, spawn, tool};
use rustix::process::Signal;

pub(crate) const DIFFERENCE: &str = "Standard output";

/// `line 00000001`, and so on: `count` lines of 14 bytes.
pub(crate) fn lines(count: usize) -> String {
    (0..count).map(|number| format!("line {number:08}\n")).collect()
}

/// Everything that comes, from now on.
pub(crate) fn all_of(mut reader: PipeReader) -> String {
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn selected_lines_go_to_standard_output_as_to_a_directory() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    for (script, expected) in [
        (&["1"][..], "ax\nb\nxc"),
        (&["-*", "+*x*", "1"], "ax\nxc"),
        (&["1", "-*", "./main"], "ax\nb\nxc"),
        (&["-*", "+*x*", "1", "+*", "./all"], "ax\nxc"),
        // A line goes there once.
        (&["1", "1", "-*", "+b", "1"], "ax\nb\nxc"),
        (&["-*", "+b", "1", "+*", "1"], "ax\nb\nxc"),
    ] {
        let outcome = here.multilog(script).over("ax\nb\nxc");
        let expected = format!("{expected}\n");
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{script:?}");
        assert_eq!(String::from_utf8(outcome.stdout).unwrap(), expected, "{script:?}");
    }
    assert_eq!(LogView::of(here.path("all")).text(), "ax\nb\nxc\n");
}

#[test]
fn what_is_printed_is_what_is_logged() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let long = "x".repeat(3_000_000);
    let input = format!("{}{long}\n{}without an end", lines(100_000), lines(1000));
    for stamp in ["t", "T", "F"] {
        let name = format!("./{stamp}");
        let outcome = here.multilog(&[stamp, "s16777215", &name, "1"]).over(&input);
        assert!(outcome.stdout == LogView::of(here.path(&name)).bytes(), "{stamp}");
    }
}

#[test]
fn a_file_a_socket_a_device_and_a_slow_pipe_get_everything() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let input = lines(50_000);
    let file = here.path("out");
    here.multilog(&["1"]).writing_to(File::create(&file).unwrap()).over(&input).quietly();
    assert!(std::fs::read_to_string(&file).unwrap() == input);
    here.multilog(&["1"])
        .writing_to(OpenOptions::new().append(true).open(&file).unwrap())
        .over("x")
        .quietly();
    assert!(std::fs::read_to_string(&file).unwrap() == format!("{input}x\n"));
    here.multilog(&["1"]).writing_to(File::create("/dev/null").unwrap()).over(&input).quietly();

    let (mut ours, theirs) = UnixStream::pair().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        ours.read_to_string(&mut text).unwrap();
        text
    });
    here.multilog(&["1"]).writing_to(std::os::fd::OwnedFd::from(theirs)).over(&input).quietly();
    assert!(reader.join().unwrap() == input);

    let (mut reader, writer) = pipe().unwrap();
    let reader = std::thread::spawn(move || {
        let (mut text, mut piece) = (Vec::new(), [0; 20_000]);
        loop {
            match reader.read(&mut piece).unwrap() {
                0 => return String::from_utf8(text).unwrap(),
                length => text.extend(&piece[..length]),
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    });
    here.multilog(&["./main", "s10000000", "1"]).writing_to(writer).over(&input).quietly();
    assert!(reader.join().unwrap() == input);
}

#[test]
fn a_closed_standard_output_is_fatal_at_the_start() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    for (redirection, reason) in
        [(">&-", "file descriptor not open"), ("1</dev/null", "open for reading only")]
    {
        let command = format!("exec \"$0\" ./main 1 {redirection}");
        let binary = tool("multilog");
        let words = ["-c", command.as_str(), binary.to_str().unwrap()];
        let outcome = here.run(Path::new("/bin/sh"), &words).over("a\n");
        let said = format!("multilog: fatal: unable to write to standard output: {reason}\n");
        assert_eq!((outcome.code, outcome.stderr), (Some(111), said), "{redirection}");
        assert!(!here.path("main").exists());
    }
}

#[test]
fn when_the_reader_is_gone_the_log_goes_on_with_one_warning() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let mut running = here.multilog(&["./main", "1"]).writing_to(writer).start();
    let current = here.path("main/current");
    for (line, so_far) in [("a\n", "a\n"), ("b\n", "a\nb\n")] {
        running.write(line.as_bytes());
        running.until("the line is there", || {
            std::fs::read(&current).is_ok_and(|text| text == so_far.as_bytes())
        });
    }
    let outcome = running.end();
    let said = "multilog: warning: unable to write to standard output, going on without it: broken pipe\n";
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), said));
}

#[test]
fn without_a_reader_and_a_directory_it_ends_and_the_input_is_kept() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let (reader, writer) = pipe().unwrap();
    drop(reader);
    let (input, mut feed) = pipe().unwrap();
    std::io::Write::write_all(&mut feed, b"a\nb\n").unwrap();
    let again = input.try_clone().unwrap();
    let outcome = here.multilog(&["1"]).from(input).writing_to(writer).start().wait();
    let said = "multilog: fatal: unable to write to standard output: broken pipe\n";
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(111), said));
    drop(feed);
    assert_eq!(here.multilog(&["1"]).from(again).start().wait().stdout, b"a\nb\n");
}

/// In order, perhaps repeated; a line may be torn only where a process ended.
pub(crate) fn assert_each_line_is_there(printed: &str, count: usize) {
    let mut next = 0;
    for line in printed.lines() {
        next += usize::from(line.ends_with(&format!("line {next:08}")));
    }
    assert_eq!(next, count);
}

#[test]
fn kill_repeats_and_never_loses() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let (reader, writer) = pipe().unwrap();
    let (input, mut feed) = pipe().unwrap();
    let reader = std::thread::spawn(move || all_of(reader));
    let all = lines(400_000);
    let feeding = all.clone();
    let feeder =
        std::thread::spawn(move || std::io::Write::write_all(&mut feed, feeding.as_bytes()).unwrap());
    for round in 0..30 {
        let running = here
            .multilog(&["s16777215", "./main", "1"])
            .from(input.try_clone().unwrap())
            .writing_to(writer.try_clone().unwrap())
            .start();
        std::thread::sleep(Duration::from_millis(round % 7 * 3));
        running.signal(Signal::KILL);
        running.wait();
    }
    let running = here.multilog(&["s16777215", "./main", "1"]).from(input).writing_to(writer).start();
    feeder.join().unwrap();
    running.wait().quietly();
    assert!(LogView::of(here.path("main")).text() == all);
    assert_each_line_is_there(&reader.join().unwrap(), 400_000);
}

/// A processor gets SIGPIPE as it was, and the pipe of standard output stays blocking for those who share it.
#[test]
fn standard_output_stays_as_it_was_for_others() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let (reader, writer) = pipe().unwrap();
    let mut running = here.multilog(&["1"]).writing_to(writer.try_clone().unwrap()).start();
    running.write(b"a\n");
    let mut reader = reader;
    reader.read_exact(&mut [0; 2]).unwrap();
    let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
    assert!(!flags.contains(rustix::fs::OFlags::NONBLOCK));
    running.end().quietly();
}

#[test]
fn it_is_a_filter_between_pipes() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let binary = tool("multilog");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "seq 300000 | \"$0\" '-*' '+*7*' 1 | \"$0\" prefix='n ' 1 | tail -n 1"]).arg(&binary);
    let child = spawn(shell.stdout(Stdio::piped()).stderr(Stdio::piped()));
    let outcome = child.wait_with_output().unwrap();
    assert_eq!((outcome.stdout, outcome.stderr), (b"n 299997\n".to_vec(), Vec::new()));
}
