//! Service directories: every name in one, each kind of thing in its place, each tool.
//!
//! The owner of the directory is not who runs the tools; what it must not get at is a service of theirs beside it, which runs.
//! A second round is about what stands in a directory of their own, and supervise.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Outcome, Scratch, is_root, needs_root, ours_only, tool, until};
use rustix::fs::{CWD, FileType, Mode, mkfifoat, mknodat};

/// Whose the hostile directory is, and somebody who is neither that nor root.
const OWNER: u32 = 65534;
const SOMEBODY: u32 = 65533;
/// What svgroup gives to.
const GROUP: &str = "65532";

const NAMES: [&str; 20] = [
    "supervise",
    "supervise/control",
    "supervise/ok",
    "supervise/status",
    "supervise/state",
    "supervise/lock",
    "supervise/status.new",
    "supervise/state.new",
    "down",
    "run",
    "finish",
    "log",
    "notification-fd",
    "down-signal",
    "timeout-kill",
    "timeout-finish",
    "setsid",
    "permanent-failure",
    "backoff",
    "shutdown",
];

/// What stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// To the same thing of the other service, or to a file of it.
    Link,
    /// To what is not there.
    DanglingLink,
    /// A second name of the same thing of the other service.
    HardLink,
    /// That nobody has open.
    Pipe,
    Socket,
    /// One that never ends.
    Device,
    Directory,
    /// A file, or a directory in the place of one, of root's.
    Foreign,
    /// A file of a terabyte, of zeros.
    Huge,
}

const KINDS: [Kind; 9] = [
    Kind::Link,
    Kind::DanglingLink,
    Kind::HardLink,
    Kind::Pipe,
    Kind::Socket,
    Kind::Device,
    Kind::Directory,
    Kind::Foreign,
    Kind::Huge,
];

const TOOLS: [&[&str]; 12] = [
    &["svok", "x"],
    &["svstat", "x"],
    &["svstat", "-jlL", "x"],
    &["svup", "x"],
    &["svup", "-L", "x"],
    &["svwait", "-t0", "-u", "x"],
    &["svwait", "-t0", "-r", "x"],
    &["svwait", "-t0", "-d", "x"],
    &["svc", "-+dxk", "x"],
    &["svc", "-Ldxk", "x"],
    &["svgroup", GROUP, "x"],
    &["supervise", "x"],
];

/// A directory with two services: `x`, and `other/service`, which has to stay as it is. As far as svok knows both run.
struct World {
    here: Scratch,
    /// Ends of pipes that make it look so.
    readers: Vec<File>,
}

impl World {
    fn new() -> World {
        let here = Scratch::in_memory();
        fs::set_permissions(here.path("."), PermissionsExt::from_mode(0o755)).unwrap();
        let mut world = World { here, readers: Vec::new() };
        world.service("other/service");
        world.service("other/service/log");
        world.service("x");
        world.service("x/log");
        world
    }

