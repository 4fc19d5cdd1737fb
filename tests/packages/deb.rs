//! The package for Debian: installed, upgraded, removed and purged, alone and beside Debian's packages.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use harness::{Outcome, Scratch, is_root, ours_only, spawn};

use crate::{is_missing, programs, root};

const HEADING: &str = "Help and version of all tools";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The package, and another one of the same version with a later revision.
fn packages() -> Option<&'static [PathBuf; 2]> {
    static MADE: OnceLock<[PathBuf; 2]> = OnceLock::new();
    if is_missing("/usr/bin/dpkg-deb") || is_missing("/usr/bin/dpkg") || !ours_only(HEADING) {
        return None;
    }
    Some(MADE.get_or_init(|| {
        let folder = root().join("target/packages");
        std::fs::create_dir_all(&folder).unwrap();
        [1, 2].map(|revision| make(&folder, revision))
    }))
}

/// Makes one. It is compressed little, since that takes the longest.
fn make(folder: &Path, revision: u32) -> PathBuf {
    let script = root().join("dist/debian/build.sh");
    let names = std::fs::read_dir(programs()).unwrap();
    let names = names.map(|name| name.unwrap().file_name());
    let mut build = Command::new("sh");
    build.arg(script).arg(programs()).arg(folder).args(names).stdout(Stdio::null());
    build.env("REVISION", revision.to_string()).env("COMPRESSION", "-Zgzip -z1");
    assert!(spawn(&mut build).wait().unwrap().success());
    let architecture = Command::new("dpkg").arg("--print-architecture").output().unwrap().stdout;
    let architecture = String::from_utf8(architecture).unwrap();
    folder.join(format!("daemontools-again_{VERSION}-{revision}_{}.deb", architecture.trim()))
}

/// All files of a tree, without what dpkg knows.
fn files(tree: &Path) -> Vec<String> {
    let find = ["-c", "cd \"$0\" && find . -path ./var -prune -o ! -type d -print | sort"];
    let here = Scratch::new();
    let outcome = here.run(Path::new("/bin/sh"), &[&find[..], &[tree.to_str().unwrap()]].concat()).over("");
    String::from_utf8(outcome.quietly().stdout).unwrap().lines().map(str::to_string).collect()
}

#[test]
fn in_a_tree_of_its_own_it_is_installed_upgraded_removed_and_purged() {
    if !is_root() {
        return eprintln!("skipped: dpkg needs root");
    }
    let here = Scratch::in_memory();
    let Some([first, second]) = packages() else { return };
    let tree = here.path("tree");
    for folder in ["var/lib/dpkg/info", "var/lib/dpkg/updates", "etc/systemd/system/multi-user.target.wants"]
    {
        std::fs::create_dir_all(tree.join(folder)).unwrap();
    }
    here.write("tree/var/lib/dpkg/status", "");
    let place = format!("--root={}", tree.display());
    let dpkg = |words: &[&str]| -> Outcome {
        let words = [&[&*place, "--force-script-chrootless"], words].concat();
        let outcome = here.run(Path::new("/usr/bin/dpkg"), &words).over("");
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        outcome
    };
    let said = dpkg(&["-i", first.to_str().unwrap()]).stdout;
    assert!(String::from_utf8(said).unwrap().contains("systemctl enable --now svscan"));
    let installed = files(&tree);
    for name in [
        "./usr/bin/svscan",
        "./usr/lib/daemontools-again/argv0",
        "./lib/systemd/system/svscan.service",
        "./usr/share/man/man8/multilog.8.gz",
        "./usr/share/man/man5/multilog-format.5.gz",
        "./usr/share/man/man5/service-directory.5.gz",
        "./usr/share/doc/daemontools-again/copyright",
        "./usr/share/doc/daemontools-again/docs/SCRIPT.md",
        "./usr/share/doc/daemontools-again/examples/service/nginx/run",
        "./usr/share/doc/daemontools-again/changelog.Debian.gz",
        "./usr/share/zsh/vendor-completions/_mlog",
    ] {
        assert!(installed.iter().any(|file| file == name), "{name}: {installed:?}");
    }
    assert!(!installed.iter().any(|file| file == "./usr/bin/argv0" || file.starts_with("./etc")));
    let unit = std::fs::read_to_string(tree.join("lib/systemd/system/svscan.service")).unwrap();
    assert!(unit.contains("ExecStart=/usr/bin/svscan "));
    // What an administrator does, and what stays until it is purged.
    let wants = tree.join("etc/systemd/system/multi-user.target.wants/svscan.service");
    std::os::unix::fs::symlink("/lib/systemd/system/svscan.service", &wants).unwrap();
    let said = dpkg(&["-i", second.to_str().unwrap()]).stdout;
    assert!(!String::from_utf8(said).unwrap().contains("systemctl"));
    assert!(wants.is_symlink());
    dpkg(&["-r", "daemontools-again"]);
    assert_eq!(files(&tree), ["./etc/systemd/system/multi-user.target.wants/svscan.service"]);
    dpkg(&["-P", "daemontools-again"]);
    assert_eq!(files(&tree), [""; 0]);
}

