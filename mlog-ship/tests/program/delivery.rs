//! Every line arrives, whatever happens to the program, and once where the command can tell.

use std::time::{Duration, Instant};

use harness::{Random, Scratch, blocks, tool};
use rustix::process::Signal;

use super::{expected, ship, unstamped, write};

/// How often something is repeated: a few times, or a hundred.
fn rounds(short: usize) -> usize {
    if std::env::var_os("SHIP_LONG").is_some() { 100 } else { short }
}

/// A command that keeps each batch under its number: what comes again replaces what was there.
const KEEP: &str = "exec:cat > out/new.$$ && mv out/new.$$ out/$SHIP_NUMBER";

/// All batches, in the order of their numbers.
fn kept(scratch: &Scratch) -> String {
    let names = std::fs::read_dir(scratch.path("out")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut numbers: Vec<u64> = names.filter_map(|name| name.to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    let text = |number: &u64| std::fs::read_to_string(scratch.path(format!("out/{number}"))).unwrap();
    numbers.iter().map(text).collect()
}

#[test]
fn kills_at_random_while_the_log_rotates_repeat_no_line_where_batches_are_known_by_number() {
    let scratch = Scratch::in_memory();
    std::fs::create_dir(scratch.path("out")).unwrap();
    let mut random = Random::new(11);
    let mut logger =
        scratch.run(&tool("multilog"), &["t", "s20000", "n1000", "compress=zstd", "./log"]).start();
    let mut written = 0;
    for _ in 0..rounds(12) {
        let arguments = ["log", "--state", "state", "--delay", "50ms", "--batch", "4K", KEEP];
        let running = ship(&scratch, &arguments).start();
        for _ in 0..random.below(8) {
            let more = random.below(400);
            let text: String =
                (written..written + more).map(|number| format!("line {number} of some text\n")).collect();
            logger.write(text.as_bytes());
            written += more;
            std::thread::sleep(Duration::from_millis(random.below(40)));
        }
        running.signal(Signal::KILL);
        running.wait();
    }
    logger.end().quietly();
    let arguments = ["log", "--state", "state", "--delay", "50ms", "--batch", "4K", KEEP];
    let mut last = ship(&scratch, &arguments).start();
    let end = format!("line {} of some text\n", written - 1);
    let pid = last.pid();
    last.until("the last line", || kept(&scratch).ends_with(&end) && blocks(pid, Signal::TERM));
    last.signal(Signal::TERM);
    assert_eq!(last.wait().code, Some(0));
    let found: Vec<String> =
        kept(&scratch).lines().map(|line| line.split_once(' ').unwrap().1.to_string()).collect();
    let wanted: Vec<String> = (0..written).map(|number| format!("line {number} of some text")).collect();
    assert!(found == wanted, "{} of {written}", found.len());
}

#[test]
fn a_command_that_fails_now_and_then_gets_the_same_batch_again_and_it_is_said_once() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], 0..2000);
    let command = "exec:cat > this; if [ $(($(cat count 2>/dev/null || echo 0) % 3)) != 2 ]; then s=1; else s=0; cat this >> out; fi; \
                   echo $(($(cat count 2>/dev/null || echo 0) + 1)) > count; exit $s";
    let arguments = ["log", "--state", "state", "--delay", "50ms", "--batch", "16K", command];
    let mut running = ship(&scratch, &arguments).start();
    running.until("all lines", || unstamped(&scratch.path("out")).len() == 2000);
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert_eq!(unstamped(&scratch.path("out")), expected(0..2000));
    assert_eq!(outcome.code, Some(0));
    let outages =
        outcome.stderr.matches("unable to deliver to exec: the command has ended with 1: trying again");
    assert_eq!(
        outages.count(),
        outcome.stderr.matches("delivering to exec again after").count(),
        "{outcome:?}"
    );
}

