//! What once went wrong with odd files, odd numbers and outputs that others write into as well.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

use harness::{Outcome, Scratch, program};

const MLOG: &str = env!("CARGO_BIN_EXE_mlog");
const LABEL: &str = "@400000006b000000000000";

fn mlog(here: &Scratch, options: &[&str]) -> Outcome {
    here.run(Path::new(MLOG), options).over("")
}

/// What a reader with a cursor appends to `out`, which holds `before` already.
fn append(here: &Scratch, directory: &str, before: &str) -> String {
    let mut out = OpenOptions::new().create(true).append(true).open(here.path("out")).unwrap();
    out.write_all(before.as_bytes()).unwrap();
    let length = out.metadata().unwrap().len() as usize;
    let mut command = Command::new(MLOG);
    command.args(["-o", "none", "--cursor-file", "cursor", directory]).current_dir(here.path("."));
    command.stdout(out).status().unwrap();
    fs::read_to_string(here.path("out")).unwrap().split_off(length)
}

/// A line that another program appended to the output took a new line of the same length away, silently: the output
/// had grown, so as many bytes were taken for delivered.
#[test]
fn what_others_append_to_the_output_takes_no_line_away() {
    let here = Scratch::new();
    here.write("log/current", "a\n");
    assert_eq!(append(&here, "log", ""), "a\n");
    here.write("log/current", "a\nb\nc\n");
    assert_eq!(append(&here, "log", "-\n"), "b\nc\n");
    // What a reader that was killed had delivered is left out, and no more than that.
    here.write("log/current", "a\nb\nc\nd\ne\n");
    assert_eq!(append(&here, "log", "d\n"), "e\n");
    here.write("other/current", "x\ny\n");
    assert_eq!(append(&here, "other", "z\n"), "x\ny\n");
}

/// Readers that were killed within their first second left a place at the start. When the first archives had been
/// deleted, the lines that followed were taken for those that had been delivered: 140 of 3000 were missing.
#[test]
fn lines_are_not_taken_for_those_of_archives_that_are_gone() {
    let here = Scratch::new();
    here.write("log/current", "");
    assert_eq!(append(&here, "log", ""), "");
    fs::rename(here.path("log/current"), here.path(format!("log/{LABEL}01.s"))).unwrap();
    fs::remove_file(here.path(format!("log/{LABEL}01.s"))).unwrap();
    here.write(&format!("log/{LABEL}02.s"), "3\n4\n");
    here.write("log/current", "5\n");
    assert_eq!(append(&here, "log", "1\n2\n"), "3\n4\n5\n");
}

/// `--cursor-file /dev/null` replaced the device by a file, and a named pipe was waited for.
#[test]
fn a_cursor_takes_the_place_of_no_device_and_no_pipe() {
    let here = Scratch::new();
    here.write("log/current", "a\n");
    Command::new("mkfifo").arg(here.path("pipe")).status().unwrap();
    let seen = mlog(&here, &["--cursor-file", "pipe", "log"]);
    assert_eq!((seen.code, &*seen.stderr), (Some(2), "mlog: fatal: pipe is not a cursor\n"));
    assert!(fs::symlink_metadata(here.path("pipe")).unwrap().file_type().is_fifo());
    // The words were those for the output.
    let seen = mlog(&here, &["--cursor-file", "none/cursor", "log"]);
    let words = "mlog: fatal: unable to open cursor none/cursor: file does not exist\n";
    assert_eq!((seen.code, &*seen.stderr), (Some(2), words));
}

/// `-B` with the largest number ended in a panic: it was added to the number of a line.
#[test]
fn context_of_any_number_of_lines_is_all_lines() {
    let here = Scratch::new();
    here.write("log/current", "a\nb\nc\n");
    let most = usize::MAX.to_string();
    for options in [&["-A", &most, "-B", &most][..], &["-C", &most], &["-n", "1", "-C", &most]] {
        let seen = mlog(&here, &[options, &["-g", "b", "-o", "none", "log"]].concat());
        assert_eq!((seen.code, &*seen.stdout), (Some(0), &b"a\nb\nc\n"[..]), "{options:?}: {}", seen.stderr);
    }
}

