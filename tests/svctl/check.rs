//! What may be wrong in a service directory.

use std::os::unix::fs::{PermissionsExt, chown, symlink};

use harness::needs_root;

use crate::{Place, SLEEP};

#[test]
fn a_service_as_it_should_be_has_no_findings() {
    let place = Place::new();
    place.service("x", "exec 2>&1\nexec setuidgid nobody sleep 1000");
    place.logger("x");
    place.script("sv/x/finish", "echo ended &");
    place.here.write("sv/x/timeout-kill", "5000\n");
    assert_eq!(place.well("check sv/x"), "1 service checked, nothing found\n");
    symlink(place.path("sv/x"), place.path("s/x")).unwrap();
    for words in ["check", "check x", "check s", "check sv"] {
        assert_eq!(place.well(words), "1 service checked, nothing found\n", "{words}");
    }
    std::fs::remove_file(place.path("s/x")).unwrap();
    assert_eq!(place.well("check"), "0 services checked, nothing found\n");
}

/// What is found in the services of the next test.
const MISTAKES: [(&str, &str); 11] = [
    ("background", "run: line 2: & puts a program in the background, where supervise neither sees its end"),
    ("noexec", "run: line 3: no exec before nginx: it runs below the shell"),
    ("noshebang", "run: does not begin with #!, so the kernel can't run it"),
    ("notexec", "run: is not executable, so it can't be run: chmod +x"),
    ("norun", "run: is missing: supervise has nothing to run"),
    ("nolog", "log/run: is missing: nothing reads the log"),
    ("logfile", "log: is no directory, so the service has no logger"),
    ("rule", "timeout-kill: is not understood and has no effect: 5s"),
    ("finish", "finish: is not executable, so it can't be run"),
    ("mode", "run: can be changed by everybody (mode 0777)"),
    ("supervise", "supervise: is no directory, so supervise can't begin"),
];

#[test]
fn each_mistake_is_named_with_its_reason() {
    let place = Place::new();
    let plain = |name: &str, text: &str| drop(place.here.write(&format!("sv/{name}"), text));
    for (name, run) in [
        ("background", "nginx &"),
        ("noexec", "exec 2>&1\nnginx"),
        ("norun", SLEEP),
        ("nolog", SLEEP),
        ("logfile", SLEEP),
        ("rule", SLEEP),
        ("finish", SLEEP),
        ("mode", SLEEP),
        ("supervise", SLEEP),
    ] {
        place.service(name, run);
    }
    plain("noshebang/run", "exec sleep 1\n");
    std::fs::set_permissions(place.path("sv/noshebang/run"), PermissionsExt::from_mode(0o755)).unwrap();
    plain("notexec/run", "#!/bin/sh\nexec sleep 1\n");
    std::fs::rename(place.path("sv/norun/run"), place.path("sv/norun/other")).unwrap();
    std::fs::create_dir(place.path("sv/norun/log")).unwrap();
    std::fs::create_dir(place.path("sv/nolog/log")).unwrap();
    plain("logfile/log", "");
    plain("rule/timeout-kill", "5s\n");
    plain("finish/finish", "#!/bin/sh\n");
    plain("supervise/supervise", "");
    std::fs::set_permissions(place.path("sv/mode/run"), PermissionsExt::from_mode(0o777)).unwrap();
    for (name, words) in MISTAKES {
        let said = place.says(&format!("check sv/{name}"), 1);
        assert!(said.contains(&format!("sv/{name}/{words}")), "{name}: {said}");
        assert!(said.lines().count() <= 3 && said.contains(" found\n"), "{name}: {said}");
    }
}

#[test]
fn what_belongs_to_another_user_is_named() {
    if needs_root() {
        let place = Place::new();
        place.service("owner", SLEEP);
        chown(place.path("sv/owner/run"), Some(65534), None).unwrap();
        let said = place.says("check sv/owner", 1);
        assert!(
            said.contains("sv/owner/run: belongs to user number 65534, who decides what svscan's user runs"),
            "{said}"
        );
    }
}

#[test]
fn a_scan_directory_is_checked_as_a_whole() {
    let place = Place::new();
    place.service("x", "sleep 1");
    place.service("y", SLEEP);
    symlink("/no/where", place.path("s/dangling")).unwrap();
    for (name, target) in [("x", "x"), ("y", "y"), ("z", "y")] {
        symlink(place.path(format!("sv/{target}")), place.path(format!("s/{name}"))).unwrap();
    }
    place.here.write("s/svctl.groups", "good: x y\nbad: none\n");
    let said = place.says("check", 1);
    for words in [
        "s/dangling: is a link to /no/where: file does not exist",
        "s/x/run: line 2: no exec before sleep",
        "s/z: is the same directory as y: that is one service with two names",
        "s/svctl.groups: group bad: no service none in ",
        "2 services checked, 4 things found\n",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

/// It is often tried before a service is there at all.
#[test]
fn nothing_is_run_or_made_by_a_check() {
    let place = Place::new();
    place.service("x", "touch made; exec sleep 1");
    place.well("check sv/x");
    assert_eq!(std::fs::read_dir(place.path("sv/x")).unwrap().count(), 1);
    assert!(place.says("check none", 100).contains("no service none in "));
}
