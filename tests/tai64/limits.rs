//! Little memory, no threads, descriptors that are non-blocking, calls that are interrupted: nothing gets lost.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::Path;
use std::time::Duration;

use harness::{
    Outcome, PipeReader, PipeWriter, Scratch, is_original, original, ours_only, program, strace, tool,
};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{OFlags, fcntl_setfl};

const TOOLS: [&str; 3] = ["tai64n", "tai64nlocal", "tai64nfrac"];

/// A zone whose file has to be read.
const ZONE: &str = "Europe/Berlin";

/// This number of lines of a log.
fn log(lines: u64) -> String {
    let label = |n| format!("@{:016x}{:08x}", tai64tools::label::EPOCH + 935_467_445 + n / 7, n * 7919);
    (0..lines).map(|n| label(n) + &format!(" line {n} of a log, as long as they are\n")).collect()
}

/// What a filter makes of it that has all that it wants, without the stamps that are new each time.
fn expected(here: &Scratch, name: &str, input: &str) -> Vec<u8> {
    let free = here.run(&tool(name), &[] as &[&str]).with("TZ", ZONE).over(input).quietly().stdout;
    let out = comparable(name, free);
    assert_eq!(out.iter().filter(|&&byte| byte == b'\n').count(), input.lines().count());
    out
}

fn comparable(name: &str, out: Vec<u8>) -> Vec<u8> {
    if name != "tai64n" {
        return out;
    }
    out.split_inclusive(|&byte| byte == b'\n')
        .flat_map(|line| line.get(26..).unwrap_or_default().to_vec())
        .collect()
}

/// What comes out under a limit, as the shell sets it, from a file.
fn within(
    here: &Scratch,
    program: &Path,
    limit: &str,
    arguments: &[&str],
    file: &Path,
) -> (Option<i32>, Vec<u8>) {
    let line = format!("ulimit {limit}; exec \"$0\" \"$@\"");
    let mut words: Vec<&OsStr> = vec!["-c".as_ref(), line.as_ref(), program.as_os_str()];
    words.extend(arguments.iter().map(|argument| OsStr::new(*argument)));
    let run = here.run(Path::new("/bin/sh"), &words).with("TZ", ZONE).from(File::open(file).unwrap());
    let outcome = run.start().wait();
    (outcome.code, outcome.stdout)
}

/// A file of a MiB and more wanted 3 MiB of buffers and a thread with a stack of 2 MiB, and ended in the middle or
/// before its first line where the original passed everything on.
#[test]
fn wherever_the_program_can_be_started_a_long_file_passes_whole() {
    if is_original() {
        return;
    }
    let here = Scratch::new();
    let input = log(20_000);
    let file = here.write("lines", &input);
    for name in TOOLS {
        let expected = expected(&here, name, &input);
        let sizes = (1500..9000).step_by(250).chain((9000..24_000).step_by(1500));
        let limits = sizes.map(|size| format!("-v {size}"));
        let mut started = 0;
        for limit in limits.chain((100..4000).step_by(300).map(|size| format!("-d {size}"))) {
            let (answered, _) = within(&here, &tool(name), &limit, &["--version"], &file);
            if answered != Some(0) {
                continue;
            }
            started += 1;
            let (code, out) = within(&here, &tool(name), &limit, &[], &file);
            assert_eq!(code, Some(0), "{name} within {limit}");
            assert!(comparable(name, out) == expected, "{name} within {limit}");
        }
        assert!(started > 20, "{name} was started {started} times");
    }
}

/// Of ours as they are installed: what a build for tests needs to be loaded says nothing.
#[test]
fn wherever_the_original_passes_everything_on_so_do_ours() {
    if is_original() || std::env::var_os("OUR_TOOLS").is_none() {
        return;
    }
    let here = Scratch::new();
    let input = log(20_000);
    let file = here.write("lines", &input);
    for name in &TOOLS[..2] {
        let Some(theirs) = original(name) else { return };
        let expected = expected(&here, name, &input);
        let sizes = (1500..4500).step_by(50).map(|size| format!("-v {size}"));
        // The first memory that the C library asks for is 132 kB; the original asks for none, and runs within 120.
        for limit in sizes.chain((200..1000).step_by(50).map(|size| format!("-d {size}"))) {
            let whole =
                |program: &Path| comparable(name, within(&here, program, &limit, &[], &file).1) == expected;
            assert!(!whole(&theirs) || whole(&tool(name)), "{name} within {limit}");
        }
    }
}

/// What happens to a filter that reads a file while some of its calls fail.
fn tampered(here: &Scratch, name: &str, faults: &[&str], file: &Path) -> Option<Outcome> {
    let mut words = vec!["-f", "-qq", "-o", "/dev/null"];
    faults.iter().for_each(|fault| words.extend(["-e", fault]));
    if faults[0].contains("read:") {
        // The C library reads too.
        words.extend(["-P", file.to_str().unwrap()]);
    }
    let program = tool(name);
    words.push(program.to_str().unwrap());
    let run = here.run(&strace()?, &words).with("TZ", ZONE).from(File::open(file).unwrap());
    Some(run.start().wait())
}

