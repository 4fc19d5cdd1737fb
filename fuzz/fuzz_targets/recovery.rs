//! Any state of a directory: repairing it comes to an end, and no file that is not double or unfinished is
//! dropped.

#![no_main]

use libfuzzer_sys::fuzz_target;
use multilog::logdir::recovery::{Current, Old, Repair, Snapshot, plan};
use multilog::logfs::{Archive, Mode};
use multilog::script::Code;
use tai64tools::Label;

fn archive(kind: u8, nanos: u32) -> (Archive, Mode) {
    let label = Label::new(1 << 62, nanos % 8).expect("a small number of nanoseconds");
    let archive = match kind % 3 {
        0 => Archive::unsealed(label),
        1 => Archive::temporary(label),
        _ => Archive::sealed(label, &Code::plain()),
    };
    (archive, [Mode::Writing, Mode::Safe, Mode::Refused][usize::from(kind / 3 % 3)])
}

fuzz_target!(|input: (u8, u8, u8, bool, Vec<(u8, u32)>)| {
    let (current, previous, processed, newstate, archives) = input;
    let old = |n: u8| [None, Some(Old::Writing), Some(Old::Safe), Some(Old::Archived)][usize::from(n % 4)];
    let states = [
        Current::Empty,
        Current::Unclean,
        Current::Archived,
        Current::Clean,
        Current::Known,
        Current::Torn,
        Current::Foreign,
    ];
    let mut archives: Vec<_> = archives.into_iter().map(|(kind, nanos)| archive(kind, nanos)).collect();
    archives.sort();
    archives.dedup_by(|a, b| a.0 == b.0);
    let snapshot = Snapshot {
        current: states.get(usize::from(current % 8)).copied(),
        previous: old(previous),
        processed: old(processed),
        newstate,
        archives,
    };
    let repairs = plan(&snapshot);
    let sealed = |label| {
        snapshot.archives.iter().any(|(a, _)| a.label == label && !a.is_temporary() && !a.is_unsealed())
    };
    for (at, repair) in repairs.iter().enumerate() {
        match repair {
            Repair::Drop(dropped) if dropped.is_unsealed() => {
                let published = repairs[..at].contains(&Repair::PublishTemporary(dropped.label));
                assert!(published || sealed(dropped.label), "{snapshot:?}");
            }
            Repair::Drop(dropped) => assert!(dropped.is_temporary(), "{snapshot:?}"),
            Repair::DropCurrent => assert_eq!(snapshot.current, Some(Current::Archived)),
            _ => {}
        }
    }
});
