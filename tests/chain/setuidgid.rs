//! `setuidgid`: another account, for good.

use harness::{Outcome, Scratch, is_root, needs_root, ours_only};

use crate::{refused, run, shell, text};

const SHOW: &str = "grep -E '^(Uid|Gid|Groups)' /proc/self/status";

fn words_of(outcome: Outcome) -> Vec<String> {
    text(outcome).split_whitespace().map(String::from).collect()
}

#[test]
fn the_user_and_the_group_are_the_accounts_and_no_other_group_is_left() {
    if needs_root() {
        let here = Scratch::new();
        let ids = words_of(shell(&here, "id -u nobody; id -g nobody"));
        let (uid, gid) = (&*ids[0], &*ids[1]);
        let expected = ["Uid:", uid, uid, uid, uid, "Gid:", gid, gid, gid, gid, "Groups:", gid];
        assert_eq!(words_of(run(&here, "setuidgid", &["nobody", "sh", "-c", SHOW])), expected);
    }
}

#[test]
fn an_account_that_nobody_knows_is_111() {
    let here = Scratch::new();
    for name in ["no-such-account", "--", "", "nobody "] {
        let outcome = run(&here, "setuidgid", &[name, "echo"]);
        refused(&outcome, 111, &format!("setuidgid: fatal: unknown account {name}"));
    }
}

#[test]
fn without_the_right_to_nothing_is_run() {
    let here = Scratch::new();
    let outcome = if is_root() {
        shell(&here, "\"$T\"/setuidgid nobody \"$T\"/setuidgid nobody echo run")
    } else {
        run(&here, "setuidgid", &["nobody", "echo", "run"])
    };
    refused(&outcome, 111, "setuidgid: fatal: unable to setgid: permission denied");
    assert!(outcome.stdout.is_empty());
}

#[test]
fn numbers_need_no_account() {
    if ours_only("Options of the chain-loading tools") && needs_root() {
        let here = Scratch::new();
        let expected = ["Uid:", "12", "12", "12", "12", "Gid:", "34", "34", "34", "34", "Groups:", "34"];
        assert_eq!(words_of(run(&here, "setuidgid", &[":12:34", "sh", "-c", SHOW])), expected);
        assert_eq!(words_of(run(&here, "setuidgid", &["-s", ":12:34", "sh", "-c", SHOW])), expected);
    }
}

#[test]
fn all_groups_of_an_account_on_demand() {
    if ours_only("Options of the chain-loading tools") && needs_root() {
        let here = Scratch::new();
        let mut expected = words_of(shell(&here, "id -G root"));
        let mut groups = words_of(run(&here, "setuidgid", &["-s", "root", "sh", "-c", "id -G"]));
        expected.sort();
        groups.sort();
        assert_eq!(groups, expected);
    }
}

/// With all rights of root, whatever was called getent and stood first in PATH was run.
#[test]
fn nothing_of_the_path_is_run_before_the_rights_are_gone() {
    if ours_only("Smaller ones of the chain-loading tools") {
        let here = Scratch::new();
        let trap = here.write("bin/getent", "#!/bin/sh\necho run >>trap\n");
        std::fs::set_permissions(trap, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/bin:/bin", here.path("bin").display());
        for words in [
            &["setuidgid", "-s", "root", "true"][..],
            &["setuidgid", "no-such-account", "true"],
            &["envuidgid", "no-such-account", "true"],
            &["svgroup", "no-such-group", "x"],
            &["waitport", "-t", "0", "tcp:no-such-host.invalid:1", "--", "true"],
        ] {
            here.run(&harness::tool(words[0]), &words[1..]).with("PATH", &path).over("");
            assert!(!here.path("trap").exists(), "{words:?}");
        }
    }
}

/// A service that is started by an account with ambient capabilities kept them as another account.
#[test]
fn ambient_capabilities_do_not_come_along() {
    let setpriv = std::path::Path::new("/usr/bin/setpriv");
    if ours_only("Smaller ones of the chain-loading tools") && needs_root() && setpriv.exists() {
        let here = Scratch::new();
        std::fs::set_permissions(here.path("."), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        let tool = here.copy(&harness::tool("setuidgid"), "setuidgid");
        let caps = "+setuid,+setgid,+net_bind_service";
        let with =
            ["--reuid=65534", "--regid=65534", "--clear-groups", "--inh-caps", caps, "--ambient-caps", caps];
        let show = ["grep", "-E", "^Cap(Prm|Eff|Amb)", "/proc/self/status"];
        let caps_of = |account: &str| {
            let words = [&with[..], &[tool.to_str().unwrap(), account], &show].concat();
            words_of(here.run(setpriv, &words).over(""))
        };
        let zero = "0000000000000000";
        assert_eq!(caps_of(":65533:65533"), ["CapPrm:", zero, "CapEff:", zero, "CapAmb:", zero]);
        // Without another user nothing is given away.
        assert_ne!(caps_of(":65534:65534")[5], zero);
    }
}
