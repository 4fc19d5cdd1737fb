//! File systems that have no second names, no renames that replace nothing, and no modes. One is exfat through
//! FUSE, which is to a multilog like vfat. Another passes everything else through. The third is any file system,
//! with calls that fail as they do there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{Outcome, Scratch, strace, tool};

const SCRIPTS: [&[&str]; 3] = [
    &["s4096", "n200", "./main"],
    &["s4096", "n200", "!cat", "./main"],
    &["s4096", "n200", "compress=gzip:1", "./main"],
];

fn lines(range: std::ops::Range<usize>) -> String {
    range.map(|number| format!("line {number:06}\n")).collect()
}

/// What a reader finds, archives in the order of their names.
fn logged(place: &Path) -> String {
    let mut names: Vec<_> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name == "current" || name.starts_with('@') && !name.ends_with(".t")
    });
    names.sort();
    let read = Command::new("gzip").arg("-dcf").args(names).output().unwrap();
    String::from_utf8(read.stdout).unwrap()
}

/// Something that is mounted for as long as it lives.
struct Mounted(PathBuf, Option<String>);

impl Drop for Mounted {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(&self.0).status().unwrap();
        if let Some(device) = &self.1 {
            Command::new("losetup").args(["-d", device]).status().unwrap();
        }
    }
}

/// Runs a command to its end; what it said. None, and a word about it, when it can't or fails.
fn done(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output();
    match output {
        Ok(output) if output.status.success() => Some(String::from_utf8(output.stdout).unwrap()),
        Ok(output) => {
            eprintln!("skipped: {program}: {}", String::from_utf8_lossy(&output.stderr));
            None
        }
        Err(error) => {
            eprintln!("skipped: {program}: {error}");
            None
        }
    }
}

fn exfat(here: &Scratch) -> Option<Mounted> {
    let (image, place) = (here.path("image"), here.path("mounted"));
    fs::File::create(&image).unwrap().set_len(64 << 20).unwrap();
    fs::create_dir(&place).unwrap();
    let image = image.to_str()?;
    done("mkfs.exfat", &[image])?;
    let device = done("losetup", &["-f", "--show", image])?.trim().to_string();
    let mounted = Mounted(place.clone(), Some(device.clone()));
    done("mount.exfat-fuse", &[&device, place.to_str()?]).map(|_| mounted)
}

fn bindfs(here: &Scratch) -> Option<Mounted> {
    let (source, place) = (here.path("source"), here.path("mounted"));
    fs::create_dir(&source).unwrap();
    fs::create_dir(&place).unwrap();
    done("bindfs", &[source.to_str()?, place.to_str()?]).map(|_| Mounted(place, None))
}

fn run(here: &Scratch, place: &Path, script: &[&str], input: &str) -> Outcome {
    let shell = format!("cd '{}' && exec '{}' \"$@\"", place.display(), tool("multilog").display());
    let arguments = [&["-c", shell.as_str(), "sh"], script].concat();
    here.run(Path::new("/bin/sh"), &arguments).over(input)
}

/// It could not rotate at all, for ever: it is linked or renamed to a new name, and neither was to be had.
fn works_on(here: &Scratch, mounted: &Mounted, keeps_modes: bool) {
    for script in SCRIPTS {
        let place = &mounted.0;
        for part in [0..1000, 1000..2000] {
            let outcome = run(here, place, script, &lines(part));
            assert_eq!(outcome.code, Some(0), "{script:?} {outcome:?}");
            let warnings = outcome.stderr.matches("keeps no modes").count();
            assert_eq!(warnings, usize::from(!keeps_modes), "{script:?} {outcome:?}");
            assert!(!outcome.stderr.contains("pausing"), "{script:?} {outcome:?}");
        }
        let main = place.join("main");
        assert_eq!(logged(&main), lines(0..2000), "{script:?}");
        let names: Vec<_> = fs::read_dir(&main).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        let ending =
            |ending: &str| names.iter().filter(|name| name.to_str().unwrap().ends_with(ending)).count();
        assert!(ending(".s") + ending(".gz") > 5, "{script:?} {names:?}");
        // No `current` is believed to be whole there.
        assert_eq!((ending(".u"), ending(".t")), (usize::from(!keeps_modes), 0), "{script:?} {names:?}");
        fs::remove_dir_all(main).unwrap();
    }
}

#[test]
fn on_exfat_everything_is_logged_and_sealed() {
    let here = Scratch::new();
    if let Some(mounted) = exfat(&here) {
        works_on(&here, &mounted, false);
    }
}

#[test]
fn on_a_file_system_that_passes_calls_on_everything_is_logged_and_sealed() {
    let here = Scratch::new();
    if let Some(mounted) = bindfs(&here) {
        works_on(&here, &mounted, true);
    }
}

#[test]
fn where_links_and_such_renames_fail_everything_is_logged_and_sealed() {
    let Some(strace) = strace() else { return };
    for link in ["EPERM", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV", ""] {
        for rename in ["EINVAL", "ENOSYS", ""] {
            let script = SCRIPTS[(link.len() + rename.len()) % SCRIPTS.len()];
            let here = Scratch::new();
            let mut arguments = vec!["-f".to_string(), "-o".into(), "/dev/null".into()];
            for (call, error) in [("linkat", link), ("renameat2", rename)] {
                if !error.is_empty() {
                    arguments.extend(["-e".into(), format!("inject={call}:error={error}")]);
                }
            }
            arguments.push(tool("multilog").to_str().unwrap().into());
            arguments.extend(script.iter().map(ToString::to_string));
            here.run(&strace, &arguments).over(lines(0..1000)).quietly();
            assert_eq!(logged(&here.path("main")), lines(0..1000), "{link} {rename} {script:?}");
        }
    }
}
