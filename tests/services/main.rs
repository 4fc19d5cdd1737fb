//! The examples of services at work: nginx, redis and PostgreSQL as Debian has them, and an application that waits for them.

#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail by panicking")]

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::{Scratch, is_original, needs_root, spawn, tool};

/// What has to be installed.
const NEEDED: [&str; 9] = [
    "/usr/bin/unshare",
    "/usr/sbin/ip",
    "/usr/bin/bash",
    "/usr/bin/pkill",
    "/usr/sbin/nginx",
    "/usr/bin/redis-server",
    "/usr/bin/redis-cli",
    "/usr/lib/postgresql",
    "/usr/bin/psql",
];

/// Everything is done in `inside.sh`: requests, lines found by mlog, kills, and the end of all in order.
#[test]
fn nginx_redis_and_postgresql_answer_are_killed_come_back_and_end_in_order() {
    if is_original() || !needs_root() {
        return;
    }
    if let Some(missing) = NEEDED.iter().find(|path| !Path::new(path).exists()) {
        return eprintln!("skipped: there is no {missing} (make test-services)");
    }
    let here = Scratch::in_memory();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap();
    std::fs::create_dir(here.path("place")).unwrap();
    // Debian's initialisation and a busy machine may take longer than a run of the harness may.
    let mut command = Command::new("timeout");
    command.args([
        "-k",
        "5",
        "600",
        "/usr/bin/unshare",
        "--mount",
        "--net",
        "--pid",
        "--fork",
        "--kill-child",
    ]);
    command.args(["--mount-proc", "sh"]).arg(root.join("tests/services/inside.sh")).arg(here.path("place"));
    command.arg(tool("svscan").parent().unwrap()).arg(root.join("examples/service"));
    let (out, err) = (here.path("out"), here.path("err"));
    command.stdin(Stdio::null()).stdout(File::create(&out).unwrap()).stderr(File::create(&err).unwrap());
    let code = spawn(&mut command).wait().unwrap().code();
    let [said, errors] = [out, err].map(|path| std::fs::read_to_string(path).unwrap());
    if code == Some(99) || errors.contains("unshare failed") {
        return eprintln!("skipped: no overlay here: {errors}");
    }
    assert!(code == Some(0) && said.ends_with("done\n"), "{code:?}: {said}{errors}");
}
