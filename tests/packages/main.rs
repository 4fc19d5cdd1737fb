//! What is installed: boot files, containers, `make install` and its removal, the package for Debian.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

mod boot;
mod container;
mod deb;
mod install;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use harness::{spawn, tool};

/// The repository.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// Whether a program is not there, and a word about it.
fn is_missing(program: &str) -> bool {
    let missing = !Path::new(program).exists();
    if missing {
        eprintln!("skipped: there is no {program}");
    }
    missing
}

/// A folder with all programs, as `make build` makes it, but of this build. What only a debugger wants is stripped, since
/// it would be most of a package.
fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let folder = root().join("target/stripped");
        std::fs::create_dir_all(&folder).unwrap();
        let names = |folder: &str| {
            let entries = std::fs::read_dir(root().join(folder)).unwrap();
            entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
        };
        let crates = ["multilog", "mlog", "tai64tools", "supervise-min"];
        let sources = crates.iter().flat_map(|name| names(&format!("{name}/src/bin")));
        for source in sources {
            let name = source.file_stem().unwrap().to_str().unwrap();
            let (program, stripped) = (tool(name), folder.join(name));
            let mut strip = Command::new("strip");
            if !spawn(strip.arg("-o").arg(&stripped).arg(&program)).wait().unwrap().success() {
                std::fs::copy(program, stripped).unwrap();
            }
        }
        for script in names("supervise-min/scripts") {
            std::fs::copy(&script, folder.join(script.file_name().unwrap())).unwrap();
        }
        folder
    })
}
