//! It ends in time, sleeps when there is nothing to do, and is content with little memory.

use std::time::{Duration, Instant};

use harness::{Scratch, wakeups};
use rustix::process::Signal;

use super::{expected, ship, unstamped, write};

#[test]
fn term_leaves_what_is_in_flight_to_the_next_run_within_two_seconds() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], 0..3);
    let slow = ["log", "--state", "state", "--delay", "50ms", "exec:echo $$ > begun; sleep 60; cat >> out"];
    let mut running = ship(&scratch, &slow).start();
    running.until("the command", || std::fs::read(scratch.path("begun")).is_ok_and(|text| !text.is_empty()));
    let begun = Instant::now();
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert_eq!(outcome.code, Some(0));
    // It is two seconds, and the machine may be busy. The command would take a minute.
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let command = std::fs::read_to_string(scratch.path("begun")).unwrap();
    harness::until("the end of the command", || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", command.trim()));
        !stat.is_ok_and(|stat| !stat.contains(") Z "))
    });
    let again = ["log", "--state", "state", "--delay", "50ms", "exec:echo $SHIP_AGAIN > again; cat >> out"];
    let mut running = ship(&scratch, &again).start();
    running.until("three lines", || unstamped(&scratch.path("out")) == expected(0..3));
    assert_eq!(std::fs::read_to_string(scratch.path("again")).unwrap(), "1\n");
    running.signal(Signal::TERM);
    running.wait();
}

#[test]
fn term_waits_for_what_ends_in_time() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], 0..3);
    let slow = ["log", "--state", "state", "--delay", "50ms", "exec:echo > begun; sleep 0.3; cat >> out"];
    let mut running = ship(&scratch, &slow).start();
    running.until("the command", || scratch.path("begun").exists());
    running.signal(Signal::TERM);
    assert_eq!(running.wait().code, Some(0));
    assert_eq!(unstamped(&scratch.path("out")), expected(0..3));
    let mut running = ship(&scratch, &["log", "--state", "state", "exec:cat > twice"]).start();
    std::thread::sleep(Duration::from_millis(300));
    assert!(!running.has_ended() && !scratch.path("twice").exists());
    running.signal(Signal::TERM);
    running.wait();
}

#[test]
fn a_command_that_hangs_is_ended_and_gets_the_batch_again() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], 0..3);
    let sink = "exec:if [ -e once ]; then cat >> out; else touch once; sleep 60; fi";
    let arguments = ["log", "--state", "state", "--delay", "50ms", "--timeout", "500ms", sink];
    let mut running = ship(&scratch, &arguments).start();
    running.until("three lines", || unstamped(&scratch.path("out")) == expected(0..3));
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert!(outcome.stderr.contains("the command did not end in time"), "{outcome:?}");
}

fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[test]
fn twenty_idle_directories_cost_no_wake_up_and_little_memory() {
    let scratch = Scratch::new();
    let names: Vec<String> = (0..20).map(|number| format!("log{number}")).collect();
    for name in &names {
        write(&scratch, &["t", &format!("./{name}")], 0..100);
    }
    let mut arguments: Vec<&str> = names.iter().map(String::as_str).collect();
    arguments.extend(["--state", "state", "--delay", "50ms", "--metrics", "ship.prom", "exec:cat >> out"]);
    let mut running = ship(&scratch, &arguments).start();
    let shipper = running.pid();
    running.until("all lines", || unstamped(&scratch.path("out")).len() == 2000);
    // The counters are written within 15 seconds.
    let counted =
        |text: &str| text.contains("mlog_ship_lines_total") && !text.contains("} 0\n# HELP mlog_ship_bytes");
    running.until("the counters", || {
        counted(&std::fs::read_to_string(scratch.path("ship.prom")).unwrap_or_default())
    });
    // What was begun may take its time on a busy machine.
    running.until("three seconds of sleep", || {
        let before = wakeups(shipper);
        std::thread::sleep(Duration::from_secs(3));
        wakeups(shipper) == before
    });
    let resident = resident(running.pid());
    assert!(resident < 20_000, "{resident} kB");
    running.signal(Signal::TERM);
    assert_eq!(running.wait().code, Some(0));
}

#[test]
fn many_directories_that_catch_up_share_a_small_memory_with_a_fresh_one() {
    let scratch = Scratch::new();
    let names: Vec<String> = (0..12).map(|number| format!("log{number}")).collect();
    for name in &names {
        write(&scratch, &["t", "s16777215", &format!("./{name}")], 0..30_000);
    }
    write(&scratch, &["t", "./fresh"], 0..1);
    let mut arguments: Vec<&str> = names.iter().map(String::as_str).collect();
    let sink = "exec:sleep 0.05; cat >> out.$SHIP_SERVICE";
    arguments
        .extend(["fresh", "--state", "state", "--delay", "50ms", "--batch", "64K", "--memory", "1M", sink]);
    let mut running = ship(&scratch, &arguments).start();
    running.until("the first line", || !unstamped(&scratch.path("out.fresh")).is_empty());
    let begun = Instant::now();
    write(&scratch, &["t", "./fresh"], 1..2);
    running.until("the fresh line", || unstamped(&scratch.path("out.fresh")).len() == 2);
    let took = begun.elapsed();
    let lines = |name: &String| unstamped(&scratch.path(format!("out.{name}"))).len();
    let left = names.iter().filter(|name| lines(name) < 30_000).count();
    assert!(left > 0, "nothing was left to catch up with: {took:?}");
    running.until("all lines", || names.iter().all(|name| lines(name) == 30_000));
    let resident = resident(running.pid());
    assert!(resident < 32_000, "{resident} kB for 12 MB of lines");
    running.signal(Signal::TERM);
    assert_eq!(running.wait().code, Some(0));
}