#[test]
fn a_command_is_told_which_batch_it_gets() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./web"], 0..60);
    let sink = "exec:cat > batch.$SHIP_NUMBER; env | grep ^SHIP_ | sort > new; mv new env.$SHIP_NUMBER";
    let arguments = ["web", "--state", "state", "--host", "h 1", "--batch", "2K", sink];
    let mut running = ship(&scratch, &arguments).start();
    running.until("two batches", || scratch.path("env.2").exists());
    running.signal(Signal::TERM);
    running.wait();
    let instance = std::fs::read_to_string(scratch.path("state/instance")).unwrap();
    let directory = scratch.path("web").canonicalize().unwrap();
    let mut end = None;
    for number in ["1", "2"] {
        let batch = std::fs::read(scratch.path(format!("batch.{number}"))).unwrap();
        let text = std::fs::read_to_string(scratch.path(format!("env.{number}"))).unwrap();
        // What the tests themselves are told is not of the batch.
        let is_ours = |name: &str| std::env::var_os(name).is_none();
        let pairs = text.lines().map(|line| line.split_once('=').unwrap());
        let pairs: Vec<(&str, &str)> = pairs.filter(|(name, _)| is_ours(name)).collect();
        let names: Vec<&str> = pairs.iter().map(|(name, _)| &name[5..]).collect();
        let all = "AGAIN BYTES CRC DIRECTORY END FIRST HOST INSTANCE LINES NUMBER SERVICE";
        assert_eq!(names.join(" "), all);
        let get = |wanted: &str| pairs.iter().find(|(name, _)| &name[5..] == wanted).unwrap().1.to_string();
        assert_eq!(get("AGAIN"), "");
        assert_eq!(get("BYTES"), batch.len().to_string());
        assert_eq!(get("CRC"), format!("{:08x}", crc32fast::hash(&batch)));
        assert_eq!(get("LINES"), batch.iter().filter(|&&byte| byte == b'\n').count().to_string());
        assert_eq!((get("INSTANCE"), get("NUMBER")), (instance.trim().to_string(), number.to_string()));
        assert_eq!((get("HOST"), get("SERVICE")), ("h 1".to_string(), "web".to_string()));
        assert_eq!(get("DIRECTORY"), directory.to_str().unwrap());
        // A batch begins where the one before it ended.
        assert!(end.is_none_or(|end| end == get("FIRST")), "{text}");
        end = Some(get("END"));
    }
}

#[test]
fn a_line_that_is_longer_than_a_batch_arrives_in_pieces_that_are_the_line() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("out")).unwrap();
    let long = "\u{20ac}".repeat(20_000);
    let text = format!("before\n{long}\nbehind\n");
    scratch.run(&tool("multilog"), &["t", "s16777215", "./log"]).over(&text).quietly();
    let mut running = ship(&scratch, &["log", "--state", "state", "--batch", "1K", KEEP]).start();
    running.until("the last line", || kept(&scratch).ends_with("behind\n"));
    running.signal(Signal::TERM);
    running.wait();
    assert_eq!(kept(&scratch), std::fs::read_to_string(scratch.path("log/current")).unwrap());
}

#[test]
fn lines_that_retention_has_deleted_before_are_reported_with_their_bounds() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "s4096", "n3", "./log"], 0..10);
    let sink = "exec:[ ! -e down ] && cat >> out";
    let arguments = ["log", "--state", "state", "--delay", "50ms", sink];
    let mut running = ship(&scratch, &arguments).start();
    running.until("ten lines", || unstamped(&scratch.path("out")).len() == 10);
    running.signal(Signal::TERM);
    running.wait();
    write(&scratch, &["t", "s4096", "n3", "./log"], 10..2000);
    let mut running = ship(&scratch, &arguments).start();
    let is_whole = || unstamped(&scratch.path("out")).last() == expected(1999..2000).last();
    running.until("the last line", is_whole);
    running.signal(Signal::TERM);
    let outcome = running.wait();
    let said = outcome.stderr.lines().find(|line| line.contains("missing")).unwrap_or_default();
    let out = std::fs::read_to_string(scratch.path("out")).unwrap();
    let stamps: Vec<&str> = out.lines().map(|line| line.split_once(' ').unwrap().0).collect();
    let bounds = format!(" after {} before {}", stamps[9], stamps[10]);
    assert!(said.ends_with(&bounds), "{said} {bounds}");
}

/// Archives come and go between two looks of the lane, since a directory keeps only two or three. What is missing is said,
/// and what is said to be missing for certain is.
#[test]
fn what_retention_deletes_under_a_lane_is_said_where_it_is_missing() {
    let mut random = Random::new(23);
    let (mut holes, mut alarms) = (0, 0);
    for round in 0..rounds(6) {
        let scratch = Scratch::in_memory();
        let script = ["t", "s4096", ["n2", "n3"][round % 2], "./log"];
        write(&scratch, &script, 0..1);
        let sink = format!("exec:cat >> out; sleep 0.0{}", random.below(10));
        let mut running = ship(&scratch, &["log", "--state", "state", "--delay", "20ms", &sink]).start();
        running.until("a line", || !unstamped(&scratch.path("out")).is_empty());
        let mut written = 1;
        for _ in 0..40 {
            let more = 1 + random.below(400) as usize;
            write(&scratch, &script, written..written + more);
            written += more;
            std::thread::sleep(Duration::from_millis(random.below(100)));
        }
        let last = expected(written - 1..written).pop();
        running.until("the last line", || unstamped(&scratch.path("out")).pop() == last);
        running.signal(Signal::TERM);
        let outcome = running.wait();
        let out = std::fs::read_to_string(scratch.path("out")).unwrap();
        let lines: Vec<(&str, usize)> = out.lines().map(stamp_and_number).collect();
        let hole = |two: &[(&str, usize)]| {
            assert!(two[1].1 > two[0].1, "{two:?}: {outcome:?}");
            (two[1].1 > two[0].1 + 1).then(|| format!(" after {} before {}", two[0].0, two[1].0))
        };
        let missing: Vec<String> = lines.windows(2).filter_map(hole).collect();
        let said: Vec<&str> = outcome.stderr.lines().filter(|line| line.contains("missing")).collect();
        let bounds =
            |line: &str| line[line.find(" after ").unwrap()..].split(':').next().unwrap().to_string();
        let all: Vec<String> = said.iter().map(|line| bounds(line)).collect();
        assert!(missing.iter().all(|hole| all.contains(hole)), "{missing:?}: {}", outcome.stderr);
        for line in said.iter().filter(|line| !missing.contains(&bounds(line))) {
            assert!(line.contains("may be missing"), "{line}: {missing:?}");
            alarms += 1;
        }
        holes += missing.len();
    }
    eprintln!("{holes} holes, {alarms} false alarms");
    assert!(holes > 0);
}

