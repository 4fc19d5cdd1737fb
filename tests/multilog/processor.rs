//! Action `!`: full files go through a command.

use harness::{LogView, Scratch, ours_only, strace, tool};

fn lines(count: usize) -> String {
    (0..count).map(|n| format!("{n:059}\n")).collect()
}

#[test]
fn the_archive_is_what_the_command_makes_of_the_file() {
    let here = Scratch::new();
    here.multilog(&["s4096", "n100", "!tr 0-9 a-j", "./main"]).over(lines(200)).quietly();
    let view = LogView::of(here.path("main"));
    assert!(view.archives.len() >= 2);
    let archived: Vec<u8> = view.archives.iter().flat_map(|file| file.2.clone()).collect();
    let expected: String =
        lines(200).chars().map(|c| if c == '\n' { c } else { (c as u8 + 49) as char }).collect();
    assert!(expected.as_bytes().starts_with(&archived));
    assert!(view.archives.iter().all(|(name, mode, _)| name.ends_with(".s") && *mode == 0o744));
    assert_eq!(view.others, ["lock", "state"]);
}

#[test]
fn each_run_sees_the_state_that_the_last_one_left() {
    let here = Scratch::new();
    let command = "!read n <&4; n=$((n+1)); echo $n >&5; echo \"run $n\"";
    here.multilog(&["s4096", "n100", command, "./main"]).over(lines(200)).quietly();
    let view = LogView::of(here.path("main"));
    for (n, (_, _, bytes)) in view.archives.iter().enumerate() {
        assert_eq!(String::from_utf8_lossy(bytes), format!("run {}\n", n + 1));
    }
    let state = std::fs::read_to_string(here.path("main/state")).unwrap();
    assert_eq!(state, format!("{}\n", view.archives.len()));
}

#[test]
fn it_runs_in_the_directory_with_the_environment() {
    let here = Scratch::new();
    let run = here.multilog(&["s4096", "!pwd; echo $PLANET", "./main"]).with("PLANET", "venus");
    run.over(lines(40)).quietly();
    let view = LogView::of(here.path("main"));
    let expected = format!("{}\nvenus\n", here.path("main").canonicalize().unwrap().display());
    assert_eq!(String::from_utf8_lossy(&view.archives[0].2), expected);
}

#[test]
fn an_empty_command_makes_an_empty_archive() {
    let here = Scratch::new();
    here.multilog(&["s4096", "!", "./main"]).over(lines(40)).quietly();
    assert_eq!(LogView::of(here.path("main")).archives[0].2, b"");
}

#[test]
fn a_command_that_fails_is_run_again_over_the_same_file() {
    let here = Scratch::new();
    let flag = here.path("failed");
    let command = format!("!cat; [ -e {0} ] || {{ touch {0}; exit 1; }}", flag.display());
    let outcome = here.multilog(&["s4096", "n100", &command, "./main"]).over(lines(40));
    assert_eq!(outcome.code, Some(0));
    assert_eq!(outcome.stderr, "multilog: warning: processor failed in ./main, pausing\n");
    assert_eq!(LogView::of(here.path("main")).text(), lines(40));
}

#[test]
fn a_command_that_is_killed_has_failed() {
    let here = Scratch::new();
    let flag = here.path("failed");
    let command = format!("!cat; [ -e {0} ] || {{ touch {0}; kill -9 $$; }}", flag.display());
    let outcome = here.multilog(&["s4096", "n100", &command, "./main"]).over(lines(40));
    assert_eq!(outcome.code, Some(0));
    assert!(outcome.stderr.starts_with("multilog: warning: processor crashed in ./main, pausing: "));
    assert_eq!(LogView::of(here.path("main")).text(), lines(40));
}

/// The -1 of a fork that failed was taken for a child: its end was waited for among everybody's, and a TERM in that moment
/// would have killed every process there is.
#[test]
fn a_command_that_cannot_be_forked_is_tried_again() {
    let Some(strace) = strace() else { return };
    let here = Scratch::new();
    let multilog = tool("multilog");
    let trace = [
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "trace=fork,vfork,clone",
        "-e",
        "inject=fork,vfork,clone:error=EAGAIN:when=1",
    ];
    let script = ["s4096", "n100", "!exec cat", "./main"];
    let words = trace
        .iter()
        .map(|word| word.as_ref())
        .chain([multilog.as_os_str()])
        .chain(script.iter().map(|word| word.as_ref()));
    let outcome = here.run(&strace, &words.collect::<Vec<_>>()).over(lines(100));
    assert_eq!(outcome.code, Some(0));
    let warning = "multilog: warning: unable to fork for processor in ./main, pausing: temporary failure\n";
    assert_eq!(outcome.stderr, warning);
    assert_eq!(LogView::of(here.path("main")).text(), lines(100));
}

/// The original writes no line for as long as the command runs.
#[test]
fn lines_are_written_while_a_command_runs() {
    if ours_only("Processors") {
        let here = Scratch::new();
        let gate = here.path("gate");
        let command = format!("!while ! [ -e {} ]; do sleep 0.01; done; cat", gate.display());
        let mut running = here.multilog(&["s4096", "n100", &command, "./main"]).start();
        running.write(lines(40).as_bytes());
        running.write(b"after\n");
        let current = here.path("main/current");
        running.until("a line after the full file", || {
            std::fs::read(&current).is_ok_and(|t| t.ends_with(b"after\n"))
        });
        std::fs::write(gate, "").unwrap();
        running.end().quietly();
        assert_eq!(LogView::of(here.path("main")).text(), lines(40) + "after\n");
    }
}

/// A directory that never had a state: the original's processor can't be run, for ever.
#[test]
fn a_state_that_is_missing_is_an_empty_one() {
    if ours_only("Processors") {
        let here = Scratch::new();
        here.multilog(&["./main"]).over("").quietly();
        std::fs::remove_file(here.path("main/state")).ok();
        here.multilog(&["s4096", "!cat", "./main"]).over(lines(40)).quietly();
        assert_eq!(LogView::of(here.path("main")).archives.len(), 1);
    }
}
