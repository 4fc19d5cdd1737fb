//! What is shown of services, and the logs.

use harness::{program, tool, until};

use crate::{Place, SLEEP};

#[test]
fn a_table_has_a_line_for_each_service() {
    let place = Place::running();
    place.service("web", SLEEP);
    place.logger("web");
    place.link("web");
    place.up("nolog", SLEEP);
    place.service("dies", "exit 4");
    place.here.write("sv/dies/backoff", "60\n");
    place.link("dies");
    until("its line is there", || place.logged("web") == "hello\n");
    until("the status says so", || place.svstat("web/log").contains(": up"));
    // It waits longer each time.
    until("it has ended", || {
        let line = place.svstat("dies");
        line.contains(": down") && line.contains(" 2 seconds")
    });
    let said = place.says("status", 1);
    let lines: Vec<Vec<&str>> = said.lines().map(|line| line.split_ascii_whitespace().collect()).collect();
    assert_eq!(lines[0].join(" "), "SERVICE STATE PID FOR WANT READY LOGGER LAST LINE");
    let pid = place.read("sv/web/started");
    assert!(lines[1].starts_with(&["dies", "down", "(exit", "4)"]), "{said}");
    assert_eq!(
        (lines[2][..2].join(" "), lines[2][4..].join(" ")),
        ("nolog up".into(), "up - none".into()),
        "{said}"
    );
    assert_eq!((lines[3][0], lines[3][2]), ("web", pid.trim()), "{said}");
    assert!(said.ends_with("  up    -      up      hello\n"), "{said}");
    // Those that are as they should be.
    assert_eq!(place.well("status web nolog").lines().count(), 3);
    place.well("stop nolog");
    assert!(place.well("status nolog").contains("nolog    down"));
}

#[test]
fn json_has_an_object_for_each_service_and_its_logger() {
    let place = Place::running();
    place.service("web", SLEEP);
    place.logger("web");
    place.link("web");
    until("its line is there", || place.logged("web") == "hello\n");
    until("the status says so", || place.svstat("web/log").contains(": up"));
    let value: serde_json::Value = serde_json::from_str(&place.well("status --json")).unwrap();
    let pid: u64 = place.read("sv/web/started").trim().parse().unwrap();
    assert_eq!(
        (&value["service"], &value["pid"], &value["last_line"]),
        (&"web".into(), &pid.into(), &"hello".into())
    );
    assert_eq!((&value["up"], &value["logger"]["up"]), (&true.into(), &true.into()));
    assert_eq!(value["dir"], place.path("s/web").to_str().unwrap());
    place.up("nolog", SLEEP);
    let value: serde_json::Value = serde_json::from_str(&place.well("status --json nolog")).unwrap();
    assert!(value["logger"].is_null() && value["last_line"].is_null());
    std::os::unix::fs::symlink("nowhere", place.path("s/dangling")).unwrap();
    let lines = place.says("status --json", 1);
    assert!(lines.contains("\"error\":\"not there\""), "{lines}");
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

#[test]
fn a_terminal_gets_colours_and_no_line_that_is_too_long() {
    let Some(script) = program("script") else { return };
    let place = Place::running();
    place.service("web", &format!("echo {}; exec sleep 1000", "long ".repeat(100)));
    place.logger("web");
    place.link("web");
    until("its line is there", || !place.logged("web").is_empty());
    until("the status says so", || place.svstat("web/log").contains(": up"));
    let shown = |variable: &str| {
        let line = format!("stty cols 70; {variable} TERM=xterm '{}' status", tool("svctl").display());
        let run = place
            .here
            .run(&script, &["-qec", &line, "/dev/null"])
            .with("SVDIR", place.path("s").to_str().unwrap());
        String::from_utf8(run.over("").stdout).unwrap()
    };
    let text = shown("");
    assert!(text.contains("\x1b[32mup\x1b[0m") && text.contains("\x1b[1mSERVICE\x1b[0m"), "{text:?}");
    let text = shown("NO_COLOR=1");
    assert!(!text.contains('\x1b') && text.contains("web"), "{text:?}");
    assert!(text.lines().all(|line| line.trim_end().len() <= 70), "{text:?}");
}

#[test]
fn logs_are_shown_by_the_mlog_that_is_beside_it_or_in_the_path() {
    let place = Place::running();
    for name in ["a", "b"] {
        place.service(name, &format!("echo one of {name}; echo two of {name}; exec sleep 1000"));
        place.logger(name);
        place.link(name);
        until("its lines are there", || place.logged(name).lines().count() == 2);
    }
    assert_eq!(place.well("log a -n 1 -o none --prefix never"), "two of a\n");
    assert_eq!(place.well("log a b -o none --prefix never -g two").lines().count(), 2);
    assert_eq!(place.well("log -o none --prefix never").lines().count(), 4);
    place.up("nolog", SLEEP);
    assert!(place.says("log nolog", 100).contains("nolog: no log directory: nothing in "));
    // Alone in its folder.
    std::fs::create_dir(place.path("alone")).unwrap();
    let alone = place.here.copy(&tool("svctl"), "alone/svctl");
    place.script("path/mlog", "echo \"$@\"");
    let run = |path: &str| place.here.run(&alone, &["-d", "s", "log", "a", "-f"]).with("PATH", path).over("");
    let found = run(place.path("path").to_str().unwrap()).quietly().stdout;
    assert_eq!(String::from_utf8(found).unwrap(), "--scan=s --unit=a -f\n");
    let outcome = run("/no/where");
    assert_eq!(outcome.code, Some(111));
    assert!(
        outcome
            .stderr
            .contains("unable to run mlog: file does not exist; it is looked for beside svctl and in PATH")
    );
}