#[test]
fn its_changelog_has_the_version_that_is_built() {
    let text = std::fs::read_to_string(root().join("dist/debian/changelog")).unwrap();
    assert!(text.starts_with(&format!("daemontools-again ({VERSION}-1) ")));
}

/// Debian's packages, fetched once. None: that can't be done here.
fn neighbours() -> Option<Vec<PathBuf>> {
    let folder = root().join("target/debs");
    std::fs::create_dir_all(&folder).unwrap();
    let names = ["daemontools", "daemontools-run", "ucspi-tcp", "ucspi-tcp-ipv6"];
    let mut found = Vec::new();
    for name in names {
        let there = || {
            let entries = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
            entries
                .into_iter()
                .find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(&format!("{name}_")))
        };
        if there().is_none() {
            let mut fetch = Command::new("apt-get");
            fetch
                .args(["-q", "download", name])
                .current_dir(&folder)
                .stdout(Stdio::null())
                .stderr(Stdio::null());
            spawn(&mut fetch).wait().unwrap();
        }
        found.push(there()?);
    }
    Some(found)
}

/// On the Debian that this machine is, below an overlay, in namespaces that end with the test.
#[test]
fn beside_debians_packages_its_neighbours_go_on_working() {
    if !is_root() || is_missing("/usr/bin/unshare") || is_missing("/usr/bin/apt-get") {
        return eprintln!("skipped: needs root on a Debian");
    }
    let here = Scratch::in_memory();
    let Some(ours) = packages() else { return };
    let Some(neighbours) = neighbours() else {
        return eprintln!("skipped: Debian's packages can't be fetched");
    };
    let place = here.path("place");
    std::fs::create_dir(&place).unwrap();
    let script = root().join("tests/packages/beside.sh");
    let paths = [script, place].into_iter().chain(ours.clone()).chain(neighbours);
    let namespaces = ["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh"].map(str::to_string);
    let words: Vec<String> =
        namespaces.into_iter().chain(paths.map(|path| path.to_str().unwrap().to_string())).collect();
    // apt takes its time, and on a busy machine more than a run of the harness may.
    let (out, err) = (here.path("out"), here.path("err"));
    let mut command = Command::new("timeout");
    command.args(["-k", "5", "600", "/usr/bin/unshare"]).args(words).stdin(Stdio::null());
    command.stdout(std::fs::File::create(&out).unwrap()).stderr(std::fs::File::create(&err).unwrap());
    let code = spawn(&mut command).wait().unwrap().code();
    let [said, errors] = [out, err].map(|path| std::fs::read_to_string(path).unwrap());
    if code == Some(99) || errors.contains("unshare failed") {
        return eprintln!("skipped: no overlay here: {errors}");
    }
    assert!(code == Some(0) && said.ends_with("done\n"), "{code:?}: {said}{errors}");
}
