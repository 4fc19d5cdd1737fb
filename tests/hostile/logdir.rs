//! Every name of a log directory x everything that can have it x the moment when it is put there, as root and as
//! another user. Nothing outside of the directory changes, nothing hangs, every line is there, and the thing that
//! was put there is left alone.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, OnceLock};

use harness::{Outcome, Running, Scratch, is_root, tool};
use rustix::process::Signal;

use super::view::{is_sealing, outside, seen};

/// What a multilog may look for under a name of its own, and what only looks like one.
const NAMES: [&str; 20] = [
    ".journal",
    "lock",
    "current",
    "state",
    "newstate",
    "previous",
    "processed",
    // Of the past, and later than everything that is logged here.
    "@400000006a00e05e2c8dfba4.u",
    "@400000006a00e05e2c8dfba4.t",
    "@400000006a00e05e2c8dfba4.s",
    "@400000016b00e05e2c8dfba4.u",
    "@400000016b00e05e2c8dfba4.t",
    "@400000016b00e05e2c8dfba4.s",
    "@400000016b00e05e2c8dfba4.gz",
    "@400000016b00e05e2c8dfba4.zst",
    // After the year 9999.
    "@7fffffffffffffff3b9ac9ff.s",
    "@7fffffffffffffff3b9ac9ff.u",
    // No labels.
    "@note-about-something-long",
    "@400000016B00E05E2C8DFBA4.s",
    "@40000001",
];

/// What has the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Link,
    Dangling,
    HardLink,
    Fifo,
    Socket,
    Device,
    Directory,
    /// A file of another user.
    Foreign,
    /// The same, sparse and larger than any log.
    Huge,
}

const KINDS: [Kind; 9] = [
    Kind::Link,
    Kind::Dangling,
    Kind::HardLink,
    Kind::Fifo,
    Kind::Socket,
    Kind::Device,
    Kind::Directory,
    Kind::Foreign,
    Kind::Huge,
];

impl Kind {
    /// Whether a multilog has to take it for another user's.
    fn is_foreign(self) -> bool {
        self != Kind::HardLink
    }
}

/// When it gets there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    BeforeTheStart,
    WhileItRuns,
    /// It is killed after that, and another one is started.
    BeforeAKill,
}

const PHASES: [Phase; 3] = [Phase::BeforeTheStart, Phase::WhileItRuns, Phase::BeforeAKill];

/// Whose the multilog and the directory are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum User {
    /// Whoever runs the tests.
    Own,
    /// A user without rights.
    Other,
}

/// A user and a group that nobody is.
const OTHER: u32 = 31_337;
/// And one more.
const STRANGER: u32 = 31_338;

/// A copy of the multilog that any user can reach.
fn reachable() -> &'static Path {
    static PLACE: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = PLACE.get_or_init(|| {
        let place = tempfile::tempdir().unwrap();
        fs::set_permissions(place.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let path = place.path().join("multilog");
        fs::copy(tool("multilog"), &path).unwrap();
        (place, path)
    });
    path
}

#[derive(Clone, Copy, Debug)]
struct Case {
    name: &'static str,
    kind: Kind,
    phase: Phase,
    user: User,
    script: &'static [&'static str],
}

const SCRIPTS: [&[&str]; 3] = [
    &["s4096", "n500", "./log/main"],
    &["s4096", "n500", "!cat", "./log/main"],
    &["s4096", "n500", "compress=gzip:1", "./log/main"],
];

/// Enough for some rotations.
const LINES: usize = 900;

fn lines(range: std::ops::Range<usize>) -> Vec<u8> {
    range.flat_map(|number| format!("line {number:06}\n").into_bytes()).collect()
}

impl Case {
    fn start(&self, here: &Scratch, input: &harness::PipeReader) -> Running {
        let input = Stdio::from(input.try_clone().unwrap());
        let run = match self.user {
            User::Own => here.multilog(self.script),
            User::Other => {
                let account = format!(":{OTHER}:{OTHER}");
                let mut arguments = vec![account.as_str(), reachable().to_str().unwrap()];
                arguments.extend(self.script);
                here.run(&tool("setuidgid"), &arguments)
            }
        };
        run.from(input).start()
    }

    /// Gives the name to what this case is about. What has it already is removed.
    fn place(&self, here: &Scratch) {
        let path = here.path("log/main").join(self.name);
        if path.symlink_metadata().is_ok() {
            fs::remove_file(&path).unwrap();
        }
        match self.kind {
            Kind::Link => symlink("../../victim", &path).unwrap(),
            Kind::Dangling => symlink("../../nowhere", &path).unwrap(),
            Kind::HardLink => fs::hard_link(here.path("victim"), &path).unwrap(),
            Kind::Fifo => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
            Kind::Socket => drop(UnixListener::bind(&path).unwrap()),
            Kind::Device => {
                assert!(Command::new("mknod").arg(&path).args(["c", "1", "3"]).status().unwrap().success());
            }
            Kind::Directory => fs::create_dir(&path).unwrap(),
            Kind::Foreign => {
                fs::write(&path, "of somebody else\n").unwrap();
                chown(&path, Some(STRANGER), Some(STRANGER)).unwrap();
            }
            Kind::Huge => {
                fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
                chown(&path, Some(STRANGER), Some(STRANGER)).unwrap();
            }
        }
    }