fn stamp_and_number(line: &str) -> (&str, usize) {
    let mut words = line.split(' ');
    let stamp = words.next().unwrap();
    (stamp, words.nth(1).unwrap().parse().unwrap())
}

/// A sink that came first was taken out of the command line: the one behind it went on with its state, and what that had
/// taken was never delivered to the other one.
#[test]
fn sinks_that_are_taken_away_swapped_or_changed_go_on_with_their_own_state() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], 0..10);
    let said = std::cell::RefCell::new(String::new());
    let ship_until = |sinks: &[&str], name: &str, count: usize| {
        let mut running =
            ship(&scratch, &[&["log", "--state", "state", "--delay", "20ms"], sinks].concat()).start();
        let pid = running.pid();
        let is_there = || unstamped(&scratch.path(name)).len() >= count && blocks(pid, Signal::TERM);
        running.until(name, is_there);
        // The answer is written down.
        std::thread::sleep(Duration::from_millis(300));
        running.signal(Signal::TERM);
        let outcome = running.wait();
        assert_eq!(outcome.code, Some(0));
        said.borrow_mut().push_str(&outcome.stderr);
    };
    let lines = |name: &str| unstamped(&scratch.path(name));
    let (a, b) = ("exec:cat >> a", "exec:[ ! -e down ] && cat >> b");
    scratch.write("down", "");
    ship_until(&[a, b], "a", 10);
    std::fs::remove_file(scratch.path("down")).unwrap();
    said.borrow_mut().clear();
    ship_until(&[b], "b", 10);
    assert_eq!(lines("b"), expected(0..10));
    write(&scratch, &["t", "./log"], 10..20);
    ship_until(&[b, a], "a", 20);
    assert_eq!(lines("a"), expected(0..20));
    ship_until(&[a, b], "b", 20);
    assert_eq!(lines("b"), expected(0..20));
    ship_until(&[b, "exec:cat >> new"], "new", 20);
    assert_eq!(lines("new"), expected(0..20));
    assert_eq!(*said.borrow(), "");
    // Where there is none but another one, it goes on in its place.
    write(&scratch, &["t", "./log"], 20..30);
    let moved = scratch.path("moved");
    let other = format!("exec:cat >> {}", moved.display());
    ship_until(&[a, b, &other], "moved", 10);
    assert_eq!((lines("a"), lines("b")), (expected(0..30), expected(0..30)));
    assert_eq!(lines("moved"), expected(20..30));
    assert!(
        said.borrow().contains(": exec-3 is another engine than it was: it gets what comes behind"),
        "{said:?}"
    );
}

#[test]
fn an_engine_that_is_down_makes_nobody_wait_and_is_caught_up_with() {
    let scratch = Scratch::new();
    scratch.write("down", "");
    let sink = "exec:[ ! -e down ] && cat >> out";
    write(&scratch, &["t", "./log"], 0..5);
    let arguments = ["log", "--state", "state", "--delay", "50ms", "--metrics", "ship.prom", sink];
    let mut running = ship(&scratch, &arguments).start();
    harness::until("the outage", || running.said().contains("unable to deliver to exec"));
    let begun = Instant::now();
    write(&scratch, &["t", "./log"], 5..5000);
    assert!(begun.elapsed() < Duration::from_secs(20));
    std::fs::remove_file(scratch.path("down")).unwrap();
    running.until("all lines", || unstamped(&scratch.path("out")).len() == 5000);
    let counters = || std::fs::read_to_string(scratch.path("ship.prom")).unwrap_or_default();
    running.until("counters", || counters().contains("# TYPE mlog_ship_behind_bytes gauge"));
    running.signal(Signal::TERM);
    assert_eq!(running.wait().code, Some(0));
    assert_eq!(unstamped(&scratch.path("out")), expected(0..5000));
    assert!(!scratch.path("ship.prom").exists());
}
