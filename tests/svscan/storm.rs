//! Endless kills: of services, and of loggers.

use std::path::Path;

use harness::{LogView, tool, until};
use rustix::process::{Pid, Signal, kill_process};

use crate::{SLEEP, Scan};

/// A hundred services, each killed ten times; starts are a second apart.
#[test]
fn services_that_are_killed_a_thousand_times_are_started_a_thousand_times() {
    let mut scan = Scan::new();
    let names: Vec<String> = (0..100).map(|n| format!("s/{n}")).collect();
    names.iter().for_each(|name| scan.service(name, SLEEP, None));
    scan.start();
    let started = |name: &String| -> Vec<u32> {
        let text = scan.read(&format!("{name}/started"));
        text.lines().filter_map(|pid| pid.parse().ok()).collect()
    };
    for round in 0..10 {
        until("all run", || names.iter().all(|name| started(name).len() == round + 1));
        for name in &names {
            let pid = Pid::from_raw(i32::try_from(started(name)[round]).unwrap()).unwrap();
            kill_process(pid, Signal::KILL).unwrap();
        }
    }
    until("all run", || names.iter().all(|name| started(name).len() == 11));
    for name in &names {
        let last = started(name)[10];
        until("it is shown", || scan.svstat(name).starts_with(&format!("{name}: up (pid {last}) ")));
    }
}

/// With ours and Debian's multilog alike svscan holds the pipe; that nothing which the logger had in hand is lost or
/// repeated is only so with ours.
#[test]
fn a_logger_that_is_killed_again_and_again_loses_no_line() {
    if !harness::ours_only("Exactly once") {
        return;
    }
    let mut scan = Scan::new();
    let names = ["s/a", "s/b", "s/c", "s/d"];
    // Longer than the kills go on.
    let run = "n=0; while [ $n -lt 100 ]; do seq $((n*3000+1)) $((n*3000+3000)); n=$((n+1)); sleep 0.1; done\n\
               echo end; exec sleep 1000";
    let log = format!("exec '{}' t s16384 n1000 ./main", tool("multilog").display());
    names.iter().for_each(|name| scan.service(name, run, Some(&log)));
    scan.start();
    let status = |name: &str| std::fs::read(scan.path(name).join("log/supervise/status")).unwrap_or_default();
    let logger = |name: &str| Some(u32::from_le_bytes(status(name).get(12..16)?.try_into().ok()?));
    let done = |name: &str| scan.read(&format!("{name}/log/main/current")).ends_with(" end\n");
    let mut kills = 0;
    while kills < 24 || !names.iter().all(|name| done(name)) {
        for (at, name) in names.iter().enumerate() {
            // Somewhere in its life, which is at least a second long.
            std::thread::sleep(std::time::Duration::from_millis(at as u64 * 13 + kills % 40));
            let pid = logger(name).and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
            if kills < 24 && pid.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok()) {
                kills += 1;
            }
        }
    }
    let expected: Vec<u8> =
        (1..=300_000).map(|n| format!("{n}\n")).chain(["end\n".to_string()]).collect::<String>().into_bytes();
    for name in names {
        let log = scan.path(name).join("log/main");
        until("everything is sealed", || {
            !std::fs::read_dir(&log)
                .unwrap()
                .any(|name| Path::new(&name.unwrap().file_name()).extension().is_some_and(|end| end == "u"))
        });
        assert!(LogView::of(&log).unstamped() == expected, "{name}: lines are lost or repeated");
    }
}
