use proptest::prelude::*;

use super::*;
use crate::journal::record::{Boot, Moment};
use crate::logfs::{Identity, Place};

const BOOT: Boot = [b'b'; 36];
const PIPE: Identity = Identity { device: 7, inode: 70 };

fn place(directory: u64) -> Place {
    Place { directory: Identity { device: 1, inode: directory }, mount: 1 }
}

fn share(directory: u64, start: u64, adds: u64) -> Share {
    Share {
        place: place(directory),
        current: directory * 10,
        start,
        adds,
        last_label: Label::MIN,
        settled: Label::MIN,
        takes_before: false,
        takes_after: directory == 2,
        unsaid: (0, 0),
    }
}

/// `one\n` to two directories, one of which adds a stamp; its line goes on in the second.
fn record() -> Record {
    Record {
        taken: 4,
        split: 2,
        more: 5,
        first: *b"one\n\0\0\0\0",
        second: *b"e\n\0\0\0\0\0\0",
        last: b'\n',
        before: Moment { midline: false, held: (0, 3), piece: 0 },
        after: Moment { midline: true, held: (2, 3), piece: 0 },
        held: b"abc".to_vec(),
        ..Record::idle(BOOT, PIPE, vec![share(1, 100, 4), share(2, 200, 30)])
    }
}

fn now(lengths: [u64; 2]) -> Vec<Directory> {
    let current = |directory: u64, length| Directory {
        place: place(directory),
        current: Some((directory * 10, length)),
    };
    vec![current(1, lengths[0]), current(2, lengths[1])]
}

fn lengths(verdict: &Verdict) -> Vec<Option<u64>> {
    verdict.directories.iter().map(|known| known.current.map(|proven| proven.length)).collect()
}

#[test]
fn the_piece_in_hand_is_that_of_the_moment_to_which_the_batch_is_brought() {
    let (unset, set) = (!b'\n', b'\n');
    for (flag, head, now_long, midline, piece) in [
        (set, &b"next"[..], [104, 230], true, 7),
        (unset, b"e\n", [104, 230], true, 7),
        (unset, b"one\n", [104, 230], true, 7),
        (unset, b"one\n", [104, 200], true, 3),
        (unset, b"one\n", [100, 200], true, 3),
        // What is in hand is not known.
        (unset, b"two\n", [100, 200], false, 0),
    ] {
        let mut record = record();
        record.before = Moment { midline: true, piece: 3, ..record.before };
        record.after = Moment { piece: 7, ..record.after };
        let facts =
            Facts { boot: BOOT, input: Some((PIPE, Source::Pipe(head))), flag, directories: &now(now_long) };
        let verdict = judge(&record, &facts);
        assert_eq!((verdict.midline.is_some(), verdict.piece), (midline, piece), "{flag} {now_long:?}");
    }
}

#[test]
fn flag_head_and_lengths_tell_how_far_a_batch_came() {
    let (unset, set) = (!b'\n', b'\n');
    let (all, none, some, part) = ([104, 230], [100, 200], [104, 200], [104, 217]);
    for (flag, head, now_long, unconsumed, midline, held, known, doubtful) in [
        // Consumed. What is behind the batch is still to be.
        (set, &b"whatever"[..], all, 5, true, &b"c"[..], Some(all), false),
        // The first part is consumed.
        (unset, b"e\nmore", all, 7, true, b"c", Some(all), false),
        // Written, and not consumed.
        (unset, b"one\n", all, 9, true, b"c", Some(all), false),
        // Not written everywhere: cut off again.
        (unset, b"one\ntwo\n", none, 0, false, b"abc", Some(none), false),
        (unset, b"one\n", some, 0, false, b"abc", Some(none), false),
        (unset, b"on", part, 0, false, b"abc", Some(none), false),
        // It does not fit: nothing in the pipe, other bytes, another flag, another writer.
        (unset, b"", none, 0, false, b"abc", None, true),
        (unset, b"two\n", none, 0, false, b"abc", None, true),
        (b'x', b"one\n", none, 0, false, b"abc", None, true),
        (unset, b"one\n", [99, 200], 0, false, b"abc", None, true),
        (unset, b"one\n", [104, 231], 0, false, b"abc", None, true),
        // And it is consumed in one part, but not written: nobody but a stranger can have done that.
        (unset, b"e\n", some, 0, false, b"abc", None, true),
    ] {
        let what = format!("{flag} {} {now_long:?}", head.escape_ascii());
        let directories = now(now_long);
        let input = Some((PIPE, Source::Pipe(head)));
        let verdict = judge(&record(), &Facts { boot: BOOT, input, flag, directories: &directories });
        assert_eq!(lengths(&verdict), known.map_or(vec![None; 2], |k| k.map(Some).to_vec()), "{what}");
        assert_eq!((verdict.unconsumed, verdict.doubtful), (unconsumed, doubtful), "{what}");
        assert_eq!(verdict.midline, midline.then(|| vec![1]), "{what}");
        assert_eq!(verdict.held, held, "{what}");
    }
}

