//! The program: a real logger writes, the engine does what it likes, and the shipper is killed at random.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::Duration;

use harness::{Outcome, Random, Run, Running, Scratch, blocks, tool};
use rustix::process::Signal;

use super::receiver::{Act, Receiver, say};

/// The shipper, which is killed when a test fails: with the thread that has started it.
fn ship(scratch: &Scratch, arguments: &[&str]) -> Run {
    let program = env!("CARGO_BIN_EXE_mlog-ship");
    let setpriv = Path::new("/usr/bin/setpriv");
    if !setpriv.exists() {
        return scratch.run(Path::new(program), arguments);
    }
    scratch.run(setpriv, &[&["--pdeathsig", "KILL", program], arguments].concat())
}

fn start(scratch: &Scratch, sink: &str) -> Running {
    ship(scratch, &["log", "--state", "state", "--delay", "100ms", "--host", "web1", sink]).start()
}

fn write(scratch: &Scratch, script: &[&str], lines: impl Iterator<Item = String>) -> Outcome {
    let text: String = lines.map(|line| line + "\n").collect();
    scratch.run(&tool("multilog"), script).over(text)
}

/// What the receiver has, by identity. No identity has two contents.
fn by_identity(receiver: &Receiver) -> HashMap<String, String> {
    let mut found = HashMap::new();
    for got in receiver.taken() {
        let text = String::from_utf8(got.body.clone()).unwrap();
        if let Some(before) = found.insert(got.uid.clone(), text.clone()) {
            assert_eq!(before, text, "{}", got.uid);
        }
    }
    found
}

#[test]
fn the_lines_of_a_directory_arrive_with_host_and_service_and_time() {
    let scratch = Scratch::new();
    let receiver = Receiver::new([]);
    write(&scratch, &["t", "./web"], (0..3).map(|at| format!("level=warn line {at}"))).quietly();
    let url = format!("otlp:{}", receiver.url());
    let arguments = ["web", "--state", "state", "--host", "web1", "--level", "level=(\\w+)", &url];
    let mut running = ship(&scratch, &arguments).start();
    running.until("three lines", || receiver.count() == 3);
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
    let got = receiver.taken();
    assert_eq!(got[0].body, b"level=warn line 0");
    assert_eq!((got[0].number, got[0].severity.as_str()), (13, "warn"));
    assert_eq!((got[0].host.as_str(), got[0].service.as_str()), ("web1", "web"));
    assert!(got[0].path.ends_with("/web/current"), "{}", got[0].path);
    assert!(got[0].time > 1_700_000_000_000_000_000 && got[0].time < got[1].time);
}

#[test]
fn what_is_wrong_on_the_command_line_is_100_in_one_line() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path("log")).unwrap();
    for (sink, more, named) in [
        ("otlp:", None, "otlp: is not otlp:http://HOST"),
        ("otlp:http://u:p@h", None, "otlp:http://...@h has a user"),
        ("otlp:http://h:99999", None, "has a port"),
        ("otlp:http://h#zip", None, "has the option zip; allowed are json, "),
        ("otlp:http://h", Some("("), "--level ( is no regular expression"),
        ("otlp:http://h", Some("(?<x>.)"), "--level (?<x>.) has a group called x; allowed are level, trace"),
    ] {
        let mut arguments = vec!["log", "--state", "state", sink];
        arguments.extend(more.into_iter().flat_map(|level| ["--level", level]));
        let outcome = ship(&scratch, &arguments).over("");
        assert_eq!(outcome.code, Some(100), "{outcome:?}");
        assert!(outcome.stderr.starts_with("mlog-ship: fatal: "), "{outcome:?}");
        assert!(outcome.stderr.contains(named) && outcome.stderr.lines().count() == 1, "{outcome:?}");
        assert!(!scratch.path("state").exists());
    }
}