    /// The directory, where others may make files, and something outside of it.
    fn prepare(&self) -> Scratch {
        let here = Scratch::new();
        fs::create_dir_all(here.path("log/main")).unwrap();
        here.write("victim", "precious\n");
        fs::set_permissions(here.path("victim"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(here.path(""), fs::Permissions::from_mode(0o711)).unwrap();
        fs::set_permissions(here.path("log/main"), fs::Permissions::from_mode(0o777)).unwrap();
        if self.user == User::Other {
            chown(here.path("log/main"), Some(OTHER), Some(OTHER)).unwrap();
        }
        here
    }

    fn check(&self) {
        let here = self.prepare();
        let (reader, mut writer) = harness::pipe().unwrap();
        let halves = [lines(0..LINES / 2), lines(LINES / 2..LINES)];
        let before = outside(&here);
        if self.phase == Phase::BeforeTheStart {
            self.place(&here);
        }
        let mut running = self.start(&here, &reader);
        writer.write_all(&halves[0]).unwrap();
        if self.phase != Phase::BeforeTheStart {
            let logged = || seen(&here).concat().ends_with(format!("line {:06}\n", LINES / 2 - 1).as_bytes());
            running.until("the first half is there", logged);
            running.until("all of it is sealed", || !is_sealing(&here));
            self.place(&here);
        }
        if self.phase == Phase::BeforeAKill {
            running.signal(Signal::KILL);
            running.wait();
            running = self.start(&here, &reader);
        }
        writer.write_all(&halves[1]).unwrap();
        drop((reader, writer));
        let outcome = running.wait();
        assert_eq!(outside(&here), before, "{self:?}: something outside has changed: {}", outcome.stderr);
        self.check_lines(&here, &outcome);
        self.check_left(&here, &outcome);
    }

    fn check_lines(&self, here: &Scratch, outcome: &Outcome) {
        let what = || format!("{self:?} {:?} {}", outcome.code, outcome.stderr);
        // The one thing that nobody can log with, the original neither.
        if (self.name, self.kind) == ("current", Kind::Directory) && self.phase != Phase::WhileItRuns {
            assert_eq!(outcome.code, Some(111), "{}", what());
            return;
        }
        assert_eq!(outcome.code, Some(0), "{}", what());
        let logged = seen(here);
        let expected = lines(0..LINES);
        let mut missing: Vec<&[u8]> = expected.split_inclusive(|&byte| byte == b'\n').collect();
        missing.retain(|line| !logged.iter().any(|seen| seen == line));
        // Nobody has what was in a `current` that was replaced before a kill.
        let lost = self.name == "current" && self.phase == Phase::BeforeAKill;
        assert!(missing.is_empty() || lost, "{} misses {}", what(), missing.len());
        if lost && !missing.is_empty() {
            assert!(outcome.stderr.contains("lines are lost"), "{}", what());
        }
        // Only without a journal a kill may repeat something.
        let repeats = self.name == ".journal" && self.phase == Phase::BeforeAKill;
        assert!(logged.len() + missing.len() == LINES || repeats, "{}: {} lines", what(), logged.len());
    }

    /// Files of another user are still there under their names, except that `current` needs its name.
    fn check_left(&self, here: &Scratch, outcome: &Outcome) {
        if !self.kind.is_foreign() {
            return;
        }
        let main = here.path("log/main");
        let is_it = |path: &Path| {
            let Ok(stat) = path.symlink_metadata() else { return false };
            let kind = stat.file_type();
            match self.kind {
                Kind::Link | Kind::Dangling => kind.is_symlink(),
                Kind::Fifo => kind.is_fifo(),
                Kind::Socket => kind.is_socket(),
                Kind::Device => kind.is_char_device(),
                Kind::Directory => kind.is_dir(),
                Kind::Foreign => stat.uid() == STRANGER && fs::read(path).unwrap() == b"of somebody else\n",
                Kind::Huge => stat.uid() == STRANGER && stat.len() == 1 << 40,
                Kind::HardLink => true,
            }
        };
        let left = match self.name {
            "current" => fs::read_dir(main).unwrap().any(|entry| is_it(&entry.unwrap().path())),
            name => is_it(&main.join(name)),
        };
        assert!(left, "{self:?} is not left alone: {}", outcome.stderr);
    }
}

/// Every case of a user, on as many threads as there is something to wait for.
fn check_all(user: User) {
    let rights = |kind: &Kind| is_root() || !matches!(kind, Kind::Device | Kind::Foreign | Kind::Huge);
    let mut cases = Vec::new();
    for name in NAMES {
        for kind in KINDS.into_iter().filter(rights) {
            for (at, phase) in PHASES.into_iter().enumerate() {
                // A script for each, another one for the next name.
                let script = SCRIPTS[(at + cases.len() / 27) % SCRIPTS.len()];
                cases.push(Case { name, kind, phase, user, script });
            }
            if ["state", "newstate"].contains(&name) {
                let phase = Phase::BeforeTheStart;
                cases.push(Case { name, kind, phase, user, script: SCRIPTS[1] });
            }
        }
    }
    let (next, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        let work = || {
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                if std::panic::catch_unwind(|| case.check()).is_err() {
                    failed.lock().unwrap().push(case);
                }
            }
        };
        (0..4).for_each(|_| drop(scope.spawn(work)));
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {} cases: {failed:#?}", failed.len(), cases.len());
}

#[test]
fn whatever_has_a_name_of_a_log_directory_lines_are_logged_and_nothing_else_is_touched() {
    check_all(User::Own);
}

#[test]
fn the_same_for_a_user_without_rights() {
    if harness::needs_root() {
        check_all(User::Other);
    }
}