/// Another program had replaced `current` of the first directory. The second one went on in its `current`, which ended
/// with a part of a line, and the next line was joined to that part.
#[test]
fn nothing_is_written_behind_a_part_of_a_line_that_nobody_goes_on_with() {
    for (length, kept) in [(0, Some(230)), (3, None)] {
        let mut directories = now([104, 230]);
        directories[0].current = Some((99, length));
        let input = Some((PIPE, Source::Pipe(b"rest\n")));
        let verdict = judge(&record(), &Facts { boot: BOOT, input, flag: b'\n', directories: &directories });
        assert_eq!(lengths(&verdict), [None, kept], "{length}");
        assert_eq!(verdict.midline, kept.map(|_| vec![1]), "{length}");
    }
}

/// What the batch drops counts where the batch is done, and only there: what is written or consumed is not read again.
#[test]
fn lines_that_are_dropped_count_once() {
    let (unset, set, elsewhere) = (!b'\n', b'\n', Identity { device: 9, inode: 9 });
    let (all, none, some) = ([104, 230], [100, 200], [104, 200]);
    for (input, flag, head, now_long, after) in [
        (PIPE, set, &b"whatever"[..], all, true),
        (PIPE, unset, b"e\nmore", all, true),
        (PIPE, unset, b"one\n", all, true),
        (PIPE, unset, b"one\n", none, false),
        (PIPE, unset, b"one\n", some, false),
        // It does not fit the input.
        (PIPE, unset, b"two\n", none, false),
        (PIPE, unset, b"two\n", all, true),
        // The input is gone.
        (elsewhere, set, b"", all, true),
        (elsewhere, unset, b"", none, false),
        (elsewhere, unset, b"", some, false),
        (elsewhere, unset, b"", all, true),
    ] {
        let mut record = record();
        (record.shares[0].unsaid, record.shares[1].unsaid) = ((3, 5), (0, 7));
        let directories = now(now_long);
        let input = Some((input, Source::Pipe(head)));
        let facts = Facts { boot: BOOT, input, flag, directories: &directories };
        let unsaid = judge(&record, &facts).directories.iter().map(|known| known.unsaid).collect::<Vec<_>>();
        assert_eq!(
            unsaid,
            if after { [5, 7] } else { [3, 0] },
            "{flag} {} {now_long:?}",
            head.escape_ascii()
        );
        // After a boot it is not known whether the log says it.
        let verdict = judge(&record, &Facts { boot: [b'x'; 36], ..facts });
        assert!(verdict.directories.iter().all(|known| known.unsaid == 0));
    }
}

/// The batch that says it takes nothing, so the lengths tell.
#[test]
fn what_is_said_is_no_more_unsaid_when_it_is_written() {
    for (length, unsaid) in [(100, 9), (102, 9), (140, 0)] {
        let mut said = Record::idle(BOOT, PIPE, vec![share(1, 100, 40)]);
        said.shares[0].unsaid = (9, 0);
        let directories = [now([length, 0])[0]];
        let input = Some((PIPE, Source::Pipe(b"more")));
        let verdict = judge(&said, &Facts { boot: BOOT, input, flag: !0, directories: &directories });
        assert_eq!(verdict.directories[0].unsaid, unsaid, "{length}");
        let kept = if unsaid > 0 { 100 } else { 140 };
        assert_eq!(
            (verdict.directories[0].current.map(|now| now.length), verdict.unconsumed),
            (Some(kept), 0)
        );
    }
}

