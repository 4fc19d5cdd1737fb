//! `.svscan/log`: what svscan and services without a logger say.

use harness::ours_only;
use rustix::process::Signal;

use crate::{LOG, Scan, until};

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
        scan.script("s/.svscan/log/run", "exec cat >>all");
        scan.service(
            "s/y",
            "n=0; while [ $n -lt 80 ]; do echo $n; n=$((n+1)); sleep 0.1; done; exec sleep 1000",
            None,
        );
        scan.start();
        scan.until("s/.svscan/log/all", |text| text.contains("5\n"));
        scan.svc("-dx", &["s/.svscan/log"]);
        scan.until("s/.svscan/log/all", |text| text.contains("79\n"));
        let expected: String = (0..80).map(|n| format!("{n}\n")).collect();
        assert_eq!(scan.read("s/.svscan/log/all"), expected);
        let svscan = scan.svscan.take().unwrap();
        svscan.signal(Signal::TERM);
        assert_eq!(svscan.wait().code, Some(0));
    }
}
