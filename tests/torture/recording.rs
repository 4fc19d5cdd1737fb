//! A recording: every write and flush of a device while a logger works on it, and marks that say which lines
//! were sealed by then.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use harness::{LogView, Scratch};
use rustix::fs::{OFlags, open};
use rustix::process::{Pid, Signal, kill_process};

/// Where marks are written: behind the file system, in bytes from the end of the device.
const MARK: u64 = 1 << 20;
const PAGE: usize = 4096;
/// Lines of the workload.
const LINES: usize = 3000;

/// What is on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FileSystem {
    Ext4,
    Ext4NoJournal,
    Xfs,
    Btrfs,
}

impl FileSystem {
    pub(crate) fn maker(self) -> &'static str {
        match self {
            FileSystem::Ext4 | FileSystem::Ext4NoJournal => "mkfs.ext4",
            FileSystem::Xfs => "mkfs.xfs",
            FileSystem::Btrfs => "mkfs.btrfs",
        }
    }

    /// Its size in MiB. The device has four more.
    fn size(self) -> u64 {
        match self {
            FileSystem::Ext4 | FileSystem::Ext4NoJournal => 60,
            FileSystem::Xfs => 300,
            FileSystem::Btrfs => 120,
        }
    }

    fn make(self, on: &Path) {
        let size = format!("{}m", self.size());
        let mut command = Command::new(self.maker());
        match self {
            FileSystem::Ext4 => command.args(["-q", "-F"]).arg(on).arg(size),
            // Small blocks, so that the directory has several and a rename is two writes. But no index: the
            // kernel makes one by moving names about in several writes, and without a journal a power cut
            // between them loses names that were synced long before, whoever made them.
            FileSystem::Ext4NoJournal => {
                let features = "^has_journal,^dir_index";
                command.args(["-q", "-F", "-b", "1024", "-O", features]).arg(on).arg(size)
            }
            FileSystem::Xfs => command.args(["-q", "-f", "-d", &format!("size={size}")]).arg(on),
            FileSystem::Btrfs => command.args(["-q", "-f", "-b", &size]).arg(on),
        };
        run(&mut command);
    }
}

/// What was recorded.
pub(crate) struct Recording {
    /// The device before.
    pub(crate) base: PathBuf,
    /// The log of writes, in the format of dm-log-writes.
    pub(crate) log: PathBuf,
    /// Where marks are on the device.
    pub(crate) mark: u64,
}

pub(crate) fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// The device, attached and mounted, until it is dropped.
struct Rig {
    daemon: Pid,
    device: PathBuf,
    mounted: PathBuf,
}

impl Rig {
    fn new(place: &Scratch, base: &Path, log: &Path) -> Rig {
        let (export, mounted, pidfile) = (place.path("export"), place.path("mounted"), place.path("pid"));
        std::fs::write(&export, "").unwrap();
        std::fs::create_dir(&mounted).unwrap();
        let file =
            |name: &str, path: &Path| format!("driver=file,node-name={name},filename={}", path.display());
        let mut daemon = Command::new("qemu-storage-daemon");
        daemon.args(["--daemonize", "--pidfile"]).arg(&pidfile);
        for node in [
            file("base", base),
            file("log", log),
            "driver=raw,node-name=br,file=base".to_string(),
            "driver=raw,node-name=lr,file=log".to_string(),
            "driver=blklogwrites,node-name=bl,file=br,log=lr,log-sector-size=512".to_string(),
        ] {
            daemon.args(["--blockdev", &node]);
        }
        let mountpoint = format!("type=fuse,id=e,node-name=bl,mountpoint={},writable=on", export.display());
        run(daemon.args(["--export", &mountpoint]).stdin(Stdio::null()));
        let pid = std::fs::read_to_string(&pidfile).unwrap().trim().parse().unwrap();
        let attached = Command::new("losetup").args(["-f", "--show"]).arg(&export).output().unwrap();
        assert!(attached.status.success(), "{}", String::from_utf8_lossy(&attached.stderr));
        let device = PathBuf::from(String::from_utf8(attached.stdout).unwrap().trim());
        let daemon = Pid::from_raw(pid).unwrap();
        run(Command::new("mount").arg(&device).arg(&mounted));
        Rig { daemon, device, mounted }
    }

    /// Writes a number behind the file system, when everything before it is on the device.
    fn mark(&self, at: u64, number: u64) {
        let flags = OFlags::WRONLY | OFlags::DIRECT | OFlags::SYNC | OFlags::CLOEXEC;
        let device = open(&self.device, flags, rustix::fs::Mode::empty()).unwrap();
        let mut room = vec![0u8; 2 * PAGE];
        let start = room.as_ptr().align_offset(PAGE);
        room[start..start + 8].copy_from_slice(&number.to_le_bytes());
        assert_eq!(rustix::io::pwrite(&device, &room[start..start + PAGE], at).unwrap(), PAGE);
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        Command::new("umount").arg(&self.mounted).status().unwrap();
        Command::new("losetup").arg("-d").arg(&self.device).status().unwrap();
        kill_process(self.daemon, Signal::TERM).ok();
        while rustix::process::test_kill_process(self.daemon).is_ok() {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Runs `multilog` on a fresh file system, ended by TERM and started again on the way, and records it.
pub(crate) fn record(file_system: FileSystem, multilog: &Path, place: &Scratch) -> Recording {
    let (work, base, log) = (place.path("work"), place.path("base"), place.path("log"));
    let length = (file_system.size() + 4) << 20;
    std::fs::File::create(&work).unwrap().set_len(length).unwrap();
    std::fs::write(&log, "").unwrap();
    file_system.make(&work);
    run(Command::new("cp").arg("--sparse=always").arg(&work).arg(&base));
    let rig = Rig::new(place, &work, &log);
    let mark = length - MARK;
    let (reader, mut writer) = harness::pipe().unwrap();
    let start = || -> Child {
        let mut command = Command::new(multilog);
        command.args(["s4096", "n1000", "./main"]).current_dir(&rig.mounted);
        command.stdin(Stdio::from(reader.try_clone().unwrap())).spawn().unwrap()
    };
    let mut logger = start();
    for first in (0..LINES).step_by(20) {
        let lines: String = (first..first + 20).map(|n| format!("{n} {}\n", "x".repeat(n % 90))).collect();
        writer.write_all(lines.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(4));
        if let Some(sealed) = sealed(&rig.mounted.join("main")) {
            rig.mark(mark, sealed);
        }
        if first % 1000 == 600 {
            kill_process(Pid::from_child(&logger), Signal::TERM).unwrap();
            logger.wait().unwrap();
            logger = start();
        }
    }
    kill_process(Pid::from_child(&logger), Signal::KILL).unwrap();
    logger.wait().unwrap();
    drop(rig);
    Recording { base, log, mark }
}

/// The last line of all archives that claim to be safe: final names that are not double.
fn sealed(main: &Path) -> Option<u64> {
    let view = LogView::of(main);
    let label = |name: &str| name[..25].to_string();
    let double = |name: &str| {
        view.archives.iter().any(|(other, ..)| other.ends_with(".u") && label(other) == label(name))
    };
    // Up to the first that is not.
    let safe = view.archives.iter().take_while(|(name, ..)| name.ends_with(".s") && !double(name));
    let (_, _, bytes) = safe.last()?;
    let line = bytes.split(|&b| b == b'\n').rfind(|line| !line.is_empty())?;
    std::str::from_utf8(line).ok()?.split(' ').next()?.parse().ok()
}
