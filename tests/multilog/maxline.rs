//! Action `maxline=`.

use std::fs::File;
use std::io::Write;
use std::os::fd::OwnedFd;

use harness::{LogView, Outcome, Random, Scratch, ours_only};
use rustix::process::Signal;

use crate::held::Held;

const DIFFERENCE: &str = "Split lines";

/// The input with a newline wherever a line becomes too long.
fn split(input: &[u8], most: usize) -> Vec<u8> {
    let lines = input.split_inclusive(|&byte| byte == b'\n');
    let pieces = lines.map(|line| {
        let (text, newline) = line.strip_suffix(b"\n").map_or((line, &b""[..]), |text| (text, b"\n"));
        [&text.chunks(most).collect::<Vec<_>>().join(&b'\n'), newline].concat()
    });
    pieces.collect::<Vec<_>>().concat()
}

/// Lines of all lengths around this size and its multiples, each byte different from the ones that are near.
fn lines(most: usize) -> Vec<u8> {
    let lengths = [0, 1, 26, 200, 960, 973, 974, 975, 999].into_iter();
    let around = [1, 2, 3, 7].into_iter().flat_map(|n| [n * most - 1, n * most, n * most + 1]);
    let numbers: Vec<u8> = (0..most * 7).flat_map(|n| format!("{n} ").into_bytes()).collect();
    let line = |length: usize| [&numbers[length..2 * length], b"\n"].concat();
    lengths.chain(around).chain([0, 5]).flat_map(line).collect()
}

/// The bytes of all files, oldest first.
fn files(here: &Scratch, name: &str) -> Vec<Vec<u8>> {
    let view = LogView::of(here.path(name));
    let current = view.current().to_vec();
    view.archives.into_iter().map(|(_, _, bytes)| bytes).chain([current]).collect()
}

#[test]
fn what_is_logged_is_what_the_split_input_would_give() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    for (script, directories) in [
        (&["s4096", "n900", "./a"][..], &["a"][..]),
        (&["s16777215", "./a", "-*5*", "s5000", "n900", "./b"], &["a", "b"]),
        (&["-3*", "s4096", "n900", "./a", "prefix=web: ", "1", "+3*", "./b"], &["a", "b"]),
        (&["s4096", "n900", "R", "-^[0-4]", "./a", "-^", "+ 7", "./b"], &["a", "b"]),
    ] {
        for most in [1000, 1999, 4096] {
            let (naive, input) = (Scratch::in_memory(), lines(most));
            let printed = naive.multilog(script).over(split(&input, most)).stdout;
            for source in ["pipe", "file"] {
                let here = Scratch::in_memory();
                let word = format!("maxline={most}");
                let run = here.multilog(&[&[word.as_str()], script].concat());
                let outcome: Outcome = match source {
                    "file" => run.from(File::open(here.write("input", &input)).unwrap()).start().wait(),
                    _ => run.over(&input),
                };
                assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""));
                assert!(outcome.stdout == printed, "{script:?} {most} {source}");
                for name in directories {
                    let same = files(&here, name) == files(&naive, name);
                    assert!(same, "{script:?} {most} {source} {name}");
                }
            }
        }
    }
}

#[test]
fn each_piece_has_its_own_stamp_and_prefix() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    for most in [1000, 5000] {
        let (here, input) = (Scratch::new(), lines(most));
        let word = format!("maxline={most}");
        let script = ["t", &word, "s16777215", "./main", "prefix=web: ", "1"];
        let outcome = here.multilog(&script).over(&input);
        let view = LogView::of(here.path("main"));
        assert!(view.unstamped() == split(&input, most), "{most}");
        let bytes = view.bytes();
        let stamps: Vec<&[u8]> =
            bytes.split(|&byte| byte == b'\n').filter_map(|line| line.get(..25)).collect();
        assert!(stamps.windows(2).all(|pair| pair[0] < pair[1] && pair[0].starts_with(b"@4")), "{most}");
        let printed = bytes.split_inclusive(|&byte| byte == b'\n');
        let printed: Vec<u8> =
            printed.flat_map(|line| [&line[..26], b"web: ", &line[26..]].concat()).collect();
        assert!(outcome.stdout == printed, "{most}");
    }
}

