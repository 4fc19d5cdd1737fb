//! A random script and a random input.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use proptest::prelude::*;

/// One action of a script.
#[derive(Clone, Debug)]
enum Action {
    Select(Vec<u8>),
    Deselect(Vec<u8>),
    Alert,
    Status,
    Size(u32),
    Processor,
    Log,
    /// An argument as it is.
    Word(Vec<u8>),
}

/// A script and its input.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    stamp: bool,
    actions: Vec<Action>,
    /// How much is written to the pipe at once.
    pieces: Vec<usize>,
    input: Vec<u8>,
}

/// One line of the input, described.
#[derive(Clone, Debug)]
struct Line {
    start: Vec<u8>,
    length: usize,
    fill: u8,
}

impl Case {
    pub(crate) fn is_stamped(&self) -> bool {
        self.stamp
    }

    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let mut arguments: Vec<Vec<u8>> = Vec::new();
        if self.stamp {
            arguments.push(b"t".to_vec());
        }
        arguments.push(b"n10000".to_vec());
        let (mut logs, mut statuses) = (0, 0);
        for action in &self.actions {
            arguments.push(match action {
                Action::Select(pattern) => self.pattern(b'+', pattern),
                Action::Deselect(pattern) => self.pattern(b'-', pattern),
                Action::Alert => b"e".to_vec(),
                Action::Status => {
                    statuses += 1;
                    format!("=status{statuses}").into_bytes()
                }
                Action::Size(size) => format!("s{size}").into_bytes(),
                Action::Processor => b"!cat".to_vec(),
                Action::Log => {
                    logs += 1;
                    format!("./log{logs}").into_bytes()
                }
                Action::Word(word) => word.clone(),
            });
        }
        arguments.into_iter().map(OsString::from_vec).collect()
    }

    /// A pattern for stamped lines begins after the stamp, whose digits are never the same twice.
    fn pattern(&self, sign: u8, pattern: &[u8]) -> Vec<u8> {
        let stamp: &[u8] = if self.stamp { b"@* " } else { b"" };
        [&[sign], stamp, pattern].concat()
    }

    pub(crate) fn logs(&self) -> Vec<String> {
        let count = self.actions.iter().filter(|action| matches!(action, Action::Log)).count();
        (1..=count).map(|n| format!("log{n}")).collect()
    }

    pub(crate) fn statuses(&self) -> Vec<String> {
        let count = self.actions.iter().filter(|action| matches!(action, Action::Status)).count();
        (1..=count).map(|n| format!("status{n}")).collect()
    }

    pub(crate) fn pieces(&self) -> Vec<&[u8]> {
        let mut rest = &self.input[..];
        let mut pieces = Vec::new();
        for size in self.pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = after;
        }
        pieces
    }
}

/// All cases.
pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let actions = prop::collection::vec(action(), 0..8);
    let lines = prop::collection::vec(line(), 0..25);
    let pieces = prop::collection::vec(prop_oneof![1usize..40, 1usize..3000, Just(70_000)], 1..6);
    (any::<bool>(), actions, lines, any::<bool>(), pieces).prop_map(
        |(stamp, actions, lines, newline, pieces)| {
            let mut input: Vec<u8> = lines.iter().flat_map(Line::bytes).collect();
            if !newline {
                input.pop();
            }
            // Single bytes through a pipe are slow, and a few thousand of them show no more.
            let pieces = if input.len() > 4000 { pieces.iter().map(|p| p * 20).collect() } else { pieces };
            Case { stamp, actions, pieces, input }
        },
    )
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        3 => pattern().prop_map(Action::Select),
        3 => pattern().prop_map(Action::Deselect),
        1 => Just(Action::Alert),
        1 => Just(Action::Status),
        1 => prop::sample::select(vec![0u32, 4096, 5000, 9999]).prop_map(Action::Size),
        1 => Just(Action::Processor),
        4 => Just(Action::Log),
    ]
}

/// Scripts with arguments that begin with any byte and go on in any way, as a pattern does that has lost its quotes. No
/// file becomes full, as sizes and counts are among them.
pub(crate) fn odd_cases() -> impl Strategy<Value = Case> {
    let actions = prop::collection::vec(prop_oneof![2 => action(), 3 => word()], 0..10);
    let line = prop::collection::vec(prop::sample::select(b"ab *@\xff\x1b".to_vec()), 0..60);
    let lines = prop::collection::vec(line, 0..20);
    (any::<bool>(), actions, lines, 1usize..3000).prop_map(|(stamp, actions, lines, piece)| {
        let input = lines.join(&b'\n');
        Case { stamp, actions, pieces: vec![piece], input }
    })
}

/// The substitutes for arguments that would open, write or run something.
fn word() -> impl Strategy<Value = Action> {
    let digits = prop::collection::vec(prop::sample::select(b"0123456789".to_vec()), 0..22);
    let anything = prop::collection::vec(1u8..=255, 0..6);
    let rest = prop_oneof![
        (digits, anything.clone()).prop_map(|(digits, end)| [digits, end].concat()),
        anything,
        prop::sample::select(vec!["", "tarting", "ot", "um", "ize", "k", "10k", "4096M", "9G", "10kk", "-1"])
            .prop_map(|text| text.as_bytes().to_vec()),
    ];
    let first = prop_oneof![prop::sample::select(b"snwte".to_vec()), 1u8..=255];
    (first, rest).prop_filter_map("ours alone", |(first, rest)| {
        let word = [&[first][..], &rest].concat();
        let ours = matches!(&word[..], b"F" | b"R" | b"S") || word.contains(&b'=');
        let acts = matches!(first, b'.' | b'/' | b'!' | b'=' | b'+' | b'-');
        (!ours && !acts).then_some(Action::Word(word))
    })
}

/// Arguments have no NUL.
fn pattern() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(b"*".to_vec()),
        prop::collection::vec(prop::sample::select(b"ab *@*".to_vec()), 0..6),
        prop::collection::vec(prop::sample::select(b"ab\xff* ".to_vec()), 0..3).prop_map(|mut p| {
            p.push(b'*');
            p
        }),
    ]
}

fn line() -> impl Strategy<Value = Line> {
    let edges = vec![
        0usize, 1, 25, 26, 27, 173, 174, 175, 199, 200, 201, 973, 974, 975, 999, 1000, 1001, 1999, 2000,
        2001, 4095, 4096, 4097, 5000,
    ];
    let length = prop_oneof![3 => 0usize..60, 3 => prop::sample::select(edges), 1 => 0usize..9000];
    let start = prop::collection::vec(prop::sample::select(b"ab *@\0\r\xff".to_vec()), 0..6);
    (start, length, prop::sample::select(b"ab *".to_vec())).prop_map(|(start, length, fill)| Line {
        start,
        length,
        fill,
    })
}

impl Line {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.start.clone();
        bytes.resize(self.length, self.fill);
        bytes.push(b'\n');
        bytes
    }
}