    fn service(&mut self, name: &str) {
        let at = |file: &str| format!("{name}/{file}");
        let run = self.here.write(&at("run"), "#!/bin/sh\nexec sleep 1000\n");
        fs::set_permissions(run, PermissionsExt::from_mode(0o755)).unwrap();
        let status = b"\x40\0\0\0\x37\xc2\x19\xbf\x2e\xf0\x2e\x94\x04\x03\0\0\0u";
        for (file, text) in
            [("status", &status[..]), ("state", b"ready 772 @4000000037c219bf2ef02e94\n"), ("lock", b"")]
        {
            self.here.write(&at(&format!("supervise/{file}")), text);
        }
        fs::set_permissions(self.here.path(at("supervise")), PermissionsExt::from_mode(0o700)).unwrap();
        for file in ["control", "ok"] {
            let path = self.here.path(at(&format!("supervise/{file}")));
            mkfifoat(CWD, &path, Mode::RUSR | Mode::WUSR).unwrap();
            let reader = fs::OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path).unwrap();
            self.readers.push(reader);
        }
    }

    /// Puts something in the place of a name of `x`. False: there is no such thing.
    fn put(&self, name: &str, kind: Kind) -> bool {
        let (path, other) = (self.here.path("x").join(name), self.here.path("other/service").join(name));
        let other = if other.exists() { other } else { self.here.path("other/service/run") };
        if fs::symlink_metadata(&path).is_ok_and(|old| old.is_dir()) {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).ok();
        }
        match kind {
            Kind::Link => symlink(other, path).unwrap(),
            Kind::DanglingLink => symlink(self.here.path("other/new"), path).unwrap(),
            Kind::HardLink if other.is_dir() => return false,
            Kind::HardLink => fs::hard_link(other, path).unwrap(),
            Kind::Pipe => mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).unwrap(),
            Kind::Socket => drop(UnixListener::bind(path).unwrap()),
            // As /dev/zero.
            Kind::Device => {
                let zero = rustix::fs::makedev(1, 5);
                return mknodat(CWD, path, FileType::CharacterDevice, Mode::RUSR | Mode::WUSR, zero).is_ok();
            }
            Kind::Directory => fs::create_dir(path).unwrap(),
            Kind::Foreign if other.is_dir() => fs::create_dir(path).unwrap(),
            Kind::Foreign => fs::write(path, "foreign").unwrap(),
            Kind::Huge => File::create(path).unwrap().set_len(1 << 40).unwrap(),
        }
        true
    }

    /// Gives `x` and what is in it to its owner, but not what is hostile for being another's.
    fn give(&self, name: &str, kind: Kind) {
        let mut names = vec![PathBuf::from("x")];
        walk(&self.here.path("."), Path::new("x"), &mut |path| names.push(path.to_path_buf()));
        let left =
            |path: &Path| matches!(kind, Kind::Foreign | Kind::HardLink) && path == Path::new("x").join(name);
        for path in names.iter().filter(|path| !left(path)) {
            std::os::unix::fs::lchown(self.here.path(path), Some(OWNER), Some(OWNER)).unwrap();
        }
    }

    /// All that is to be seen of the other service, and of what is root's in `x`.
    fn others(&self, foreign: Option<&str>) -> Vec<String> {
        let mut seen = Vec::new();
        let mut look = |path: &Path| {
            let full = self.here.path(path);
            let stat = fs::symlink_metadata(&full).unwrap();
            let text = if stat.is_file() {
                fs::read(&full).unwrap().escape_ascii().to_string()
            } else {
                String::new()
            };
            let size = if stat.is_dir() { 0 } else { stat.size() };
            seen.push(format!("{path:?} {:o} {} {} {size} {text}", stat.mode(), stat.uid(), stat.gid()));
        };
        walk(&self.here.path("."), Path::new("other"), &mut look);
        if let Some(name) = foreign {
            look(&Path::new("x").join(name));
        }
        seen.sort();
        seen
    }

    /// Whether anybody has told the other service something.
    fn was_told(&self) -> bool {
        let mut byte = [0];
        self.readers[..4].iter().any(|reader| matches!(rustix::io::read(reader, &mut byte), Ok(1..)))
    }

    /// Runs a tool as a user.
    fn run(&self, user: u32, words: &[&str]) -> Outcome {
        let (program, words) = self.command(user, words);
        self.here.run(&program, &words).over("")
    }

    fn command(&self, user: u32, words: &[&str]) -> (PathBuf, Vec<String>) {
        let words: Vec<String> = words.iter().map(|word| word.to_string()).collect();
        if user == 0 || !is_root() {
            return (tool(&words[0]), words[1..].to_vec());
        }
        let program = tools().join(&words[0]).to_str().unwrap().to_string();
        let ids = ["--reuid", "--regid"].map(|option| format!("{option}={user}"));
        let line = [&ids[..], &["--clear-groups".to_string(), program], &words[1..]].concat();
        (PathBuf::from("/usr/bin/setpriv"), line)
    }
}