/// A `current` that is a named pipe was said to be a directory that is one.
#[test]
fn a_current_that_is_no_file_is_named() {
    let here = Scratch::new();
    fs::create_dir_all(here.path("log/current")).unwrap();
    here.write("other/current", "a\n");
    let seen = mlog(&here, &["-o", "none", "--prefix", "never", "log", "other"]);
    assert_eq!((seen.code, &*seen.stdout), (Some(2), &b"a\n"[..]));
    assert_eq!(seen.stderr, "mlog: warning: unable to read log/current: is a directory\n");
}

/// What follows the members of a gzip file was said to be near byte 0, and later near the end of the file.
#[test]
fn the_place_of_what_follows_gzip_is_said() {
    let here = Scratch::new();
    here.write("text", "a\n");
    let mut archive = Command::new("gzip").arg("-c").arg(here.path("text")).output().unwrap().stdout;
    archive.extend_from_slice(b"junk\n");
    fs::create_dir_all(here.path("log")).unwrap();
    fs::write(here.path(format!("log/{LABEL}01.s")), &archive).unwrap();
    let seen = mlog(&here, &["-o", "none", "log"]);
    assert_eq!((seen.code, &*seen.stdout), (Some(3), &b"a\n"[..]));
    let place = format!("near byte {}: something follows that is not gzip\n", archive.len() - 5);
    assert!(seen.stderr.ends_with(&place), "{}", seen.stderr);
}

/// Without standard output lines went to /dev/null, and the exit code was 0.
#[test]
fn output_that_cannot_be_written_is_a_failure() {
    let here = Scratch::new();
    here.write("log/current", "a\n");
    for options in [
        "log",
        "-c log",
        "-n1 log",
        "--reverse log",
        "-f log",
        "--cursor-file c log",
        "ls log",
        "verify log",
        "stat log",
    ] {
        for to in [">&-", ">/dev/full"] {
            let script = format!("exec {MLOG} {options} {to}");
            let seen = here.run(Path::new("/bin/sh"), &["-c", &script]).over("");
            let begins = seen.stderr.starts_with("mlog: fatal: unable to write output: ");
            assert!(seen.code == Some(111) && begins, "{options} {to}: {:?} {}", seen.code, seen.stderr);
        }
    }
    let cursor = fs::read_to_string(here.path("c")).unwrap_or_default();
    assert!(cursor.is_empty() || cursor.contains(" 0 0 "), "{cursor}");
}

#[test]
fn a_script_is_explained_with_its_mistakes_and_nothing_is_opened() {
    let here = Scratch::new();
    let good = mlog(&here, &["explain", "multilog", "t", "-*", "+*fail*", "n20", "./main"]);
    assert!(good.stdout.starts_with(b"Each line is stamped with a TAI64N label"), "{good:?}");
    assert_eq!(good.code, Some(1), "a star is not what it looks like: {good:?}");
    assert_eq!(mlog(&here, &["explain", "t", "./main"]).code, Some(0));
    let refused = mlog(&here, &["explain", "compress=lz4", "./main"]);
    assert_eq!(
        (refused.code, &refused.stderr[..]),
        (Some(2), "mlog: fatal: multilog refuses compress=lz4: not gzip or zstd\n")
    );
    assert!(fs::read_dir(here.path(".")).unwrap().next().is_none());
}

