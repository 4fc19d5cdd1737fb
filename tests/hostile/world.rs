//! `World`: a service directory with something hostile in it, and a service beside it that has to stay as it is.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, lchown, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use harness::{Outcome, Scratch, tool};
use rustix::fs::{CWD, FileType, Mode, mkfifoat, mknodat};

/// Whose the hostile directory is.
pub(crate) const OWNER: u32 = 65534;

pub(crate) const NAMES: [&str; 20] = [
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

/// The thing that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
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

pub(crate) const KINDS: [Kind; 9] = [
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

/// Whether `x` looks as if it was supervised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    Up,
    /// Its pipes never had a reader. A program that is about to be started by another thread has each for a moment.
    Down,
}

/// A directory with two services: `x`, and `other/service`, which has to stay as it is and, as far as svok knows, runs.
pub(crate) struct World {
    pub(crate) here: Scratch,
    /// Ends of pipes that make it look so.
    pub(crate) readers: Vec<File>,
}

impl World {
    pub(crate) fn new(looks: Looks) -> World {
        let here = Scratch::in_memory();
        fs::set_permissions(here.path("."), PermissionsExt::from_mode(0o755)).unwrap();
        let mut world = World { here, readers: Vec::new() };
        world.service("other/service", Looks::Up);
        world.service("other/service/log", Looks::Up);
        world.service("x", looks);
        world.service("x/log", looks);
        world
    }

    fn service(&mut self, name: &str, looks: Looks) {
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
            if looks == Looks::Down {
                continue;
            }
            let reader = fs::OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path).unwrap();
            self.readers.push(reader);
        }
    }

    /// Puts something in the place of a name of `x`. False: there is no such thing.
    pub(crate) fn put(&self, name: &str, kind: Kind) -> bool {
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
    pub(crate) fn give(&self, name: &str, kind: Kind) {
        let mut names = vec![PathBuf::from("x")];
        walk(&self.here.path("."), Path::new("x"), &mut |path| names.push(path.to_path_buf()));
        let hostile = self.here.path("x").join(name);
        let left = |path: &Path| matches!(kind, Kind::Foreign | Kind::HardLink) && path == hostile;
        for path in names.iter().map(|path| self.here.path(path)).filter(|path| !left(path)) {
            lchown(&path, Some(OWNER), Some(OWNER)).unwrap();
            let stat = fs::symlink_metadata(&path).unwrap();
            if !stat.is_symlink() {
                // Everybody may look and write.
                fs::set_permissions(&path, PermissionsExt::from_mode(stat.mode() | 0o077)).unwrap();
            }
        }
    }

    /// All that can be seen of the other service, and of what is root's in `x`.
    pub(crate) fn others(&self, foreign: Option<&str>) -> Vec<String> {
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
    pub(crate) fn was_told(&self) -> bool {
        let mut byte = [0];
        self.readers[..4].iter().any(|reader| matches!(rustix::io::read(reader, &mut byte), Ok(1..)))
    }

    /// Runs a tool as the user of the tests.
    pub(crate) fn run(&self, words: &[&str]) -> Outcome {
        self.here.run(&tool(words[0]), &words[1..]).over("")
    }

    /// Runs one of [`for_everybody`] as another user.
    pub(crate) fn run_as(&self, user: u32, tools: &Scratch, words: &[&str]) -> Outcome {
        let (uid, gid) = (format!("--reuid={user}"), format!("--regid={user}"));
        let program = tools.path(words[0]);
        let line = [&[&*uid, &*gid, "--clear-groups", program.to_str().unwrap()], &words[1..]].concat();
        self.here.run(Path::new(SETPRIV), &line).over("")
    }
}

/// Runs a program as another user.
pub(crate) const SETPRIV: &str = "/usr/bin/setpriv";
pub(crate) const NONBLOCK: i32 = 0o4000;

/// Copies of tools that everybody may run.
pub(crate) fn for_everybody() -> Scratch {
    let folder = Scratch::new();
    fs::set_permissions(folder.path("."), PermissionsExt::from_mode(0o755)).unwrap();
    for name in ["svok", "svstat", "svup", "svwait", "svc", "svgroup", "supervise"] {
        fs::copy(tool(name), folder.path(name)).unwrap();
    }
    folder
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
