use std::io::ErrorKind;
use std::time::UNIX_EPOCH;

use super::*;
use crate::logfs::{Identity, Stat};
use crate::retention::{Count, Rule};
use crate::script::Script;
use crate::sealer::Asked;

fn labels(count: usize) -> Vec<Label> {
    std::iter::successors(Some(Label::MIN.next()), |last| Some(last.next())).take(count).collect()
}

fn desk(labels: &[Label]) -> Desk<()> {
    let desk = Desk::new(Label::MIN, Vec::new(), None);
    let job = |&label| Job { label, file: None, length: 1, checksum: None, asked: Asked::NotYet };
    desk.state().jobs.extend(labels.iter().map(job));
    desk
}

/// The place of the label that goes, and whether as an archive.
fn doomed(desk: &Desk<()>, labels: &[Label], kept: usize) -> Option<(usize, bool)> {
    let rules: Vec<(Reason, Box<dyn Rule>)> = vec![(Reason::Surplus, Box::new(Count::of(kept)))];
    let doomed =
        desk.state().take_doomed(&Retention::with(rules, Scope::Everything), Oldest::default(), 0)?;
    let (label, is_archive) = match doomed {
        Doomed::Archives(archives) => (archives[0].label, true),
        Doomed::Job(job) => (job.label, false),
    };
    labels.iter().position(|&other| other == label).map(|place| (place, is_archive))
}

#[test]
fn what_is_oldest_goes_unless_it_is_in_work() {
    let labels = labels(4);
    let desk = desk(&labels[..3]);
    assert_eq!(desk.state().take(1).len(), 1);
    assert_eq!(desk.state().pending(), 3);
    assert_eq!(doomed(&desk, &labels, 2), None, "an older one that is in work does not count");
    assert_eq!(doomed(&desk, &labels, 1), Some((1, false)));
    // A file that is later than one on its way was left, and is an archive to retention.
    desk.state().inventory.add(Archive::unsealed(labels[3]), None);
    assert_eq!(doomed(&desk, &labels, 1), Some((2, false)));
    desk.state().end_work(labels[0], 1, Some((Archive::unsealed(labels[0]), None)));
    assert_eq!(doomed(&desk, &labels, 1), Some((0, true)));
    assert_eq!(doomed(&desk, &labels, 1), None);
    assert_eq!(doomed(&desk, &labels, 0), Some((3, true)));
    assert_eq!(desk.state().pending(), 0);
}

#[test]
fn what_is_put_back_is_in_its_place_and_not_in_work() {
    let labels = labels(3);
    let desk = desk(&labels[..2]);
    let mut state = desk.state();
    let job = state.take_newest().unwrap();
    state.jobs.push_back(Job { label: labels[2], ..job });
    let newest = state.take_newest().unwrap();
    state.put_back(Job { label: labels[1], ..newest });
    let order: Vec<Label> = state.jobs.iter().map(|job| job.label).collect();
    assert_eq!((&order[..], &state.in_work[..]), (&labels[..2], &labels[2..]));
}

/// What a look at a file of this size shows.
fn seen(size: u64) -> Seen {
    let identity = Identity { device: 1, inode: size };
    let modified = UNIX_EPOCH;
    Ok(Some(Stat {
        regular: true,
        directory: false,
        owner: 0,
        mode: 0o744,
        size,
        identity,
        links: 1,
        modified,
    }))
}

#[test]
fn an_archive_goes_by_size_when_it_is_the_oldest_and_weighed_and_the_journal_knows_it() {
    let script = Script::parse(["s4096", "cap=4096", "./a"].map(Into::into).to_vec()).unwrap();
    let retention = Retention::new(&script.logs[0]);
    let labels = labels(5);
    let desk: Desk<()> = Desk::new(labels[3], vec![labels[0]], None);
    let goes = |current| match desk.state().take_doomed(&retention, Oldest::default(), current) {
        Some(Doomed::Archives(archives)) => Some(archives[0].label),
        _ => None,
    };
    for (&label, seen) in
        labels[1..].iter().zip([seen(3000), Err(ErrorKind::Other.into()), seen(3001), seen(3002)])
    {
        desk.state().inventory.add(Archive::unsealed(label), Some(&seen));
    }
    assert_eq!(goes(0), None, "an older one is on its way");
    desk.state().await_no_more(labels[0]);
    assert_eq!(goes(0), Some(labels[1]));
    assert_eq!(goes(0), None, "nobody knows what it would bring");
    desk.state().weigh(&Archive::unsealed(labels[2]), &seen(10));
    assert_eq!([goes(0), goes(0)], [Some(labels[2]), Some(labels[3])]);
    assert_eq!([goes(1094), goes(1095)], [None, None], "the journal does not know of the last one");
    desk.state().recorded = labels[4];
    assert_eq!([goes(1094), goes(1095), goes(9999)], [None, Some(labels[4]), None]);
}
