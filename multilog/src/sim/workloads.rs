//! The workloads that every check goes through: each has something that the others lack.

use super::kept;
use super::surroundings::Source;
use super::workload::{Workload, line};

/// Rotations, a long line, a partial line, stamps; each in a way of its own.
pub(super) fn workloads() -> Vec<Workload> {
    let mut all = vec![
        Workload::new(&["s4096", "n100", "./main"], 120, 1500),
        Workload::new(&["t", "s4096", "n100", "-* line *7 *", "./main"], 150, 1500),
        Workload::new(&["s4096", "n100", "!copy", "./main"], 120, 1500),
        Workload::new(&["s4096", "n100", "compress=gzip:1", "./main"], 120, 600),
        // Everything at once: two directories with a selection of their own, and pruning.
        Workload::new(
            &["t", "s4096", "n100", "!copy", "./all", "-*", "+* line *3 *", "s4096", "n3", "./few"],
            170,
            5000,
        ),
    ];
    all.push(Workload::new(&["t", "s4096", "n100", "durable=always", "./main"], 120, 1500));
    all.push(Workload::new(
        &["s4096", "n100", "durable=1s", "./main", "s5000", "durable=always", "./b"],
        90,
        600,
    ));
    // Two modes: one that a umask would cut, and a processor's directory that nobody else may read.
    let modes = ["t", "s4096", "n100", "mode=0666", "./shared", "mode=0600", "!copy", "./private"];
    all.push(Workload::new(&modes, 90, 600));
    all.extend(hours());
    // Without memory for anything large: small batches, and files that are not compressed after all.
    all.push(Workload {
        memory: 0,
        ..Workload::new(&["t", "s4096", "n100", "compress=gzip", "./a"], 90, 5000)
    });
    all.extend(stamped());
    all[0].open_end = true;
    all[1].source = Source::File;
    all[1].chunks = vec![977, 1, 30];
    // Nothing but newlines, more than fit into the tail of a journal.
    let mut newlines = Workload::new(&["s4096", "n100", "./a", "./b"], 0, 0);
    newlines.lines = vec![Vec::new(); 7000];
    newlines.chunks = vec![3000, 1];
    all.push(newlines);
    // A pipe so small that the pieces of a line have to be taken out of it.
    let mut crumbs = Workload::new(&["t", "s4096", "n100", "./main"], 12, 1200);
    crumbs.source = Source::Packets;
    crumbs.chunks = vec![7, 3, 11];
    crumbs.open_end = true;
    all.push(crumbs);
    all.extend(corners());
    all.extend(kept::workloads());
    all.extend(printing());
    all.extend(splitting());
    all.extend(limited());
    all
}

/// The forms of stamps that are ours alone.
fn stamped() -> impl Iterator<Item = Workload> {
    let script = |form| [form, "s4096", "n100", "-* line *7 *", "./main", "-*", "+*T*3 *", "./few"];
    let forms = ["t=iso", "t=iso-utc", "t=unix", "t=unixms"];
    forms.into_iter().map(move |form| Workload::new(&script(form), 70, 1500))
}

/// Small numbers of archives with each way of sealing, at once and behind a queue.
fn corners() -> Vec<Workload> {
    let mut all = Vec::new();
    for (keep, behind) in [("n2", 0), ("n2", 2), ("n3", 1), ("n4", 2)] {
        for sealing in [&[][..], &["!copy"], &["compress=gzip:1"]] {
            let script = [&["s4096", keep], sealing, &["./main"]].concat();
            all.push(Workload { behind, ..Workload::new(&script, 90, 1500) });
        }
    }
    // Two directories that differ.
    let script = ["t", "s4096", "n2", "!copy", "./a", "s5000", "n4", "compress=gzip:1", "./b"];
    all.push(Workload { behind: 2, ..Workload::new(&script, 90, 600) });
    all
}

/// Standard output beside directories and alone, and prefixes.
fn printing() -> Vec<Workload> {
    let mut few =
        Workload::new(&["t", "s4096", "n100", "./main", "-*", "+* line *3 *", "prefix=web: ", "1"], 90, 1500);
    few.open_end = true;
    // Most batches have nothing for the directory.
    let mut file = Workload::new(
        &["prefix=a longer text before each line: ", "1", "-*", "+*13*", "s4096", "./few"],
        90,
        5000,
    );
    file.source = Source::File;
    let mut crumbs = Workload::new(&["s4096", "n100", "1", "prefix=x", "./main"], 12, 1200);
    crumbs.source = Source::Packets;
    crumbs.chunks = vec![7, 3, 11];
    crumbs.open_end = true;
    vec![few, file, crumbs, Workload::new(&["1"], 60, 600)]
}

