//! `.svscan/log`: the messages of svscan and the output of services without a logger.

use std::time::Duration;

use harness::{LogView, SmallDisk, ours_only, tool};
use rustix::process::Signal;

use crate::{LOG, SLEEP, Scan, until};

#[test]
fn what_nobody_else_logs_goes_there() {
    if ours_only("svscan's own log") {
        let mut scan = Scan::new();
        scan.script("s/.svscan/log/run", "echo to the first error >&2; exec cat >>all");
        scan.service("s/x", "echo out of x; echo error of x >&2; exec sleep 1000", Some(LOG));
        scan.service("s/y", "echo out of y; exec sleep 1000", None);
        std::os::unix::fs::symlink("nowhere", scan.path("s/dangling")).unwrap();
        scan.start();
        for line in
            ["error of x\n", "out of y\n", "svscan: warning: unable to stat dangling: file does not exist\n"]
        {
            scan.until("s/.svscan/log/all", |text| text.contains(line));
        }
        scan.until("s/x/log/all", |text| text == "out of x\n");
        until("its supervise runs", || scan.ok("s/.svscan/log"));
        let svscan = scan.svscan.take().unwrap();
        svscan.signal(Signal::TERM);
        let outcome = svscan.wait();
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), "to the first error\n"));
        assert!(!scan.ok("s/.svscan/log") && !scan.ok("s/x"));
    }
}

#[test]
fn its_logger_may_die() {
    if ours_only("svscan's own log") {
        let mut scan = Scan::new();
        scan.script("s/.svscan/log/run", &Scan::multilog());
        scan.service(
            "s/y",
            "n=0; while [ $n -lt 80 ]; do echo $n; n=$((n+1)); sleep 0.1; done; exec sleep 1000",
            None,
        );
        scan.start();
        until("a few lines", || scan.logged("s/.svscan").contains("5\n"));
        scan.svc("-dx", &["s/.svscan/log"]);
        until("all lines", || scan.logged("s/.svscan").contains("79\n"));
        let expected: String = (0..80).map(|n| format!("{n}\n")).collect();
        assert_eq!(scan.logged("s/.svscan"), expected);
        let svscan = scan.svscan.take().unwrap();
        svscan.signal(Signal::TERM);
        assert_eq!(svscan.wait().code, Some(0));
    }
}

/// Its pipe is full then, and whoever wrote to it has to go on afterwards; who does not must not wait at all.
#[test]
fn a_flood_on_a_full_disk_stops_nobody_who_does_not_write_and_nobody_for_good() {
    if !ours_only("svscan's own log") {
        return;
    }
    let mut scan = Scan::new();
    std::fs::create_dir_all(scan.path("s/.svscan/log")).unwrap();
    let Some(disk) = SmallDisk::mount(&scan.path("s/.svscan/log/main"), "24m") else { return };
    let filler = disk.path().join("filler");
    let log = format!("exec '{}' t s16777215 n100 ./main 2>/dev/null", tool("multilog").display());
    scan.script("s/.svscan/log/run", &log);
    scan.service("s/flood", "while [ ! -e go ]; do sleep 0.05; done; seq 1 300000; exec sleep 1000", None);
    // Its supervise has something to say every second.
    scan.here.write("s/broken/run", "");
    scan.service("s/quiet", SLEEP, Some(LOG));
    scan.start();
    scan.until("s/quiet/started", |text| !text.is_empty());
    until("the log is there", || scan.path("s/.svscan/log/main/current").exists());
    assert!(std::fs::write(&filler, vec![0; 32 << 20]).is_err());
    scan.here.write("s/flood/go", "");
    std::thread::sleep(Duration::from_secs(3));
    // svscan warns at each look; it starts what is new, and supervises obey.
    std::os::unix::fs::symlink("nowhere", scan.path("s/dangling")).unwrap();
    scan.service("new", SLEEP, None);
    std::fs::rename(scan.path("new"), scan.path("s/new")).unwrap();
    scan.until("s/new/started", |text| !text.is_empty());
    scan.svc("-t", &["s/quiet"]);
    scan.svc("-dx", &["s/broken"]);
    until("its supervise has obeyed", || !scan.ok("s/broken"));
    scan.until("s/quiet/started", |text| text.lines().count() == 2);
    std::fs::remove_file(&filler).unwrap();
    let flooded = || {
        let log = LogView::of(disk.path()).unstamped();
        let numbers =
            log.split(|&byte| byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()?.parse().ok());
        numbers.collect::<Vec<u32>>()
    };
    until("everything is logged", || flooded().len() >= 300_000);
    assert!(flooded() == (1..=300_000).collect::<Vec<_>>());
    until("it is said that something could not be said", || {
        let log = LogView::of(disk.path()).text();
        log.lines().any(|line| {
            line.contains(" svscan: warning: ") && line.ends_with(" messages were dropped, nobody read them")
        })
    });
    let svscan = scan.svscan.take().unwrap();
    svscan.signal(Signal::TERM);
    assert_eq!(svscan.wait().code, Some(0));
}
