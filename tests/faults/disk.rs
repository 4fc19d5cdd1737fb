//! Disks that are full, and have room again; limits; an fsync that fails.

use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use harness::{LogView, Random, Scratch, SmallDisk, tool};

use crate::is_long;
use crate::lines::{Kind, account};
use crate::storm::{end, start};

/// Fills the file system of `path` except `room` bytes.
pub(crate) fn fill(path: &Path, room: u64) {
    let mut file = std::fs::File::create(path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    file.set_len(file.metadata().unwrap().len().saturating_sub(room)).unwrap();
}

/// The disk is filled and freed again and again while lines come.
#[test]
fn a_disk_that_is_full_now_and_then() {
    let here = Scratch::new();
    let Some(_disk) = SmallDisk::mount(&here.path("disk"), "2m") else { return };
    std::fs::create_dir(here.path("disk/main")).unwrap();
    let (reader, mut writer) = harness::pipe().unwrap();
    let mut command = Command::new(tool("multilog"));
    command.args(["s65536", "n10", "./disk/main"]).current_dir(here.path(""));
    let mut logger = start(command, &reader);
    drop(reader);
    let rounds = if is_long() { 300 } else { 20 };
    let filler = here.path("disk/filler");
    let (mut random, mut bytes, mut n) = (Random::new(9), Vec::new(), 0);
    for _ in 0..rounds {
        fill(&filler, random.below(3) * 4096);
        let writing = std::thread::spawn({
            bytes.clear();
            for _ in 0..1500 {
                Kind::Mixed.line(n, &mut bytes);
                n += 1;
                if bytes.len() > 40_000 {
                    break;
                }
            }
            let (bytes, mut writer) = (bytes.clone(), writer.try_clone().unwrap());
            move || writer.write_all(&bytes).unwrap()
        });
        std::thread::sleep(Duration::from_millis(30));
        std::fs::remove_file(&filler).unwrap();
        writing.join().unwrap();
    }
    writer.flush().unwrap();
    drop(writer);
    assert!(end(&mut logger, Duration::from_secs(60)).is_some());
    // The oldest are pruned: what is there is the end of it, exactly.
    let log = LogView::of(here.path("disk/main")).bytes();
    let mut all = Vec::new();
    (0..n).for_each(|n| Kind::Mixed.line(n, &mut all));
    assert!(all.ends_with(&log) && log.len() > 60_000, "{} of {}", log.len(), all.len());
}

#[test]
fn a_disk_without_inodes_for_a_journal_is_logged_to_all_the_same() {
    let here = Scratch::new();
    let Some(_disk) = SmallDisk::mount(&here.path("disk"), "1m,nr_inodes=8") else { return };
    std::fs::create_dir(here.path("disk/main")).unwrap();
    ["main/lock", "main/current", "a", "b", "c", "d", "e"].iter().for_each(|name| {
        // Until there are no more.
        std::fs::write(here.path("disk").join(name), "").ok();
    });
    let outcome = here.multilog(&["./disk/main"]).over("line\n");
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let said = "unable to keep a journal in ./disk/main, a kill may repeat lines: out of disk space";
    assert!(outcome.stderr.contains(said), "{}", outcome.stderr);
    assert!(LogView::of(here.path("disk/main")).text().ends_with("line\n"));
}

#[test]
fn a_limit_on_the_size_of_files() {
    let here = Scratch::in_memory();
    let (reader, mut writer) = harness::pipe().unwrap();
    let mut command = Command::new("sh");
    let script = format!("ulimit -f 16; exec {} s16777215 n1000 ./main", tool("multilog").display());
    command.args(["-c", &script]).current_dir(here.path(""));
    let mut logger = start(command, &reader);
    drop(reader);
    let mut bytes = Vec::new();
    (0..5000).for_each(|n| Kind::Numbered.line(n, &mut bytes));
    writer.write_all(&bytes).unwrap();
    drop(writer);
    assert!(end(&mut logger, Duration::from_secs(20)).is_some());
    let account = account(&here.path("main"), Kind::Numbered, 5000, |_| true);
    assert!(account.is_exact(), "{account:?}");
}

/// The disk is full of the logger's own archives, which `n` would allow. The original waits for ever.
#[test]
fn a_disk_that_is_full_of_archives_gets_room_where_the_script_says_so() {
    let here = Scratch::new();
    let Some(_disk) = SmallDisk::mount(&here.path("disk"), "128k") else { return };
    std::fs::create_dir(here.path("disk/main")).unwrap();
    let mut bytes = Vec::new();
    (0..20_000).for_each(|n| Kind::Numbered.line(n, &mut bytes));
    let outcome = here.multilog(&["s8192", "n1000", "min=2", "./disk/main"]).over(&bytes);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(
        outcome.stderr.contains("unable to write to ./disk/main/current, removing @"),
        "{}",
        outcome.stderr
    );
    let log = LogView::of(here.path("disk/main")).bytes();
    assert!(bytes.ends_with(&log) && log.len() > 40_000, "{}", log.len());
}
