//! Queries of the real program against a naive reader: decode everything, put it in order, filter.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::io::Write;
use std::path::Path;
use std::process::Command;

use harness::Scratch;
use proptest::prelude::*;
use tai64tools::Label;
use tai64tools::label::EPOCH;

/// How a generation is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sealed,
    Unsealed,
    /// One member, or one for each run of this number of lines.
    Gzip(usize),
    /// The same with the subfield that says how long a member is.
    Members(usize),
    Zstd(usize),
    /// Frames and a seek table.
    Table(usize),
}

#[derive(Clone, Debug)]
struct Line {
    /// Seconds of its stamp; None: it has none.
    stamp: Option<u64>,
    text: String,
}

#[derive(Clone, Debug)]
struct Directory {
    generations: Vec<(u64, Kind, Vec<Line>)>,
    current: Vec<Line>,
    /// Whether the last line of `current` has no newline.
    torn: bool,
}

#[derive(Clone, Debug)]
struct Question {
    last: Option<usize>,
    since: Option<u64>,
    until: Option<u64>,
    find: Vec<String>,
    exclude: Option<String>,
    ignore_case: bool,
    context: Option<(usize, usize)>,
    reverse: bool,
    count: bool,
}

const BASE: u64 = 1_700_000_000;

fn label(seconds: u64) -> Label {
    Label::new(EPOCH + BASE + seconds, 0).unwrap()
}

fn bytes(line: &Line) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(stamp) = line.stamp {
        bytes.extend(label(stamp).text());
        bytes.push(b' ');
    }
    bytes.extend(line.text.bytes());
    bytes.push(b'\n');
    bytes
}

