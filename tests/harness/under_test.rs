//! Which binaries are tested, and what the machine has for testing them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rustix::process::Signal;

/// The path of a tool under test.
pub fn tool(name: &str) -> PathBuf {
    match std::env::var_os("TOOLS_UNDER_TEST").or_else(|| std::env::var_os("OUR_TOOLS")) {
        Some(folder) => Path::new(&folder).join(name),
        None => built().join(name),
    }
}

/// Whether the tests run as root.
pub fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The same, for a test that needs it and says so.
pub fn needs_root() -> bool {
    if !is_root() {
        eprintln!("skipped: needs root");
    }
    is_root()
}

/// Takes the right to read a file away. False, and a word about it: this user may read everything.
pub fn user_cannot_read(path: &Path) -> bool {
    std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    let may = std::fs::File::open(path).is_ok();
    if may {
        eprintln!("skipped: this user may read everything");
    }
    !may
}

/// Whether the tools under test are not ours.
pub fn is_original() -> bool {
    std::env::var_os("TOOLS_UNDER_TEST").is_some()
}

/// Debian's tool of that name, to compare with. None, and a word about it, where it is not installed.
pub fn original(name: &str) -> Option<PathBuf> {
    let path = Path::new("/usr/bin").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: there is no {} (package daemontools)", path.display());
    None
}

/// strace, for tests that make calls fail or kill at them.
pub fn strace() -> Option<PathBuf> {
    program("strace")
}

/// A program of the system. None, and a word about it, where it is not installed.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = Path::new("/usr/bin").join(name);
    if path.exists() {
        return Some(path);
    }
    eprintln!("skipped: there is no {name}");
    None
}

/// Whether a test of a deliberate difference can run. `difference` is a heading in
/// docs/DIFFERENCES.md; one that is not there fails the test.
pub fn ours_only(difference: &str) -> bool {
    let text = include_str!("../../docs/DIFFERENCES.md");
    let heading = format!("### {difference}");
    assert!(text.lines().any(|line| line == heading), "docs/DIFFERENCES.md has no '{heading}'");
    if is_original() {
        eprintln!("skipped on the original: {difference}");
    }
    !is_original()
}

/// The folder of real logs. None, and a word about it, where it is absent.
pub fn corpus() -> Option<Vec<PathBuf>> {
    let folder = match std::env::var_os("LOG_CORPUS") {
        Some(folder) => PathBuf::from(folder),
        None => root().join("../shared/corpus"),
    };
    let entries = std::fs::read_dir(&folder).ok()?;
    let mut logs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    logs.retain(|path| path.extension().is_some_and(|extension| extension == "log"));
    logs.sort();
    Some(logs)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Builds our binaries and asks cargo where they are: a look into `target/` would find nothing in a
/// fresh clone, and something stale after an edit.
fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let output = Command::new(env!("CARGO"))
            .args(["build", "--bins", "--message-format=json", "--quiet"])
            .args(["-p", "multilog", "-p", "mlog", "-p", "tai64tools", "-p", "supervise-min"])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let executable = text
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["target"]["name"] == "multilog")
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .expect("cargo names the executable");
        executable.parent().unwrap().to_path_buf()
    })
}

/// Whether whoever started the tests has it ignored, and so has every program that they start.
pub fn is_ignored(signal: Signal) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:\t")).unwrap();
    u64::from_str_radix(set, 16).unwrap() & 1 << (signal.as_raw() - 1) != 0
}
