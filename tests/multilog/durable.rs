//! `durable=`: when lines are brought to the disk.

use harness::{LogView, Scratch, ours_only, strace, tool};

/// The calls of a run in their order, as `name(first argument`.
fn calls(here: &Scratch, script: &[&str], act: impl FnOnce(&mut harness::Running)) -> Option<Vec<String>> {
    let trace = here.path("trace");
    let multilog = tool("multilog");
    let mut arguments: Vec<&std::ffi::OsStr> =
        ["-f", "-qq", "-e", "trace=write,splice,fsync,renameat2", "-o"].map(std::ffi::OsStr::new).to_vec();
    arguments.extend([trace.as_os_str(), multilog.as_os_str()]);
    arguments.extend(script.iter().map(std::ffi::OsStr::new));
    let mut running = here.run(&strace()?, &arguments).start();
    act(&mut running);
    running.end().quietly();
    let text = std::fs::read_to_string(trace).unwrap();
    let name = |line: &str| Some(line.split_whitespace().nth(1)?.split('(').next()?.to_string());
    Some(text.lines().filter_map(name).collect())
}

/// The original, and ours without it, leave `current` to the kernel until it is rotated.
#[test]
fn always_is_before_a_line_leaves_the_pipe() {
    if ours_only("Durability") {
        let here = Scratch::new();
        let ran = calls(&here, &["durable=always", "./main"], |running| {
            running.write(b"line\n");
            running.until("it is there", || LogView::of(here.path("main")).text() == "line\n");
        });
        let Some(calls) = ran else { return };
        // The file, its name, and only then the pipe.
        let wanted = ["write", "fsync", "fsync", "splice"];
        let order = calls.windows(4).any(|part| part == wanted)
            || calls.windows(3).any(|part| part == ["write", "fsync", "splice"]);
        assert!(order, "{calls:?}");
    }
}

#[test]
fn a_span_is_counted_from_the_first_line_that_is_not_on_the_disk() {
    if ours_only("Durability") {
        let here = Scratch::new();
        let ran = calls(&here, &["durable=1s", "./main"], |running| {
            running.write(b"line\n");
            std::thread::sleep(std::time::Duration::from_millis(1600));
            // Idle: what comes after this is the end.
            running.write(b"last\n");
            running.until("it is there", || LogView::of(here.path("main")).text() == "line\nlast\n");
        });
        let Some(calls) = ran else { return };
        let first = calls.iter().position(|call| call == "write").unwrap();
        let last = calls.iter().rposition(|call| call == "write").unwrap();
        assert!(calls[first..last].iter().any(|call| call == "fsync"), "{calls:?}");
    }
}

/// Files that come so fast that retention soon deletes them are not sealed one by one; but if the disk got none of
/// them, a power cut would take all that a flood has left, however long it goes on.
#[test]
fn in_a_flood_the_newest_large_files_are_brought_to_the_disk_as_they_come() {
    if ours_only("Durability") {
        let here = Scratch::new();
        let input = ("x".repeat(99) + "\n").repeat(500_000);
        let ran = calls(&here, &["s2000000", "n5", "./main"], |running| running.write(input.as_bytes()));
        let Some(calls) = ran else { return };
        let renamed = |call: &String| call == "renameat2";
        let (first, last) =
            (calls.iter().position(renamed).unwrap(), calls.iter().rposition(renamed).unwrap());
        // One for the first file and one for its name are there in any case.
        let synced = calls[first..last].iter().filter(|call| *call == "fsync").count();
        assert!(synced > 4, "{synced} in {} calls", last - first);
    }
}
