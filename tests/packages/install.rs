//! `make install`, what it installs at work, and `make uninstall`; `make slashpackage`.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use harness::{Outcome, Scratch, ours_only, until};
use rustix::process::Signal;

use crate::{is_missing, programs, root};

const HEADING: &str = "Help and version of all tools";

/// All files below a folder, directories too.
fn all(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                folders.push(path.clone());
            }
            found.insert(path);
        }
    }
    found
}

fn make(here: &Scratch, target: &str, words: &[&str]) -> Outcome {
    let root = root();
    let destination = format!("DESTDIR={}", here.path("root").display());
    let from = format!("FROM={}", programs().display());
    let fixed = ["-s", "-C", root.to_str().unwrap(), target, &destination, &from];
    here.run(Path::new("/usr/bin/make"), &[&fixed[..], words].concat()).over("").quietly()
}

fn script(here: &Scratch, name: &str, text: &str) {
    let path = here.write(name, format!("#!/bin/sh\n{text}\n"));
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

/// Runs a service with a logger on the programs in a folder, reads its line, and ends it.
fn a_service_runs_with(here: &Scratch, bin: &Path) {
    script(here, "s/x/run", "echo hello; exec sleep 1000");
    script(here, "s/x/log/run", "exec multilog t ./main");
    let path = format!("{}:/bin:/usr/bin", bin.display());
    let svscan = here.run(&bin.join("svscan"), &["s"]).with("PATH", &path).start();
    let read = || here.run(&bin.join("mlog"), &["s/x/log/main"]).with("PATH", &path).over("").stdout;
    until("the line is read", || String::from_utf8_lossy(&read()).contains("hello"));
    svscan.signal(Signal::TERM);
    // It may say for whom it waits, on a busy machine.
    assert_eq!(svscan.wait().code, Some(0));
}

#[test]
fn what_is_installed_works_and_what_is_removed_leaves_nothing() {
    if is_missing("/usr/bin/make") || !ours_only(HEADING) {
        return;
    }
    for prefix in ["/usr/local", "/opt/tools"] {
        let here = Scratch::in_memory();
        let at = |name: &str| here.path("root").join(&prefix[1..]).join(name);
        let words = [&*format!("PREFIX={prefix}")];
        let mine = here.write(&format!("root{prefix}/bin/mine"), "");
        make(&here, "install", &words);
        let first = all(&here.path("root"));
        for page in ["man8/multilog.8", "man8/svscan.8", "man5/multilog-format.5", "man5/service-directory.5"]
        {
            assert!(at("share/man").join(page).exists());
        }
        for name in ["share/zsh/site-functions/_mlog", "share/fish/vendor_completions.d/mlog.fish"] {
            assert!(std::fs::read_to_string(at(name)).unwrap().contains("explain"), "{name}");
        }
        let unit = std::fs::read_to_string(at("lib/systemd/system/svscan.service")).unwrap();
        assert!(unit.contains(&format!("ExecStart={prefix}/bin/svscan -t 30 /etc/service\n")), "{unit}");
        let line = at("share/doc/daemontools-again/examples/boot/inittab");
        assert!(std::fs::read_to_string(line).unwrap().contains(&format!(":{prefix}/bin/svscanboot\n")));
        let completion = at("share/bash-completion/completions/mlog");
        let shell = ["-c", ". \"$0\" && complete -p mlog", completion.to_str().unwrap()];
        here.run(Path::new("/bin/bash"), &shell).over("").quietly();
        a_service_runs_with(&here, &at("bin"));
        // A second time, and over programs that are in use.
        make(&here, "install", &words);
        assert_eq!(all(&here.path("root")), first);
        make(&here, "uninstall", &words);
        let left = all(&here.path("root"));
        assert!(left.iter().all(|path| mine.starts_with(path)) && left.contains(&mine), "{left:?}");
    }
}

/// What others have is not removed where there is no folder of our own around it: directories of the system stay.
#[test]
fn without_a_destination_directories_of_the_system_stay() {
    if is_missing("/usr/bin/make") || !ours_only(HEADING) {
        return;
    }
    let here = Scratch::in_memory();
    let prefix = format!("PREFIX={}", here.path("root/usr").display());
    let (root, from) = (root(), format!("FROM={}", programs().display()));
    for target in ["install", "uninstall"] {
        let words = ["-s", "-C", root.to_str().unwrap(), target, "DESTDIR=", &prefix, &from];
        here.run(Path::new("/usr/bin/make"), &words).over("").quietly();
    }
    assert!(here.path("root/usr/bin").is_dir() && here.path("root/usr/share/doc").is_dir());
    assert!(!here.path("root/usr/share/doc/daemontools-again").exists());
    assert!(all(&here.path("root")).iter().all(|path| path.is_dir()));
}

/// As guides have it: the programs are in /package, links to them in /command, and one link leads to the version.
#[test]
fn slashpackage_makes_package_command_and_service() {
    if is_missing("/usr/bin/make") || !ours_only(HEADING) {
        return;
    }
    let here = Scratch::in_memory();
    let at = |name: &str| here.path("root").join(name);
    // The original is there, and /package is a link, as a guide for small root partitions has it.
    std::fs::create_dir_all(at("usr/local/package/admin/daemontools-0.76/command")).unwrap();
    std::os::unix::fs::symlink("usr/local/package", at("package")).unwrap();
    std::os::unix::fs::symlink("daemontools-0.76", at("package/admin/daemontools")).unwrap();
    for _ in 0..2 {
        make(&here, "slashpackage", &[]);
    }
    let version = concat!("daemontools-again-", env!("CARGO_PKG_VERSION"));
    assert_eq!(std::fs::read_link(at("package/admin/daemontools")).unwrap(), Path::new(version));
    let link = std::fs::read_link(at("command/svscan")).unwrap();
    assert_eq!(link, Path::new("/package/admin/daemontools/command/svscan"));
    assert!(at("command/svscanboot").is_symlink() && at("service").is_dir());
    assert!(at("package/admin/daemontools-0.76").is_dir());
    let mode = std::fs::metadata(at("package")).unwrap().permissions().mode();
    assert_eq!(mode & 0o7777, 0o1755);
    let names =
        |folder: &str| all(&at(folder)).iter().map(|path| path.file_name().unwrap().to_owned()).collect();
    let (links, programs): (BTreeSet<_>, BTreeSet<_>) =
        (names("command"), names("package/admin/daemontools/command"));
    assert_eq!(links, programs);
    a_service_runs_with(&here, &at("package/admin/daemontools/command"));
    // What is in use is not removed; what only this version has goes, and the rest is the original's.
    let root = format!("DESTDIR={}", here.path("root").display());
    let remove = ["-s", "-C", self::root().to_str().unwrap(), "unslashpackage", &root].map(str::to_string);
    let said = here.run(Path::new("/usr/bin/make"), &remove).over("").stderr;
    assert!(said.contains("is in use; first: ln -sfn daemontools-0.76 "), "{said}");
    std::fs::write(at("package/admin/daemontools-0.76/command/svscan"), "").unwrap();
    std::fs::remove_file(at("package/admin/daemontools")).unwrap();
    std::os::unix::fs::symlink("daemontools-0.76", at("package/admin/daemontools")).unwrap();
    here.run(Path::new("/usr/bin/make"), &remove).over("").quietly();
    assert!(!at("package/admin").join(version).exists() && !at("service").exists());
    assert_eq!(names("command"), BTreeSet::from(["svscan".into()]));
    // Without the original nothing is left.
    std::fs::remove_dir_all(at("usr/local/package/admin/daemontools-0.76")).unwrap();
    std::fs::remove_file(at("package/admin/daemontools")).unwrap();
    make(&here, "slashpackage", &[]);
    here.run(Path::new("/usr/bin/make"), &remove).over("").quietly();
    assert!(!at("usr/local/package/admin").exists() && !at("command").exists());
}