/// Long lines that are split: at the same place as a file or a look at the input, within files, selected by their
/// pieces.
fn splitting() -> Vec<Workload> {
    let mut pieces = Workload::split(&["maxline=1000", "s4096", "n100", "./main"], 60, 4988);
    pieces.open_end = true;
    let mut looks =
        Workload::split(&["t", "maxline=1999", "-* 00*", "s4096", "n100", "./main", "1"], 90, 6000);
    looks.chunks = vec![2001, 1, 1998];
    let mut selected = Workload::split(
        &["maxline=1001", "s4096", "n100", "-0*", "./a", "+*", "prefix=web: ", "1", "-l*", "./b"],
        60,
        3000,
    );
    selected.source = Source::File;
    let mut crumbs = Workload::split(&["t", "maxline=1k", "s4096", "n100", "./main"], 16, 2100);
    crumbs.source = Source::Packets;
    crumbs.chunks = vec![97, 3, 1010];
    crumbs.open_end = true;
    vec![pieces, looks, selected, crumbs]
}

/// Limits: beside a directory without one, with long lines, with a processor, and with lines in pieces.
fn limited() -> Vec<Workload> {
    let beside = ["t", "s4096", "n100", "limit=6", "./main", "limit=0", "-*", "+* line *4 *", "./few"];
    let mut beside = Workload::new(&beside, 120, 1500);
    beside.open_end = true;
    let processed =
        Workload::new(&["s4096", "n100", "limit=3", "prefix=web: ", "!copy", "./main", "1"], 90, 5000);
    let pruned = ["t=iso", "s4096", "n3", "limit=8", "compress=gzip:1", "./a", "limit=1", "n100", "./b"];
    let mut crumbs = Workload::new(&["t", "s4096", "n100", "limit=1", "./main"], 30, 1200);
    crumbs.source = Source::Packets;
    crumbs.chunks = vec![7, 3, 11, 400];
    // Both files are full with the same batch, with room for what was dropped and not for a line with a stamp.
    let mut full = Workload::new(&["s4096", "n100", "limit=2", "./a", "./b"], 0, 0);
    let line = |number| if number % 7 == 0 { line(number, 2007) } else { Vec::new() };
    full.lines = (0..63).map(line).collect();
    full.chunks = vec![2020, 6];
    vec![beside, processed, Workload::new(&pruned, 90, 1500), crumbs, full]
}

/// Boundaries of local time, in waits with a line and without, and a clock that is set.
pub(super) fn hours() -> Vec<Workload> {
    let mut alone = Workload::new(&["t", "s4096", "n100", "rotate=1h", "./main"], 70, 1500);
    alone.chunks = vec![100, 700, 20];
    // Compression that comes late, and directories that do not get every line.
    let sealing = ["s4096", "n100", "rotate=1h", "!copy", "./a", "rotate=2h", "n3", "compress=gzip:1", "./b"];
    let script = [&sealing[..], &["-*", "+*4 *", "n100", "rotate=1h", "./c"]].concat();
    let several = Workload { behind: 1, chunks: vec![150, 400], ..Workload::new(&script, 50, 1100) };
    vec![alone, several]
}

/// A workload small enough for all pairs.
pub(super) fn small() -> Vec<Workload> {
    let mut two =
        Workload::new(&["t", "s4096", "n100", "!copy", "./all", "-*", "+* line *3 *", "./few"], 50, 1100);
    two.chunks = vec![1500];
    let mut crumbs = Workload::new(&["s4096", "n100", "./main"], 3, 40);
    crumbs.source = Source::Packets;
    crumbs.chunks = vec![6];
    let printing = Workload { chunks: vec![900], ..Workload::new(&["s4096", "./main", "1"], 30, 1100) };
    let mut limited = Workload::new(&["t", "s4096", "limit=4", "./main", "limit=0", "./all"], 24, 1100);
    limited.chunks = vec![400];
    let hours =
        Workload { chunks: vec![250], ..Workload::new(&["t", "n100", "rotate=1h", "./main"], 12, 40) };
    vec![two, crumbs, printing, limited, hours]
}
