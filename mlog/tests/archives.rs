//! What the program makes of directories as loggers and accidents leave them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::{Outcome, Scratch, corpus, original, program, tool};

fn mlog(here: &Scratch, options: &[&str]) -> Outcome {
    here.run(Path::new(env!("CARGO_BIN_EXE_mlog")), options).over("")
}

fn out(outcome: &Outcome) -> String {
    String::from_utf8_lossy(&outcome.stdout).into_owned()
}

fn name(second: u64) -> String {
    format!("log/@{:024x}.s", (second_of(second)) << 32)
}

fn second_of(second: u64) -> u128 {
    (1u128 << 62) + 10 + 1_795_000_000 + u128::from(second)
}

fn line(second: u64, text: &str) -> String {
    format!("@{:024x} {text}\n", second_of(second) << 32)
}

fn text(lines: usize) -> String {
    (0..lines).map(|number| format!("line {number} of a log that goes on and on\n")).collect()
}

fn feed(here: &Scratch, program: &Path, script: &[&str], input: &str) {
    let mut command = Command::new(program);
    command.args(script).current_dir(here.path(".")).stdin(Stdio::piped()).stderr(Stdio::null());
    let mut child = harness::spawn(&mut command);
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait().unwrap();
}

#[test]
fn directories_of_every_logger_are_read_the_same() {
    let input = text(3000);
    let check = |program: &Path, script: &[&str], config: Option<&str>| {
        let here = Scratch::new();
        if let Some(config) = config {
            here.write("log/config", config);
        }
        feed(&here, program, script, &input);
        let all = mlog(&here, &["-o", "none", "log"]);
        assert_eq!((out(&all) == input, &*all.stderr, all.code), (true, "", Some(0)), "{script:?}");
        let last = out(&mlog(&here, &["-o", "none", "-n", "2", "log"]));
        assert_eq!(last, input[input.find("line 2998 ").unwrap()..], "{script:?}");
        // Within a minute of the clock, so the offset of the labels was found.
        let recent = mlog(&here, &["-c", "--since", "-20s", "--until", "+3s", "log"]);
        let stamped = script[0].starts_with("-t") || script[0].to_lowercase().starts_with('t');
        assert!(!stamped || out(&recent) == "3000\n", "{script:?}: {recent:?}");
        assert_eq!(mlog(&here, &["verify", "log"]).code, Some(0), "{script:?}");
    };
    let ours = tool("multilog");
    for script in [&["t", "s8192", "n99", "./log"][..], &["t", "s8192", "n99", "compress=zstd", "./log"]] {
        check(&ours, script, None);
    }
    if let Some(multilog) = original("multilog") {
        check(&multilog, &["t", "s8192", "n99", "!gzip", "./log"], None);
    }
    if let Some(s6) = program("s6-log") {
        check(&s6, &["t", "s8192", "n99", "./log"], None);
        check(&s6, &["T", "s8192", "n99", "./log"], None);
    }
    if let Some(svlogd) = program("svlogd") {
        for stamp in ["-t", "-tt", "-ttt"] {
            check(&svlogd, &[stamp, "./log"], Some("s8192\nn99\n"));
        }
    }
}

#[test]
fn real_logs_come_out_as_they_went_in() {
    let Some(logs) = corpus() else { return };
    for log in logs {
        let input = fs::read(&log).unwrap();
        let here = Scratch::new();
        let mut command = Command::new(tool("multilog"));
        command
            .args(["t", "s32768", "n99", "compress=gzip", "./log"])
            .current_dir(here.path("."))
            .stdin(Stdio::piped());
        let mut child = harness::spawn(&mut command);
        child.stdin.take().unwrap().write_all(&input).unwrap();
        child.wait().unwrap();
        let all = mlog(&here, &["-o", "none", "log"]);
        let newline = if input.ends_with(b"\n") { "" } else { "\n" };
        assert!(all.stdout == [&input[..], newline.as_bytes()].concat(), "{}", log.display());
    }
}