#[test]
fn headers_that_cannot_be_read_are_111() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], std::iter::once("x".into())).quietly();
    let outcome =
        ship(&scratch, &["log", "--state", "state", "otlp:http://127.0.0.1:1#headers=none"]).over("");
    assert_eq!(outcome.code, Some(111), "{outcome:?}");
    assert!(outcome.stderr.contains("unable to read none"), "{outcome:?}");
}

#[test]
fn an_engine_that_is_not_there_is_said_once_and_term_ends_in_two_seconds() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], (0..3).map(|at| format!("line {at}"))).quietly();
    let receiver = Receiver::new([]).otherwise(|| say("503 Service Unavailable"));
    let mut running = start(&scratch, &format!("otlp:{}", receiver.url()));
    running.until("three tries", || receiver.asked().len() >= 3);
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert_eq!(outcome.code, Some(0));
    assert_eq!(outcome.stderr.matches("unable to deliver").count(), 1, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("503 Service Unavailable"), "{}", outcome.stderr);
    let slow = Receiver::new([]).otherwise(|| Act::TakeSlowly(60_000));
    let mut running = start(&scratch, &format!("otlp:{}", slow.url()));
    running.until("it is asked", || !slow.asked().is_empty());
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.took < Duration::from_secs(20), "{outcome:?}");
}

/// What the engine does while the shipper is killed.
fn any_act(random: &mut Random) -> Act {
    match random.below(12) {
        0 => say("429 Too Many Requests"),
        1 => Act::Say("503 Service Unavailable".into(), "Retry-After: 0".into()),
        2 => Act::TakeAndHangUp,
        3 => Act::TakeAndBreakOff,
        4 => Act::HangUp,
        5 => Act::HangUpEarly,
        6 => Act::TakeSlowly(30),
        7 => Act::TakeAndSay("502 Bad Gateway".into(), String::new()),
        _ => Act::Take,
    }
}

#[test]
fn killed_at_random_it_delivers_every_line_and_each_identity_has_one_content() {
    let long = std::env::var_os("SHIP_LONG").is_some();
    let (rounds, lines) = if long { (100, 60_000) } else { (8, 4000) };
    let scratch = Scratch::new();
    let mut random = Random::new(11);
    let seed = random.below(u64::MAX);
    let mut acts = Random::new(seed);
    let receiver = Receiver::new([]).otherwise(move || any_act(&mut acts));
    let url = format!("otlp:{}", receiver.url());
    let text = |at: u64| format!("line {at} {}", "x".repeat((at % 90) as usize));
    let mut logger =
        scratch.run(&tool("multilog"), &["t", "s16384", "n1000", "compress=zstd", "./log"]).start();
    let mut written = 0;
    for round in 1..=rounds {
        let running = start(&scratch, &url);
        let goal = lines * round / rounds;
        while written < goal {
            let next = goal.min(written + 1 + random.below(lines / rounds));
            let some: String = (written..next).map(|at| text(at) + "\n").collect();
            logger.write(some.as_bytes());
            written = next;
            std::thread::sleep(Duration::from_millis(random.below(60)));
        }
        std::thread::sleep(Duration::from_millis(random.below(300)));
        running.signal(Signal::KILL);
        running.wait();
    }
    logger.end().quietly();
    let mut running = start(&scratch, &url);
    let pid = running.pid();
    running.until("all lines", || by_identity(&receiver).len() as u64 >= lines && blocks(pid, Signal::TERM));
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let mut found: Vec<String> = by_identity(&receiver).into_values().collect();
    let mut expected: Vec<String> = (0..lines).map(text).collect();
    found.sort();
    expected.sort();
    assert!(found == expected, "seed {seed}: {} lines of {lines}", found.len());
}

