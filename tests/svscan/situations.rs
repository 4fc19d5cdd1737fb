//! The situations in which svscan may be told to stop, a row for each, and the ways to tell it.

use std::time::Duration;

use crate::Scan;

/// Says something when it is told to end. Whoever finds that it has started finds its first line in the pipe.
const SERVICE: &str = "trap 'trap \"\" TERM INT; seq 1 2000; echo last; exit' TERM INT; echo up; echo $$ >>started\n\
                       while :; do sleep 0.05; done";
/// It does not end.
const STUBBORN: &str = "trap '' TERM INT; echo up; echo $$ >>started; while :; do sleep 0.05; done";
/// It ends, and a process that it has started does not. A child's trap would be the shell's.
const LEAVES_WORKER: &str = "trap 'trap \"\" TERM INT; setsid sleep 1000 & seq 1 2000; echo last; exit' TERM INT; echo up; echo $$ >>started\n\
                             while :; do sleep 0.05; done";
/// The same, and it ends soon.
const WORKER_ENDS: &str = "trap 'trap \"\" TERM INT; (seq 1 2000; sleep 1; echo last) & exit' TERM INT; echo up\n\
                           echo $$ >>started; while :; do sleep 0.05; done";

pub(crate) const REMOVED: &str = "its directory was removed and made anew";
pub(crate) const HANGS: &str = "its shutdown hangs";

/// How a stop begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Term,
    /// To all processes of the group, as systemd does it.
    TermToAll,
    /// ^C on a terminal.
    Interrupt,
    /// `-t`.
    Limit,
    Svshutdown,
    /// svscan was killed before.
    SvshutdownAlone,
    /// TERM to the first process of a container.
    First,
}

/// How it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    /// All have ended, and everything is in the log.
    InOrder,
    /// What the logger has not read is thrown away.
    Lost,
    /// The same, and some of it was read, or all, in which case nothing is thrown away.
    SomeLost,
    /// The logger stays, and nothing was thrown away.
    LoggerLeft,
    /// So does a process that holds its pipe.
    WorkerLeft,
    /// The service is waited for.
    Stubborn,
}

/// Something that may be so when a stop begins.
pub(crate) struct Situation {
    pub(crate) name: &'static str,
    pub(crate) run: &'static str,
    /// None: the multilog under test.
    pub(crate) log: Option<&'static str>,
    /// Before svscan starts.
    pub(crate) prepare: fn(&Scan),
    /// When everything runs, before the stop.
    pub(crate) arrange: fn(&Scan),
    pub(crate) expect: Expect,
    /// The seconds of `-t`. What ends without a limit has more of them than any machine needs.
    pub(crate) limit: u32,
    /// Whether the name in the scan directory leads to it still.
    pub(crate) has_its_name: bool,
    /// What has to be in what svscan says.
    pub(crate) says: &'static str,
    /// What else has to be so at the end.
    pub(crate) check: fn(&Scan, Way),
}

const PLAIN: Situation = Situation {
    name: "nothing special",
    run: SERVICE,
    log: None,
    prepare: |_| {},
    arrange: |_| {},
    expect: Expect::InOrder,
    limit: 30,
    has_its_name: true,
    says: "",
    check: |_, _| {},
};

