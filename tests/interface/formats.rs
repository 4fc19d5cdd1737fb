//! The bytes that multilog-format(5) and service-directory(5) describe, read with nothing but what these pages say.

use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use harness::{Scratch, is_original, tool, until};
use rustix::process::Signal;

fn number<const N: usize>(bytes: &[u8], at: usize) -> u64 {
    bytes[at..at + N].iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

fn long(bytes: &[u8], at: usize) -> u64 {
    number::<8>(bytes, at)
}

fn short(bytes: &[u8], at: usize) -> usize {
    number::<4>(bytes, at) as usize
}

fn crc32(bytes: &[u8]) -> u64 {
    let step = |sum: u32| sum >> 1 ^ if sum & 1 == 1 { 0xedb8_8320 } else { 0 };
    let sum =
        bytes.iter().fold(u32::MAX, |sum, &byte| (0..8).fold(sum ^ u32::from(byte), |sum, _| step(sum)));
    u64::from(!sum)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn run_of_the_machine() -> Vec<u8> {
    fs::read("/proc/sys/kernel/random/boot_id").unwrap()[..36].to_vec()
}

/// A label in the journal as text.
fn label(bytes: &[u8], at: usize) -> String {
    format!("@{:016x}{:08x}", long(bytes, at), short(bytes, at + 8))
}

#[test]
fn the_journal_is_what_the_page_says() {
    if is_original() {
        return;
    }
    let here = Scratch::new();
    let mut logger = here.multilog(&["t", "./main"]).start();
    let input = logger.take_stdin();
    let pipe = rustix::fs::fstat(input.as_fd()).unwrap();
    rustix::io::write(&input, b"one\ntwo\n").unwrap();
    let (journal, current) = (here.path("main/.journal"), here.path("main/current"));
    let read = || fs::read(&journal).unwrap_or_default();
    until("the batch has left the pipe", || read().get(1023) == Some(&b'\n') && long(&read(), 1092) == 8);
    let (bytes, text) = (read(), fs::read_to_string(&current).unwrap());
    assert_eq!((bytes.len(), mode(&journal)), (4096, 0o600));
    assert_eq!((&bytes[1016..1024], &bytes[1024..1028]), (&b"one\ntwo\n"[..], &b"mlj1"[..]));
    assert_eq!(bytes[1032..1068], run_of_the_machine());
    assert_eq!((long(&bytes, 1068), long(&bytes, 1076)), (pipe.st_dev, pipe.st_ino));
    assert_eq!((long(&bytes, 1084), long(&bytes, 1108)), (u64::MAX, 0));
    assert_eq!((&bytes[1116..1124], bytes[1132]), (&b"one\ntwo\n"[..], b'\n'));
    assert_eq!(label(&bytes, 1133), text.lines().last().unwrap()[..25]);
    assert_eq!((&bytes[1145..1157], number::<2>(&bytes, 1157)), (&[0; 12][..], 1));
    let share = &bytes[1159..1232];
    let directory = fs::metadata(here.path("main")).unwrap();
    assert_eq!((long(share, 0), long(share, 8)), (directory.dev(), directory.ino()));
    assert_eq!(long(share, 24), fs::metadata(&current).unwrap().ino());
    assert_eq!((long(share, 32), long(share, 40), share[72]), (0, text.len() as u64, 0));
    assert_eq!(number::<4>(&bytes, 1028), crc32(&bytes[1032..1232]));
    drop(input);
    assert_eq!(logger.end().code, Some(0));
    assert!(!journal.exists());
    assert_eq!((mode(&current), mode(&here.path("main/lock"))), (0o744, 0o600));
}

#[test]
fn the_longer_form_of_the_journal_has_what_was_dropped() {
    if is_original() {
        return;
    }
    let here = Scratch::new();
    let mut logger = here.multilog(&["limit=1", "./main"]).start();
    let bytes = || fs::read(here.path("main/.journal")).unwrap_or_default();
    let logged = || fs::read_to_string(here.path("main/current")).unwrap_or_default();
    logger.write(b"first\n");
    until("the first line is there", || logged() == "first\n");
    let mut found = None;
    until("lines were dropped and not mentioned yet", || {
        logger.write(b"1\n2\n3\n4\n5\n");
        let bytes = bytes();
        found = (bytes.get(1024..1028) == Some(b"mlj2")).then_some(bytes);
        found.is_some()
    });
    let bytes = found.unwrap();
    let end = 1159 + 73 + 4 * 8;
    assert!(bytes[1159 + 73..1159 + 73 + 16] == [0; 16], "there is no maxline=");
    assert!(long(&bytes, end - 16) + long(&bytes, end - 8) > 0);
    assert_eq!(number::<4>(&bytes, 1028), crc32(&bytes[1032..end]));
    logger.signal(Signal::TERM);
    logger.wait();
}

#[test]
fn the_file_that_holds_back_age_is_what_the_page_says() {
    if is_original() {
        return;
    }
    let here = Scratch::new();
    for second in ["0", "1"] {
        let old = here.write(&format!("main/@400000005000000{second}00000000.s"), "old\n");
        fs::set_permissions(old, fs::Permissions::from_mode(0o744)).unwrap();
    }
    let mut logger = here.multilog(&["age=1h", "./main"]).start();
    let hold = here.path("main/.age-hold");
    let read = || fs::read_to_string(&hold).unwrap_or_default();
    logger.until("the clock is in doubt", || read().ends_with('\n'));
    assert_eq!(mode(&hold), 0o600);
    let text = read();
    let words: Vec<&str> = text.trim_end().split(' ').collect();
    let [since, ran, run] = words[..] else { panic!("{text}") };
    assert!(since.starts_with("@40000000") && since.len() == 25 && ran.parse::<u64>().is_ok(), "{text}");
    assert_eq!(run.as_bytes(), run_of_the_machine());
    logger.end();
}

/// The archive of a log directory that has one, and how long its text is.
fn archive(form: &str) -> (String, Vec<u8>, usize) {
    let here = Scratch::new();
    let text: String = (0..400_000).map(|line| format!("{line}\n")).collect();
    here.multilog(&["s2600000", &format!("compress={form}"), "./main"]).over(&text).quietly();
    let files = fs::read_dir(here.path("main")).unwrap().map(|file| file.unwrap().path());
    let archives: Vec<PathBuf> = files.filter(|path| path.to_str().unwrap().contains("/@")).collect();
    let [archive] = &archives[..] else { panic!("{archives:?}") };
    let left = fs::metadata(here.path("main/current")).unwrap().len() as usize;
    assert_eq!(mode(archive), 0o744);
    let name = archive.file_name().unwrap().to_str().unwrap();
    (name.to_string(), fs::read(archive).unwrap(), text.len() - left)
}

#[test]
fn an_archive_of_gzip_is_members_that_say_where_the_next_one_begins() {
    if is_original() {
        return;
    }
    let (name, bytes, length) = archive("gzip");
    assert!(name.starts_with("@40000000") && name.ends_with(".gz") && name.len() == 28, "{name}");
    let (mut at, mut members, mut texts) = (0, 0, 0);
    while at < bytes.len() {
        assert_eq!(bytes[at..at + 16], *b"\x1f\x8b\x08\x04\0\0\0\0\x02\0\x08\0MZ\x04\0");
        let data = short(&bytes, at + 16);
        texts += short(&bytes, at + 24 + data);
        (at, members) = (at + 28 + data, members + 1);
    }
    assert_eq!((at, texts), (bytes.len(), length));
    assert_eq!(members, length.div_ceil(1 << 20));
}

#[test]
fn an_archive_of_zstd_ends_with_a_table_of_its_frames() {
    if is_original() {
        return;
    }
    let (name, bytes, length) = archive("zstd");
    assert!(name.starts_with("@40000000") && name.ends_with(".zst"), "{name}");
    let footer = bytes.len() - 9;
    assert_eq!((bytes[footer + 4], short(&bytes, footer + 5)), (0x80, 0x8f92_eab1));
    let frames = short(&bytes, footer);
    let table = footer - 12 * frames - 8;
    assert_eq!((short(&bytes, table), short(&bytes, table + 4)), (0x184d_2a5e, 12 * frames + 9));
    let (mut at, mut texts) = (0, 0);
    for entry in (table + 8..footer).step_by(12) {
        assert_eq!(short(&bytes, at), 0xfd2f_b528, "a frame of Zstandard");
        at += short(&bytes, entry);
        texts += short(&bytes, entry + 4);
        assert_eq!(short(&bytes, entry + 8), short(&bytes, at - 4));
    }
    assert_eq!((at, texts, frames), (table, length, length.div_ceil(1 << 20)));
}

fn script(here: &Scratch, name: &str, text: &str) -> PathBuf {
    let path = here.write(name, format!("#!/bin/sh\n{text}\n"));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

#[test]
fn the_files_of_supervise_are_what_the_page_says() {
    if is_original() {
        return;
    }
    let here = Scratch::new();
    script(&here, "web/run", "exec sleep 1000");
    let supervise = here.run(&tool("supervise"), &["web"]).start();
    let file = |name: &str| here.path("web/supervise").join(name);
    let status = || fs::read(file("status")).unwrap_or_default();
    until("it is up", || status().len() == 18 && status()[12..16] != [0; 4]);
    let bytes = status();
    assert_eq!((bytes[0], bytes[16], bytes[17]), (0x40, 0, b'u'));
    let since = bytes[..12].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let json = here.run(&tool("svstat"), &["-j", "web"]).over("").quietly().stdout;
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((&json["since"], &json["pid"]), (&format!("@{since}").into(), &short(&bytes, 12).into()));

    let lock = fs::read_to_string(file("lock")).unwrap();
    let words: Vec<&str> = lock.split_ascii_whitespace().collect();
    assert_eq!((lock.len(), lock.ends_with(" \n"), words.len()), (160, true, 8));
    assert_eq!(words[0], short(&bytes, 12).to_string());
    assert_eq!(words[2].as_bytes(), run_of_the_machine());
    let about = fs::metadata(file("lock")).unwrap();
    assert_eq!(words[3..], ["run", "-", "0", &about.dev().to_string(), &about.ino().to_string()]);
    let modes = ["", "lock", "control", "ok", "status"].map(|name| mode(&file(name)));
    assert_eq!((modes[0], &modes[1..4], modes[4] & !0o044), (0o700, &[0o600; 3][..], 0o600));
    assert!(!file("state").exists());

    fs::write(file("control"), "?p").unwrap();
    until("it is paused", || status()[16] == 1);
    fs::write(file("control"), "co").unwrap();
    until("it is not started again", || status()[16..] == [0, 0]);
    fs::write(file("control"), "dx").unwrap();
    assert_eq!(supervise.end().code, Some(0));
    assert_eq!(status()[12..], *b"\0\0\0\0\0d");
    let state = fs::read_to_string(file("state")).unwrap();
    assert_eq!((state.len(), state.trim_end()), (100, "ended killed 15"));
}
