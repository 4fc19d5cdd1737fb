//! `envuidgid`: the numbers of an account as variables.

use harness::{Scratch, ours_only};

use crate::{refused, run, shell, text, with_getent};

#[test]
fn uid_and_gid_are_those_of_the_account() {
    let here = Scratch::new();
    let line = "\"$T\"/envuidgid nobody sh -c 'env | grep -E \"^[UG]ID=\" | sort; id -u'";
    let ids = text(shell(&here, "id -g nobody; id -u nobody; id -u"));
    let [gid, uid, own]: [&str; 3] = ids.lines().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(text(shell(&here, line)), format!("GID={gid}\nUID={uid}\n{own}\n"));
}

#[test]
fn an_account_that_nobody_knows_is_111() {
    let here = Scratch::new();
    for name in ["no-such-account", "-s", "--help", "root:", "12345678901", ""] {
        let outcome = run(&here, "envuidgid", &[name, "echo"]);
        refused(&outcome, 111, &format!("envuidgid: fatal: unknown account {name}"));
    }
}

/// Where the C library's modules know more accounts than /etc/passwd has, `getent` says so. It gets no variables.
#[test]
fn other_accounts_are_those_that_getent_knows() {
    if ours_only("Smaller ones of the chain-loading tools") {
        let here = Scratch::new();
        let getent = "#!/bin/sh\n[ \"$* $A\" = 'passwd far ' ] && echo 'far:*:4242:4243:::'\n";
        let line = "A=1 exec \"$T\"/envuidgid far sh -c 'echo $UID $GID'";
        if let Some(outcome) = with_getent(&here, getent, line) {
            assert_eq!(text(outcome), "4242 4243\n");
        }
    }
}

#[test]
fn numbers_need_no_account() {
    if ours_only("Options of the chain-loading tools") {
        let here = Scratch::new();
        assert_eq!(
            text(run(&here, "envuidgid", &[":12:34", "sh", "-c", "env | grep ^.ID= | sort"])),
            "GID=34\nUID=12\n"
        );
    }
}
