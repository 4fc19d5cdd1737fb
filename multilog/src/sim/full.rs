//! A disk that has no room for what the sealer makes of full files, and later has.

use super::disk::Disk;
use super::exhaustive::{Extent, check, check_ends, check_failures, check_on};
use super::poor::Lacks;
use super::workload::Workload;

/// Files that are compressed, or go through a processor, while the disk has no room `times` times.
fn sealing(sealing: &[&str], times: usize) -> Workload {
    let script = [&["s4096"], sealing, &["./main"]].concat();
    let lacks = Lacks { room: times, ..Lacks::default() };
    Workload { lacks, ..Workload::new(&script, 200, 1500) }
}

/// How many archives are compressed, and how many are not.
fn archives(disk: &Disk) -> (usize, usize) {
    let files = disk.files(0);
    let count = |ending: &str| files.iter().filter(|(name, ..)| name.ends_with(ending)).count();
    (count(".gz"), count(".s"))
}

#[test]
fn a_file_without_room_for_its_compressed_form_is_an_archive_as_it_is() {
    for (times, uncompressed) in [(5, 0), (6, 1), (8, 3), (100, 7)] {
        let workload = sealing(&["n100", "compress=gzip:1"], times);
        let disk = Disk::default();
        check_on(&disk, &workload, &workload.expected(), None, &[]).unwrap();
        assert_eq!(archives(&disk), (7 - uncompressed, uncompressed), "{times}");
    }
}

#[test]
fn archives_go_first_where_the_script_lets_them_go() {
    let workload = sealing(&["n100", "min=1", "compress=gzip:1"], 8);
    let disk = Disk::default();
    workload.run(&disk, None, |_, _| {}).unwrap();
    // There is none to go for the first file, and one is spared when the second has no room. The first goes for the
    // third.
    assert_eq!(archives(&disk), (5, 1));
}

#[test]
fn what_has_to_go_through_a_processor_waits_for_room() {
    for times in [1, 8, 20] {
        let workload = sealing(&["n100", "!copy"], times);
        check(&workload, &workload.expected(), None, &[]).unwrap();
    }
}

#[test]
fn a_failure_kill_or_term_on_a_disk_without_room_loses_and_repeats_nothing() {
    for how in ["compress=gzip:1", "!copy"] {
        for times in [4, 7, 9] {
            let workload = sealing(&["n100", how], times);
            check_failures(&workload, None, Extent { step: 3, cuts: 0 }).unwrap();
            check_ends(&workload, None, Extent { step: 2, cuts: 0 }).unwrap();
        }
    }
}
