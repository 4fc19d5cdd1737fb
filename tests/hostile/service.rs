//! Service directories: every name in one, each kind of thing in its place, each tool.
//!
//! The owner of the directory is not the user of the tools. Beside it runs a service of that user, which the owner
//! must not reach. A second round is about the user's own directory, and supervise.

use std::fs;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown, lchown, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use harness::{needs_root, ours_only, tool, until};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::world::{KINDS, Kind, Looks, NAMES, NONBLOCK, OWNER, SETPRIV, World, for_everybody};

/// A user who is neither the owner of the directory nor root.
const SOMEBODY: u32 = 65533;
/// What svgroup gives to.
const GROUP: &str = "65532";

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

/// What svc, svstat and svgroup of root do with a user's service is up to that user.
#[test]
fn the_owner_of_a_service_directory_gets_nothing_of_what_others_own() {
    if !ours_only("Service directories of others") || !needs_root() {
        return;
    }
    let users: &[u32] = if Path::new(SETPRIV).exists() { &[0, SOMEBODY] } else { &[0] };
    let tools = for_everybody();
    each(|name, kind| {
        for &user in users {
            let world = World::new(Looks::Up);
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
                let outcome = if user == 0 { world.run(words) } else { world.run_as(user, &tools, words) };
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
        let world = World::new(Looks::Down);
        if own.contains(&(name, kind)) || !world.put(name, kind) {
            return;
        }
        let before = world.others(None);
        let mut running = world.here.run(&tool("supervise"), &["x"]).start();
        let mut ended = false;
        until("it serves or has ended", || {
            ended = running.has_ended();
            ended || world.run(&["svok", "x"]).code == Some(0)
        });
        if !ended {
            world.run(&["svc", "-udu", "x"]).quietly();
            world.run(&["svc", "-dxk", "x"]).quietly();
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
    let world = World::new(Looks::Up);
    let control = world.here.path("x/supervise/control");
    let writer = fs::OpenOptions::new().write(true).custom_flags(NONBLOCK).open(control).unwrap();
    while rustix::io::write(&writer, &[b'x'; 4096]).is_ok() {}
    let outcome = world.run(&["svc", "-d", "x"]);
    assert_eq!(outcome.stderr, "svc: warning: error writing commands to x: temporary failure\n");
    assert!(outcome.took >= Duration::from_secs(4), "{outcome:?}");
}

/// It changed whatever the name led to at the moment of the change.
#[test]
fn what_is_swapped_while_svgroup_runs_is_not_given_away() {
    if !ours_only("Service directories of others") || !needs_root() {
        return;
    }
    let world = World::new(Looks::Up);
    world.give("", Kind::Link);
    let before = world.others(None);
    let stop = AtomicBool::new(false);
    let (status, spare) = (world.here.path("x/supervise/status"), world.here.path("x/supervise/spare"));
    symlink(world.here.path("other/service/supervise/status"), &spare).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                renameat_with(CWD, &status, CWD, &spare, RenameFlags::EXCHANGE).unwrap();
            }
        });
        for _ in 0..200 {
            world.run(&["svgroup", GROUP, "x"]);
        }
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(world.others(None), before);
}

/// A program of the owner's that runs with its group's rights would have got those of another group.
#[test]
fn svgroup_makes_no_program_that_runs_as_the_group() {
    if !ours_only("Service directories of others") || !needs_root() {
        return;
    }
    let world = World::new(Looks::Up);
    world.give("", Kind::Link);
    let status = world.here.path("x/supervise/status");
    fs::set_permissions(&status, PermissionsExt::from_mode(0o6755)).unwrap();
    world.run(&["svgroup", GROUP, "x"]).quietly();
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
        let world = World::new(Looks::Up);
        let (folder, link) = (world.here.path("elsewhere"), world.here.path("x/supervise"));
        fs::rename(&link, &folder).unwrap();
        symlink("../elsewhere", &link).unwrap();
        chown(&folder, Some(folder_owner), None).unwrap();
        lchown(&link, Some(link_owner), None).unwrap();
        let outcome = world.run(&["svstat", "x"]);
        let line = String::from_utf8(outcome.stdout).unwrap();
        let refused = "x: unable to open supervise/ok: the link supervise leads to what is not its owner's\n";
        assert!(if followed { line.starts_with("x: up (pid 772) ") } else { line == refused }, "{line}");
    }
}
