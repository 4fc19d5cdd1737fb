//! Random workloads with random things happening, several in a row.

use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use super::cuts::{Choice, check_cut};
use super::exhaustive::check;
use super::poor::Lacks;
use super::surroundings::Source;
use super::trouble::{Fault, Trouble};
use super::workload::{Journal, Workload, line};

const SCRIPTS: [&[&str]; 28] = [
    &["./main"],
    &["t", "s4096", "n100", "./main"],
    &["s4096", "n100", "!copy", "./main"],
    &["s4096", "n100", "compress=gzip:1", "./main"],
    &["t", "s4096", "n100", "-* line *7*", "./a", "./b"],
    &["s4096", "n100", "./a", "-*", "+*3*", "n3", "./b"],
    &["t", "s5000", "n100", "-*", "./none", "+*", "s4096", "!copy", "./all"],
    &["n100", "s4096", "./a", "s6000", "./b", "-*x*", "./c"],
    &["s4096", "n100", "durable=always", "./main"],
    &["t", "s4096", "n100", "durable=1s", "!copy", "./main", "-* line *3*", "durable=always", "./b"],
    &["s4096", "n2", "!copy", "./main"],
    &["t", "s4096", "n100", "./a", "-*", "+* line *3*", "1", "prefix=p: ", "./b"],
    &["1", "-*", "+*7*", "s4096", "n100", "!copy", "./main"],
    &["t", "s4096", "n3", "!copy", "./a", "s6000", "n2", "compress=gzip:1", "./b"],
    &["t=iso", "s4096", "n100", "./a", "-* line *3*", "./b"],
    &["s4096", "cap=7k", "./main"],
    &["t", "s4096", "age=5m", "compress=gzip:1", "./main"],
    &["s4096", "cap=9k", "age=2m", "!copy", "./a", "n3", "./b"],
    &["t", "s4096", "cap=9k", "limit=3", "./a", "limit=0", "-* line *3*", "./b"],
    &["s4096", "rotate=1h", "cap=9k", "./a", "cap=8k", "rotate=2h", "compress=gzip:1", "./b"],
    &["t", "maxline=1000", "s4096", "n100", "./main"],
    &["t", "maxline=1999", "s4096", "n100", "-* line *3*", "./a", "1", "s5000", "./b"],
    &["maxline=1024", "-x*", "./a", "s4096", "n3", "+*", "!copy", "./b"],
    &["t=unixms", "s4096", "n100", "-*line *7*", "durable=always", "./a"],
    &["t", "s4096", "n100", "limit=5", "./a", "-* line *3*", "limit=2", "durable=1s", "!copy", "./b"],
    &["s4096", "n100", "limit=3", "./a", "1", "limit=0", "-*7*", "./b"],
    &["t", "s4096", "n100000", "rotate=1h", "./main"],
    &["s4096", "n100000", "rotate=1h", "!copy", "./a", "-* line *3*", "rotate=1h", "./b"],
];

/// The same cases in every run, unless a number of them is asked for.
fn config() -> ProptestConfig {
    let rng_seed = match std::env::var_os("SIMULATION_CASES") {
        Some(_) => RngSeed::Random,
        None => RngSeed::Fixed(1),
    };
    ProptestConfig { cases: cases(), rng_seed, failure_persistence: None, ..ProptestConfig::default() }
}

/// How many cases: more for a run that may take a night.
fn cases() -> u32 {
    std::env::var("SIMULATION_CASES").map_or(50_000, |cases| cases.parse().unwrap())
}

/// Whether the lines can be told apart.
#[derive(Clone, Copy)]
enum Lines {
    Any,
    Distinct,
}

fn workload(lines_are: Lines) -> impl Strategy<Value = Workload> {
    let length = prop_oneof![6 => 0usize..60, 2 => Just(0), 1 => 900usize..1100, 1 => 1000usize..6000];
    let lengths = prop::collection::vec(length, 0..24);
    let chunks = prop::collection::vec(prop_oneof![1usize..40, 1usize..3000, 4000usize..9000], 1..5);
    let source = prop_oneof![3 => Just(Source::Pipe), 1 => Just(Source::Packets), 1 => Just(Source::File)];
    let memory = prop_oneof![3 => Just(usize::MAX), 1 => Just(0), 1 => Just(20_000)];
    let step = (1usize..100, prop_oneof![Just(-50_000i64), Just(-50), Just(100), Just(50_000)]);
    let clock = (1u64..100, prop::collection::vec(step, 0..3));
    let limits = (0usize..4, memory, clock);
    let parts = (0..SCRIPTS.len(), lengths, chunks, source, any::<bool>(), any::<bool>(), limits);
    parts.prop_map(move |(script, lengths, chunks, source, open_end, identical, limits)| {
        let (behind, memory, (tempo, steps)) = limits;
        let alike = |length: usize| vec![b'7'; if length > 900 { length } else { length % 2 }];
        let lines: Vec<Vec<u8>> = lengths
            .iter()
            .enumerate()
            .map(|(n, &length)| match lines_are {
                Lines::Any if identical => alike(length),
                Lines::Any | Lines::Distinct => line(n, length),
            })
            .collect();
        // After a power cut a file is read again from its start.
        let source = if matches!(lines_are, Lines::Distinct) { source.without_files() } else { source };
        // An empty line without a newline is no line.
        let open_end = open_end && lines.last().is_some_and(|line| !line.is_empty());
        let has = |head| SCRIPTS[script].iter().any(|word| word.starts_with(head));
        let passes = has("age=") && !has("rotate=");
        let (tempo, steps) = if passes { (tempo, steps) } else { (0, Vec::new()) };
        let tempo = Duration::from_secs(tempo);
        let script = SCRIPTS[script].iter().map(ToString::to_string).collect();
        let (journal, lacks) = (Journal::Kept, Lacks::default());
        Workload { script, lines, chunks, source, open_end, behind, journal, lacks, memory, tempo, steps }
    })
}

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        2 => prop_oneof![Just(5), Just(28), Just(4), Just(11)].prop_map(Trouble::Error),
        1 => Just(Trouble::Short),
        2 => Just(Trouble::KillBefore),
        3 => Just(Trouble::KillAfter),
        1 => Just(Trouble::Told),
    ]
}

fn faults() -> impl Strategy<Value = Vec<Fault>> {
    let fault = (0usize..60, prop_oneof![4 => Just(1usize), 1 => 2usize..6], trouble());
    prop::collection::vec(fault, 1..5).prop_map(|faults| {
        let mut at = 0;
        let place = |(after, times, trouble): (usize, usize, Trouble)| {
            at += after;
            // Killed again and again at once, it would get nowhere.
            let times = if matches!(trouble, Trouble::Error(_) | Trouble::Short) { times } else { 1 };
            Fault { at, times, trouble }
        };
        faults.into_iter().map(place).collect()
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn whatever_happens_every_line_is_logged_once(workload in workload(Lines::Any), faults in faults()) {
        let outcome = check(&workload, &workload.expected(), None, &faults);
        prop_assert!(outcome.is_ok(), "{outcome:?}");
    }

    #[test]
    fn whatever_happens_before_the_power_goes_archives_are_whole(
        workload in workload(Lines::Distinct),
        faults in faults(),
        at in 0usize..200,
        seed in any::<u16>(),
    ) {
        let mut faults = faults;
        faults.push(Fault::once(at, Trouble::PowerCut));
        let outcome = check_cut(&workload, &workload.expected(), None, &faults, Choice { names: None, seed: seed.into() });
        prop_assert!(outcome.is_ok(), "{outcome:?}");
    }
}