#[test]
fn fifty_directories_are_merged_as_sort_does() {
    let here = Scratch::new();
    let mut all = Vec::new();
    for directory in 0..50u64 {
        let mut current = String::new();
        for number in 0..200u64 {
            let line = line(number * 7 % 90 + directory * number / 60, &format!("{directory} {number}"));
            current.push_str(&line);
        }
        let mut lines: Vec<String> = current.lines().map(str::to_owned).collect();
        lines.sort();
        here.write(&format!("{directory:02}/current"), lines.join("\n") + "\n");
        all.extend(lines);
    }
    let names: Vec<String> = (0..50).map(|directory| format!("{directory:02}")).collect();
    let mut options = vec!["-o", "tai64n", "--prefix", "never"];
    options.extend(names.iter().map(String::as_str));
    let merged = out(&mlog(&here, &options));
    all.sort_by(|a, b| a[..25].cmp(&b[..25]));
    assert!(merged == all.join("\n") + "\n");
}

#[test]
fn few_lines_of_the_end_open_few_files() {
    let Some(strace) = program("strace") else { return };
    let here = Scratch::new();
    for second in 1..200 {
        here.write(&name(second), line(second, "old"));
    }
    here.write("log/current", "");
    let traced = |options: &[&str]| {
        let mlog = env!("CARGO_BIN_EXE_mlog");
        let mut all = vec!["-f", "-e", "trace=openat", "-o", "trace", mlog];
        all.extend(options);
        let outcome = here.run(&strace, &all).over("");
        let trace = fs::read_to_string(here.path("trace")).unwrap();
        (out(&outcome), trace.matches("\"@4").count())
    };
    let (shown, opened) = traced(&["-n", "2", "-o", "none", "log"]);
    assert_eq!((&*shown, opened), ("old\nold\n", 2));
    let since = format!("@{}", 1_795_000_000 + 198);
    let (shown, opened) = traced(&["--since", &since, "-o", "none", "log"]);
    assert_eq!((&*shown, opened), ("old\nold\n", 2));
}

/// Every kind of damage to an archive: what can be read is shown, the rest is named, and the exit code is 3.
#[test]
fn what_can_be_read_of_a_damaged_archive_is_shown() {
    let whole: String = (0..4000).map(|number| line(number / 100, &format!("{number}"))).collect();
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let (first, second) = whole.split_at(whole.find(" 2000\n").unwrap() + 6);
    for packed in [
        gzip(&whole),
        [gzip(first), gzip(second)].concat(),
        zstd::encode_all(whole.as_bytes(), 3).unwrap(),
        [zstd::encode_all(first.as_bytes(), 3).unwrap(), zstd::encode_all(second.as_bytes(), 3).unwrap()]
            .concat(),
    ] {
        let middle = packed.len() * 3 / 4;
        let mut flipped = packed.clone();
        flipped[middle] ^= 0x55;
        for damaged in [packed[..middle].to_vec(), [&packed[..], b"junk"].concat(), flipped] {
            let here = Scratch::new();
            here.write(&name(50), &damaged);
            here.write("log/current", line(60, "after"));
            let seen = mlog(&here, &["-o", "tai64n", "log"]);
            let shown = out(&seen);
            assert!(shown.ends_with(&line(60, "after")), "{seen:?}");
            // A checksum at the end may be all that tells.
            assert!(
                seen.code == Some(3) && seen.stderr.contains(" can't be read near byte "),
                "{}",
                seen.stderr
            );
            assert_eq!(mlog(&here, &["verify", "log"]).code, Some(3));
        }
    }
}

#[test]
fn a_table_that_lies_is_not_believed_or_named() {
    let frame = |text: &str| zstd::encode_all(text.as_bytes(), 1).unwrap();
    let (a, b) = (frame("a\n"), frame("b\n"));
    let table = |sizes: &[(usize, u32)]| {
        let mut out = Vec::new();
        for (packed, text) in sizes {
            out.extend(u32::try_from(*packed).unwrap().to_le_bytes());
            out.extend(text.to_le_bytes());
        }
        out.extend(u32::try_from(sizes.len()).unwrap().to_le_bytes());
        out.push(0);
        out.extend(0x8F92_EAB1u32.to_le_bytes());
        let length = u32::try_from(out.len()).unwrap().to_le_bytes();
        [&0x184D_2A5Eu32.to_le_bytes()[..], &length, &out].concat()
    };
    for (sizes, expected) in [
        (vec![(a.len(), 2), (b.len(), 2)], "a\nb\n"),
        (vec![(a.len(), 900_000), (b.len(), 0)], "a\nb\n"),
        (vec![(a.len() + 1, 2), (b.len() - 1, 2)], "a\nb\n"),
        (vec![(a.len(), 2)], "a\nb\n"),
        (vec![(a.len() + b.len(), 2)], "a\nb\n"),
        (vec![], "a\nb\n"),
    ] {
        let here = Scratch::new();
        here.write(&name(1), [&a[..], &b, &table(&sizes)].concat());
        let seen = mlog(&here, &["-o", "none", "log"]);
        assert_eq!((&*out(&seen), &*seen.stderr, seen.code), (expected, "", Some(0)), "{sizes:?}");
    }
}

