//! Files for the systems that start svscan: systemd, init, upstart, OpenRC, runit.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use harness::{Scratch, ours_only, tool, until};
use rustix::process::Signal;

use crate::{is_missing, root};

fn text(name: &str) -> String {
    std::fs::read_to_string(root().join("dist").join(name)).unwrap()
}

/// systemd-analyze wants programs to be where the unit says.
#[test]
fn systemd_finds_nothing_to_say_about_the_unit() {
    if is_missing("/usr/bin/systemd-analyze") || !ours_only("The service manager") {
        return;
    }
    let here = Scratch::new();
    let svscan = here.path("svscan");
    symlink(tool("svscan"), &svscan).unwrap();
    let unit = text("systemd/svscan.service").replace("/usr/bin/svscan", svscan.to_str().unwrap());
    here.write("svscan.service", unit);
    let verify = ["verify", "--man=no", "svscan.service"];
    let outcome = here.run(Path::new("/usr/bin/systemd-analyze"), &verify).over("");
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
}

/// The time that the manager gives is longer than what svscan takes at most: its limit twice, and what was killed.
#[test]
fn managers_wait_until_svscan_has_ended_everything() {
    for (name, limit) in [
        ("systemd/svscan.service", "TimeoutStopSec=90"),
        ("boot/svscan.conf", "kill timeout 90"),
        ("openrc/svscan", "retry=TERM/90"),
    ] {
        let text = text(name);
        assert!(text.contains("svscan -t 30") || text.contains("\"-t 30"), "{name}");
        assert!(text.contains(limit), "{name}");
    }
}

#[test]
fn scripts_are_shell() {
    let here = Scratch::new();
    for name in ["openrc/svscan", "runit/run", "boot/rc.local"] {
        let path = root().join("dist").join(name);
        here.run(Path::new("/bin/sh"), &["-n", path.to_str().unwrap()]).over("").quietly();
    }
}

/// runit's own supervisor runs the script, and its TERM ends all services in order.
#[test]
fn runit_runs_svscan_and_ends_it_in_order() {
    if is_missing("/usr/bin/runsv") || is_missing("/usr/bin/sv") || !ours_only("Stopping svscan") {
        return;
    }
    let here = Scratch::new();
    let bin = tool("svscan").parent().unwrap().to_path_buf();
    let script = text("runit/run")
        .replace("/usr/bin/svscan", tool("svscan").to_str().unwrap())
        .replace("PATH=/command", &format!("PATH={}", bin.display()))
        .replace("/etc/service", here.path("s").to_str().unwrap());
    let run = "#!/bin/sh\ntrap 'echo bye >>said; exit' TERM; echo up >>said; while :; do sleep 0.05; done\n";
    for (name, text) in [("sv/svscan/run", script.as_str()), ("s/x/run", run)] {
        let path = here.write(name, text);
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    }
    let mut runsv = here.run(Path::new("/usr/bin/runsv"), &["sv/svscan"]).start();
    let said = || std::fs::read_to_string(here.path("s/x/said")).unwrap_or_default();
    runsv.until("the service is up", || said() == "up\n");
    let sv = |words: &[&str]| here.run(Path::new("/usr/bin/sv"), words).over("");
    sv(&["-w", "30", "stop", here.path("sv/svscan").to_str().unwrap()]);
    until("the service has ended", || said() == "up\nbye\n");
    assert_eq!(here.run(&tool("svok"), &["s/x"]).over("").code, Some(100));
    runsv.signal(Signal::TERM);
    runsv.wait();
}
