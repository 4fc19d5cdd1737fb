//! Memory stays below 32 MiB and 2.5 MiB for each directory, and open files below the directories and 16, whatever the
//! archives are.
//!
//! `MLOG_LARGE=1` takes 500 MB of text for each archive, and every query.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking")]

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use harness::{Scratch, program};

const LINE: &str = "a line of a log that goes on and on, and on, and on";

fn label(second: u64) -> String {
    format!("@{:016x}00000000", (1u64 << 62) + 10 + 1_700_000_000 + second)
}

fn is_large() -> bool {
    std::env::var_os("MLOG_LARGE").is_some()
}

/// Lines of about this many bytes, handed out in pieces of about a MiB of whole lines.
fn text(size: usize, first: u64, mut take: impl FnMut(&[u8])) {
    let (mut done, mut piece, mut number) = (0, Vec::new(), 0);
    while done < size {
        piece.clear();
        while piece.len() < 1 << 20 && done + piece.len() < size {
            writeln!(piece, "{} {LINE}", label(first + number / 1000)).unwrap();
            number += 1;
        }
        take(&piece);
        done += piece.len();
    }
}

/// Writes an archive of this form, with about this many bytes of text.
fn write(path: &Path, form: &str, size: usize) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path.parent().unwrap().join("current"), format!("{} the end\n", label(900_000))).unwrap();
    let mut file = BufWriter::new(fs::File::create(path).unwrap());
    match form {
        "plain" => text(size, 0, |piece| file.write_all(piece).unwrap()),
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
            text(size, 0, |piece| encoder.write_all(piece).unwrap());
            encoder.finish().unwrap();
        }
        "zstd" | "window" => {
            let mut encoder = zstd::Encoder::new(file, 1).unwrap();
            encoder.window_log(if form == "window" { 23 } else { 20 }).unwrap();
            text(size, 0, |piece| encoder.write_all(piece).unwrap());
            encoder.finish().unwrap();
        }
        "table" => with_table(&mut file, size),
        "empty lines" => (0..size / 64).for_each(|_| file.write_all(&[b'\n'; 8]).unwrap()),
        "long line" => {
            let mut encoder = zstd::Encoder::new(file, 1).unwrap();
            encoder.write_all(format!("{} ", label(0)).as_bytes()).unwrap();
            (0..size / 1024).for_each(|_| encoder.write_all(&[b'x'; 1024]).unwrap());
            encoder.write_all(b"\n").unwrap();
            encoder.finish().unwrap();
        }
        other => panic!("{other}"),
    }
}

/// As our logger does it: frames of a MiB, and their table.
fn with_table(file: &mut impl Write, size: usize) {
    let (mut table, mut count) = (Vec::new(), 0u32);
    text(size, 0, |piece| {
        let frame = zstd::encode_all(piece, 1).unwrap();
        table.extend(u32::try_from(frame.len()).unwrap().to_le_bytes());
        table.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
        file.write_all(&frame).unwrap();
        count += 1;
    });
    table.extend(count.to_le_bytes());
    table.push(0);
    table.extend(0x8F92_EAB1u32.to_le_bytes());
    file.write_all(&0x184D_2A5Eu32.to_le_bytes()).unwrap();
    file.write_all(&u32::try_from(table.len()).unwrap().to_le_bytes()).unwrap();
    file.write_all(&table).unwrap();
}