const NONBLOCK: i32 = 0o4000;

/// Copies of the tools that everybody may run.
fn tools() -> &'static Path {
    static TOOLS: std::sync::OnceLock<PathBuf> = std::sync::OnceLock::new();
    TOOLS.get_or_init(|| {
        let folder = Scratch::new();
        let path = folder.path(".");
        std::mem::forget(folder);
        fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        for words in self::TOOLS {
            fs::copy(tool(words[0]), path.join(words[0])).unwrap();
        }
        path
    })
}

/// Everything below a path, without following links.
fn walk(root: &Path, path: &Path, seen: &mut dyn FnMut(&Path)) {
    for entry in fs::read_dir(root.join(path)).unwrap() {
        let entry = entry.unwrap();
        let path = path.join(entry.file_name());
        seen(&path);
        if entry.file_type().unwrap().is_dir() {
            walk(root, &path, seen);
        }
    }
}

/// Every name with every kind, some at a time.
fn each(case: impl Fn(&'static str, Kind) + Sync) {
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let case = &case;
            scope.spawn(move || {
                for name in NAMES.iter().skip(worker).step_by(4) {
                    KINDS.iter().for_each(|&kind| case(name, kind));
                }
            });
        }
    });
}

/// What svc, svstat and svgroup of root did with somebody's service was up to that somebody.
#[test]
fn the_owner_of_a_service_directory_gets_nothing_of_what_others_own() {
    if !ours_only("Service directories of others") || !needs_root() {
        return;
    }
    let users: &[u32] = if Path::new("/usr/bin/setpriv").exists() { &[0, SOMEBODY] } else { &[0] };
    each(|name, kind| {
        for &user in users {
            let world = World::new();
            if !world.put(name, kind) {
                continue;
            }
            world.give(name, kind);
            let foreign = (kind == Kind::Foreign).then_some(name);
            let before = world.others(foreign);
            for words in TOOLS {
                // Root's directory in the place of `supervise` is root's to use.
                if ["supervise", "svgroup"].contains(&words[0])
                    && (name, kind, user) == ("supervise", Kind::Foreign, 0)
                {
                    continue;
                }
                let outcome = world.run(user, words);
                let case = format!("{name} is {kind:?}, user {user}, {words:?}: {outcome:?}");
                let answered = matches!((words[0], outcome.code), ("svok" | "svup", Some(100)));
                let silent = outcome.stderr.is_empty() && outcome.stdout.is_empty();
                assert!(outcome.code.is_some(), "{case}");
                assert!(outcome.code == Some(0) || answered || !silent, "{case}");
                assert_eq!(world.others(foreign), before, "{case}");
                assert!(!world.was_told(), "{case}");
            }
        }
    });
}

/// A named pipe in the place of `down-signal` left supervise deaf, and a status that was a link was written to.
#[test]
fn supervise_serves_or_refuses_whatever_is_in_its_directory() {
    if !ours_only("Service directories of others") {
        return;
    }
    each(|name, kind| {
        // Its own link is followed, and what its user gave a second name is its own all the same.
        let own = [
            ("supervise", Kind::Link),
            ("supervise", Kind::DanglingLink),
            ("supervise/lock", Kind::HardLink),
            ("supervise/control", Kind::HardLink),
        ];
        let mut world = World::new();
        if own.contains(&(name, kind)) || !world.put(name, kind) {
            return;
        }
        // The pipes of the other service stay open; nobody is to read those of `x`.
        world.readers.truncate(4);
        let before = world.others(None);
        let mut running = world.here.run(&tool("supervise"), &["x"]).start();
        let mut ended = false;
        until("it serves or has ended", || {
            ended = running.has_ended();
            ended || world.run(0, &["svok", "x"]).code == Some(0)
        });
        if !ended {
            world.run(0, &["svc", "-udu", "x"]).quietly();
            world.run(0, &["svc", "-dxk", "x"]).quietly();
        }
        let outcome = running.wait();
        let case = format!("{name} is {kind:?}: {outcome:?}");
        assert!(matches!(outcome.code, Some(0 | 111)), "{case}");
        assert!(outcome.code == Some(0) || outcome.stderr.starts_with("supervise: fatal: "), "{case}");
        assert_eq!(world.others(None), before, "{case}");
        assert!(!world.was_told(), "{case}");
    });
}