fn deflated(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn member(text: &[u8]) -> Vec<u8> {
    let data = deflated(text);
    let mut out = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x08\0MZ\x04\0".to_vec();
    out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    out.extend(data);
    out.extend(crc32fast::hash(text).to_le_bytes());
    out.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    out
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn with_table(pieces: &[Vec<u8>]) -> Vec<u8> {
    let (mut out, mut table) = (Vec::new(), Vec::new());
    for piece in pieces {
        let frame = zstd::encode_all(&piece[..], 1).unwrap();
        table.extend(u32::try_from(frame.len()).unwrap().to_le_bytes());
        table.extend(u32::try_from(piece.len()).unwrap().to_le_bytes());
        out.extend(frame);
    }
    table.extend(u32::try_from(pieces.len()).unwrap().to_le_bytes());
    table.push(0);
    table.extend(0x8F92_EAB1u32.to_le_bytes());
    out.extend(0x184D_2A5Eu32.to_le_bytes());
    out.extend(u32::try_from(table.len()).unwrap().to_le_bytes());
    out.extend(table);
    out
}

/// The text in pieces of one length in bytes, not of whole lines.
fn pieces(text: &[u8], size: usize) -> Vec<Vec<u8>> {
    let pieces: Vec<Vec<u8>> = text.chunks(size.max(1)).map(<[u8]>::to_vec).collect();
    if pieces.is_empty() { vec![Vec::new()] } else { pieces }
}

fn write(folder: &Path, directory: &Directory) {
    std::fs::create_dir_all(folder).unwrap();
    for (seconds, kind, lines) in &directory.generations {
        let text = lines.iter().flat_map(bytes).collect::<Vec<u8>>();
        let (code, data) = match *kind {
            Kind::Sealed => ("s", text),
            Kind::Unsealed => ("u", text),
            Kind::Gzip(size) => ("s", pieces(&text, size).iter().flat_map(|piece| gzip(piece)).collect()),
            Kind::Members(size) => {
                ("gz", pieces(&text, size).iter().flat_map(|piece| member(piece)).collect())
            }
            Kind::Zstd(size) => {
                let frames = pieces(&text, size);
                ("zst", frames.iter().flat_map(|piece| zstd::encode_all(&piece[..], 1).unwrap()).collect())
            }
            Kind::Table(size) => ("zst", with_table(&pieces(&text, size))),
        };
        let name = String::from_utf8(label(*seconds).text().to_vec()).unwrap();
        std::fs::write(folder.join(format!("{name}.{code}")), data).unwrap();
        std::fs::write(folder.join(format!("{name}.t")), "being made\n").unwrap();
    }
    let mut text: Vec<u8> = directory.current.iter().flat_map(bytes).collect();
    if directory.torn {
        text.pop();
    }
    std::fs::write(folder.join("current"), text).unwrap();
}

/// A line with all that is known of it.
#[derive(Clone, Debug)]
struct Known {
    key: u64,
    source: usize,
    place: usize,
    text: String,
}

fn known(directories: &[Directory]) -> Vec<Vec<Known>> {
    let mut all = Vec::new();
    for (source, directory) in directories.iter().enumerate() {
        let (mut lines, mut floor) = (Vec::new(), 0);
        let current = (u64::MAX, Kind::Sealed, directory.current.clone());
        for (label, _, generation) in directory.generations.iter().chain([&current]) {
            let mut key = floor;
            for line in generation {
                key = key.max(line.stamp.unwrap_or(0));
                lines.push(Known {
                    key: key.min(*label),
                    source,
                    place: lines.len(),
                    text: line.text.clone(),
                });
            }
            floor = *label;
        }
        // An empty line that lost its newline is nothing.
        if directory.torn
            && directory.current.last().is_some_and(|last| last.text.is_empty() && last.stamp.is_none())
        {
            lines.pop();
        }
        all.push(lines);
    }
    all
}

fn answer(directories: &[Directory], question: &Question) -> String {
    let fold = |text: &str| if question.ignore_case { text.to_lowercase() } else { text.to_string() };
    let matches = |pattern: &String, text: &str| fold(text).contains(&fold(pattern));
    let wanted = |text: &str| {
        (question.find.is_empty() || question.find.iter().any(|pattern| matches(pattern, text)))
            && !question.exclude.as_ref().is_some_and(|pattern| matches(pattern, text))
    };
    let in_range = |line: &Known| {
        question.since.is_none_or(|since| line.key >= since)
            && question.until.is_none_or(|until| line.key <= until)
    };
    let mut hits: Vec<Known> = Vec::new();
    let mut within: Vec<Vec<Known>> = Vec::new();
    for mut lines in known(directories) {
        lines.retain(|line| in_range(line));
        hits.extend(lines.iter().filter(|line| wanted(&line.text)).cloned());
        within.push(lines);
    }
    hits.sort_by_key(|line| (line.key, line.source, line.place));
    if question.count {
        let of = |source| hits.iter().filter(|line| line.source == source).count();
        let several = directories.len() > 1;
        let name = |source| if several { format!("{source}: ") } else { String::new() };
        return (0..directories.len()).map(|source| format!("{}{}\n", name(source), of(source))).collect();
    }
    if let Some(last) = question.last {
        hits.drain(..hits.len().saturating_sub(last));
    }
    let mut shown = hits.clone();
    if let Some((before, after)) = question.context {
        let near = |line: &Known| {
            hits.iter().any(|hit| {
                let (line, at) = (line.place, hit.place);
                at <= line + before && line <= at + after
            } && hit.source == line.source)
        };
        shown = within.concat().into_iter().filter(near).collect();
        shown.sort_by_key(|line| (line.key, line.source, line.place));
    }
    if question.reverse {
        shown.reverse();
    }
    written(&shown, directories.len() > 1, question.context.is_some())
}

fn written(shown: &[Known], prefixes: bool, separated: bool) -> String {
    let mut out = String::new();
    let mut previous: Option<&Known> = None;
    for line in shown {
        let together = previous.is_some_and(|p| p.source == line.source && p.place + 1 == line.place);
        if separated && previous.is_some() && !together {
            out.push_str("--\n");
        }
        if prefixes {
            out.push_str(&format!("{}: ", line.source));
        }
        out.push_str(&format!("{}\n", line.text));
        previous = Some(line);
    }
    out
}

fn ask(folder: &Path, count: usize, question: &Question) -> (String, String, Option<i32>) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mlog"));
    command.current_dir(folder).args(["-o", "none", "-F", "--tai-offset", "10"]);
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            command.args([name, &value]);
        }
    };
    option("-n", question.last.map(|last| last.to_string()));
    option("--since", question.since.map(|since| format!("@{}", BASE + since)));
    option("--until", question.until.map(|until| format!("@{}", BASE + until)));
    for pattern in &question.find {
        option("-g", Some(pattern.clone()));
    }
    option("-v", question.exclude.clone());
    option("-B", question.context.map(|(before, _)| before.to_string()));
    option("-A", question.context.map(|(_, after)| after.to_string()));
    for (flag, set) in [("-i", question.ignore_case), ("--reverse", question.reverse), ("-c", question.count)]
    {
        if set {
            command.arg(flag);
        }
    }
    let output = command.args((0..count).map(|source| source.to_string())).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (text(output.stdout), text(output.stderr), output.status.code())
}

