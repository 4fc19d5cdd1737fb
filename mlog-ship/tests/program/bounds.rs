//! How much is sent at once, how much memory that takes, and how far behind it is: said before it is too late.

use harness::Scratch;
use rustix::process::Signal;

use super::{expected, ship, unstamped, write};

/// The value of a counter.
fn counter(scratch: &Scratch, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(scratch.path("ship.prom")).ok()?;
    let line = text.lines().find(|line| line.starts_with(&format!("{name}{{")))?;
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn batches_are_of_256_kib_and_of_whole_lines() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "s16777215", "./log"], 0..30_000);
    let sink = "exec:cat >> out; echo $SHIP_BYTES $SHIP_LINES >> sizes";
    let mut running = ship(&scratch, &["log", "--state", "state", sink]).start();
    running.until("all lines", || unstamped(&scratch.path("out")).len() == 30_000);
    running.until("the last size", || {
        let sizes = std::fs::read_to_string(scratch.path("sizes")).unwrap_or_default();
        let lines = sizes.lines().filter_map(|line| line.split_once(' ')?.1.parse::<usize>().ok());
        lines.sum::<usize>() == 30_000
    });
    running.signal(Signal::TERM);
    assert_eq!(running.wait().code, Some(0));
    assert_eq!(unstamped(&scratch.path("out")), expected(0..30_000));
    let sizes = std::fs::read_to_string(scratch.path("sizes")).unwrap();
    let bytes = |line: &str| line.split_once(' ').unwrap().0.parse::<usize>().unwrap();
    let sizes: Vec<usize> = sizes.lines().map(bytes).collect();
    assert!(sizes.len() > 5 && sizes.iter().all(|&size| size <= 256 << 10), "{sizes:?}");
    assert!(sizes[..sizes.len() - 1].iter().all(|&size| size > 255 << 10), "{sizes:?}");
}

#[test]
fn counters_say_how_far_behind_a_directory_is_while_its_engine_is_down() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "s16777215", "./log"], 0..100);
    let sink = "exec:[ ! -e down ] && cat >> out";
    let arguments = ["log", "--state", "state", "--delay", "50ms", "--metrics", "ship.prom", sink];
    let mut running = ship(&scratch, &arguments).start();
    running.until("nothing is behind", || {
        counter(&scratch, "mlog_ship_lines_total") == Some(100)
            && counter(&scratch, "mlog_ship_behind_bytes") == Some(0)
    });
    let before = std::fs::metadata(scratch.path("log/current")).unwrap().len();
    scratch.write("down", "");
    write(&scratch, &["t", "s16777215", "./log"], 100..5000);
    let size = std::fs::metadata(scratch.path("log/current")).unwrap().len();
    running.until("it is behind", || {
        counter(&scratch, "mlog_ship_behind_bytes") == Some(size - before)
            && counter(&scratch, "mlog_ship_behind_seconds").is_some_and(|seconds| seconds > 0)
            && counter(&scratch, "mlog_ship_down") == Some(1)
    });
    std::fs::remove_file(scratch.path("down")).unwrap();
    running.until("it is not", || {
        counter(&scratch, "mlog_ship_behind_bytes") == Some(0)
            && counter(&scratch, "mlog_ship_down") == Some(0)
            && counter(&scratch, "mlog_ship_lines_total") == Some(5000)
    });
    running.signal(Signal::TERM);
    assert_eq!(running.wait().code, Some(0));
}

/// An engine that had taken nothing was counted as if it had.
#[test]
fn what_is_refused_is_not_counted_as_taken() {
    let scratch = Scratch::new();
    write(&scratch, &["t", "./log"], 0..20);
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("otlp:http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            std::io::Read::read(&mut stream, &mut [0; 1 << 16]).ok();
            let answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
            std::io::Write::write_all(&mut stream, answer.as_bytes()).ok();
        }
    });
    let mut running =
        ship(&scratch, &["log", "--state", "state", "--delay", "50ms", "--metrics", "ship.prom", &url])
            .start();
    running.until("refused", || counter(&scratch, "mlog_ship_refused_records_total") == Some(20));
    for name in
        ["lines_total", "batches_total", "bytes_total", "last_taken_timestamp_seconds", "behind_bytes"]
    {
        assert_eq!(counter(&scratch, &format!("mlog_ship_{name}")), Some(0), "{name}");
    }
    running.signal(Signal::TERM);
    running.wait();
}

/// Archives are looked at every ten seconds at most, so here it may be too late when it is said.
#[test]
fn it_is_said_once_that_retention_deletes_lines_that_were_not_taken() {
    let scratch = Scratch::new();
    let script = ["t", "s4096", "n20", "./log"];
    write(&scratch, &script, 0..300);
    let sink = "exec:[ ! -e down ] && cat >> out";
    let mut running = ship(&scratch, &["log", "--state", "state", "--delay", "50ms", sink]).start();
    running.until("the lines", || unstamped(&scratch.path("out")).len() == 300);
    scratch.write("down", "");
    let soon = "retention will soon delete lines that exec has not taken";
    let begun = std::time::Instant::now();
    let mut written = 300;
    while !running.said().contains(soon) {
        assert!(begun.elapsed() < std::time::Duration::from_secs(120), "{}", running.said());
        write(&scratch, &script, written..written + 100);
        written += 100;
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    running.signal(Signal::TERM);
    let outcome = running.wait();
    assert_eq!(outcome.stderr.matches(soon).count(), 1, "{outcome:?}");
}