#[test]
fn the_position_in_a_file_tells_the_same() {
    for (at, lengths_now, unconsumed, known) in [
        (1000, [104, 230], 9, Some([104, 230])),
        (1000, [104, 200], 0, Some([100, 200])),
        (1004, [104, 230], 5, Some([104, 230])),
        (1007, [104, 230], 2, Some([104, 230])),
        (1009, [104, 230], 0, Some([104, 230])),
        // Begun anew: what is logged is whole but for the line that goes on in the second directory.
        (0, [104, 230], 0, None),
    ] {
        let record = Record { offset: Some(1000), ..record() };
        let directories = now(lengths_now);
        let input = Some((PIPE, Source::File(at)));
        let verdict = judge(&record, &Facts { boot: BOOT, input, flag: 0, directories: &directories });
        let expected = known.map_or(vec![Some(104), None], |k| k.map(Some).to_vec());
        assert_eq!(
            (lengths(&verdict), verdict.unconsumed, verdict.doubtful),
            (expected, unconsumed, false),
            "at {at}"
        );
    }
}

#[test]
fn after_a_boot_only_labels_and_stamps_are_believed() {
    let label = Label::parse(b"@400000006b00e05e2c8dfba4").unwrap();
    let mut record = record();
    (record.last_stamp, record.shares[0].last_label) = (label, label);
    let directories = now([104, 230]);
    let input = Some((PIPE, Source::Pipe(b"one\n")));
    let facts = Facts { boot: [b'c'; 36], input, flag: b'\n', directories: &directories };
    let verdict = judge(&record, &facts);
    assert_eq!((verdict.last_stamp, verdict.directories[0].last_label), (label, Some(label)));
    let known = Known { last_label: Some(label), ..Known::default() };
    let unknown = Known { last_label: Some(Label::MIN), ..Known::default() };
    assert_eq!(verdict, Verdict { last_stamp: label, directories: vec![known, unknown], ..Verdict::none(2) });
}

#[test]
fn a_rotation_after_the_batch_is_no_contradiction() {
    let mut directories = now([104, 0]);
    directories[1].current = None;
    let input = Some((PIPE, Source::Pipe(b"")));
    let facts = Facts { boot: BOOT, input, flag: b'\n', directories: &directories };
    let verdict = judge(&record(), &facts);
    assert_eq!((lengths(&verdict), verdict.midline), (vec![Some(104), None], Some(vec![1])));
    // But a `current` that somebody else writes to is: the rest of the line is a line of its own.
    directories[1].current = Some((99, 12));
    let facts = Facts { boot: BOOT, input, flag: b'\n', directories: &directories };
    let verdict = judge(&record(), &facts);
    assert_eq!((verdict.midline, verdict.held_is), (None, Held::Line));
}

