//! The only file that waits is transformed later, unless something else comes.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::time::{Duration, Instant};

use super::desk::Prunes;
use super::thread::Thread;
use super::*;
use crate::logfs::{How, RealFs, write_all};
use crate::script::{Code, Script};

type Files = BTreeMap<Label, (Vec<u8>, Mode)>;

fn sealer(path: &std::path::Path) -> Sealer<RealFs> {
    let path = path.as_os_str().to_owned();
    let script = Script::parse([OsString::from("compress=gzip"), path.clone()].into()).unwrap();
    Sealer::new(Arc::new(RealFs::open(&path, None).unwrap()), script.logs[0].clone(), Arc::default())
}

fn hand_over(sealer: &Sealer<RealFs>, desk: &Desk<std::os::fd::OwnedFd>, label: Label) {
    let file = sealer.fs.open(&Archive::unsealed(label).into(), How::New).unwrap();
    write_all(&*sealer.fs, &file, b"a line\n").unwrap();
    desk.state().hand_over(Job { label, file: Some(file), length: 7, checksum: None, asked: Asked::NotYet });
    desk.wake.notify_all();
}

/// What follows each label, and the mode. While a file changes its name, it may have none.
fn files(sealer: &Sealer<RealFs>) -> Files {
    let mut archives = Vec::new();
    sealer.fs.each_name(&mut |name| archives.extend(Archive::parse(name))).unwrap();
    let seen = archives.into_iter().filter_map(|archive| {
        let (label, name) = (archive.label, Name::from(archive));
        let stat = sealer.fs.lookup(&name).unwrap()?;
        let suffix = name.to_os().as_encoded_bytes()[tai64tools::label::LENGTH..].to_vec();
        Some((label, (suffix, sealer.fs.mode_of(&stat))))
    });
    seen.collect()
}

fn until(sealer: &Sealer<RealFs>, labels: &[Label], suffix: &[u8]) {
    let expected: Files = labels.iter().map(|&label| (label, (suffix.to_vec(), Mode::Safe))).collect();
    let begun = Instant::now();
    while files(sealer) != expected {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", files(sealer));
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// What ends the wait of one file.
fn after(time: Duration, happens: impl FnOnce(&Sealer<RealFs>, &Desk<std::os::fd::OwnedFd>)) {
    let here = tempfile::tempdir().unwrap();
    let sealer = sealer(&here.path().join("main"));
    let desk = Desk::new(Label::MIN, Vec::new(), None);
    desk.state().put_off = Some(Instant::now() + time);
    hand_over(&sealer, &desk, Label::MIN.next());
    std::thread::scope(|scope| {
        let thread = Thread { sealer: &sealer, desk: &desk, room: 32 };
        scope.spawn(move || thread.live());
        happens(&sealer, &desk);
        desk.give(Order::Finish);
    });
}

const AN_HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_file_that_is_compressed_later_is_on_the_disk_and_marked_before_that() {
    let label = Label::MIN.next();
    after(AN_HOUR, |sealer, _| {
        until(sealer, &[label], b".u");
        std::thread::sleep(Duration::from_millis(50));
        until(sealer, &[label], b".u");
    });
    after(Duration::from_millis(100), |sealer, _| until(sealer, &[label], b".gz"));
}

#[test]
fn another_file_or_an_end_lets_it_be_compressed_at_once() {
    let labels = [Label::MIN.next(), Label::MIN.next().next()];
    after(AN_HOUR, |sealer, desk| {
        until(sealer, &labels[..1], b".u");
        hand_over(sealer, desk, labels[1]);
        until(sealer, &labels, b".gz");
    });
    for order in [Order::Finish, Order::Hurry] {
        after(AN_HOUR, |sealer, desk| {
            until(sealer, &labels[..1], b".u");
            desk.give(order);
            until(sealer, &labels[..1], b".gz");
        });
    }
}

#[test]
fn the_directory_is_pruned_meanwhile() {
    let labels = [Label::MIN.next(), Label::MIN.next().next()];
    let here = tempfile::tempdir().unwrap();
    let path = here.path().join("main").into_os_string();
    let script =
        Script::parse([OsString::from("cap=1M"), "compress=gzip".into(), path.clone()].into()).unwrap();
    let sealer =
        Sealer::new(Arc::new(RealFs::open(&path, None).unwrap()), script.logs[0].clone(), Arc::default());
    let desk = Desk::new(labels[1], Vec::new(), None);
    desk.state().put_off = Some(Instant::now() + AN_HOUR);
    sealer.fs.open(&Archive::sealed(labels[0], &Code::plain()).into(), How::New).unwrap();
    hand_over(&sealer, &desk, labels[1]);
    std::thread::scope(|scope| {
        let thread = Thread { sealer: &sealer, desk: &desk, room: 32 };
        scope.spawn(move || thread.live());
        let is_there = |label| files(&sealer).contains_key(label);
        let begun = Instant::now();
        while files(&sealer).get(&labels[1]) != Some(&(b".u".to_vec(), Mode::Safe)) {
            assert!(begun.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(is_there(&labels[0]));
        // That is what `current` has now.
        desk.limits.grow(1 << 20);
        desk.state().prunes = Prunes::Asked;
        desk.wake.notify_all();
        until(&sealer, &labels[1..], b".u");
        desk.give(Order::Finish);
    });
}
