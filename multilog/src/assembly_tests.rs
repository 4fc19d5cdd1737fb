//! The assembly against an oracle that treats a line at a time, for any way the input arrives.

use std::ffi::OsString;

use proptest::prelude::*;
use tai64tools::{Stamp, label};

use super::*;
use crate::script::{Prefix, Script};

fn now() -> Label {
    Label::new(label::EPOCH + 1, 0).unwrap()
}

/// Size and prefix of each outlet: the directories, and standard output behind them.
fn outlets(script: &Script) -> Vec<(u64, &Prefix)> {
    let logs = script.logs.iter().map(|log| (log.size.bytes(), &log.prefix));
    logs.chain(script.output.iter().map(|prefix| (u64::MAX, prefix))).collect()
}

fn outputs(script: &Script) -> Vec<Output> {
    outlets(script).into_iter().map(|(size, prefix)| Output::new(size).behind(prefix)).collect()
}

/// The files of each outlet, as the manual says: full at a newline in the window or at the size.
fn naive(script: &[&str], input: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let parsed = parse(script);
    let mut stamper = parsed.stamp.map(Stamper::new);
    if let Some(stamper) = &mut stamper {
        stamper.begin(now());
    }
    let outlets = outlets(&parsed);
    let mut logs: Vec<Vec<Vec<u8>>> = outlets.iter().map(|_| vec![vec![]]).collect();
    for line in input.split_inclusive(|&b| b == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let stamp = stamper.as_mut().map(|s| s.stamp().to_vec()).unwrap_or_default();
        let mut stamped = stamp.clone();
        stamped.extend_from_slice(text);
        let head = &stamped[..stamped.len().min(1000)];
        for log in naive_route(&parsed.actions, parsed.logs.len(), head) {
            let (size, prefix) = outlets[log];
            for &byte in [&stamp[..], prefix.as_bytes(), text, b"\n"].into_iter().flatten() {
                let file = logs[log].last_mut().unwrap();
                file.push(byte);
                let length = file.len() as u64;
                if length == size || (byte == b'\n' && length >= size - 2000) {
                    logs[log].push(vec![]);
                }
            }
        }
    }
    logs
}

fn naive_route(actions: &[Action], directories: usize, head: &[u8]) -> Vec<usize> {
    let (mut selected, mut route) = (true, vec![]);
    for action in actions {
        match action {
            Action::Select(pattern) => selected |= pattern.matches(head),
            Action::Deselect(pattern) => selected &= !pattern.matches(head),
            Action::Log(log) if selected => route.push(*log),
            Action::Output if selected && !route.contains(&directories) => route.push(directories),
            _ => {}
        }
    }
    route
}

fn parse(script: &[&str]) -> Script {
    Script::parse(script.iter().map(OsString::from).collect()).unwrap()
}

/// Feeds `input` in pieces; what is not taken is seen again together with the next piece.
fn assembled(script: &[&str], input: &[u8], pieces: &[usize]) -> Vec<Vec<Vec<u8>>> {
    let parsed = parse(script);
    let outputs = outputs(&parsed);
    let mut logs: Vec<Vec<Vec<u8>>> = outputs.iter().map(|_| vec![vec![]]).collect();
    let mut assembly = Assembly::new(&parsed.actions, parsed.stamp.map(Stamper::new), outputs, 0);
    let (mut start, mut visible) = (0, 0);
    let mut pieces = pieces.iter().copied().cycle();
    loop {
        let ending = if visible == input.len() { Ending::Final } else { Ending::Open };
        assembly.make_room(visible - start, ending);
        let memory: Vec<usize> = assembly.outputs.iter().map(Output::memory).collect();
        for (output, files) in assembly.outputs.iter_mut().zip(&logs) {
            output.begin(files.last().unwrap().len() as u64);
        }
        let seen = &input[start..visible];
        let taken = assembly.take(seen, now(), ending);
        assert!(
            assembly.outputs.iter().map(Output::memory).eq(memory),
            "what is taken fits into the room made for it"
        );
        let mut wrote = false;
        for (log, (output, files)) in assembly.outputs.iter().zip(&mut logs).enumerate() {
            wrote |= !output.is_empty();
            files.last_mut().unwrap().extend_from_slice(output.bytes(seen));
            if assembly.is_full(log) {
                files.push(vec![]);
            }
        }
        start += taken;
        if taken == 0 && !wrote {
            if ending == Ending::Final {
                assert_eq!(start, input.len());
                return logs;
            }
            visible = (visible + pieces.next().unwrap()).min(input.len());
        }
    }
}

/// Of two hundred bytes.
const LONGEST_PREFIX: &str = concat!(
    "prefix=",
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN",
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN",
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN",
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN",
);