/// Runs it with as many open files as are promised, and holds its memory against what is promised.
fn keeps_the_promise(time: &Path, here: &Scratch, options: &[&str], directories: &[String]) {
    let script = format!("ulimit -n {}; exec \"$@\"", directories.len() + 16);
    let mut all = vec!["-c", &script, "sh", time.to_str().unwrap(), "-f", "%M", env!("CARGO_BIN_EXE_mlog")];
    all.extend(options);
    all.extend(directories.iter().map(String::as_str));
    let mut command = Command::new("/bin/sh");
    command.args(&all).current_dir(here.path(".")).env("TMPDIR", here.path("."));
    // Large archives take longer than a run of the library is waited for, and their text has no room in the memory of a test.
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let outcome = harness::spawn(&mut command).wait_with_output().unwrap();
    let stderr = String::from_utf8(outcome.stderr).unwrap();
    let said: Vec<&str> = stderr.lines().collect();
    let about = format!("{options:?} {}: {said:?}", directories[0]);
    let found_nothing = said.len() == 2 && said[0].contains("status 1");
    assert!(said.len() == 1 || found_nothing, "{about}");
    let kilobytes: usize = said[said.len() - 1].parse().expect(&about);
    let promised = (32 << 10) + 2560 * directories.len();
    assert!(kilobytes < promised, "{about} of {promised} kB");
    if is_large() {
        eprintln!("{options:?} {}: {kilobytes} of {promised} kB", directories[0]);
    }
}

const QUERIES: [&[&str]; 16] = [
    &["--reverse", "--since", "2023-11-01"],
    &["--reverse"],
    &["-n", "300000"],
    &["-o", "json"],
    &["-g", "on", "-C", "3"],
    &["stat", "--by", "minute"],
    &["verify"],
    &["--since", "2023-11-01", "-n", "10"],
    // Only where there is much time.
    &["ls"],
    &[],
    &["-g", "nothing"],
    &["-v", "nothing"],
    &["-n", "10", "-g", "goes"],
    &["-A", "1", "-g", "on", "-n", "5"],
    &["-B", "2", "-g", "nothing"],
    &["-c"],
];

fn every_query(form: &str) {
    let Some(time) = program("time") else { return };
    let here = Scratch::new();
    let size = if is_large() { 500 << 20 } else { 24 << 20 };
    write(&here.path(format!("log/{}.s", label(800_000))), form, size);
    for options in &QUERIES[..if is_large() { QUERIES.len() } else { 8 }] {
        keeps_the_promise(&time, &here, options, &["log".into()]);
    }
}

#[test]
fn of_plain_archives() {
    every_query("plain");
}

#[test]
fn of_archives_that_are_one_member_of_gzip() {
    every_query("gzip");
}

#[test]
fn of_archives_that_are_one_frame_of_zstandard() {
    every_query("zstd");
}

#[test]
fn of_a_frame_with_a_window_of_eight_mebibytes() {
    every_query("window");
}

#[test]
fn of_archives_with_a_table() {
    every_query("table");
}

#[test]
fn of_nothing_but_empty_lines() {
    every_query("empty lines");
}

#[test]
fn of_a_long_line() {
    every_query("long line");
}

#[test]
fn of_fifty_directories_with_large_windows() {
    let Some(time) = program("time") else { return };
    let here = Scratch::new();
    let first = here.path(format!("d0/{}.s", label(800_000)));
    write(&first, "window", if is_large() { 50 << 20 } else { 6 << 20 });
    let mut directories = vec!["d0".to_string()];
    for number in 1..50 {
        let directory = format!("d{number}");
        fs::create_dir(here.path(&directory)).unwrap();
        fs::copy(&first, here.path(format!("{directory}/{}.s", label(800_000)))).unwrap();
        here.write(&format!("{directory}/current"), format!("{} the end\n", label(900_000)));
        directories.push(directory);
    }
    for options in &QUERIES[..if is_large() { QUERIES.len() } else { 2 }] {
        keeps_the_promise(&time, &here, options, &directories);
    }
    // Following begins with the last lines, and keeps a file of each directory open.
    let script = format!("ulimit -n {}; exec \"$@\"", directories.len() + 16);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_mlog"), "-f", "-n", "500", "-o", "none"]);
    command.args(&directories).current_dir(here.path(".")).env("TMPDIR", here.path("."));
    command.stdout(fs::File::create(here.path("out")).unwrap()).stderr(Stdio::piped());
    let mut child = harness::spawn(&mut command);
    until("the last lines", || fs::read_to_string(here.path("out")).unwrap().lines().count() == 500);
    child.kill().unwrap();
    assert_eq!(String::from_utf8(child.wait_with_output().unwrap().stderr).unwrap(), "");
}

