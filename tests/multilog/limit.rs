//! `limit=`: lines a second, and what the log says of the others.

use std::io::Write;
use std::process::Stdio;
use std::time::{Duration, Instant};

use harness::{LogView, Running, Scratch, SmallDisk, ours_only, program, until};
use rustix::process::Signal;

use crate::held::Held;

const DIFFERENCE: &str = "Limits";

/// `line 000001` and so on.
fn lines(numbers: std::ops::Range<usize>) -> String {
    numbers.map(|number| format!("line {number:06}\n")).collect()
}

/// How many lines are there, and how many are said to be dropped. Every line has to be whole and in its order, and no
/// more may be said at any place than is missing before it.
fn account(text: &str) -> (usize, usize) {
    let (mut logged, mut dropped, mut next) = (0, 0, 0);
    for line in text.lines() {
        if let Some(said) = line.strip_prefix("multilog: ") {
            let (count, rest) = said.split_once(' ').unwrap();
            assert!(rest.starts_with("line") && rest.contains(" dropped by limit="), "{line}");
            dropped += count.parse::<usize>().unwrap();
            next = next.max(logged + dropped);
        } else {
            let number: usize =
                line.strip_prefix("line ").unwrap_or_else(|| panic!("{line}")).parse().unwrap();
            assert!(number >= next, "{line} is behind {next}");
            (logged, next) = (logged + 1, number + 1);
        }
    }
    (logged, dropped)
}

fn unstamped(here: &Scratch, directory: &str) -> String {
    String::from_utf8(LogView::of(here.path(directory)).unstamped()).unwrap()
}

/// A logger that has read a first line, so that nothing waits for its start.
fn begun(here: &Scratch, held: &Held, script: &[&str], directory: &str) -> Running {
    let mut running = held.start(here, script);
    held.write(lines(0..1).as_bytes());
    running.until("it reads", || LogView::of(here.path(directory)).text().lines().count() == 1);
    running
}

#[test]
fn a_flood_is_cut_to_the_rate_and_every_line_is_accounted_for() {
    if ours_only(DIFFERENCE) {
        let (here, held) = (Scratch::new(), Held::new());
        let script = ["t", "limit=50", "prefix=web: ", "./main", "limit=0", "prefix=", "./all", "1"];
        let mut running = begun(&here, &held, &script, "main");
        let begun = Instant::now();
        for part in 0..20 {
            held.write(lines(1 + part * 1000..1 + (part + 1) * 1000).as_bytes());
            std::thread::sleep(Duration::from_millis(100));
        }
        running.until("all of it is read", || unstamped(&here, "all").lines().count() == 20_001);
        running.until("it is said", || unstamped(&here, "main").ends_with(" dropped by limit=50\n"));
        let most = 50 * (begun.elapsed().as_secs() + 3);
        drop(held);
        let printed = String::from_utf8(running.wait().quietly().stdout).unwrap();
        let text = unstamped(&here, "main");
        assert!(text.lines().all(|line| line.starts_with("web: ")), "{text}");
        let (logged, dropped) = account(&text.replace("web: ", ""));
        assert_eq!(logged + dropped, 20_001);
        assert!(logged > 100 && logged as u64 <= most, "{logged}");
        // One a second.
        assert!(text.matches(" dropped by ").count() as u64 <= begun.elapsed().as_secs() + 2, "{text}");
        assert_eq!((unstamped(&here, "all").lines().count(), printed.lines().count()), (20_001, 20_001));
        let stamped = LogView::of(here.path("main")).text();
        let stamps: Vec<&str> = stamped.lines().map(|line| &line[..25]).collect();
        assert!(stamps.iter().all(|stamp| stamp.starts_with("@4")) && stamps.is_sorted());
    }
}

#[test]
fn what_was_dropped_is_said_within_a_second_or_so_though_no_line_comes_any_more() {
    if ours_only(DIFFERENCE) {
        let (here, held) = (Scratch::new(), Held::new());
        let mut running = begun(&here, &held, &["limit=10", "./main"], "main");
        held.write(lines(1..100).as_bytes());
        running.until("something is dropped", || LogView::of(here.path("main")).text().lines().count() > 5);
        let begun = Instant::now();
        running.until("it is said", || LogView::of(here.path("main")).text().contains("dropped"));
        assert!(begun.elapsed() < Duration::from_secs(5));
        let before = harness::wakeups(running.pid());
        std::thread::sleep(Duration::from_secs(3));
        // It has become quiet, and has nothing to say.
        assert!(harness::wakeups(running.pid()) <= before + 1);
        drop(held);
        running.wait().quietly();
        let (logged, dropped) = account(&LogView::of(here.path("main")).text());
        assert_eq!(logged + dropped, 100);
    }
}