const SCRIPTS: &[&[&str]] = &[
    &["s4096", "./a"],
    &["s5000", "./a", "s4096", "./b"],
    &["-*", "+*x*", "s4096", "./a"],
    &["s4096", "./a", "-*x*", "./b", "+*y*", "s4500", "./c"],
    &["-*", "./a"],
    // What words decide.
    &["-*", "+*yyy*", "s4096", "./a"],
    &["-*yyy*", "s4096", "./a", "-*", "+*zzz*", "+*xxxx", "s4500", "./b", "+*", "s5000", "./c"],
    // Standard output, and prefixes.
    &["s4096", "./a", "1"],
    &["prefix=p: ", "s4096", "./a", "-*x*", "./b"],
    &["s5000", "./a", "prefix=longer than the others: ", "1", "prefix=q", "s4096", "./b"],
    &["-*yyy*", "1", "+*x*", "1", "prefix=more than the thirty-two bytes of one move: ", "s4096", "./a"],
    &[LONGEST_PREFIX, "s4096", "./a", "1"],
];

/// What can be had in one piece.
fn memory() -> impl Strategy<Value = usize> {
    prop::sample::select(&[usize::MAX, 100_000, 70_000, 0][..])
}

fn a_line() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![
        5 => 0usize..100,
        2 => 960usize..1040,
        1 => 1980usize..2100,
        1 => 4000usize..4200,
        1 => 0usize..10_000,
    ];
    (length, prop_oneof![Just(b'x'), Just(b'y'), Just(b'z')], any::<bool>()).prop_map(
        |(length, byte, end)| {
            let mut line = vec![byte; length];
            if end || length < 4000 {
                line.push(b'\n');
            }
            line
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn any_chunking_of_the_input_gives_the_files_that_the_manual_describes(
        lines in prop::collection::vec(a_line(), 0..40),
        pieces in prop::collection::vec(1usize..5000, 1..10),
        script in prop::sample::select(SCRIPTS),
        last in 0usize..1200,
        memory in memory(),
    ) {
        let mut input = lines.concat();
        input.extend(vec![b'y'; last]);
        let found = unix::memory::with_at_most(memory, || assembled(script, &input, &pieces));
        prop_assert_eq!(found, naive(script, &input));
    }

    #[test]
    fn stamped_lines_are_the_same_lines_in_the_same_files(
        lines in prop::collection::vec(a_line(), 0..40),
        script in prop::sample::select(SCRIPTS),
        memory in memory(),
    ) {
        // All of it is visible at once, so that every line has the stamp that the oracle gives it;
        // a batch that ends early goes on a nanosecond later, as the oracle does.
        let input = lines.concat();
        let script = [&["t"], script].concat();
        let pieces = [input.len().max(1)];
        let found = unix::memory::with_at_most(memory, || assembled(&script, &input, &pieces));
        prop_assert_eq!(found, naive(&script, &input));
    }
}

#[test]
fn the_stamp_counts_into_the_window_of_a_pattern() {
    let text = |length: usize| [&vec![b'a'; length][..], b"!\n"].concat();
    for (length, selected) in [(973, true), (974, false)] {
        let logs = assembled(&["t", "-*", "+*!", "./a"], &text(length), &[4000]);
        assert_eq!(!logs[0][0].is_empty(), selected, "{length}");
    }
    assert_eq!(Stamper::new(Stamp::Tai64n).width(), 26);
}

/// A long line was in hand of which one directory had nothing, and the script was changed: what followed it went to the
/// other one only, for as long as its lines were long or came one by one.
#[test]
fn what_follows_a_line_of_another_script_takes_the_route_of_this_one() {
    for script in [&["./a", "./b"][..], &["t", "./a", "./b"]] {
        let parsed = parse(script);
        let outputs = parsed.logs.iter().map(|log| Output::new(log.size.bytes())).collect();
        let mut assembly = Assembly::new(&parsed.actions, parsed.stamp.map(Stamper::new), outputs, 0);
        assembly.resume_line(vec![0]);
        let input = [&b"rest\n"[..], &[b'x'; 1500], b"\nshort\n"].concat();
        let mut at = 0;
        while at < input.len() {
            assembly.outputs.iter_mut().for_each(|output| output.begin(0));
            at += assembly.take(&input[at..], now(), Ending::Open);
        }
        let lengths: Vec<usize> = assembly.outputs.iter().map(Output::len).collect();
        assert_eq!(lengths[0] - lengths[1], 5, "{script:?}");
    }
}

/// Each of these lines was a batch of its own, since the end of the file was looked for behind them only.
#[test]
fn lines_before_one_that_does_not_fit_into_the_file_are_a_batch() {
    let parsed = parse(&["s20000", "./a"]);
    let mut assembly = Assembly::new(&parsed.actions, None, vec![Output::new(20_000)], 0);
    let short = b"short\n".repeat(3000);
    let input = [&short[..], &[b'x'; 5000], b"\n"].concat();
    assert_eq!(assembly.take(&input, now(), Ending::Open), short.len());
}