#[test]
fn what_is_refused_is_set_aside_as_a_log_directory_that_can_be_shipped_again() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], (0..3).map(|at| format!("line {at}"))).quietly();
    let bad =
        || Act::Say("400 Bad Request".into(), "Content-Type: text/plain\n\nentry too far behind".into());
    let receiver = Receiver::new([bad(), bad()]);
    let url = format!("otlp:{}", receiver.url());
    let mut running = start(&scratch, &url);
    running.until("it is said", || scratch.path("state/refused").exists());
    running.until("it goes on", || receiver.asked().len() >= 2);
    std::thread::sleep(Duration::from_millis(300));
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert!(
        outcome.stderr.contains("3 records refused by otlp: 400 Bad Request: entry too far behind"),
        "{outcome:?}"
    );
    let aside = std::fs::read_dir(scratch.path("state/refused")).unwrap().next().unwrap().unwrap().path();
    let aside = aside.to_str().unwrap();
    let arguments = [aside, "--state", "again", "--delay", "100ms", &url];
    let mut running = ship(&scratch, &arguments).start();
    running.until("three lines", || receiver.count() == 3);
    running.signal(Signal::TERM);
    running.wait();
    let bodies: Vec<_> = receiver.taken().into_iter().map(|got| got.body).collect();
    assert_eq!(bodies, [b"line 0", b"line 1", b"line 2"]);
}

/// After one gap each later file of the directory was said to be behind another one, though nothing was deleted any more.
#[test]
fn after_a_gap_nothing_else_is_said_to_be_missing_while_the_rest_is_caught_up_with() {
    let scratch = Scratch::new();
    let is_down = Arc::new(AtomicBool::new(false));
    let down = is_down.clone();
    let unavailable = || Act::Say("503 Service Unavailable".into(), "Retry-After: 1".into());
    let receiver =
        Receiver::new([]).otherwise(move || if down.load(SeqCst) { unavailable() } else { Act::Take });
    let mut logger = scratch.run(&tool("multilog"), &["t", "s4096", "n10", "./log"]).start();
    let mut written = 0;
    let mut write = |count: usize| {
        let text: String =
            (written..written + count).map(|at| format!("{at} {}\n", "x".repeat(60))).collect();
        logger.write(text.as_bytes());
        written += count;
        std::thread::sleep(Duration::from_millis(20));
    };
    let mut running = start(&scratch, &format!("otlp:{}", receiver.url()));
    write(20);
    running.until("the first lines", || receiver.count() == 20);
    is_down.store(true, SeqCst);
    (0..500).for_each(|_| write(3));
    std::thread::sleep(Duration::from_millis(500));
    is_down.store(false, SeqCst);
    logger.end().quietly();
    let number =
        |body: &[u8]| String::from_utf8_lossy(body).split(' ').next().unwrap().parse::<u64>().unwrap();
    running.until("the last line", || receiver.taken().last().is_some_and(|got| number(&got.body) == 1519));
    running.signal(Signal::TERM);
    let outcome = running.wait();
    let numbers: Vec<u64> = receiver.taken().iter().map(|got| number(&got.body)).collect();
    let holes = numbers.windows(2).filter(|two| two[1] != two[0] + 1).count();
    assert!(holes > 0, "{outcome:?}");
    assert_eq!(outcome.stderr.matches("missing").count(), holes, "{outcome:?}");
}

#[test]
fn longer_records_than_the_user_wants_are_pieces_and_say_so() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], ["short".to_string(), "x".repeat(900), "y".repeat(2000)].into_iter())
        .quietly();
    let receiver = Receiver::new([]);
    let url = format!("otlp:{}", receiver.url());
    let mut running = ship(&scratch, &["log", "--state", "state", "--max-record", "1K", &url]).start();
    running.until("four records", || receiver.count() == 4);
    running.signal(Signal::TERM);
    running.wait();
    let pieces: Vec<_> = receiver.taken().iter().map(|got| (got.body.len(), got.piece, got.last)).collect();
    let first = (1024, Some(0), Some(false));
    assert_eq!(pieces, [(5, None, None), (900, None, None), first, (976, Some(1), Some(true))]);
}