/// The bytes of archives that a processor had compressed with xz were shown as lines.
#[test]
fn archives_of_other_compressors_are_named_with_the_command_that_reads_them() {
    let here = Scratch::new();
    fs::create_dir_all(here.path("log")).unwrap();
    let archives: [(&[u8], &str); 5] = [
        (b"\xfd7zXZ\0\0\x04 and so on\n", "xz -dc"),
        (b"BZh91AY&SY and so on\n", "bzip2 -dc"),
        (b"\x04\x22\x4d\x18 and so on\n", "lz4 -dc"),
        (b"LZIP\x01 and so on\n", "lzip -dc"),
        (b"\x1f\x9d and so on\n", "gzip -dc"),
    ];
    for (number, (bytes, _)) in archives.iter().enumerate() {
        fs::write(here.path(format!("log/{LABEL}0{number}.s")), bytes).unwrap();
    }
    // This is text.
    fs::write(here.path(format!("log/{LABEL}08.s")), "BZh9 is a word\n").unwrap();
    here.write("log/current", "LZIP is one, too\n");
    for options in [&["-o", "none", "log"][..], &["--reverse", "-o", "none", "log"], &["-c", "log"]] {
        let seen = mlog(&here, options);
        let lines = String::from_utf8_lossy(&seen.stdout).lines().count();
        assert_eq!((seen.code, lines), (Some(3), if options[0] == "-c" { 1 } else { 2 }), "{options:?}");
        for (number, (_, command)) in archives.iter().enumerate() {
            let words = format!("log/{LABEL}0{number}.s can't be read here, but by {command}\n");
            assert!(seen.stderr.contains(&words), "{}", seen.stderr);
        }
    }
    let seen = mlog(&here, &["ls", "log"]);
    assert!(String::from_utf8_lossy(&seen.stdout).contains(" xz not-read "), "{:?}", seen.stdout);
}

/// `mlog ls`, `mlog stat`, `mlog -c` and `mlog -o csv` wrote control characters to a terminal as they are.
#[test]
fn names_and_lines_are_escaped_on_a_terminal() {
    let Some(script) = program("script") else { return };
    let here = Scratch::new();
    here.write("a\u{1b}[31mlog/current", "a\u{1b}]0;b\n");
    here.write("log/current", "a\n");
    for (what, title, line) in [
        ("ls", "a\\u{1b}[31mlog:", ""),
        ("stat", "a\\u{1b}[31mlog:", ""),
        ("--color never", "a\\u{1b}[31mlog: ", "a\\u{1b}]0;b"),
        ("-c", "a\\u{1b}[31mlog: 1", ""),
        ("-o csv", ",a\\u{1b}[31mlog,", ",a\\u{1b}]0;b"),
        ("-o json", "\"a\\u001b[31mlog\"", "\"a\\u001b]0;b\""),
    ] {
        let command = format!("{} {what} 'a\u{1b}[31mlog' log", env!("CARGO_BIN_EXE_mlog"));
        let seen = here.run(&script, &["-qec", &command, "/dev/null"]).over("");
        let shown = String::from_utf8_lossy(&seen.stdout).into_owned();
        let is_right = shown.contains(title) && shown.contains(line) && !shown.contains('\u{1b}');
        assert!(is_right, "{what}: {shown:?}");
    }
}

/// With context or `--gaps` lines like `--` came between the objects of JSON and the records of CSV.
#[test]
fn nothing_comes_between_records() {
    let here = Scratch::new();
    here.write("log/current", format!("{LABEL}01 a\n{LABEL}02 b\n{LABEL}03 c\n{LABEL}04 d\n{LABEL}05 a\n"));
    for form in ["json", "csv"] {
        let seen = mlog(&here, &["-g", "a", "-C", "1", "-o", form, "log"]);
        let shown = String::from_utf8_lossy(&seen.stdout).into_owned();
        assert!(shown.lines().count() == 4 && shown.lines().all(|line| line.contains("log")), "{shown}");
        let refused = mlog(&here, &["--gaps", "1s", "-o", form, "log"]);
        let said = "mlog: fatal: --gaps can't be together with -o json or -o csv\n";
        assert_eq!((refused.code, &*refused.stderr), (Some(2), said));
    }
}

