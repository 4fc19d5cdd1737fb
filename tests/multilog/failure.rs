//! Failures: fatal at the start, tried again later.

use std::fs::File;
use std::time::Duration;

use harness::{LogView, Scratch, SmallDisk, ours_only, strace, tool};
use rustix::process::Signal;

#[test]
fn a_directory_that_cannot_be_made_or_is_a_file_is_fatal() {
    let here = Scratch::new();
    let outcome = here.multilog(&["./no/such"]).over("a\n");
    assert_eq!(outcome.code, Some(111));
    assert_eq!(outcome.stderr, "multilog: fatal: unable to open directory ./no/such: file does not exist\n");
    here.write("file", "");
    let outcome = here.multilog(&["./file"]).over("a\n");
    assert_eq!(outcome.code, Some(111));
    assert_eq!(outcome.stderr, "multilog: fatal: unable to open directory ./file: not a directory\n");
}

#[test]
fn a_locked_directory_is_fatal_and_nothing_was_read() {
    let here = Scratch::new();
    let mut first = here.multilog(&["./main"]).start();
    first.write(b"a\n");
    let current = here.path("main/current");
    first.until("the first has the directory", || std::fs::read(&current).is_ok_and(|t| t == b"a\n"));
    let input = here.write("input", "b\n");
    let input = File::open(input).unwrap();
    let outcome = here.multilog(&["./main"]).from(input.try_clone().unwrap()).start().wait();
    assert_eq!(outcome.code, Some(111));
    let said = "multilog: fatal: unable to lock directory ./main: temporary failure";
    assert!(outcome.stderr.starts_with(said), "{}", outcome.stderr);
    assert_eq!(rustix::fs::tell(&input).unwrap(), 0);
    if !harness::is_original() {
        assert_eq!(outcome.stderr, format!("{said} (held by process {})\n", first.pid()));
    }
    first.end().quietly();
}

#[test]
fn the_same_directory_twice_is_fatal() {
    let here = Scratch::new();
    let outcome = here.multilog(&["./main", "./main"]).over("a\n");
    assert_eq!(outcome.code, Some(111));
    assert!(
        outcome.stderr.starts_with("multilog: fatal: unable to lock directory ./main: temporary failure")
    );
}

/// A file system of 256 kB, filled by another process and freed again.
#[test]
fn a_full_disk_is_waited_for_and_nothing_is_lost() {
    let here = Scratch::new();
    let Some(disk) = SmallDisk::mount(&here.path("disk"), "256k") else { return };
    here.write("disk/ballast", vec![0; 200 << 10]);
    let input: String = (0..3000).map(|n| format!("line {n:050}\n")).collect();
    let mut running = here.multilog(&["s16777215", "./disk/main"]).start();
    let fed = input.clone();
    let mut stdin = running.take_stdin();
    let writer = std::thread::spawn(move || {
        std::io::Write::write_all(&mut stdin, fed.as_bytes()).unwrap();
    });
    std::thread::sleep(Duration::from_millis(500));
    assert!(!running.has_ended());
    std::fs::remove_file(here.path("disk/ballast")).unwrap();
    writer.join().unwrap();
    let outcome = running.wait();
    assert_eq!(outcome.code, Some(0));
    let warning = "multilog: warning: unable to write to ./disk/main/current, pausing: out of disk space\n";
    assert!(
        outcome.stderr.replace(warning, "").is_empty() && !outcome.stderr.is_empty(),
        "{}",
        outcome.stderr
    );
    assert!(LogView::of(here.path("disk/main")).text() == input);
    drop(disk);
}

/// The original ignores TERM for as long as the disk is full.
#[test]
fn term_on_a_full_disk_leaves_the_lines_in_the_pipe() {
    if ours_only("TERM") {
        let here = Scratch::new();
        let Some(disk) = SmallDisk::mount(&here.path("disk"), "256k") else { return };
        here.write("disk/ballast", vec![0; 200 << 10]);
        let input: String = (0..1100).map(|n| format!("line {n:050}\n")).collect();
        let (read, write) = harness::pipe().unwrap();
        std::io::Write::write_all(&mut &write, input.as_bytes()).unwrap();
        let arguments = ["s16777215", "./all", "./disk/main"];
        let running = here.multilog(&arguments).from(read.try_clone().unwrap()).start();
        std::thread::sleep(Duration::from_millis(500));
        running.signal(Signal::TERM);
        let outcome = running.wait();
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(outcome.took < Duration::from_secs(1));
        std::fs::remove_file(here.path("disk/ballast")).unwrap();
        drop(write);
        here.multilog(&arguments).from(read).start().wait().quietly();
        assert!(LogView::of(here.path("disk/main")).text() == input);
        assert!(LogView::of(here.path("all")).text() == input);
        drop(disk);
    }
}

