//! The assembly against an oracle that treats a line at a time, for any way the input arrives.

use std::ffi::OsString;
use std::time::Duration;

use proptest::prelude::*;
use tai64tools::{Stamp, label};

use super::*;
use crate::limit::Limits;
use crate::script::{Prefix, Rate, Script};

fn now() -> Label {
    Label::new(label::EPOCH + 1, 0).unwrap()
}

/// Size and prefix of each outlet: the directories, and standard output behind them.
fn outlets(script: &Script) -> Vec<(u64, &Prefix)> {
    let logs = script.logs.iter().map(|log| (log.size.bytes(), &log.prefix));
    logs.chain(script.output.iter().map(|prefix| (u64::MAX, prefix))).collect()
}

fn outputs_of(script: &Script) -> Vec<Output> {
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
    let most = parsed.maxline.map_or(usize::MAX, |most| usize::try_from(most.bytes()).unwrap());
    for line in split(input, most) {
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

/// The lines, of which those that are too long are several.
fn split(input: &[u8], most: usize) -> impl Iterator<Item = &[u8]> {
    input.split_inclusive(|&b| b == b'\n').flat_map(move |line| {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let pieces = text.chunks(most);
        pieces.chain(text.is_empty().then_some(&b""[..]))
    })
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

/// Feeds `input` in pieces; what is not taken is seen again together with the next piece. After each batch whose number
/// can be divided by `life` another run goes on.
fn assembled(script: &[&str], input: &[u8], pieces: &[usize], life: usize) -> Vec<Vec<Vec<u8>>> {
    let parsed = parse(script);
    let outputs = outputs_of(&parsed);
    let mut logs: Vec<Vec<Vec<u8>>> = outputs.iter().map(|_| vec![vec![]]).collect();
    let limits = || Limits::new(parsed.logs.iter().map(|log| (log.limit, 0)));
    let new = |outputs| {
        let stamper = parsed.stamp.map(Stamper::new);
        Assembly::new(&parsed.actions, stamper, outputs, 0).splitting(parsed.maxline).within(limits())
    };
    let mut assembly = new(outputs);
    let (mut start, mut visible, mut batches) = (0, 0, 0_usize);
    let mut pieces = pieces.iter().copied().cycle();
    loop {
        let ending = if visible == input.len() { Ending::Final } else { Ending::Open };
        batches += 1;
        if batches % life == 0 {
            let line = assembly.line_in_hand();
            assembly = new(outputs_of(&parsed));
            assembly.go_back(line);
        }
        assembly.make_room(visible - start, ending);
        let memory: Vec<usize> = assembly.outputs.iter().map(Output::memory).collect();
        for (output, files) in assembly.outputs.iter_mut().zip(&logs) {
            output.begin(files.last().unwrap().len() as u64);
        }
        let seen = &input[start..visible];
        let line = assembly.line_in_hand();
        if let Some(limits) = &mut assembly.limits {
            limits.begin(|| seen.len() as u64, || Duration::ZERO);
        }
        let taken = assembly.take(seen, now(), ending);
        assert!(
            assembly.outputs.iter().map(Output::memory).eq(memory),
            "what is taken fits into the room made for it"
        );
        let wrote = assembly.outputs.iter().any(|output| !output.is_empty());
        write(&assembly, seen, &mut logs);
        start += taken;
        if taken == 0 && !wrote {
            // As the engine does.
            if ending == Ending::Open {
                assembly.go_back(line);
            }
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

/// What the outputs have goes to the last file of each outlet, and a full file is followed by another.
fn write(assembly: &Assembly, seen: &[u8], logs: &mut [Vec<Vec<u8>>]) {
    for (log, (output, files)) in assembly.outputs.iter().zip(logs).enumerate() {
        files.last_mut().unwrap().extend_from_slice(output.bytes(seen));
        if assembly.is_full(log) {
            files.push(vec![]);
        }
    }
}

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
    // Long lines that are split.
    &["maxline=1000", "s4096", "./a"],
    &["maxline=1999", "-*", "+*x*", "s4096", "./a", "1"],
    &["maxline=1k", "s5000", "./a", "-*yyy*", "prefix=p: ", "./b"],
    &["maxline=5000", "-*yyy*", "s4096", "./a", "-*", "+*zzz*", "1", "./b"],
    &["-*yyy*", "maxline=1001", "1", "prefix=p: ", "s4096", "./a"],
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
    let byte = || prop::sample::select(&b"xyz"[..]);
    (length, byte(), any::<bool>(), (byte(), 0usize..10_000)).prop_map(
        |(length, byte, end, (other, from))| {
            // A piece may be selected by itself.
            let from = from.clamp(900, length.max(900)).min(length);
            let mut line = [vec![byte; from], vec![other; length - from]].concat();
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
        life in prop_oneof![Just(usize::MAX), 1usize..5],
    ) {
        let mut input = lines.concat();
        input.extend(vec![b'y'; last]);
        let found = unix::memory::with_at_most(memory, || assembled(script, &input, &pieces, life));
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
        let found = unix::memory::with_at_most(memory, || assembled(&script, &input, &pieces, usize::MAX));
        prop_assert_eq!(found, naive(&script, &input));
    }
}

const LIMITED: &[&[&str]] = &[
    &["limit=10", "./a"],
    &["limit=3", "./a", "limit=20", "./b", "limit=0", "./c", "1"],
    &["-*yyy*", "limit=5", "./a", "+*", "limit=12", "./b"],
    &["-*", "+*x*", "1", "s4096", "limit=2", "./a"],
    &["-*", "+*yyy*", "limit=4", "./a"],
];

/// The first lines of each directory that fit, by a limit without any time: what each gets, however the input arrives.
fn naive_within(script: &Script, input: &[u8]) -> Vec<Vec<u8>> {
    let head = 1000 - script.stamp.map_or(0, |stamp| Stamper::new(stamp).width());
    let mut logs: Vec<(u64, Vec<u8>)> = outlets(script).iter().map(|_| (0, vec![])).collect();
    for line in input.split_inclusive(|&b| b == b'\n') {
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        for log in naive_route(&script.actions, script.logs.len(), &text[..text.len().min(head)]) {
            let limit = script.logs.get(log).and_then(|log| log.limit).map_or(u64::MAX, Rate::lines);
            logs[log].0 += 1;
            if logs[log].0 <= limit {
                logs[log].1.extend([text, b"\n"].concat());
            }
        }
    }
    logs.into_iter().map(|(_, bytes)| bytes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn a_line_is_in_a_directory_from_its_beginning_to_its_end_or_not_at_all(
        lines in prop::collection::vec(a_line(), 0..40),
        pieces in prop::collection::vec(1usize..5000, 1..10),
        script in prop::sample::select(LIMITED),
        stamped: bool,
        memory in memory(),
    ) {
        let script: Vec<&str> = stamped.then_some("t").into_iter().chain(script.iter().copied()).collect();
        let (input, parsed) = (lines.concat(), parse(&script));
        let found = unix::memory::with_at_most(memory, || assembled(&script, &input, &pieces, usize::MAX));
        let width = parsed.stamp.map_or(0, |stamp| Stamper::new(stamp).width());
        let text = |files: Vec<Vec<u8>>| {
            files.concat().split_inclusive(|&b| b == b'\n').flat_map(|line| line[width..].to_vec()).collect()
        };
        let found: Vec<Vec<u8>> = found.into_iter().map(text).collect();
        prop_assert_eq!(found, naive_within(&parsed, &input));
    }
}

#[test]
fn the_stamp_counts_into_the_window_of_a_pattern() {
    let text = |length: usize| [&vec![b'a'; length][..], b"!\n"].concat();
    for (length, selected) in [(973, true), (974, false)] {
        let logs = assembled(&["t", "-*", "+*!", "./a"], &text(length), &[4000], usize::MAX);
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
        assembly.resume_line(LineInHand { route: vec![0], piece: 0 });
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
