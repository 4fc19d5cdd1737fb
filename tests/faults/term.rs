//! TERM in each state: it ends within 200 ms of the step in hand, and nothing is lost.

use std::time::Duration;

use harness::{LogView, Scratch, ours_only, strace, tool};
use rustix::process::{Pid, Signal, kill_process};

use crate::disk::{SmallDisk, fill};
use crate::engines::Engine;
use crate::storm::{end, start};

/// What a process may need to be scheduled on a busy machine, besides the 200 ms.
const SLACK: Duration = Duration::from_millis(800);

/// Starts ours on a pipe with `input`, waits until `ready`, sends TERM; how long it took. Then another one
/// reads the rest.
fn term(
    here: &Scratch,
    script: &[&str],
    input: &[u8],
    ready: impl Fn() -> bool,
    after: impl FnOnce(),
) -> Duration {
    use std::io::Write;
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(input).unwrap();
    let command = || {
        let mut command = std::process::Command::new(tool("multilog"));
        command.args(script).current_dir(here.path(""));
        command
    };
    let mut logger = start(command(), &reader);
    let begun = std::time::Instant::now();
    while !ready() {
        assert!(begun.elapsed() < Duration::from_secs(20), "never ready");
        std::thread::sleep(Duration::from_millis(2));
    }
    std::thread::sleep(Duration::from_millis(150));
    kill_process(Pid::from_child(&logger), Signal::TERM).unwrap();
    let took = end(&mut logger, Duration::from_secs(10)).expect("TERM is obeyed");
    after();
    drop(writer);
    let mut last = start(command(), &reader);
    drop(reader);
    assert!(end(&mut last, Duration::from_secs(20)).is_some());
    took
}

fn lines(count: usize) -> Vec<u8> {
    (0..count).flat_map(|n| format!("line {n} {}\n", "x".repeat(40)).into_bytes()).collect()
}

#[test]
fn while_it_waits_for_input() {
    let here = Scratch::in_memory();
    let input = lines(3);
    let ready = || LogView::of(here.path("main")).bytes().len() == input.len();
    let took = term(&here, &["./main"], &input, ready, || {});
    assert!(took < Duration::from_millis(200) + SLACK, "{took:?}");
    assert_eq!(LogView::of(here.path("main")).bytes(), input);
}

#[test]
fn within_a_long_line() {
    let here = Scratch::in_memory();
    let input = [lines(3), vec![b'y'; 20_000]].concat();
    let ready = || LogView::of(here.path("main")).bytes().len() == input.len();
    let took = term(&here, &["./main"], &input, ready, || {});
    assert!(took < Duration::from_millis(200) + SLACK, "{took:?}");
    assert_eq!(LogView::of(here.path("main")).bytes(), [input, b"\n".to_vec()].concat());
}

#[test]
fn while_the_disk_is_full() {
    let here = Scratch::new();
    let Some(disk) = SmallDisk::mount(&here.path("disk"), "256k") else { return };
    let input = lines(900);
    std::fs::create_dir(here.path("disk/main")).unwrap();
    let filler = here.path("disk/filler");
    // Room for the journal and little more.
    fill(&filler, 32 << 10);
    let full = || LogView::of(here.path("disk/main")).bytes().len() > 16_000;
    let took =
        term(&here, &["s16777215", "./disk/main"], &input, full, || std::fs::remove_file(&filler).unwrap());
    assert!(took < Duration::from_millis(200) + SLACK, "{took:?}");
    assert_eq!(LogView::of(here.path("disk/main")).bytes(), input);
    drop(disk);
}

#[test]
fn while_a_processor_fails() {
    let here = Scratch::in_memory();
    let input = lines(600);
    // It fails for as long as it is told to.
    std::fs::write(here.path("fails"), "").unwrap();
    let flag = here.path("fails");
    let command = format!("![ ! -e {} ] && cat", flag.display());
    let ready = || LogView::of(here.path("main")).codes().contains(&"u");
    let took = term(&here, &["s4096", "n100", &command, "./main"], &input, ready, || {
        std::fs::remove_file(&flag).unwrap()
    });
    assert!(took < Duration::from_millis(200) + SLACK, "{took:?}");
    let view = LogView::of(here.path("main"));
    assert_eq!((view.bytes(), view.codes().iter().all(|code| *code == "s")), (input, true));
}

/// A processor that never ends gets five seconds; what it had is processed again.
#[test]
fn while_a_processor_hangs() {
    let here = Scratch::in_memory();
    let input = lines(150);
    std::fs::write(here.path("hangs"), "").unwrap();
    let flag = here.path("hangs");
    let command = format!("!while [ -e {} ]; do sleep 0.1; done; cat", flag.display());
    let ready = || LogView::of(here.path("main")).codes().contains(&"t");
    let took = term(&here, &["s4096", "n100", &command, "./main"], &input, ready, || {
        std::fs::remove_file(&flag).unwrap()
    });
    assert!(took < Duration::from_millis(5200) + SLACK, "{took:?}");
    let view = LogView::of(here.path("main"));
    assert_eq!((view.bytes(), view.codes().iter().all(|code| *code == "s")), (input, true));
}

#[test]
fn while_a_directory_cannot_be_pruned() {
    let here = Scratch::in_memory();
    let label = "@400000003f000000000000";
    std::fs::create_dir_all(here.path(format!("main/{label}00.s/inside"))).unwrap();
    let input = lines(600);
    let ready = || LogView::of(here.path("main")).bytes().len() > 1500;
    let took = term(&here, &["s4096", "n2", "./main"], &input, ready, || {});
    assert!(took < Duration::from_millis(200) + SLACK, "{took:?}");
    let log = LogView::of(here.path("main")).bytes();
    assert!(input.ends_with(&log) && !log.is_empty());
}

/// The original does not look at TERM while it waits for room.
#[test]
fn the_original_does_not_obey_on_a_full_disk() {
    if !ours_only("TERM") || strace().is_none() {
        return;
    }
    let Some(original) = Engine::peers().into_iter().find(|engine| engine.name.ends_with("(Debian)")) else {
        return;
    };
    let here = Scratch::new();
    let Some(_disk) = SmallDisk::mount(&here.path("disk"), "64k") else { return };
    let (reader, mut writer) = std::io::pipe().unwrap();
    std::io::Write::write_all(&mut writer, &lines(1200)[..60_000]).unwrap();
    std::io::Write::write_all(&mut writer, b"\n").unwrap();
    fill(&here.path("disk/filler"), 8 << 10);
    let mut logger = start(original.command(&here.path("disk"), 99_999, None), &reader);
    std::thread::sleep(Duration::from_millis(300));
    kill_process(Pid::from_child(&logger), Signal::TERM).unwrap();
    assert_eq!(end(&mut logger, Duration::from_secs(2)), None);
}