#[test]
fn misuse_is_one_line_and_the_other_directories_are_read() {
    let here = Scratch::new();
    here.write("log/current", line(1, "a"));
    fs::create_dir(here.path("empty")).unwrap();
    for (options, words) in [
        (&["-g", "x(", "log"][..], "mlog: fatal: unable to understand pattern x(: unclosed group\n"),
        (&["-q", "log"], "mlog: fatal: unexpected argument '-q' found\n"),
        (&["-u", "x"], "mlog: fatal: -u is for services: -S is missing\n"),
        (
            &["-f", "--until", "now", "log"],
            "mlog: fatal: --until can't be together with -f or --cursor-file\n",
        ),
    ] {
        let refused = mlog(&here, options);
        assert_eq!(
            (refused.code, &*refused.stderr, refused.stdout.len()),
            (Some(2), words, 0),
            "{options:?}"
        );
    }
    let refused = mlog(&here, &["--since", "soon", "log"]);
    assert!(refused.stderr.starts_with("mlog: fatal: unable to understand time soon: try "), "{refused:?}");
    for (directory, words) in [
        ("none", "mlog: warning: unable to read none: file does not exist\n"),
        ("empty", "mlog: warning: empty is not a log directory\n"),
        ("log/current", "mlog: warning: unable to read log/current: not a directory\n"),
    ] {
        let seen = mlog(&here, &["-o", "none", "--prefix", "never", directory, "log"]);
        assert_eq!((seen.code, &*seen.stderr, &*out(&seen)), (Some(2), words, "a\n"));
    }
    assert_eq!(mlog(&here, &["-g", "b", "log"]).code, Some(1));
    assert_eq!(mlog(&here, &["-g", "a", "log"]).code, Some(0));
}

#[test]
fn services_are_shown_by_their_names() {
    let here = Scratch::new();
    here.write("service/web/log/main/current", line(2, "w"));
    here.write("service/db/log/main/current", line(1, "d") + &line(3, "e"));
    here.write("service/cron/run", "");
    let seen = mlog(&here, &["-S", "service", "-o", "none"]);
    assert_eq!((seen.code, &*out(&seen)), (Some(0), "db: d\nweb: w\ndb: e\n"));
    assert_eq!(out(&mlog(&here, &["-S", "service", "-o", "none", "-u", "w*"])), "w\n");
    assert_eq!(mlog(&here, &["-S", "service", "-u", "cron"]).code, Some(2));
    assert_eq!(out(&mlog(&here, &["-S", "service", "-c"])), "db: 2\nweb: 1\n");
}

#[test]
fn silences_are_marked() {
    let here = Scratch::new();
    here.write("log/current", line(0, "a") + &line(59, "b") + &line(3800, "c"));
    let seen = mlog(&here, &["--gaps", "1m", "-o", "none", "log"]);
    assert_eq!(out(&seen), "a\nb\n-- 1h 2m 21s without a line --\nc\n");
}