#[test]
fn what_was_dropped_is_said_at_every_end_and_after_a_kill_by_the_next_run() {
    if ours_only(DIFFERENCE) {
        for signal in [Some(Signal::TERM), Some(Signal::INT), Some(Signal::KILL), None] {
            let (here, held) = (Scratch::new(), Held::new());
            let script = ["limit=10", "./main", "limit=0", "./all"];
            let mut running = begun(&here, &held, &script, "main");
            held.write(lines(1..1000).as_bytes());
            running.until("all is read", || LogView::of(here.path("all")).text().lines().count() == 1000);
            // A batch is consumed after the last directory has it.
            std::thread::sleep(Duration::from_millis(50));
            match signal {
                Some(signal) => running.signal(signal),
                None => drop(held.writer),
            }
            running.wait();
            let text = || LogView::of(here.path("main")).text();
            let (logged, dropped) = account(&text());
            if signal == Some(Signal::KILL) {
                assert_eq!(dropped, 0);
                assert!(here.path("main/.journal").exists());
                here.multilog(&script).from(Stdio::from(held.reader.try_clone().unwrap())).start();
                until("it is said", || account(&text()).1 > 0);
            } else {
                assert_eq!(logged + dropped, 1000, "{signal:?}");
                assert!(!here.path("main/.journal").exists(), "{signal:?}");
            }
            let (logged, dropped) = account(&text());
            assert_eq!(logged + dropped, 1000, "{signal:?}");
        }
    }
}

/// A stop of three seconds, in which nothing was written beyond the rate.
#[test]
fn a_stall_and_a_restart_drop_no_backlog() {
    if ours_only(DIFFERENCE) {
        let (here, held) = (Scratch::new(), Held::new());
        let mut running = begun(&here, &held, &["limit=100", "./main"], "main");
        running.signal(Signal::STOP);
        std::thread::sleep(Duration::from_secs(3));
        held.write(lines(1..300).as_bytes());
        running.signal(Signal::CONT);
        let text = || LogView::of(here.path("main")).text();
        running.until("all is there", || text().lines().count() == 300);
        running.signal(Signal::TERM);
        running.wait().quietly();
        // Three times what a bucket has, and written in no time, but before the start.
        held.write(lines(300..700).as_bytes());
        let mut running = held.start(&here, &["limit=100", "./main"]);
        running.until("all is there", || text().lines().count() == 700);
        drop(held);
        running.wait().quietly();
        assert_eq!(account(&text()), (700, 0));
    }
}

#[test]
fn a_line_is_taken_or_dropped_as_a_whole_and_nothing_is_said_within_it() {
    if ours_only(DIFFERENCE) {
        let (here, held) = (Scratch::new(), Held::new());
        let script = ["limit=3", "./main", "limit=0", "./all"];
        let mut running = begun(&here, &held, &script, "main");
        let all = || LogView::of(here.path("all")).bytes().len();
        let (long, mut length) = ("x".repeat(5000), all());
        let mut write = |running: &mut Running, text: &str| {
            held.write(text.as_bytes());
            length += text.len();
            running.until("it is read", || all() == length);
        };
        std::thread::sleep(Duration::from_secs(1));
        // Short lines that use the room up, and drop some; then a line that is begun in the next second.
        write(&mut running, &"y\n".repeat(20));
        std::thread::sleep(Duration::from_millis(600));
        write(&mut running, &long);
        std::thread::sleep(Duration::from_secs(2));
        // Nothing is said as long as the line goes on.
        assert!(LogView::of(here.path("main")).text().ends_with(&long));
        running.signal(Signal::KILL);
        running.wait();
        let mut running = held.start(&here, &script);
        write(&mut running, &long);
        write(&mut running, "\n");
        running.until("it is said", || LogView::of(here.path("main")).text().contains("dropped"));
        // A line of which the beginning is dropped.
        write(&mut running, &format!("{}{long}", "z\n".repeat(30)));
        std::thread::sleep(Duration::from_secs(1));
        write(&mut running, &format!("{long}\n"));
        drop(held.writer);
        running.wait().quietly();
        let text = LogView::of(here.path("main")).text();
        let whole = text.lines().filter(|line| line.contains('x')).map(str::len).collect::<Vec<_>>();
        assert_eq!(whole, [10_000]);
        let said = text.lines().filter_map(|line| line.strip_prefix("multilog: "));
        let dropped: usize = said.map(|said| said.split(' ').next().unwrap().parse::<usize>().unwrap()).sum();
        let logged = text.lines().filter(|line| !line.starts_with("multilog: ")).count();
        assert_eq!(logged + dropped, LogView::of(here.path("all")).text().lines().count(), "{text}");
    }
}

