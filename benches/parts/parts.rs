//! What a line costs in each part of its way: framer, pattern, stamper, label, assembly.
//!
//! `make bench-parts`. The input is a peek of the corpora of the comparison.

#![allow(missing_docs, reason = "criterion_group! makes a function without any")]

use std::ffi::OsString;
use std::hint::black_box;

use benches::corpus::{self, Corpus, Kind};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use multilog::assembly::Assembly;
use multilog::framer::{Ending, Frame, frame};
use multilog::output::Output;
use multilog::pattern::{Pattern, Syntax};
use multilog::script::Script;
use tai64tools::{Label, Stamp, Stamper};

/// As much as multilog looks at at once.
const PEEK: u64 = 512 << 10;

fn input(kind: Kind) -> Vec<u8> {
    let mut bytes = Vec::new();
    corpus::write(&Corpus { kind, bytes: PEEK, seed: 1, line: 0 }, &mut bytes).ok();
    bytes
}

fn lines(input: &[u8]) -> Vec<&[u8]> {
    input.split(|&byte| byte == b'\n').collect()
}

fn framer(criterion: &mut Criterion) {
    let input = input(Kind::Access);
    let mut group = criterion.benchmark_group("framer");
    group.throughput(Throughput::Bytes(input.len() as u64));
    group.bench_function("access log", |bencher| {
        bencher.iter(|| {
            let mut at = 0;
            while let Frame::Line(length) = frame(&input[at..], 974, Ending::Open) {
                at += length;
            }
            at
        });
    });
}

fn pattern(criterion: &mut Criterion) {
    let input = input(Kind::Access);
    let lines = lines(&input);
    let mut group = criterion.benchmark_group("pattern");
    group.throughput(Throughput::Elements(lines.len() as u64));
    for (name, syntax, text) in [
        ("everything", Syntax::Star, &b"*"[..]),
        ("ten words", Syntax::Star, b"* * * * * * * * 404 *"),
        ("glob", Syntax::Glob, b"* 404 *"),
        ("regular expression", Syntax::Regex, b" 404 [0-9]+ "),
    ] {
        let Ok(pattern) = Pattern::new(syntax, text) else { continue };
        group.bench_function(name, |bencher| {
            bencher.iter(|| lines.iter().filter(|line| pattern.matches(line)).count());
        });
    }
}

fn stamper(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("stamper");
    group.throughput(Throughput::Elements(1000));
    for (name, form) in [("tai64n", Stamp::Tai64n), ("accustamp", Stamp::Accustamp)] {
        let mut stamper = Stamper::new(form);
        let mut out = Vec::with_capacity(64 << 10);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                out.clear();
                stamper.begin(Label::now());
                (0..1000).for_each(|_| stamper.stamp().append_to(&mut out));
                out.len()
            });
        });
    }
}

fn label(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("label");
    let text = Label::now().text();
    group.bench_function("text", |bencher| bencher.iter(|| black_box(Label::MIN).text()));
    group.bench_function("parse", |bencher| bencher.iter(|| Label::parse(black_box(&text))));
}

fn assembly(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("assembly");
    for (name, kind, script) in [
        ("access log as it is", Kind::Access, &["./a"][..]),
        ("access log stamped", Kind::Access, &["t", "./a"]),
        ("short lines stamped", Kind::Short, &["t", "./a"]),
        ("json lines stamped", Kind::Json, &["t", "./a"]),
        ("one line in six", Kind::Access, &["t", "-*", "+* * * * * * * * * 404 *", "./a"]),
    ] {
        let input = input(kind);
        let words = script.iter().map(OsString::from).collect();
        let Ok(script) = Script::parse(words) else { continue };
        let stamper = script.stamp.map(Stamper::new);
        let mut assembly = Assembly::new(&script.actions, stamper, vec![Output::new(16_777_215)], 0);
        group.throughput(Throughput::Bytes(input.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                assembly.outputs[0].begin(0);
                assembly.take(&input, Label::now(), Ending::Open)
            });
        });
    }
}

criterion_group!(parts, framer, pattern, stamper, label, assembly);
criterion_main!(parts);