#[test]
fn verify_tells_leftovers_only_where_no_logger_runs() {
    let here = Scratch::new();
    here.write("log/lock", "");
    here.write(&name(1), line(0, "a"));
    here.write(&name(2).replace(".s", ".u"), line(1, "b"));
    here.write("log/current", line(3, "c") + &line(2, "back") + "torn");
    let seen = mlog(&here, &["verify", "log"]);
    assert_eq!(seen.code, Some(1), "{seen:?}");
    let shown = out(&seen);
    assert!(shown.contains(".u: left by a logger that was killed\n"), "{shown}");
    assert!(shown.contains("log/current: stamps step back at line 2\n"), "{shown}");
    assert!(shown.ends_with("log: 3 files, 5 lines\n"), "{shown}");
    here.write(&name(1), "torn");
    let torn = mlog(&here, &["verify", "log"]);
    assert_eq!(torn.code, Some(3));
    assert!(torn.stderr.ends_with(" ends within a line\n"), "{torn:?}");
    // A running logger has the lock.
    let live = Scratch::new();
    let mut running = live.multilog(&["t", "./log"]).start();
    running.write(b"a\n");
    running.until("it is logged", || fs::read(live.path("log/current")).is_ok_and(|log| !log.is_empty()));
    live.write("log/@400000006b0748fa385ea80c.u", "");
    let seen = mlog(&live, &["verify", "log"]);
    assert_eq!((seen.code, &*seen.stderr, &*out(&seen)), (Some(0), "", "log: 2 files, 1 lines\n"));
}

/// `mlog verify` said that a running s6-log was killed: that locks in another way.
#[test]
fn verify_finds_a_live_directory_of_any_logger_in_order() {
    let ours = Some(tool("multilog"));
    for (name, program) in [
        ("ours", ours),
        ("multilog", original("multilog")),
        ("s6-log", program("s6-log")),
        ("svlogd", program("svlogd")),
    ] {
        let Some(program) = program else { continue };
        let here = Scratch::new();
        here.write("log/config", "s4096\n");
        let mut command = Command::new(program);
        let script = if name == "svlogd" { &["-tt", "./log"][..] } else { &["t", "s4096", "./log"] };
        command.args(script).current_dir(here.path(".")).stdin(Stdio::piped()).stderr(Stdio::null());
        let mut logger = harness::spawn(&mut command);
        let mut input = logger.stdin.take().unwrap();
        input.write_all("a line\n".repeat(20).as_bytes()).unwrap();
        harness::until("it is logged", || {
            fs::metadata(here.path("log/current")).is_ok_and(|log| log.len() > 0)
        });
        harness::until_it_rests(logger.id());
        let seen = mlog(&here, &["verify", "log"]);
        drop(input);
        logger.wait().unwrap();
        assert_eq!((seen.code, &*seen.stderr), (Some(0), ""), "{name}: {}", out(&seen));
        let seen = mlog(&here, &["verify", "log"]);
        assert_eq!((seen.code, &*seen.stderr), (Some(0), ""), "{name} has ended: {}", out(&seen));
    }
}

#[test]
fn ls_and_stat_show_numbers() {
    let here = Scratch::new();
    here.write(&name(1), line(0, "a") + &line(1, "b"));
    here.write("log/current", line(3, "c"));
    let shown = out(&mlog(&here, &["ls", "log"]));
    let rows: Vec<Vec<&str>> = shown.lines().map(|row| row.split_whitespace().collect()).collect();
    assert_eq!((rows.len(), rows[0][5], rows[0][7], rows[1][7]), (2, "2", "plain", "current"));
    let shown = out(&mlog(&here, &["stat", "--by", "day", "--svg", "picture.svg", "log"]));
    assert!(shown.starts_with("log: 3 lines\n") && shown.lines().count() == 2, "{shown}");
    assert!(fs::read_to_string(here.path("picture.svg")).unwrap().starts_with("<svg"));
    assert!(out(&mlog(&here, &["stat", "-g", "a", "log"])).starts_with("log: 1 lines\n"));
}

#[test]
fn a_long_line_comes_in_pieces_of_a_mebibyte() {
    let here = Scratch::new();
    let long = "x".repeat(5 << 20);
    here.write("log/current", format!("short\n{long}\nend\n"));
    let seen = mlog(&here, &["-o", "none", "log"]);
    let joined: String = out(&seen).lines().filter(|line| line.starts_with('x')).collect();
    assert_eq!((joined.len(), out(&seen).ends_with("end\n")), (long.len(), true));
    assert_eq!(out(&mlog(&here, &["-c", "-g", "end", "log"])), "1\n");
    assert_eq!(out(&mlog(&here, &["-n", "1", "-o", "none", "log"])), "end\n");
}