fn kind() -> impl Strategy<Value = Kind> {
    let size = 1usize..200;
    prop_oneof![
        Just(Kind::Sealed),
        Just(Kind::Unsealed),
        size.clone().prop_map(Kind::Gzip),
        size.clone().prop_map(Kind::Members),
        size.clone().prop_map(Kind::Zstd),
        size.prop_map(Kind::Table),
    ]
}

fn lines() -> impl Strategy<Value = Vec<Line>> {
    let line = (prop::option::weighted(0.8, 1u64..60), "[abAB ]{0,4}");
    prop::collection::vec(line.prop_map(|(stamp, text)| Line { stamp, text }), 0..12)
}

/// Stamps that go on, except some that step back.
fn directory() -> impl Strategy<Value = Directory> {
    let generations = prop::collection::btree_map(1u64..60, (kind(), lines()), 0..5);
    (generations, lines(), any::<bool>(), any::<bool>()).prop_map(|(generations, mut current, torn, even)| {
        let mut generations: Vec<(u64, Kind, Vec<Line>)> =
            generations.into_iter().map(|(label, (kind, lines))| (label, kind, lines)).collect();
        if even {
            let all = generations.iter_mut().flat_map(|(_, _, lines)| lines.iter_mut()).chain(&mut current);
            let mut lines: Vec<&mut Line> = all.collect();
            let mut stamps: Vec<Option<u64>> = lines.iter().map(|line| line.stamp).collect();
            stamps.sort_unstable();
            for (line, stamp) in lines.iter_mut().zip(stamps) {
                line.stamp = stamp;
            }
        }
        Directory { generations, current, torn }
    })
}

fn question() -> impl Strategy<Value = Question> {
    let range = (prop::option::of(1u64..60), prop::option::of(0u64..60));
    let patterns =
        (prop::collection::vec("[ab]{1,2}", 0..3), prop::option::weighted(0.3, "[abA]{1,2}"), any::<bool>());
    let context = prop::option::weighted(0.3, (0usize..4, 0usize..4));
    let last = prop::option::of(1usize..8);
    (last, range, patterns, context, any::<bool>(), prop::bool::weighted(0.2)).prop_map(
        |(last, (since, until), (find, exclude, ignore_case), context, reverse, count)| Question {
            last: last.filter(|_| !count),
            since,
            until,
            find,
            exclude,
            ignore_case,
            context: context.filter(|_| !count),
            reverse: reverse && context.is_none(),
            count,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases()) })]
    #[test]
    fn every_query_has_the_answer_of_the_naive_reader(
        directories in prop::collection::vec(directory(), 1..4), question in question(),
    ) {
        let folder = Scratch::new();
        for (source, directory) in directories.iter().enumerate() {
            write(&folder.path(source.to_string()), directory);
        }
        let (out, said, code) = ask(&folder.path("."), directories.len(), &question);
        let expected = answer(&directories, &question);
        prop_assert_eq!(&said, "");
        prop_assert_eq!(&out, &expected);
        let found = if question.count { expected.chars().any(|c| ('1'..='9').contains(&c)) && !nothing(&expected) } else { !expected.is_empty() };
        prop_assert_eq!(code, Some(i32::from(!found)));
    }
}

/// Whether all counts are zero.
fn nothing(counts: &str) -> bool {
    counts.lines().all(|line| line.rsplit(' ').next() == Some("0"))
}

fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(400)
}
