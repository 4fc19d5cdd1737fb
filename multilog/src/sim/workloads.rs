//! The workloads that every check goes through: each has something that the others lack.

use super::limits;
use super::surroundings::Source;
use super::workload::Workload;

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
    all.push(Workload::new(
        &["t", "s4096", "n100", "mode=0666", "./shared", "mode=0600", "!copy", "./private"],
        90,
        600,
    ));
    // Without memory for anything large: small batches, and files that are not compressed after all.
    all.push(Workload {
        memory: 0,
        ..Workload::new(&["t", "s4096", "n100", "compress=gzip", "./a"], 90, 5000)
    });
    for form in ["t=iso", "t=iso-utc", "t=unix", "t=unixms"] {
        all.push(Workload::new(
            &[form, "s4096", "n100", "-* line *7 *", "./main", "-*", "+*T*3 *", "./few"],
            70,
            1500,
        ));
    }
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
    all.extend(limits::workloads());
    all.extend(printing());
    all
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

/// A workload small enough for all pairs.
pub(super) fn small() -> Vec<Workload> {
    let mut two =
        Workload::new(&["t", "s4096", "n100", "!copy", "./all", "-*", "+* line *3 *", "./few"], 50, 1100);
    two.chunks = vec![1500];
    let mut crumbs = Workload::new(&["s4096", "n100", "./main"], 3, 40);
    crumbs.source = Source::Packets;
    crumbs.chunks = vec![6];
    let printing = Workload { chunks: vec![900], ..Workload::new(&["s4096", "./main", "1"], 30, 1100) };
    vec![two, crumbs, printing]
}