/// svc waited for ever.
#[test]
fn commands_that_nobody_takes_are_given_up_with_a_word() {
    if !ours_only("Service directories of others") {
        return;
    }
    let world = World::new();
    let control = world.here.path("x/supervise/control");
    let writer = fs::OpenOptions::new().write(true).custom_flags(NONBLOCK).open(control).unwrap();
    while rustix::io::write(&writer, &[b'x'; 4096]).is_ok() {}
    let outcome = world.run(0, &["svc", "-d", "x"]);
    assert_eq!(outcome.stderr, "svc: warning: error writing commands to x: temporary failure\n");
    assert!(outcome.took >= Duration::from_secs(4), "{outcome:?}");
}

/// It changed whatever the name led to at the moment of the change.
#[test]
fn what_is_swapped_while_svgroup_runs_is_not_given_away() {
    if !ours_only("Service directories of others") || !needs_root() {
        return;
    }
    let world = World::new();
    world.give("", Kind::Link);
    let before = world.others(None);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let (status, spare) = (world.here.path("x/supervise/status"), world.here.path("x/supervise/spare"));
    symlink(world.here.path("other/service/supervise/status"), &spare).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                rustix::fs::renameat_with(CWD, &status, CWD, &spare, rustix::fs::RenameFlags::EXCHANGE)
                    .unwrap();
            }
        });
        for _ in 0..200 {
            world.run(0, &["svgroup", GROUP, "x"]);
        }
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    assert_eq!(world.others(None), before);
}

/// A program of the owner's that runs with its group's rights would have got those of another group.
#[test]
fn svgroup_makes_no_program_that_runs_as_the_group() {
    if !ours_only("Service directories of others") || !needs_root() {
        return;
    }
    let world = World::new();
    world.give("", Kind::Link);
    let status = world.here.path("x/supervise/status");
    fs::set_permissions(&status, PermissionsExt::from_mode(0o6755)).unwrap();
    world.run(0, &["svgroup", GROUP, "x"]).quietly();
    let stat = fs::metadata(&status).unwrap();
    assert_eq!((stat.gid().to_string().as_str(), stat.mode() & 0o7777), (GROUP, 0o755));
}

/// A root file system that can't be written to: `supervise` is a link into one that can.
#[test]
fn a_link_of_root_or_to_what_is_its_owners_is_followed() {
    if !ours_only("Service directories of others") || !needs_root() {
        return;
    }
    for (link_owner, folder_owner, followed) in
        [(0, 0, true), (0, OWNER, true), (OWNER, OWNER, true), (OWNER, 0, false)]
    {
        let world = World::new();
        let (folder, link) = (world.here.path("elsewhere"), world.here.path("x/supervise"));
        fs::rename(&link, &folder).unwrap();
        symlink("../elsewhere", &link).unwrap();
        chown(&folder, Some(folder_owner), None).unwrap();
        std::os::unix::fs::lchown(&link, Some(link_owner), None).unwrap();
        let outcome = world.run(0, &["svstat", "x"]);
        let line = String::from_utf8(outcome.stdout).unwrap();
        let refused = "x: unable to open supervise/ok: the link supervise leads to what is not its owner's\n";
        assert!(if followed { line.starts_with("x: up (pid 772) ") } else { line == refused }, "{line}");
    }
}
