//! TERM in each state: it ends within 200 ms of the step in hand, and nothing is lost.

use std::time::Duration;

use harness::{LogView, Scratch, SmallDisk, ours_only, tool};
use rustix::process::{Pid, Signal, kill_process};

use crate::clock::faketime;
use crate::disk::fill;
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
    term_within(here, (&[], script), input, ready, after)
}

/// The same with a program that starts the first one.
fn term_within(
    here: &Scratch,
    (starter, script): (&[&str], &[&str]),
    input: &[u8],
    ready: impl Fn() -> bool,
    after: impl FnOnce(),
) -> Duration {
    use std::io::Write;
    let (reader, mut writer) = harness::pipe().unwrap();
    writer.write_all(input).unwrap();
    let command = || {
        let mut command = std::process::Command::new(tool("multilog"));
        command.args(script).current_dir(here.path(""));
        command
    };
    let mut first = command();
    if let [program, arguments @ ..] = starter {
        first = std::process::Command::new(program);
        first.args(arguments).arg(tool("multilog")).args(script).current_dir(here.path(""));
    }
    let mut logger = start(first, &reader);
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
    if !ours_only("TERM") {
        return;
    }
    let Some(original) = Engine::peers().into_iter().find(|engine| engine.name.ends_with("(Debian)")) else {
        return;
    };
    let here = Scratch::new();
    let Some(_disk) = SmallDisk::mount(&here.path("disk"), "64k") else { return };
    let (reader, mut writer) = harness::pipe().unwrap();
    std::io::Write::write_all(&mut writer, &lines(1200)[..60_000]).unwrap();
    std::io::Write::write_all(&mut writer, b"\n").unwrap();
    fill(&here.path("disk/filler"), 8 << 10);
    let mut logger = start(original.command(&here.path("disk"), 99_999, None), &reader);
    std::thread::sleep(Duration::from_millis(300));
    kill_process(Pid::from_child(&logger), Signal::TERM).unwrap();
    assert_eq!(end(&mut logger, Duration::from_secs(2)), None);
}

#[test]
fn while_a_processor_is_killed_again_and_again() {
    let here = Scratch::in_memory();
    let input = lines(600);
    std::fs::write(here.path("kills"), "").unwrap();
    let flag = here.path("kills");
    let command = format!("![ ! -e {} ] || kill -9 $$; cat", flag.display());
    let ready = || LogView::of(here.path("main")).codes().contains(&"u");
    let after = || std::fs::remove_file(&flag).unwrap();
    let took = term(&here, &["s4096", "n100", &command, "./main"], &input, ready, after);
    assert!(took < Duration::from_millis(200) + SLACK, "{took:?}");
    let view = LogView::of(here.path("main"));
    assert_eq!((view.bytes(), view.codes().iter().all(|code| *code == "s")), (input, true));
}

/// Not even one line fits below the limit, so it pauses.
#[test]
fn at_the_limit_of_the_process() {
    let here = Scratch::in_memory();
    let input = "x".repeat(900) + "\n";
    let starter = ["sh", "-c", "ulimit -f 1; exec \"$0\" \"$@\""];
    let ready = || here.path("main/current").exists();
    let took = term_within(&here, (&starter, &["./main"]), input.as_bytes(), ready, || {});
    assert!(took < Duration::from_millis(200) + SLACK, "{took:?}");
    assert_eq!(LogView::of(here.path("main")).text(), input);
}

/// Its pauses and waits are on another clock.
#[test]
fn while_the_clock_is_a_day_behind_and_steps_back() {
    let Some(faketime) = faketime() else { return };
    let here = Scratch::in_memory();
    let clock = here.write("clock", "+0d");
    let setting = format!("FAKETIME_TIMESTAMP_FILE={}", clock.display());
    let faketime = faketime.display().to_string();
    let starter = ["env", "-u", "FAKETIME", &setting, "FAKETIME_NO_CACHE=1", &faketime, "now"];
    let input = lines(300);
    let ready = || {
        std::fs::write(&clock, "-1d").unwrap();
        LogView::of(here.path("main")).bytes().len() == input.len()
    };
    let took = term_within(&here, (&starter, &["s4096", "n100", "./main"]), &input, ready, || {});
    assert!(took < Duration::from_millis(200) + SLACK, "{took:?}");
    assert_eq!(LogView::of(here.path("main")).bytes(), input);
}