/// A line of 9,000,000 bytes had the pieces 0 to 4 and then 1 to 33, and those in between had no time.
#[test]
fn the_pieces_of_a_line_of_many_batches_are_counted_on_and_have_its_time() {
    let scratch = Scratch::new();
    let lines = ["before".into(), "q".repeat(5_000_000) + "end", "behind".into()];
    write(&scratch, &["t", "s16000000", "./log"], lines.into_iter()).quietly();
    let receiver = Receiver::new([]);
    let url = format!("otlp:{}", receiver.url());
    let bodies = |receiver: &Receiver| receiver.taken().into_iter().map(|got| got.body).collect::<Vec<_>>();
    // It is killed within the line, too.
    for count in [3, 8, 13] {
        let mut running = start(&scratch, &url);
        running.until("some pieces", || receiver.count() >= count);
        running.signal(Signal::KILL);
        running.wait();
    }
    let mut running = start(&scratch, &url);
    let pid = running.pid();
    running.until("the last line", || {
        bodies(&receiver).last().is_some_and(|body| body == b"behind") && blocks(pid, Signal::TERM)
    });
    running.signal(Signal::TERM);
    assert_eq!(running.wait().code, Some(0));
    let mut seen = std::collections::HashSet::new();
    let got: Vec<_> = receiver.taken().into_iter().filter(|got| seen.insert(got.uid.clone())).collect();
    let pieces = &got[1..got.len() - 1];
    let numbers: Vec<u64> = pieces.iter().map(|got| got.piece.unwrap()).collect();
    assert_eq!(numbers, (0..pieces.len() as u64).collect::<Vec<_>>());
    let last: Vec<bool> = pieces.iter().map(|got| got.last.unwrap()).collect();
    assert_eq!(last.iter().position(|&last| last), Some(pieces.len() - 1));
    let text: Vec<u8> = pieces.iter().flat_map(|got| got.body.clone()).collect();
    assert!(text.len() == 5_000_003 && text.ends_with(b"qqend"));
    let times: Vec<u64> = got.iter().map(|got| got.time).collect();
    assert!(times[0] > 0 && times[0] < times[1] && times[1] < times[times.len() - 1], "{times:?}");
    assert!(pieces.iter().all(|got| got.time == times[1] && got.observed == times[1]), "{times:?}");
}

#[test]
fn two_engines_get_all_lines_each_in_its_own_time() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], (0..100).map(|at| format!("line {at}"))).quietly();
    let (good, bad) = (Receiver::new([]), Receiver::new([say("503 x"), say("503 x"), say("503 x")]));
    let sinks = [format!("otlp:{}", good.url()), format!("otlp:{}#json", bad.url())];
    let mut running = ship(&scratch, &["log", "--state", "state", &sinks[0], &sinks[1]]).start();
    running.until("both have all", || good.count() == 100 && bad.count() == 100);
    running.signal(Signal::TERM);
    assert_eq!(running.wait().code, Some(0));
    let uids = |receiver: &Receiver| receiver.taken().into_iter().map(|got| got.uid).collect::<Vec<_>>();
    assert_eq!(uids(&good), uids(&bad));
}

#[test]
fn a_secret_is_neither_on_the_command_line_nor_said() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], std::iter::once("x".into())).quietly();
    let receiver = Receiver::new([]);
    let sink = format!("otlp:{}#headers-env=SHIP_HEADERS", receiver.url());
    let run =
        ship(&scratch, &["log", "--state", "state", &sink]).with("SHIP_HEADERS", "Authorization: Bearer abc");
    let mut running = run.start();
    running.until("it is asked", || receiver.count() == 1);
    assert_eq!(receiver.asked()[0].header("authorization"), "Bearer abc");
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert!(!outcome.stderr.contains("abc"));
    let kept = Command::new("grep").args(["-r", "Bearer"]).arg(scratch.path("state")).output().unwrap();
    assert!(kept.stdout.is_empty());
}