/// The cursor was written through `CURSOR.new`, whatever that was: a link made another file lose its text, and a pipe made
/// the reader wait.
#[test]
fn what_is_beside_a_cursor_is_not_written_through() {
    let here = Scratch::new();
    here.write("log/current", "a\n");
    here.write("precious", "text\n");
    std::os::unix::fs::symlink(here.path("precious"), here.path("c.new")).unwrap();
    for code in [0, 1] {
        assert_eq!(mlog(&here, &["--cursor-file", "c", "log"]).code, Some(code));
        assert!(fs::read_to_string(here.path("c")).unwrap().starts_with("mlog cursor 1\n"));
        assert!(!here.path("c.new").exists());
        Command::new("mkfifo").arg(here.path("c.new")).status().unwrap();
    }
    assert_eq!(fs::read_to_string(here.path("precious")).unwrap(), "text\n");
    // A link to a cursor stays one.
    std::os::unix::fs::symlink("c", here.path("link")).unwrap();
    let seen = mlog(&here, &["--cursor-file", "link", "log"]);
    assert_eq!((seen.code, seen.stdout.len()), (Some(1), 0));
    assert!(here.path("link").is_symlink());
}

/// Two readers with one cursor took each other's file away, and one ended with "file does not exist".
#[test]
fn a_cursor_has_one_reader_at_a_time() {
    let here = Scratch::new();
    here.write("log/current", "a\n");
    let mut first = here.run(Path::new(MLOG), &["-f", "--cursor-file", "c", "log"]).start();
    first.until("the cursor", || fs::read_to_string(here.path("c")).is_ok_and(|text| text.contains(" 2 ")));
    let second = mlog(&here, &["--cursor-file", "c", "log"]);
    let said = format!("mlog: fatal: c is in use by another reader, process {}\n", first.pid());
    assert_eq!((second.code, &*second.stderr), (Some(2), &*said));
    first.signal(rustix::process::Signal::TERM);
    first.wait();
    assert_eq!(mlog(&here, &["--cursor-file", "c", "log"]).code, Some(1));
}

/// Stamps of `T` were text: such lines had no time, and a pattern with `^` began at the stamp.
#[test]
fn stamps_of_accustamp_are_stamps() {
    let here = Scratch::new();
    here.multilog(&["T", "./log"]).over("1\n2\n");
    assert_eq!(mlog(&here, &["-c", "-g", "^1$", "log"]).stdout, b"1\n");
    assert_eq!(mlog(&here, &["-o", "none", "--since", "-1h", "log"]).stdout, b"1\n2\n");
}

/// A directory that could not be read by one run, or was not asked for, was forgotten by the cursor, and all of its lines
/// came again.
#[test]
fn a_cursor_keeps_the_places_of_directories_that_are_not_read() {
    let here = Scratch::new();
    here.write("a/current", "1\n");
    here.write("b/current", "2\n");
    let read = |directories: &[&str]| {
        let options = ["-o", "none", "--prefix", "never", "--cursor-file", "cursor"];
        let seen = mlog(&here, &[&options, directories].concat());
        (String::from_utf8(seen.stdout).unwrap(), seen.code)
    };
    assert_eq!(read(&["a", "b"]), ("1\n2\n".into(), Some(0)));
    fs::rename(here.path("b"), here.path("away")).unwrap();
    assert_eq!(read(&["a", "b"]), (String::new(), Some(2)));
    fs::rename(here.path("away"), here.path("b")).unwrap();
    assert_eq!(read(&["a", "b"]), (String::new(), Some(1)));
    here.write("b/current", "2\n3\n");
    assert_eq!(read(&["a"]), (String::new(), Some(1)));
    assert_eq!(read(&["a", "b"]), ("3\n".into(), Some(0)));
}

