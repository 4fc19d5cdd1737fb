//! `setuidgid`: another account, for good.

use harness::{Outcome, Scratch, is_root, needs_root, ours_only};

use crate::{refused, run, shell, text};

const SHOW: &str = "grep -E '^(Uid|Gid|Groups)' /proc/self/status";

fn words(outcome: Outcome) -> Vec<String> {
    text(outcome).split_whitespace().map(String::from).collect()
}

#[test]
fn the_user_and_the_group_are_the_accounts_and_no_other_group_is_left() {
    if needs_root() {
        let here = Scratch::new();
        let ids = words(shell(&here, "id -u nobody; id -g nobody"));
        let (uid, gid) = (&*ids[0], &*ids[1]);
        let expected = ["Uid:", uid, uid, uid, uid, "Gid:", gid, gid, gid, gid, "Groups:", gid];
        assert_eq!(words(run(&here, "setuidgid", &["nobody", "sh", "-c", SHOW])), expected);
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
        assert_eq!(words(run(&here, "setuidgid", &[":12:34", "sh", "-c", SHOW])), expected);
        assert_eq!(words(run(&here, "setuidgid", &["-s", ":12:34", "sh", "-c", SHOW])), expected);
    }
}

#[test]
fn all_groups_of_an_account_on_demand() {
    if ours_only("Options of the chain-loading tools") && needs_root() {
        let here = Scratch::new();
        let mut expected = words(shell(&here, "id -G root"));
        let mut groups = words(run(&here, "setuidgid", &["-s", "root", "sh", "-c", "id -G"]));
        expected.sort();
        groups.sort();
        assert_eq!(groups, expected);
    }
}