/// RLIMIT_FSIZE: the original dies of SIGXFSZ.
#[test]
fn a_limit_of_the_process_below_the_size_rotates() {
    if ours_only("File size limit") {
        let here = Scratch::new();
        let input: String = (0..500).map(|n| format!("line {n:050}\n")).collect();
        let command = format!("ulimit -f 16; exec {} n100 ./main", tool("multilog").display());
        let outcome = here.run("/bin/sh".as_ref(), &["-c", &command]).over(&input);
        assert_eq!(outcome.code, Some(0), "{outcome:?}");
        assert!(LogView::of(here.path("main")).text() == input);
    }
}

/// An administrator who removes `current`: the original then tries to rename it for ever.
#[test]
fn a_current_that_was_removed_is_still_rotated() {
    if ours_only("Removed current") {
        let here = Scratch::new();
        let mut running = here.multilog(&["n100", "./main"]).start();
        running.write(b"before\n");
        let current = here.path("main/current");
        running.until("the line is there", || std::fs::read(&current).is_ok_and(|t| t == b"before\n"));
        std::fs::remove_file(&current).unwrap();
        running.signal(Signal::ALARM);
        running.until("it was rotated", || LogView::of(here.path("main")).codes() == ["s"]);
        running.write(b"after\n");
        running.end().quietly();
        assert_eq!(LogView::of(here.path("main")).text(), "before\nafter\n");
    }
}

/// A hard link to `current`, as cp -al makes it: the original takes the link for its own and deletes
/// the archive.
#[test]
fn a_current_with_a_second_name_is_archived_all_the_same() {
    if ours_only("Hard links") {
        let here = Scratch::new();
        let mut running = here.multilog(&["./main"]).start();
        running.write(b"line\n");
        let current = here.path("main/current");
        running.until("the line is there", || std::fs::read(&current).is_ok_and(|t| t == b"line\n"));
        std::fs::hard_link(&current, here.path("backup")).unwrap();
        running.signal(Signal::ALARM);
        running.until("it was rotated", || LogView::of(here.path("main")).codes() == ["s"]);
        running.end().quietly();
        assert_eq!(LogView::of(here.path("main")).text(), "line\n");
    }
}

/// Runs multilog over `input` while the fsync number `when` of each thread fails.
fn with_a_failing_fsync(
    here: &Scratch,
    script: &[&str],
    when: usize,
    input: &str,
) -> Option<harness::Outcome> {
    let inject = format!("inject=fsync:error=EIO:when={when}");
    let multilog = tool("multilog");
    let arguments = ["-f", "-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", &inject];
    let mut arguments: Vec<&std::ffi::OsStr> = arguments.iter().map(std::ffi::OsStr::new).collect();
    arguments.push(multilog.as_os_str());
    arguments.extend(script.iter().map(std::ffi::OsStr::new));
    Some(here.run(&strace()?, &arguments).over(input))
}

/// One EIO from fsync: the original tries again, is told that all is well, and calls the file safe.
#[test]
fn a_file_that_the_disk_refused_is_written_again_elsewhere() {
    if ours_only("Failed fsync") {
        let here = Scratch::new();
        here.multilog(&["./main"]).over("").quietly();
        let input = "x".repeat(3999) + "\n";
        let Some(outcome) = with_a_failing_fsync(&here, &["s4096", "./main"], 1, &input) else { return };
        // The `current` of the run before, which is empty here, is never called safe either.
        assert!(outcome.stderr.contains("/current to disk, leaving it unsealed: input/output error\n"));
        assert!(outcome.stderr.contains(" to disk, writing it again: input/output error\n"));
        let view = LogView::of(here.path("main"));
        assert_eq!((outcome.code, view.codes(), view.text()), (Some(0), vec!["u", "s"], input));
    }
}

/// Large files are brought to the disk before it is their turn when they come fast; that is asked only once as well.
#[test]
fn a_file_that_the_disk_refused_in_a_flood_is_written_again_too() {
    if ours_only("Failed fsync") {
        let here = Scratch::new();
        let input: String = (0..200_000).map(|n| format!("line {n:06} {}\n", "x".repeat(100))).collect();
        let script = ["s2000000", "n20", "./main"];
        // The sealer's first two are those of the first file and its name; the third of the foreground is that of
        // `current` at the end.
        let Some(outcome) = with_a_failing_fsync(&here, &script, 3, &input) else { return };
        let said = " to disk, writing it again: input/output error\n";
        assert_eq!((outcome.code, outcome.stderr.matches(said).count()), (Some(111), 1));
        let view = LogView::of(here.path("main"));
        assert_eq!(view.codes(), vec!["s"; 11]);
        assert!(view.text() == input);
    }
}