/// Log directories of services that this user may not look into were left out without a word, with exit status 0.
#[test]
fn services_that_cannot_be_looked_into_are_named() {
    if !harness::needs_root() {
        return;
    }
    let here = Scratch::new();
    for service in ["one", "two"] {
        here.write(&format!("service/{service}/log/main/current"), "a\n");
        here.write(&format!("service/{service}/log/supervise/status"), "a\n");
    }
    let mode = |path: &str, mode: u32| {
        fs::set_permissions(here.path(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(".", 0o755);
    mode("service/one/log/supervise", 0o700);
    let copy = here.copy(Path::new(MLOG), "mlog");
    let seen = |options: &[&str]| {
        let program = copy.to_str().unwrap();
        let all = [&["--reuid", "65534", "--clear-groups", program], options].concat();
        here.run(Path::new("/usr/bin/setpriv"), &all).over("")
    };
    assert_eq!(seen(&["-S", "service"]).stderr, "");
    for place in ["service/two/log/main", "service/two/log", "service/two"] {
        mode(place, 0o700);
        for options in [&["-S", "service"][..], &["verify", "-S", "service"], &["-S", "service", "-u", "two"]]
        {
            let said = seen(options);
            let words = format!("mlog: warning: unable to read {place}: access denied\n");
            assert_eq!((said.code, &*said.stderr), (Some(2), &*words), "{options:?}");
        }
        mode(place, 0o755);
    }
}

/// An archive of no bytes was in order for `mlog verify`.
#[test]
fn an_empty_archive_is_out_of_order() {
    let here = Scratch::new();
    here.write(&format!("log/{LABEL}01.s"), "");
    here.write("log/current", "a\n");
    let seen = mlog(&here, &["verify", "log"]);
    let words = format!("log/{LABEL}01.s: is empty\nlog: 2 files, 1 lines\n");
    assert_eq!((seen.code, String::from_utf8(seen.stdout).unwrap()), (Some(1), words));
}

/// `mlog verify` said nothing of a journal and a `current` that a killed logger had left, and called it killed where the disk
/// had refused a file.
#[test]
fn what_a_logger_left_is_named_for_what_it_is() {
    let here = Scratch::new();
    here.write("log/lock", "");
    here.write("log/current", "a\n");
    here.write("log/.journal", "mlj1");
    let refused = here.write(&format!("log/{LABEL}01.u"), "b\n");
    fs::set_permissions(&refused, fs::Permissions::from_mode(0o1644)).unwrap();
    let shown = String::from_utf8(mlog(&here, &["verify", "log"]).stdout).unwrap();
    for words in [".journal: left by a logger", ".u: the disk has refused it", "current: not finished"] {
        assert!(shown.contains(words), "{shown}");
    }
    let live = Scratch::new();
    live.multilog(&["t", "./log"]).over("a\n");
    assert_eq!(mlog(&live, &["verify", "log"]).code, Some(0));
}

/// The start of a line that a logger was writing was shown as a line.
#[test]
fn a_line_that_is_being_written_is_left_out_while_a_logger_runs() {
    let here = Scratch::new();
    let mut running = here.multilog(&["./log"]).start();
    running.write(b"a\n");
    running.until("it is logged", || fs::read(here.path("log/current")).is_ok_and(|log| log == b"a\n"));
    let mut current = OpenOptions::new().append(true).open(here.path("log/current")).unwrap();
    current.write_all(b"hal").unwrap();
    here.write("other/current", "x\n");
    here.write("third/current", "y\n");
    for options in [&["log"][..], &["-n", "1", "log"], &["--reverse", "log"]] {
        assert_eq!(mlog(&here, options).stdout, b"a\n", "{options:?}");
    }
    let several = mlog(&here, &["-c", "log", "other", "third"]);
    assert_eq!(several.stdout, b"log: 1\nother: 1\nthird: 1\n");
    running.end();
    assert_eq!(mlog(&here, &["-c", "log"]).stdout, b"2\n");
}
