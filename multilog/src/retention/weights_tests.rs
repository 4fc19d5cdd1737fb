use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use super::*;
use crate::script::Code;

fn archive(number: u64, sealed: bool) -> Archive {
    let label = Label::new(tai64tools::label::EPOCH + number, 0).unwrap();
    if sealed { Archive::sealed(label, &Code::plain()) } else { Archive::unsealed(label) }
}

fn seen(inode: u64, links: u64, size: u64) -> Seen {
    let identity = Identity { device: 1, inode };
    let modified = UNIX_EPOCH;
    Ok(Some(Stat { regular: true, directory: false, owner: 0, mode: 0o744, size, identity, links, modified }))
}

fn look(weights: &mut Weights, names: &[Archive]) {
    let mut fresh = Fresh::default();
    weights.begin();
    names.iter().for_each(|archive| weights.see(archive, &mut fresh));
    weights.end(fresh);
}

#[test]
fn an_archive_is_looked_at_once() {
    let names = [archive(2, true), archive(1, true)];
    let mut weights = Weights::default();
    look(&mut weights, &names);
    assert!(weights.lack_any() && weights.lacks(&names[0]) && !weights.know(names[0].label));
    weights.weigh(&names[0], &seen(1, 1, 100));
    weights.weigh(&names[0], &seen(1, 1, 100));
    assert!(weights.lack_any() && !weights.lacks(&names[0]));
    weights.weigh(&names[1], &seen(2, 1, 10));
    look(&mut weights, &names);
    assert!(!weights.lack_any() && weights.know(names[0].label));
    assert_eq!(weights.bytes(), 110);
    weights.remove(names[1].label);
    assert_eq!(weights.bytes(), 100);
    // Another has taken it away, or given it another name.
    look(&mut weights, &[archive(2, false)]);
    assert_eq!((weights.bytes(), weights.lacks(&archive(2, false))), (0, true));
}

#[test]
fn what_can_t_be_looked_at_is_tried_again_at_the_next_look() {
    let name = archive(1, true);
    let mut weights = Weights::default();
    weights.add(&name, &Err(ErrorKind::PermissionDenied.into()));
    assert!(!weights.know(name.label) && !weights.lack_any());
    look(&mut weights, std::slice::from_ref(&name));
    assert!(weights.lacks(&name));
    // It has gone meanwhile.
    weights.end_weighing();
    assert!(!weights.know(name.label) && !weights.lack_any());
    weights.weigh(&name, &seen(1, 1, 7));
    assert_eq!((weights.bytes(), weights.know(name.label)), (7, true));
}

#[test]
fn what_is_no_file_weighs_nothing() {
    let mut weights = Weights::default();
    weights.add(&archive(1, true), &Ok(None));
    let Ok(Some(folder)) = seen(1, 2, 4096) else { panic!() };
    weights.add(&archive(2, true), &Ok(Some(Stat { regular: false, directory: true, ..folder })));
    assert_eq!(weights.bytes(), 0);
    assert!(weights.know(archive(1, true).label) && weights.know(archive(2, true).label));
}

/// What happens to a directory in which each inode may have several names.
#[derive(Clone, Copy, Debug)]
enum Event {
    /// One of ours comes.
    Add(u64, u64),
    /// Another program makes a name for an inode, or takes one away.
    Others(u64, u64),
    Remove(u64),
    Look,
}

fn event() -> impl Strategy<Value = Event> {
    let (number, inode) = (0u64..12, 0u64..6);
    prop_oneof![
        (number.clone(), inode.clone()).prop_map(|(number, inode)| Event::Add(number, inode)),
        (number.clone(), inode).prop_map(|(number, inode)| Event::Others(number, inode)),
        number.prop_map(Event::Remove),
        Just(Event::Look),
    ]
}

/// The links of an inode count those elsewhere, too, so that they are never what decides.
fn stat_of(inode: u64) -> Seen {
    seen(inode, 2 + inode % 2, 1 << inode)
}

proptest! {
    #[test]
    fn each_inode_counts_once(events in prop::collection::vec(event(), 0..40)) {
        let (mut weights, mut files) = (Weights::default(), BTreeMap::<u64, u64>::new());
        let mut known = BTreeMap::<u64, u64>::new();
        for event in events {
            match event {
                Event::Add(number, inode) if !files.contains_key(&number) => {
                    files.insert(number, *known.entry(number).or_insert(inode));
                    weights.add(&archive(number, true), &stat_of(known[&number]));
                }
                Event::Add(..) => {}
                Event::Others(number, inode) => {
                    // A name keeps its inode, as long as nobody replaces an archive.
                    if files.remove(&number).is_none() && !known.contains_key(&number) {
                        files.insert(number, inode);
                    }
                }
                Event::Remove(number) => {
                    files.remove(&number);
                    known.remove(&number);
                    weights.remove(archive(number, true).label);
                }
                Event::Look => {
                    let names: Vec<Archive> = files.keys().map(|&number| archive(number, true)).collect();
                    look(&mut weights, &names);
                    known.retain(|number, _| files.contains_key(number));
                    for (number, archive) in files.keys().zip(&names) {
                        prop_assert_eq!(weights.lacks(archive), !known.contains_key(number));
                        weights.weigh(archive, &stat_of(files[number]));
                    }
                    weights.end_weighing();
                    known.clone_from(&files);
                }
            }
            let inodes: BTreeSet<u64> = known.values().copied().collect();
            prop_assert_eq!(weights.bytes(), inodes.iter().map(|inode| 1 << inode).sum::<u64>());
        }
    }
}