#[test]
fn alerts_and_status_files_see_each_piece_by_itself() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let line = [&[b'a'; 1000][..], &[b'b'; 1000], b"c\n"].concat();
    let outcome = here.multilog(&["maxline=1000", "-b*", "e", "-c*", "=status", "./main"]).over(line);
    assert_eq!(outcome.code, Some(0));
    assert_eq!(outcome.stderr, format!("{}...\nc\n", "a".repeat(200)));
    let status = std::fs::read(here.path("status")).unwrap();
    assert_eq!(status, [&[b'a'; 1000][..], b"\n"].concat());
    assert_eq!(LogView::of(here.path("main")).text(), "a".repeat(1000) + "\n");
}

fn current(here: &Scratch) -> Vec<u8> {
    std::fs::read(here.path("main/current")).unwrap_or_default()
}

#[test]
fn a_piece_that_is_complete_ends_when_the_next_byte_comes_and_none_is_empty() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let x = vec![b'x'; 1000];
    for (next, expected) in
        [(&b"\n"[..], [&x[..], b"\n"].concat()), (b"y", [&x[..], b"\n"].concat()), (b"", x.clone())]
    {
        let (here, pipe) = (Scratch::new(), Held::new());
        let mut running = pipe.start(&here, &["maxline=1000", "./main"]);
        pipe.write(&x);
        running.until("the piece is there", || current(&here) == x);
        pipe.write(next);
        running.until("its end is there", || current(&here) == expected);
        drop(pipe);
        running.wait().quietly();
        let last = if next == b"y" { &b"\ny\n"[..] } else { b"\n" };
        assert_eq!(current(&here), [&x[..], last].concat());
    }
}

#[test]
fn a_piece_that_is_partly_written_is_continued_as_the_next_script_says() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let pieces = |lengths: &[usize]| -> Vec<u8> {
        let line = [vec![b'x'; 3000], vec![b'y'; 4000]].concat();
        let ends = lengths.iter().scan(0, |end, length| {
            *end += length;
            Some((*end - length, *end))
        });
        ends.flat_map(|(start, end)| [&line[start..end], b"\n"].concat()).collect()
    };
    for (first, next, expected) in [
        ("maxline=5000", "maxline=5000", &[5000, 2000][..]),
        ("maxline=5000", "maxline=2000", &[3000, 2000, 2000]),
        ("maxline=5000", "maxline=3000", &[3000, 3000, 1000]),
        ("maxline=5000", "maxline=6999", &[6999, 1]),
        ("maxline=5000", "maxline=9000", &[7000]),
        ("maxline=5000", "F", &[7000]),
        ("F", "maxline=5000", &[7000]),
        ("F", "maxline=3999", &[6999, 1]),
    ] {
        for signal in [Signal::KILL, Signal::TERM] {
            let (here, pipe) = (Scratch::new(), Held::new());
            let mut running = pipe.start(&here, &["t", first, "./main"]);
            pipe.write(&[b'x'; 3000]);
            running.until("the beginning is there", || current(&here).len() == 3026);
            running.signal(signal);
            let ended = running.wait();
            assert!(ended.took.as_millis() < 5000, "{signal:?}: {ended:?}");
            let last = pipe.start(&here, &["t", next, "./main"]);
            pipe.write(&[b'y'; 4000]);
            pipe.write(b"\nz\n");
            drop(pipe);
            last.wait().quietly();
            let view = LogView::of(here.path("main"));
            let right = view.unstamped() == [&pieces(expected)[..], b"z\n"].concat();
            assert!(right, "{first} {next} {signal:?}");
            assert_eq!((view.codes().len(), view.others), (0, vec!["lock".to_string()]));
        }
    }
}

/// The record said that such a piece was in hand, so that the journal stayed.
#[test]
fn a_full_piece_that_goes_nowhere_at_the_end_of_the_input_leaves_no_journal() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let input = [&b"a\n"[..], &[b'x'; 2000]].concat();
    here.multilog(&["maxline=1000", "-x*", "./main"]).over(input).quietly();
    let view = LogView::of(here.path("main"));
    assert_eq!((view.text().as_str(), view.others), ("a\n", vec!["lock".to_string()]));
}