#[test]
fn kills_lose_and_repeat_no_line_and_no_number() {
    if ours_only(DIFFERENCE) {
        let (here, held) = (Scratch::new(), Held::new());
        let script = ["s4096", "n100000", "limit=2000", "./main", "limit=300", "-*3", "./few"];
        let writer = held.writer.try_clone().unwrap();
        let writing = std::thread::spawn(move || {
            for part in 0..300 {
                (&writer).write_all(lines(part * 100..(part + 1) * 100).as_bytes()).unwrap();
                std::thread::sleep(Duration::from_millis(3));
            }
        });
        let mut round = 0;
        while !writing.is_finished() {
            let running = held.start(&here, &script);
            std::thread::sleep(Duration::from_millis(10 + round * 7 % 40));
            running.signal(if round % 5 == 4 { Signal::TERM } else { Signal::KILL });
            running.wait();
            round += 1;
        }
        writing.join().unwrap();
        let last = held.start(&here, &script);
        drop(held);
        last.wait().quietly();
        // The star runs to the first 3.
        let few = lines(0..30_000).lines().filter(|line| line.find('3') != Some(10)).count();
        for (directory, selected) in [("main", 30_000), ("few", few)] {
            let text = LogView::of(here.path(directory)).text();
            // The numbers of the second one have gaps.
            let (logged, dropped) = if directory == "main" { account(&text) } else { counts(&text) };
            assert_eq!(logged + dropped, selected, "{directory} {logged} {dropped}");
        }
    }
}

/// The same without a look at the order.
fn counts(text: &str) -> (usize, usize) {
    let count = |line: &str| line.strip_prefix("multilog: ")?.split(' ').next()?.parse::<usize>().ok();
    let dropped: Vec<usize> = text.lines().filter_map(count).collect();
    (text.lines().count() - dropped.len(), dropped.iter().sum())
}

/// A disk that is full for a while is a stall, and the numbers go where the lines go.
#[test]
fn a_full_disk_loses_no_line_and_no_number() {
    if ours_only(DIFFERENCE) {
        let here = Scratch::new();
        let Some(disk) = SmallDisk::mount(&here.path("disk"), "256k") else { return };
        let held = Held::new();
        let running = begun(&here, &held, &["limit=1000", "./disk/main"], "disk/main");
        std::fs::write(disk.path().join("filling"), vec![0; 1 << 20]).ok();
        // Less than a pipe holds, and more than a page.
        held.write(lines(1..4001).as_bytes());
        until("it waits for room", || running.said().contains("pausing"));
        std::thread::sleep(Duration::from_millis(700));
        std::fs::remove_file(disk.path().join("filling")).unwrap();
        let text = || LogView::of(here.path("disk/main")).text();
        until("it is said", || text().contains("dropped"));
        drop(held);
        running.wait();
        let (logged, dropped) = account(&text());
        assert_eq!(logged + dropped, 4001);
    }
}

/// The clock that stamps may do what it likes.
#[test]
fn a_clock_that_steps_neither_fills_nor_empties_a_bucket() {
    if ours_only(DIFFERENCE) && program("faketime").is_some() {
        let (here, held) = (Scratch::new(), Held::new());
        let clock = here.write("clock", "+0d");
        let run =
            here.multilog(&["t", "limit=50", "./main"]).from(Stdio::from(held.reader.try_clone().unwrap()));
        let run = run.with("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1");
        let run = run.with("FAKETIME_TIMESTAMP_FILE", clock.to_str().unwrap()).with("FAKETIME_NO_CACHE", "1");
        let running = run.with("FAKETIME_DONT_FAKE_MONOTONIC", "1").start();
        let begun = Instant::now();
        let all = || account(&unstamped(&here, "main"));
        let mut written = 0;
        for offset in ["+0d", "-1d", "+10y", "+0d", "-3650d", "+0d"] {
            std::fs::write(&clock, offset).unwrap();
            held.write(lines(written..written + 300).as_bytes());
            written += 300;
            until("each line is there, or said to be dropped", || {
                let (logged, dropped) = all();
                logged + dropped == written
            });
        }
        drop(held);
        running.wait().quietly();
        let (logged, dropped) = all();
        assert_eq!(logged + dropped, written);
        // The first lines may have waited for the start.
        assert!(dropped > 0 && logged as u64 <= 300 + 50 * (begun.elapsed().as_secs() + 2), "{logged}");
    }
}

#[test]
fn a_file_is_logged_as_a_whole() {
    if ours_only(DIFFERENCE) {
        let here = Scratch::new();
        let path = here.write("input", lines(0..100_000));
        let input = std::fs::File::open(path).unwrap();
        here.multilog(&["limit=10", "s10000000", "./main"]).from(input).start().wait().quietly();
        assert!(LogView::of(here.path("main")).text() == lines(0..100_000));
    }
}

#[test]
fn a_rate_that_is_no_number_is_refused_before_anything_is_opened() {
    if ours_only(DIFFERENCE) {
        for bad in ["limit=", "limit=x", "limit=-1", "limit=10/s", "limit=1k", "limit=1.5"] {
            let here = Scratch::new();
            let outcome = here.multilog(&[bad, "./main"]).over("a\n");
            let said = format!(
                "multilog: fatal: unable to understand {bad}: not a number of lines a second (0: no limit)\n"
            );
            assert_eq!((outcome.code, outcome.stderr), (Some(100), said));
            assert!(!here.path("main").exists());
        }
    }
}