/// An administrator removed or replaced `current`, or it was rotated for a batch that the limit of the process did not
/// let in: the batch is still in the pipe, and the other directory must not keep its part of it.
#[test]
fn a_batch_of_which_a_directory_has_nothing_anymore_is_cut_off_the_others() {
    // Behind lines of a stranger nobody goes on with the line in hand, and so nothing may be joined to its part.
    for (gone, kept) in [(None, Some(230)), (Some((99, 0)), Some(230)), (Some((99, 12)), None)] {
        let mut directories = now([104, 230]);
        directories[0].current = gone;
        let input = Some((PIPE, Source::Pipe(b"one\n")));
        let facts = Facts { boot: BOOT, input, flag: !b'\n', directories: &directories };
        let verdict = judge(&record(), &facts);
        assert_eq!((lengths(&verdict), verdict.doubtful), (vec![None, Some(200)], false), "{gone:?}");
        // What was in the one that is gone is known.
        assert_eq!(verdict.directories[0].written, Some(Proven { inode: 10, length: 100 }));
        // A part of it has left the pipe, so everybody had it, and the rest of it is not to be logged.
        let input = Some((PIPE, Source::Pipe(b"e\n")));
        let verdict = judge(&record(), &Facts { input, ..facts });
        assert_eq!((lengths(&verdict), verdict.unconsumed), (vec![None, kept], 7), "{gone:?}");
        assert_eq!(verdict.directories[0].written, Some(Proven { inode: 10, length: 104 }));
        // All of it has, and the next multilog has another input.
        let verdict = judge(&record(), &Facts { input: None, flag: b'\n', ..facts });
        assert_eq!(verdict.directories[0].written, Some(Proven { inode: 10, length: 104 }));
    }
}

#[test]
fn a_directory_that_is_new_in_the_script_has_no_part_in_it() {
    let mut directories = now([104, 230]);
    directories.insert(0, Directory { place: place(5), current: None });
    let input = Some((PIPE, Source::Pipe(b"one\n")));
    let facts = Facts { boot: BOOT, input, flag: !b'\n', directories: &directories };
    let verdict = judge(&record(), &facts);
    assert_eq!((verdict.unconsumed, lengths(&verdict)), (9, vec![None, Some(104), Some(230)]));
    assert_eq!(verdict.midline, Some(vec![2]));
}

proptest! {
    /// Whatever stands in a journal and around it: no panic, and no `current` is to be longer than it is.
    #[test]
    fn no_record_is_believed_against_the_files(
        taken in 0u64..9, split in 0u64..9, more in 0u64..9, flag in any::<u8>(), last in any::<u8>(),
        head in prop::collection::vec(any::<u8>(), 0..9), start in 0u64..9, adds in 0u64..9,
        length in 0u64..20,
        offset in prop::option::of(0u64..20), at in 0u64..30, is_file in any::<bool>(),
    ) {
        let record = Record { taken, split: split.min(taken), more, last, offset, ..record() };
        let mut record = record;
        (record.shares[0].start, record.shares[0].adds) = (start, adds);
        let directories = now([length, 230]);
        let source = if is_file { Source::File(at) } else { Source::Pipe(&head) };
        let facts = Facts { boot: BOOT, input: Some((PIPE, source)), flag, directories: &directories };
        let verdict = judge(&record, &facts);
        for (known, now) in verdict.directories.iter().zip(&directories) {
            if let Some(proven) = known.current {
                prop_assert!(now.current.is_some_and(|(inode, length)| inode == proven.inode && proven.length <= length));
            }
        }
        prop_assert!(verdict.unconsumed <= taken + more);
    }
}

/// Nothing but the input tells whether it was printed.
#[test]
fn a_batch_for_standard_output_is_begun_anew_until_it_leaves_the_input() {
    let output = |adds| Share { place: Place::OUTPUT, current: 0, takes_before: true, ..share(2, 0, adds) };
    let (unset, set) = (!b'\n', b'\n');
    let (all, none) = ([104, 230], [100, 200]);
    for (flag, head, adds, unconsumed, known) in [
        (set, &b"whatever"[..], 4, 5, all),
        (unset, b"e\nmore", 4, 7, all),
        (unset, b"one\n", 4, 0, none),
        // It has nothing for standard output.
        (unset, b"one\n", 0, 9, all),
    ] {
        let mut record = record();
        record.shares.push(output(adds));
        let directories = now(all);
        let input = Some((PIPE, Source::Pipe(head)));
        let verdict = judge(&record, &Facts { boot: BOOT, input, flag, directories: &directories });
        assert_eq!((verdict.unconsumed, lengths(&verdict)), (unconsumed, known.map(Some).to_vec()));
        // The line in hand goes on in the second directory and on standard output.
        let rolled_forward = known == all;
        assert_eq!(verdict.midline, rolled_forward.then(|| vec![1, 2]));
    }
}