/// Without a journal a piece is as a line is.
#[test]
fn term_within_a_piece_of_a_socket_waits_for_its_end() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let here = Scratch::new();
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut running = here.multilog(&["maxline=2000", "./main"]).from(OwnedFd::from(theirs)).start();
    (&ours).write_all(&[b'x'; 1500]).unwrap();
    running.until("the beginning is there", || current(&here).len() == 1500);
    running.signal(Signal::TERM);
    (&ours).write_all(&[b'x'; 800]).unwrap();
    running.wait().quietly();
    assert!(current(&here) == split(&[&[b'x'; 2300][..], b"\n"].concat(), 2000));
}

#[test]
fn kills_in_a_row_lose_repeat_and_split_nothing_otherwise() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let mut random = Random::new(7);
    for (script, most) in [
        (&["maxline=1500", "s16777215", "./main"][..], 1500),
        (&["maxline=300000", "s1048576", "n900", "./main", "-*", "./none"], 300_000),
    ] {
        let (here, pipe) = (Scratch::new(), Held::new());
        let length = |n: usize| if n % 9 == 0 { n % 5 * most + n % 300 } else { n % 200 };
        let line = |n: usize| format!("{n:06} {}\n", format!("{n} ").repeat(length(n) / 5));
        let input: Vec<u8> = (0..2000).map(line).collect::<String>().into_bytes();
        let mut writer = pipe.writer.try_clone().unwrap();
        let text = input.clone();
        let writing =
            std::thread::spawn(move || text.chunks(3333).for_each(|chunk| writer.write_all(chunk).unwrap()));
        for _ in 0..60 {
            let running = pipe.start(&here, script);
            std::thread::sleep(std::time::Duration::from_micros(random.below(12_000)));
            running.signal(Signal::KILL);
            running.wait();
        }
        let last = pipe.start(&here, script);
        writing.join().unwrap();
        drop(pipe);
        last.wait().quietly();
        assert!(LogView::of(here.path("main")).bytes() == split(&input, most), "{most}");
    }
}

/// Much more than what is looked at at once.
#[test]
fn pieces_of_any_size_take_constant_memory() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    for most in [1000, 3_000_000] {
        let here = Scratch::in_memory();
        let word = format!("maxline={most}");
        let mut running = here.multilog(&["t", &word, "s16777215", "n9", "./main"]).start();
        (0..30).for_each(|_| running.write(&vec![b'l'; 1 << 20]));
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
        assert!(peak < 20_000, "{peak} kB");
        running.end().quietly();
        let expected = split(&[&vec![b'l'; 30 << 20][..], b"\n"].concat(), most);
        assert!(LogView::of(here.path("main")).unstamped() == expected, "{most}");
    }
}

#[test]
fn a_size_that_cannot_be_or_is_said_too_late_is_a_misuse_and_nothing_is_opened() {
    if !ours_only(DIFFERENCE) {
        return;
    }
    let (size, late, twice) = (
        "not a size of 1000 bytes or more (8000, 64k, 1M)",
        "it has to be before the first directory",
        "it was given before, and may be only once",
    );
    for (script, bad, reason) in [
        (&["maxline=", "./main"][..], "maxline=", size),
        (&["maxline=999", "./main"], "maxline=999", size),
        (&["maxline=8K", "./main"], "maxline=8K", size),
        (&["maxline=-1", "./main"], "maxline=-1", size),
        (&["./main", "maxline=8k"], "maxline=8k", late),
        (&["./main", "maxline=8k", "./b"], "maxline=8k", late),
        (&["maxline=8k", "maxline=9k", "./main"], "maxline=9k", twice),
    ] {
        let here = Scratch::new();
        let outcome = here.multilog(script).over("a\n");
        let said = format!("multilog: fatal: unable to understand {bad}: {reason}\n");
        assert_eq!((outcome.code, outcome.stderr), (Some(100), said));
        assert!(!here.path("main").exists());
    }
}
