//! Scripts and commands of users' guides, unchanged, with the tools under test in the places that the guides name.

use harness::{Outcome, is_root, ours_only};
use rustix::process::Signal;

use crate::{LOG, SLEEP, Scan, until};

/// The script of a guide to local services: ends what runs below a directory whose svscan is gone.
const SVSCAN_RC: &str = r#"#!/bin/sh
PATH=/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin
SERVICES=${2:-"/service"}
exec </dev/null >/dev/null 2>&1
for log_dir in "$SERVICES"/*/log "$SERVICES"/.svscan/log; do
if [ -d "$log_dir" ] \
&& svok "$log_dir" \
&& svstat "$log_dir" | grep -q ": up"
then
svc -ox "$log_dir"
fi
done
svc -dx "$SERVICES"/*
[ "$1" = "start" ] && exec env - PATH=$PATH svscan "$SERVICES"
"#;

/// Runs a line of shell with the tools under test in /usr/local/bin and the scan directory as /service.
fn as_in_the_guide(scan: &Scan, line: &str) -> Option<Outcome> {
    somewhere(scan, &["-m"], line)
}

/// The same with these namespaces.
fn somewhere(scan: &Scan, namespaces: &[&str], line: &str) -> Option<Outcome> {
    if !is_root() || !std::path::Path::new("/usr/bin/unshare").exists() {
        eprintln!("skipped: needs root and unshare, to put the tools where the guide has them");
        return None;
    }
    let tools = harness::tool("svc").parent().unwrap().to_path_buf();
    let place = "mount --bind \"$0\" /usr/local/bin && mkdir -p /service 2>/dev/null; mount --bind \"$1\" /service &&";
    let script = format!("{place} PATH=/usr/local/bin:/usr/bin:/bin && {line}");
    let folder = scan.path("s");
    let words = ["sh", "-c", &script, tools.to_str().unwrap(), folder.to_str().unwrap()];
    let outcome = scan.here.run("/usr/bin/unshare".as_ref(), &[namespaces, &words].concat()).over("");
    if outcome.stderr.contains("unshare") || outcome.stderr.contains("mount") {
        eprintln!("skipped: no mounts here: {}", outcome.stderr);
        return None;
    }
    Some(outcome)
}

#[test]
fn start_restart_stop_and_remove_a_service_and_its_logger() {
    let mut scan = Scan::new();
    scan.service("etc/service", SLEEP, Some(LOG));
    scan.start();
    let directory = scan.path("etc/service");
    let start = format!(
        "export SERVICEDIR={}; export SERVICENAME=my; ln -s ${{SERVICEDIR}} /service/${{SERVICENAME}}",
        directory.display()
    );
    if as_in_the_guide(&scan, &start).is_none() {
        return;
    }
    scan.until("etc/service/started", |text| text.lines().count() == 1);
    let run =
        |line: &str| as_in_the_guide(&scan, &format!("export SERVICENAME=my; {line}")).unwrap().quietly();
    std::thread::sleep(std::time::Duration::from_millis(1100));
    run("svc -t /service/${SERVICENAME}");
    scan.until("etc/service/started", |text| text.lines().count() == 2);
    run("svc -d /service/${SERVICENAME}");
    until("it is down", || scan.svstat("etc/service").contains(": down"));
    run("svc -u /service/${SERVICENAME}");
    until("it is up", || scan.svstat("etc/service").contains(": up"));
    run("svc -dx /service/${SERVICENAME} /service/${SERVICENAME}/log ; rm -fv /service/${SERVICENAME}");
    until("both are gone", || !scan.ok("etc/service") && !scan.ok("etc/service/log"));
    std::thread::sleep(std::time::Duration::from_millis(5500));
    assert!(!scan.ok("etc/service") && !scan.ok("etc/service/log"));
}

#[test]
fn svscan_rc_ends_everything_without_losing_a_line() {
    let mut scan = Scan::new();
    scan.service("s/x", "trap 'seq 1 2000; exit' TERM; echo up; while :; do sleep 0.05; done", Some(LOG));
    let script = scan.here.write("svscan.rc", SVSCAN_RC);
    scan.start();
    scan.until("s/x/log/all", |text| text == "up\n");
    // The script asks svstat, and a logger may write before its supervise has said that it runs.
    until("the status says so", || scan.svstat("s/x/log").contains(": up"));
    let svscan = scan.svscan.take().unwrap();
    svscan.signal(Signal::KILL);
    std::mem::forget(svscan);
    if as_in_the_guide(&scan, &format!("sh {} stop /service", script.display())).is_none() {
        return;
    }
    until("both are gone", || !scan.ok("s/x") && !scan.ok("s/x/log"));
    assert!(scan.read("s/x/log/all").ends_with("\n1999\n2000\n"));
}

#[test]
fn svshutdown_does_the_same_with_svscan_and_without() {
    if ours_only("Stopping svscan") {
        for kill in [false, true] {
            let mut scan = Scan::new();
            scan.service(
                "s/x",
                "trap 'seq 1 2000; exit' TERM; echo up; while :; do sleep 0.05; done",
                Some(LOG),
            );
            scan.script("s/x/shutdown", "echo asked >>asked");
            scan.script("s/.svscan/log/run", LOG);
            scan.start();
            scan.until("s/x/log/all", |text| text == "up\n");
            until("all run", || ["s/x", "s/x/log", "s/.svscan/log"].iter().all(|name| scan.ok(name)));
            if kill {
                let svscan = scan.svscan.take().unwrap();
                svscan.signal(Signal::KILL);
                std::mem::forget(svscan);
                // Nor does the service have anybody who would end it.
                scan.kill_supervise("s/x");
            }
            scan.here.run(&harness::tool("svshutdown"), &["s"]).over("").quietly();
            assert!(["s/x", "s/x/log", "s/.svscan/log"].iter().all(|name| !scan.ok(name)), "kill: {kill}");
            assert!(scan.read("s/x/log/all").ends_with("\n1999\n2000\n"));
            assert_eq!(scan.read("s/x/asked"), "asked\n");
            if let Some(svscan) = scan.svscan.take() {
                assert_eq!(svscan.wait().code, Some(0));
            }
        }
    }
}

/// In a namespace of processes, which ends with its first.
#[test]
fn svscanboot_runs_svscan_with_its_words_in_a_title() {
    if ours_only("svscan's own log") {
        let scan = Scan::new();
        scan.service("s/x", SLEEP, Some(LOG));
        std::os::unix::fs::symlink("nowhere", scan.path("s/dangling")).unwrap();
        let show = "svstat /service/x; for p in /proc/[0-9]*; do [ \"$(cat $p/comm)\" != readproctitle ] || \
                    tr '\\0' ' ' <$p/cmdline; done";
        // Until both are there.
        let both =
            format!("svstat /service/x | grep -q ': up (pid' && {{ {show}; }} | grep -q 'stat dangling'");
        let line = format!("{{ {} /service & until {both}; do sleep 0.1; done; {show}; }}", boot());
        let Some(outcome) = somewhere(&scan, &["-m", "-p", "-f", "--kill-child", "--mount-proc"], &line)
        else {
            return;
        };
        let text = String::from_utf8_lossy(&outcome.stdout).into_owned();
        assert!(text.starts_with("/service/x: up (pid "), "{text} {}", outcome.stderr);
        assert!(text.contains("svscan: warning: unable to stat dangling: file does not exist"), "{text}");
    }
}

/// The script as it is shipped: cargo puts no scripts beside the programs that it makes.
fn boot() -> String {
    format!("sh {}/../supervise-min/scripts/svscanboot", env!("CARGO_MANIFEST_DIR"))
}