/// With eight directories of every form 71 MB were taken where 50 are promised: the room of lines was not counted as it is.
#[test]
fn of_some_directories_of_every_form() {
    let Some(time) = program("time") else { return };
    let here = Scratch::new();
    let size = if is_large() { 200 << 20 } else { 12 << 20 };
    let forms = ["plain", "gzip", "zstd", "window", "table", "long line", "gzip", "window"];
    let directories: Vec<String> = (0..forms.len()).map(|number| format!("d{number}")).collect();
    for (directory, form) in directories.iter().zip(forms) {
        write(&here.path(format!("{directory}/{}.s", label(800_000))), form, size);
    }
    for options in [&["--since", "2023-11-01", "-o", "none"][..], &["--reverse"], &["-g", "on", "-C", "3"]] {
        for few in [2, 5, directories.len()] {
            keeps_the_promise(&time, &here, options, &directories[directories.len() - few..]);
        }
    }
}

/// What /proc says of a process: its greatest size in memory in kB.
fn greatest(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// A follower that begins at the start of large archives, and then follows.
#[test]
fn of_a_follower_that_catches_up_and_follows() {
    for (first, files) in [(&["--cursor-file", "cursor"][..], 1), (&["--since", "2023-11-01"], 2)] {
        let here = Scratch::new();
        let size = if is_large() { 200 << 20 } else { 12 << 20 };
        let forms = ["plain", "gzip", "zstd", "window", "table", "long line", "gzip", "table"];
        let directories: Vec<String> = (0..forms.len()).map(|number| format!("d{number}")).collect();
        for (directory, form) in directories.iter().zip(forms) {
            write(&here.path(format!("{directory}/{}.s", label(800_000))), form, size);
        }
        let script = format!("ulimit -n {}; exec \"$@\"", files * directories.len() + 16);
        let mut command = Command::new("/bin/sh");
        command.args([
            "-c",
            &script,
            "sh",
            env!("CARGO_BIN_EXE_mlog"),
            "-f",
            "-o",
            "none",
            "--prefix",
            "always",
        ]);
        command.args(first).args(&directories).current_dir(here.path(".")).env("TMPDIR", here.path("."));
        command.stdout(fs::File::create(here.path("out")).unwrap()).stderr(Stdio::piped());
        let mut child = harness::spawn(&mut command);
        let came = |text: &str| {
            let mut grep = Command::new("grep");
            let found = grep.args(["-c", text]).arg(here.path("out")).output().unwrap();
            String::from_utf8(found.stdout).unwrap().trim().parse::<usize>().unwrap()
        };
        until("all archives", || came(": the end$") == directories.len());
        for directory in &directories {
            let mut current =
                fs::OpenOptions::new().append(true).open(here.path(format!("{directory}/current"))).unwrap();
            current.write_all(b"more\n").unwrap();
        }
        until("what was written", || came(": more$") == directories.len());
        let kilobytes = greatest(child.id());
        let promised = (32 << 10) + 2560 * directories.len();
        child.kill().unwrap();
        let said = child.wait_with_output().unwrap().stderr;
        assert_eq!(String::from_utf8(said).unwrap(), "", "{first:?}");
        assert!(kilobytes < promised, "{first:?}: {kilobytes} of {promised} kB");
        eprintln!("{first:?}: {kilobytes} of {promised} kB");
    }
}

/// Waits for as long as it takes; a test that hangs is ended by who runs it.
fn until(what: &str, condition: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !condition() {
        assert!(begun.elapsed().as_secs() < 300, "never: {what}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
