//! Cases: a script and an input.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use harness::{LogView, Scratch};

use crate::limit::Limit;

/// A script and an input for it. The directories are called a, b and c.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    script: &'static [&'static str],
    input: fn() -> Vec<u8>,
    through: Through,
}

/// What standard input is.
#[derive(Clone, Copy)]
enum Through {
    Pipe,
    File,
}

/// What came of a run.
#[derive(PartialEq, Eq)]
pub(crate) struct Logged {
    pub(crate) code: Option<i32>,
    /// The files of each directory, uncompressed and without stamps.
    pub(crate) files: Vec<Vec<Vec<u8>>>,
    pub(crate) said: String,
}

const fn case(name: &'static str, script: &'static [&'static str], input: fn() -> Vec<u8>) -> Case {
    Case { name, script, input, through: Through::Pipe }
}

const fn of_file(name: &'static str, script: &'static [&'static str], input: fn() -> Vec<u8>) -> Case {
    Case { name, script, input, through: Through::File }
}

/// Those that both know.
pub(crate) const CASES: &[Case] = &[
    case("plain", &["n500", "./a"], numbers),
    case("stamps", &["t", "n500", "./a"], numbers),
    case("shortest lines", &["t", "n500", "./a"], shortest),
    case("long lines", &["t", "n500", "./a"], long),
    case("a line without end", &["t", "n500", "./a"], without_end),
    case("small files and a processor", &["s4096", "n500", "!cat", "./a"], numbers),
    case("patterns", &["t", "n500", "-* *55*", "+* *77*", "-* *99*", "+* *11*", "./a"], numbers),
    case("patterns without stamps", &["n500", "-*55*", "+*775*", "./a", "-*", "+*3*", "./b"], mixed),
    case("three directories", &["t", "n500", "./a", "-* *33*", "./b", "+*", "./c"], mixed),
    case("alerts", &["t", "n500", "e", "./a"], shortest),
    case("a status file", &["n500", "=status", "./a"], mixed),
    of_file("stamps, from a file", &["t", "n500", "./a"], mixed),
    of_file("patterns, from a file", &["n500", "-*55*", "+*775*", "./a"], mixed),
];

/// Those that are ours. Everything goes to a.
pub(crate) const OURS: &[Case] = &[
    case("gzip", &["t", "n500", "compress=gzip", "./a"], mixed),
    case("zstd", &["t", "n500", "compress=zstd", "./a"], mixed),
    case("zstd at its highest level", &["t", "n500", "compress=zstd:22", "./a"], numbers),
    case("regular expressions", &["n500", "R", "-^[a-f]*[0-9]+x$", "./a"], mixed),
];

impl Case {
    /// Files of 8 MB at the highest level.
    pub(crate) fn large() -> Case {
        let script = &["t", "s8M", "n500", "compress=zstd:22", "./a"];
        case("large files", script, || numbers().repeat(150))
    }

    /// What it is run over, as it should be logged.
    pub(crate) fn everything(&self) -> Vec<u8> {
        let mut input = (self.input)();
        if input.last() != Some(&b'\n') {
            input.push(b'\n');
        }
        input
    }

    /// Runs a multilog under a limit.
    pub(crate) fn run(&self, multilog: &Path, limit: &Limit, seconds: u32) -> Logged {
        let here = Scratch::in_memory();
        let words = limit.before(seconds);
        let mut arguments: Vec<&str> = words[1..].iter().map(String::as_str).collect();
        arguments.push(multilog.to_str().unwrap());
        arguments.extend(self.script);
        let run = here.run(Path::new(&words[0]), &arguments);
        let outcome = match self.through {
            Through::Pipe => run.over((self.input)()),
            Through::File => {
                run.from(File::open(here.write("input", (self.input)())).unwrap()).start().wait()
            }
        };
        let stamped = self.script.contains(&"t");
        let files = ["a", "b", "c"].map(|name| files(&here.path(name), stamped));
        Logged { code: outcome.code, files: files.to_vec(), said: outcome.stderr }
    }
}

impl Logged {
    /// The bytes of each directory.
    pub(crate) fn contents(&self) -> Vec<Vec<u8>> {
        self.files.iter().map(|files| files.concat()).collect()
    }
}

fn files(directory: &Path, stamped: bool) -> Vec<Vec<u8>> {
    let view = LogView::of(directory);
    let files = view.archives.iter().chain(&view.current);
    let lines = |bytes: Vec<u8>| match stamped {
        false => bytes,
        // What goes on in the next file has no stamp.
        true => {
            bytes.split_inclusive(|&b| b == b'\n').flat_map(|line| without_stamp(line).to_vec()).collect()
        }
    };
    files.map(|(name, _, bytes)| lines(unpacked(&directory.join(name), bytes))).collect()
}

fn without_stamp(line: &[u8]) -> &[u8] {
    match line {
        [b'@', rest @ ..] if rest.len() >= 25 && rest[24] == b' ' => &rest[25..],
        _ => line,
    }
}

fn unpacked(path: &Path, bytes: &[u8]) -> Vec<u8> {
    match path.extension().and_then(|code| code.to_str()) {
        Some("gz") => Command::new("gzip").arg("-dc").arg(path).output().unwrap().stdout,
        // A Debian without anything else has no zstd.
        Some("zst") => zstd::decode_all(bytes).unwrap(),
        _ => bytes.to_vec(),
    }
}

fn numbers() -> Vec<u8> {
    (0..20_000).flat_map(|n| format!("{n}\n").into_bytes()).collect()
}

fn shortest() -> Vec<u8> {
    b"x\n\n".repeat(50_000)
}

fn long() -> Vec<u8> {
    let long = "a long line ".repeat(1 << 17) + "\n";
    format!("{long}short\n{long}{long}").into_bytes()
}

fn without_end() -> Vec<u8> {
    [numbers(), b"no end".to_vec()].concat()
}

/// Lines of all lengths.
fn mixed() -> Vec<u8> {
    (0..6_000usize)
        .flat_map(|n| format!("{n} {}\n", "word ".repeat(n * n % 71)).into_bytes())
        .chain(long())
        .collect()
}