/// Each of these was the end of a filter, with nothing or a part of the lines written.
#[test]
fn without_a_thread_and_with_calls_that_are_interrupted_or_would_have_to_wait_every_line_passes() {
    if !ours_only("Non-blocking descriptors of the TAI64 tools") {
        return;
    }
    let here = Scratch::new();
    for (lines, size) in [(20, "short"), (20_000, "long")] {
        let input = log(lines);
        let file = here.write(size, &input);
        for name in TOOLS {
            let expected = expected(&here, name, &input);
            for faults in [
                &["inject=clone,clone3:error=EAGAIN"][..],
                &["inject=clone,clone3:error=EAGAIN", "inject=write:error=EAGAIN:when=1+2"],
                &["inject=write:error=EINTR:when=1+2"],
                &["inject=write:error=EAGAIN:when=1+2"],
                &["inject=read:error=EINTR:when=1+2"],
                &["inject=read:error=EAGAIN:when=1+2"],
            ] {
                let Some(outcome) = tampered(&here, name, faults, &file) else { return };
                let out = comparable(name, outcome.quietly().stdout);
                assert!(out == expected, "{name}, {size}, {faults:?}");
            }
        }
    }
}

/// Gives what there is to give, in pieces and with pauses, and waits where nothing is taken.
fn feed(mut to: PipeWriter, bytes: &[u8]) {
    for (piece, number) in bytes.chunks(bytes.len().div_ceil(20)).zip(0..) {
        to.write_all(piece).unwrap();
        if number < 5 {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Takes what comes, slowly at first.
fn take(mut from: PipeReader) -> Vec<u8> {
    let mut out = Vec::new();
    let mut piece = vec![0; 40_000];
    for number in 0.. {
        poll(&mut [PollFd::new(&from, PollFlags::IN)], None).unwrap();
        match from.read(&mut piece).unwrap() {
            0 => break,
            got => out.extend_from_slice(&piece[..got]),
        }
        if number < 5 {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    out
}

fn non_blocking(end: impl AsFd) {
    fcntl_setfl(end, OFlags::NONBLOCK).unwrap();
}

/// A terminal or pipe that is shared with a program that made it non-blocking: ssh, node, an event loop. The filters
/// took EAGAIN for a failure and ended, with 0 to 1000 of 3000 lines, as the original does.
#[test]
fn a_non_blocking_descriptor_is_waited_for() {
    if !ours_only("Non-blocking descriptors of the TAI64 tools") {
        return;
    }
    let here = Scratch::new();
    for lines in [1, 3000, 60_000] {
        let input = log(lines);
        let file = here.write("lines", &input);
        for name in TOOLS {
            let expected = expected(&here, name, &input);
            for (from_pipe, waits_not) in [(true, true), (true, false), (false, true)] {
                let (reader, writer) = harness::pipe().unwrap();
                let (out, output) = harness::pipe().unwrap();
                if waits_not {
                    non_blocking(&output);
                }
                let run = here.run(&tool(name), &[] as &[&str]).with("TZ", ZONE).writing_to(output);
                let (run, feeder) = if from_pipe {
                    non_blocking(&reader);
                    let input = input.clone();
                    (run.from(reader), Some(std::thread::spawn(move || feed(writer, input.as_bytes()))))
                } else {
                    (run.from(File::open(&file).unwrap()), None)
                };
                let running = run.start();
                let out = take(out);
                if let Some(feeder) = feeder {
                    feeder.join().unwrap();
                }
                running.wait().quietly();
                assert!(comparable(name, out) == expected, "{name}, {lines} lines, {from_pipe} {waits_not}");
            }
        }
    }
}

/// The two threads woke each other for every block: where a wake-up costs 100 microseconds, that was half the time.
#[test]
fn the_threads_of_a_long_file_sleep_once_for_many_blocks() {
    // GNU time counts the switches of all threads.
    let (false, Some(time)) = (is_original(), program("time")) else { return };
    let here = Scratch::in_memory();
    let bytes = 64 << 20;
    let line = "@4000000037c219bf2ef02e94 a line of a log, as long as they are\n";
    let file = here.write("lines", line.repeat(bytes / line.len()));
    for name in TOOLS {
        let program = tool(name);
        let words = ["-f", "%w", "-o", "waits", program.to_str().unwrap()];
        let out = File::create(here.path("out")).unwrap();
        let run = here.run(&time, &words).from(File::open(&file).unwrap()).writing_to(out);
        run.start().wait().quietly();
        let waits = std::fs::read_to_string(here.path("waits")).unwrap();
        let blocks = bytes / (256 << 10);
        assert!(
            waits.trim().parse::<usize>().unwrap() < blocks / 4 + 16,
            "{name}: {waits} for {blocks} blocks"
        );
    }
}
