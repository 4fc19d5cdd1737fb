//! `metrics=`: counters for Prometheus.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use harness::{LogView, Running, Scratch, SmallDisk, ours_only, tool, until};
use rustix::process::Signal;

/// The samples of a file: what is before the number, and the number.
fn samples(file: &Path) -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let samples = text.lines().filter(|line| !line.starts_with('#'));
    samples
        .map(|line| line.rsplit_once(' ').unwrap())
        .map(|(name, n)| (name.into(), n.parse().unwrap()))
        .collect()
}

/// The number of a metric of a directory of this name.
fn of(here: &Scratch, file: &str, metric: &str, directory: &str) -> u64 {
    let path = here.path(directory).canonicalize().unwrap();
    let name = format!("multilog_{metric}{{directory=\"{}\"", path.display());
    let found: Vec<u64> = samples(&here.path(file))
        .into_iter()
        .filter_map(|(key, n)| key.starts_with(&name).then_some(n))
        .collect();
    assert!(!found.is_empty(), "{name}");
    found.iter().sum()
}

/// Starts a logger and waits for its file.
fn start(here: &Scratch, script: &[&str]) -> Running {
    let mut running = here.multilog(script).start();
    running.until("there are metrics", || here.path("m.prom").exists());
    running
}

/// Lines of several lengths.
fn lines(count: usize) -> String {
    (0..count).map(|n| format!("line {n} {}\n", "x".repeat(n % 80))).collect()
}

#[test]
fn the_numbers_are_those_of_the_bytes_that_are_in_the_directories() {
    if ours_only("Metrics") {
        let here = Scratch::new();
        let script = ["t", "metrics=m.prom", "s4096", "n1000", "./all", "-*", "+* line *7 *", "./few"];
        let mut running = start(&here, &script);
        assert_eq!(of(&here, "m.prom", "selected_lines_total", "all"), 0);
        let input = lines(3000);
        running.write(input.as_bytes());
        let held = |directory: &str| LogView::of(here.path(directory)).text();
        running.until("all of it is logged", || held("all").lines().count() == 3000);
        // At the first writing there was nothing, and the next one is 15 seconds later.
        running.until("it is counted", || of(&here, "m.prom", "input_lines_total", "all") == 3000);
        assert_eq!(of(&here, "m.prom", "input_bytes_total", "all"), input.len() as u64);
        for directory in ["all", "few"] {
            let view = LogView::of(here.path(directory));
            let text = view.text();
            assert_eq!(of(&here, "m.prom", "selected_lines_total", directory), text.lines().count() as u64);
            assert_eq!(of(&here, "m.prom", "selected_bytes_total", directory), text.len() as u64);
            assert_eq!(of(&here, "m.prom", "rotations_total", directory), view.archives.len() as u64);
            assert_eq!(of(&here, "m.prom", "held_bytes", directory), text.len() as u64);
            assert_eq!(of(&here, "m.prom", "errors_total", directory), 0);
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
            let written = of(&here, "m.prom", "last_write_timestamp_seconds", directory);
            assert!((now - 60..=now).contains(&written), "{written}");
        }
        let mode = std::fs::metadata(here.path("m.prom")).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o644);
        running.end().quietly();
        let left: Vec<OsString> =
            std::fs::read_dir(here.path(".")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!left.iter().any(|name| name.as_bytes().starts_with(b"m.prom")), "{left:?}");
    }
}

#[test]
fn it_is_written_every_fifteen_seconds_at_most_and_not_at_all_while_nothing_comes() {
    if ours_only("Metrics") {
        let here = Scratch::new();
        let mut running = start(&here, &["metrics=m.prom", "mode=0600", "./main"]);
        let begun = Instant::now();
        let inode = || std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(here.path("m.prom")).unwrap());
        let first = inode();
        running.write(b"line\n");
        running.until("it is counted", || of(&here, "m.prom", "input_lines_total", "main") == 1);
        assert!(begun.elapsed() >= Duration::from_secs(13), "{:?}", begun.elapsed());
        let second = inode();
        assert_ne!(first, second);
        std::thread::sleep(Duration::from_secs(2));
        let before = harness::wakeups(running.pid());
        std::thread::sleep(Duration::from_secs(16));
        assert_eq!((harness::wakeups(running.pid()), inode()), (before, second));
        running.end().quietly();
    }
}

#[test]
fn what_can_t_be_written_is_said_once_and_the_log_goes_on() {
    if ours_only("Metrics") {
        let here = Scratch::new();
        let outcome = here.multilog(&["metrics=no/where.prom", "./main"]).over("a\n");
        let said = "multilog: warning: unable to write no/where.prom: file does not exist\n";
        assert_eq!((outcome.code, outcome.stderr), (Some(0), said.into()));
        assert_eq!(LogView::of(here.path("main")).text(), "a\n");
    }
}