#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn situations() -> Vec<Situation> {
    let nameless = Situation { has_its_name: false, ..PLAIN };
    let lost =
        Situation { expect: Expect::Lost, says: "threw away 8901 bytes that x/log has not read", ..PLAIN };
    vec![
        PLAIN,
        Situation { name: "its link was removed", arrange: |scan| remove(scan, "s/x"), ..nameless },
        Situation {
            name: "its link was switched",
            arrange: |scan| {
                scan.service("etc/y", SERVICE, Some(&Scan::multilog()));
                std::os::unix::fs::symlink("../etc/y", scan.path("new")).unwrap();
                rename(scan, "new", "s/x");
                scan.until("etc/y/started", |text| !text.is_empty());
            },
            ..nameless
        },
        Situation { name: "it was moved", arrange: |scan| rename(scan, "etc/x", "moved"), ..nameless },
        Situation {
            name: "it was moved, and another one is in its place",
            arrange: |scan| {
                rename(scan, "etc/x", "moved");
                scan.service("etc/x", SERVICE, Some(&Scan::multilog()));
            },
            ..nameless
        },
        Situation {
            name: REMOVED,
            arrange: |scan| {
                std::fs::remove_dir_all(scan.path("etc/x")).unwrap();
                remove(scan, "s/x");
                // Known by the next look, as long as the supervises live.
                std::thread::sleep(Duration::from_millis(500));
                scan.service("etc/x", SERVICE, Some(&Scan::multilog()));
                std::os::unix::fs::symlink("../etc/x", scan.path("s/x")).unwrap();
                scan.until("etc/x/started", |text| !text.is_empty());
            },
            ..nameless
        },
        Situation { name: "its supervise was killed", arrange: |scan| scan.kill_supervise("etc/x"), ..PLAIN },
        Situation {
            name: "its logger's supervise was killed",
            arrange: |scan| scan.kill_supervise("etc/x/log"),
            ..PLAIN
        },
        Situation {
            name: "both supervises were killed",
            arrange: |scan| ["etc/x", "etc/x/log"].iter().for_each(|name| scan.kill_supervise(name)),
            ..PLAIN
        },
        Situation { name: "its logger was killed", arrange: |scan| scan.svc("-k", &["etc/x/log"]), ..PLAIN },
        Situation {
            name: "its supervise was told to leave",
            arrange: |scan| scan.svc("-x", &["etc/x"]),
            ..PLAIN
        },
        Situation { name: "it was stopped", arrange: |scan| scan.svc("-p", &["etc/x"]), ..PLAIN },
        Situation { name: "its logger was stopped", arrange: |scan| scan.svc("-p", &["etc/x/log"]), ..PLAIN },
        Situation {
            name: "its logger was told to be down",
            arrange: |scan| scan.svc("-d", &["etc/x/log"]),
            ..PLAIN
        },
        Situation { name: "it has a session", prepare: |scan| touch(scan, "etc/x/setsid"), ..PLAIN },
        Situation { name: "a process that it leaves ends soon", run: WORKER_ENDS, ..PLAIN },
        Situation { name: "it ignores TERM", run: STUBBORN, expect: Expect::Stubborn, limit: 4, ..PLAIN },
        Situation {
            name: "it leaves a process",
            run: LEAVES_WORKER,
            expect: Expect::WorkerLeft,
            limit: 6,
            ..PLAIN
        },
        Situation { name: "its logger is down", prepare: |scan| touch(scan, "etc/x/log/down"), ..lost },
        Situation { name: "its logger fails", log: Some("exit 1"), ..lost },
        Situation { name: "its logger has no script", prepare: |scan| remove(scan, "etc/x/log/run"), ..lost },
        Situation {
            name: "its logger can't be run",
            prepare: |scan| {
                let plain = std::os::unix::fs::PermissionsExt::from_mode(0o644);
                std::fs::set_permissions(scan.path("etc/x/log/run"), plain).unwrap();
            },
            ..lost
        },
        Situation {
            name: "its logger never reads",
            log: Some("trap '' TERM INT; exec sleep 1000"),
            expect: Expect::LoggerLeft,
            // Twice that is less than it is waited for without a limit.
            limit: 2,
            ..PLAIN
        },
        Situation {
            name: "it has a shutdown",
            prepare: |scan| scan.script("etc/x/shutdown", "pwd >>asked; sleep 0.3; echo shut down"),
            check: |scan, _| {
                let place = scan.path("etc/x").canonicalize().unwrap();
                assert_eq!(scan.read("etc/x/asked"), format!("{}\n", place.display()));
            },
            ..PLAIN
        },
        Situation {
            name: "it has a finish",
            prepare: |scan| scan.script("etc/x/finish", "echo yes >>finished"),
            check: |scan, way| {
                // With its supervise killed it may have ended before it had another one.
                let least = usize::from(!matches!(way, Way::TermToAll | Way::Interrupt));
                assert!((least..=1).contains(&scan.read("etc/x/finished").lines().count()));
            },
            ..PLAIN
        },
        Situation {
            name: "svscan has a logger",
            prepare: |scan| scan.script("s/.svscan/log/run", &Scan::multilog()),
            check: |scan, _| assert!(!scan.ok("s/.svscan/log")),
            ..PLAIN
        },
        Situation {
            name: "its shutdown fails",
            prepare: |scan| scan.script("etc/x/shutdown", "exit 7"),
            says: "x/shutdown failed: exit code 7",
            ..PLAIN
        },
        Situation {
            name: HANGS,
            prepare: |scan| scan.script("etc/x/shutdown", "trap '' TERM INT; sleep 1000 & wait"),
            says: "killed x/shutdown",
            // Less than it may take.
            limit: 2,
            ..PLAIN
        },
    ]
}

fn remove(scan: &Scan, name: &str) {
    std::fs::remove_file(scan.path(name)).unwrap();
}

fn rename(scan: &Scan, from: &str, to: &str) {
    std::fs::rename(scan.path(from), scan.path(to)).unwrap();
}

fn touch(scan: &Scan, name: &str) {
    scan.here.write(name, "");
}
