//! `postgresql.sh`: each line once, in a table, though the shipper is killed and batches come again.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::{Random, Run, Scratch};
use rustix::process::{Pid, Signal, kill_process};

use super::{Server, file, run, ship, write};

/// A server in a scratch directory.
struct Database {
    folder: PathBuf,
    server: Server,
}

impl Database {
    /// None, and a word about it, where PostgreSQL is not installed.
    fn start(scratch: &Scratch) -> Option<Database> {
        let newest = std::fs::read_dir("/usr/lib/postgresql")
            .ok()?
            .filter_map(Result::ok)
            .map(|entry| entry.path())
            .max();
        let programs = newest?.join("bin");
        if !programs.join("initdb").exists() || !Path::new("/usr/bin/perl").exists() {
            return None;
        }
        std::fs::set_permissions(scratch.path("."), std::fs::Permissions::from_mode(0o755)).unwrap();
        let folder = scratch.path("database");
        std::fs::create_dir(&folder).unwrap();
        if harness::is_root() {
            // The server refuses to be root.
            run(Command::new("chown").arg("nobody").arg(&folder));
        }
        let data = folder.join("data");
        run(unprivileged(&programs.join("initdb"))
            .args(["-A", "trust", "-U", "ship", "--no-sync", "-E", "UTF8", "--locale=C", "-D"])
            .arg(&data));
        let mut command = unprivileged(&programs.join("postgres"));
        command.arg("-D").arg(&data).arg("-k").arg(&folder).args([
            "-c",
            "listen_addresses=",
            "-c",
            "fsync=off",
        ]);
        let server =
            Server(harness::spawn(command.stdout(Stdio::null()).stderr(Stdio::null()).stdin(Stdio::null())));
        let database = Database { folder, server };
        harness::until("it answers", || database.psql("SELECT 1").output().unwrap().status.success());
        Some(database)
    }

    fn psql(&self, statement: &str) -> Command {
        let mut command = Command::new("psql");
        command.args(["-X", "-A", "-t", "-c", statement]).env("PGHOST", &self.folder);
        command.env("PGUSER", "ship").env("PGDATABASE", "postgres").stderr(Stdio::null());
        command
    }

    fn ask(&self, statement: &str) -> String {
        String::from_utf8(run(&mut self.psql(statement))).unwrap().trim().to_owned()
    }

    fn count(&self) -> usize {
        self.ask("SELECT count(*) FROM lines").parse().unwrap()
    }

    fn ship(&self, scratch: &Scratch) -> Run {
        let folder = self.folder.to_str().unwrap();
        let command = file("examples/ship/postgresql.sh");
        ship(scratch, command.to_str().unwrap())
            .with("PGHOST", folder)
            .with("PGUSER", "ship")
            .with("PGDATABASE", "postgres")
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // A server that is killed leaves its memory behind. This is its fast end.
        let pid = Pid::from_raw(i32::try_from(self.server.0.id()).unwrap()).unwrap();
        kill_process(pid, Signal::INT).ok();
        self.server.0.wait().ok();
    }
}

/// The program, as somebody who is not root.
fn unprivileged(program: &Path) -> Command {
    if !harness::is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"]).arg(program);
    command
}

#[test]
fn postgresql_has_each_line_once_though_the_shipper_is_killed() {
    let scratch = Scratch::new();
    let Some(database) = Database::start(&scratch) else {
        eprintln!("skipped: there is no PostgreSQL with initdb, or no perl");
        return;
    };
    database.ask(&std::fs::read_to_string(file("examples/ship/postgresql-tables.sql")).unwrap());
    let lines = write(&scratch, 2000);
    let mut random = Random::new(3);
    for _ in 0..6 {
        let mut running = database.ship(&scratch).start();
        let before = database.count();
        running.until("a batch", || database.count() > before || database.count() == lines.len());
        std::thread::sleep(std::time::Duration::from_millis(random.below(80)));
        running.signal(Signal::KILL);
        running.wait();
    }
    let mut running = database.ship(&scratch).start();
    let pid = running.pid();
    running.until("all lines", || database.count() >= lines.len() && harness::blocks(pid, Signal::TERM));
    std::thread::sleep(std::time::Duration::from_millis(300));
    running.signal(Signal::TERM);
    assert_eq!(running.wait().code, Some(0));
    let got = database.ask("SELECT encode(text, 'hex') FROM lines ORDER BY batch, line");
    let hex = |line: &Vec<u8>| line.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert!(got.lines().map(str::to_owned).collect::<Vec<_>>() == lines.iter().map(hex).collect::<Vec<_>>());
    assert_eq!(database.ask("SELECT DISTINCT host, service FROM lines"), "web1|web");
}

#[test]
fn a_batch_that_came_in_part_is_not_taken() {
    let scratch = Scratch::new();
    let Some(database) = Database::start(&scratch) else {
        eprintln!("skipped: there is no PostgreSQL with initdb, or no perl");
        return;
    };
    database.ask(&std::fs::read_to_string(file("examples/ship/postgresql-tables.sql")).unwrap());
    let deliver = |lines: &str| {
        let mut command = Command::new("sh");
        command.args(["-c", "printf 'a\\nb\\n' | \"$0\"; exit $?"]).arg(file("examples/ship/postgresql.sh"));
        command.env("PGHOST", &database.folder).env("PGUSER", "ship").env("PGDATABASE", "postgres");
        for (name, value) in [("INSTANCE", "i"), ("DIRECTORY", "/it's \"d"), ("NUMBER", "1"), ("CRC", "0")] {
            command.env(format!("SHIP_{name}"), value);
        }
        command.env("SHIP_HOST", "h").env("SHIP_SERVICE", "s").env("SHIP_LINES", lines).stderr(Stdio::null());
        command.status().unwrap().success()
    };
    assert!(!deliver("3"));
    assert_eq!(database.count(), 0);
    assert!(deliver("2") && deliver("2"));
    assert_eq!(
        database.ask("SELECT directory, text FROM lines ORDER BY line"),
        "/it's \"d|\\x61\n/it's \"d|\\x62"
    );
}