/// A killed logger leaves its file, and perhaps half of the next one. What others have put there is neither followed
/// nor removed.
#[test]
fn what_a_killed_logger_has_left_is_in_nobodys_way() {
    if ours_only("Metrics") {
        let here = Scratch::new();
        here.write("m.prom", "old 1\n");
        here.write("m.prom.multilog", "half");
        let running = here.multilog(&["metrics=m.prom", "./main"]).start();
        until("it is replaced", || samples(&here.path("m.prom")).len() > 5);
        assert!(!here.path("m.prom.multilog").exists());
        running.end().quietly();
        here.write("victim", "victim");
        std::os::unix::fs::symlink("victim", here.path("m.prom.multilog")).unwrap();
        let outcome = here.multilog(&["metrics=m.prom", "./main"]).over("a\n");
        assert_eq!(
            outcome.stderr,
            "multilog: warning: unable to create m.prom.multilog: file already exists\n"
        );
        assert_eq!(std::fs::read_to_string(here.path("victim")).unwrap(), "victim");
        assert!(here.path("m.prom.multilog").is_symlink() && !here.path("m.prom").exists());
    }
}

/// While a logger waits for room on a disk, the counters say so.
#[test]
fn a_logger_that_waits_says_what_for() {
    if ours_only("Metrics") {
        let here = Scratch::new();
        let Some(_disk) = SmallDisk::mount(&here.path("disk"), "32k") else { return };
        let mut running = start(&here, &["metrics=m.prom", "./disk/main"]);
        // Less than a pipe holds.
        running.write(lines(1000).as_bytes());
        running.until("it is counted", || {
            let kind = |(name, count): (String, u64)| name.contains("kind=\"write\"") && count > 0;
            samples(&here.path("m.prom")).into_iter().any(kind)
        });
        running.signal(Signal::TERM);
        running.wait();
    }
}

#[test]
fn what_is_no_file_for_the_exporter_is_refused_before_anything_is_opened() {
    if ours_only("Metrics") {
        for bad in ["metrics=", "metrics=m", "metrics=m.prom.tmp", "metrics=.prom"] {
            let here = Scratch::new();
            let outcome = here.multilog(&[bad, "./main"]).over("a\n");
            let said = format!(
                "multilog: fatal: unable to understand {bad}: not the name of a file that ends in .prom\n"
            );
            assert_eq!((outcome.code, outcome.stderr), (Some(100), said));
            assert!(!here.path("main").exists());
        }
    }
}

fn installed(program: &str) -> Option<PathBuf> {
    let path = Path::new("/usr/bin").join(program);
    if !path.exists() {
        eprintln!("skipped: there is no {program}");
    }
    Some(path).filter(|path| path.exists())
}

/// What an exporter says of the loggers' files, once it listens.
fn scrape(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    text.contains("node_textfile_scrape_error").then_some(text)
}

/// Two loggers that both log to `./main`, one of them in a directory whose name is anything but text.
#[test]
fn promtool_and_the_node_exporter_accept_the_files_of_two_loggers() {
    if ours_only("Metrics") {
        let here = Scratch::new();
        let hostile = OsString::from_vec(b"a\"b\\c\nd{}#\xff\xc3(".to_vec());
        let mut loggers = Vec::new();
        std::fs::create_dir(here.path("prom")).unwrap();
        for (number, name) in [OsStr::new("tame"), &hostile].into_iter().enumerate() {
            std::fs::create_dir(here.path(name)).unwrap();
            let script = format!("cd \"$1\" && exec \"$0\" t metrics=../prom/{number}.prom ./main");
            let multilog = tool("multilog");
            let arguments: [&OsStr; 4] = ["-c".as_ref(), script.as_ref(), multilog.as_os_str(), name];
            let mut running = here.run(Path::new("/bin/sh"), &arguments).start();
            running.write(b"a line\n");
            running.until("there are metrics", || here.path(format!("prom/{number}.prom")).exists());
            loggers.push(running);
        }
        if let Some(promtool) = installed("promtool") {
            for number in 0..2 {
                let text = std::fs::read(here.path(format!("prom/{number}.prom"))).unwrap();
                let outcome = here.run(&promtool, &["check", "metrics"]).over(text);
                assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
            }
        }
        if let Some(exporter) = installed("prometheus-node-exporter") {
            let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            let listen = format!("--web.listen-address=127.0.0.1:{port}");
            let directory = format!("--collector.textfile.directory={}", here.path("prom").display());
            let options = ["--collector.disable-defaults", "--collector.textfile", &listen, &directory];
            let running = here.run(&exporter, &options).start();
            let mut text = None;
            until("the exporter answers", || {
                text = scrape(port);
                text.is_some()
            });
            let text = text.unwrap();
            assert!(text.contains("\nnode_textfile_scrape_error 0\n"), "{text}");
            let count = text.lines().filter(|line| line.starts_with("multilog_input_lines_total{")).count();
            assert_eq!(count, 2, "{text}");
            assert!(text.contains("a\\\"b\\\\c\\nd{}#\\\\xFF\\\\xC3(/main"), "{text}");
            running.signal(Signal::TERM);
            running.wait();
        }
        loggers.into_iter().for_each(|running| drop(running.end().quietly()));
    }
}