#[test]
fn a_current_that_the_disk_refused_is_not_called_safe() {
    if ours_only("Failed fsync") {
        let here = Scratch::new();
        here.multilog(&["./main"]).over("").quietly();
        let Some(outcome) = with_a_failing_fsync(&here, &["s4096", "./main"], 2, "line\n") else { return };
        let said = "multilog: warning: unable to write ./main/current to disk: input/output error\n";
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(111), said));
        assert_eq!(LogView::of(here.path("main")).current_mode(), 0o1644);
        // And the next one does not ask the disk again about the same file.
        here.multilog(&["./main"]).over("more\n");
        let view = LogView::of(here.path("main"));
        assert_eq!((view.codes(), view.text()), (vec!["u"], "line\nmore\n".to_string()));
    }
}

/// A full standard error: the original waits for its reader.
#[test]
fn a_message_that_nobody_reads_holds_nothing_up() {
    if ours_only("Messages") {
        let here = Scratch::new();
        let (unread, full) = harness::pipe().unwrap();
        rustix::io::ioctl_fionbio(&full, true).unwrap();
        while rustix::io::write(&full, &[b'x'; 4096]).is_ok() {}
        rustix::io::ioctl_fionbio(&full, false).unwrap();
        // Each of these is warned about.
        let mut running = here.multilog(&["Q", "X", "Z", "./main"]).saying_to(full).start();
        running.write(b"line\n");
        running.until("the line is there", || LogView::of(here.path("main")).text() == "line\n");
        assert_eq!(running.end().code, Some(0));
        drop(unread);
    }
}

/// The original takes EAGAIN for the end of its input.
#[test]
fn a_pipe_that_somebody_made_non_blocking_is_waited_for() {
    if ours_only("Read errors") {
        let here = Scratch::new();
        let (reader, mut writer) = harness::pipe().unwrap();
        rustix::io::ioctl_fionbio(&reader, true).unwrap();
        let mut running = here.multilog(&["./main"]).from(reader).start();
        std::thread::sleep(Duration::from_millis(50));
        std::io::Write::write_all(&mut writer, b"line\n").unwrap();
        running.until("the line is there", || LogView::of(here.path("main")).text() == "line\n");
        drop(writer);
        running.wait().quietly();
    }
}

/// As the manual says: five beside the standard three for one directory, three for each other one.
#[test]
fn with_few_descriptors_everything_is_logged_or_nothing_is_read() {
    if !ours_only("Few descriptors") {
        return;
    }
    let input: String = (0..20_000).map(|n| format!("{n}\n")).collect();
    let one =
        ["./a", "1 ./a", "=s ./a", "metrics=m.prom ./a", "!cat ./a", "ready=3 ./a", "compress=gzip ./a"];
    let two = ["./a s4096 n1000 ./b", "metrics=m.prom =s 1 !cat ./a compress=gzip ./b"];
    let run = |limit: usize, script: &str| {
        let here = Scratch::new();
        let redirections = if script.contains("ready") { "3>&2" } else { "" };
        let binary = tool("multilog");
        // What the shell has inherited takes room too.
        let closing = "for n in /proc/$$/fd/*; do n=${n##*/}; [ $n -gt 2 ] && eval exec \"$n>&-\"; done";
        let line = format!(
            "{closing}; ulimit -n {limit}; exec {} s4096 n1000 {script} {redirections}",
            binary.display()
        );
        let outcome = here.run("/bin/bash".as_ref(), &["-c", &line]).over(&input);
        let log = LogView::of(here.path("a"));
        (outcome.code, script.contains("gzip ./a") || log.text() == input, log.bytes().is_empty())
    };
    for (limit, script) in one.map(|script| (8, script)).into_iter().chain(two.map(|script| (11, script))) {
        assert_eq!(run(limit, script), (Some(0), true, false), "{limit} {script}");
        assert_eq!(run(limit - 2, script).0, Some(111), "{} {script}", limit - 2);
        assert!(run(limit - 2, script).2, "{} {script}", limit - 2);
    }
    assert_eq!(run(4, "1").0, Some(0));
}
