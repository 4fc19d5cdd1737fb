use proptest::prelude::*;

use super::*;

fn flow(lines: u64, bytes: u64) -> Flow {
    Flow { lines, bytes }
}

#[test]
fn a_line_counts_with_its_newline_or_with_the_end_that_supplies_it() {
    for (pieces, lines, bytes) in [
        (&[][..], 0, 0),
        (&["a\n"], 1, 2),
        (&["\n\n\n"], 3, 3),
        // A line in pieces.
        (&["a", "b", "c\n"], 1, 4),
        // The end of the input ends the last one.
        (&["a"], 1, 1),
        (&["a\n", "b"], 2, 3),
        // A batch that takes nothing, for example the newline that a line lacked.
        (&["a", ""], 1, 1),
        (&["a\n", ""], 1, 2),
    ] {
        let mut tally = Tally::new(0);
        for piece in pieces {
            tally.look(piece.as_bytes(), std::iter::empty());
            tally.keep(7);
        }
        tally.end_of_input();
        // An end is an end once.
        tally.end_of_input();
        assert_eq!(tally.input(), flow(lines, bytes), "{pieces:?}");
    }
}

#[test]
fn a_batch_counts_when_it_is_kept_and_only_where() {
    let mut tally = Tally::new(2);
    let look = |tally: &mut Tally| tally.look(b"a\nb\n", [&b"@ a\n"[..], b""].into_iter());
    look(&mut tally);
    assert_eq!((tally.input(), tally.outlet(0), tally.changes()), (flow(0, 0), flow(0, 0), 0));
    // Another process has taken it; the second directory has nothing of it.
    tally.keep_only(&[1], 5);
    assert_eq!((tally.input(), tally.outlet(0), tally.written(1)), (flow(0, 0), flow(0, 0), 0));
    look(&mut tally);
    tally.keep_only(&[0], 6);
    look(&mut tally);
    tally.keep(7);
    assert_eq!((tally.input(), tally.outlet(0), tally.outlet(1)), (flow(2, 4), flow(2, 8), flow(0, 0)));
    assert_eq!((tally.written(0), tally.written(1)), (7, 0));
}

#[test]
fn lines_that_are_dropped_count_with_their_batch() {
    let mut tally = Tally::new(2);
    let look = |tally: &mut Tally| {
        tally.look(b"a\nb\n", [&b""[..], b"b\n"].into_iter());
        tally.look_at_dropped([2, 1].into_iter());
    };
    look(&mut tally);
    assert_eq!((tally.dropped(0), tally.dropped(1)), (0, 0));
    tally.keep_only(&[1], 5);
    look(&mut tally);
    tally.keep(6);
    assert_eq!((tally.dropped(0), tally.dropped(1), tally.written(0)), (2, 2, 0));
    // A batch without limits.
    tally.look(b"a\n", [&b"a\n"[..], b""].into_iter());
    tally.keep(7);
    assert_eq!((tally.dropped(0), tally.dropped(1)), (2, 2));
}

#[test]
fn rotations_and_failures_are_changes_and_what_is_held_is_none() {
    let tally = Tally::new(2);
    let account = &tally.accounts()[1];
    account.note_held(5);
    account.note_pending(3);
    assert_eq!((tally.changes(), tally.pending(), account.held()), (0, 3, 5));
    account.rotated();
    account.failed(Trouble::Seal);
    tally.journal_failed();
    assert_eq!((tally.changes(), account.rotations(), account.failures(Trouble::Seal)), (3, 1, 1));
    assert_eq!(tally.accounts()[0].failures(Trouble::Journal), 1);
    Tally::new(0).journal_failed();
}

proptest! {
    /// Whatever the batches are, the numbers are those of all bytes that were kept.
    #[test]
    fn the_numbers_are_those_of_all_bytes_together(
        batches in proptest::collection::vec(("[a\n]{0,9}", "[b\n]{0,9}", any::<bool>()), 0..20)
    ) {
        let mut tally = Tally::new(1);
        let (mut input, mut output) = (String::new(), String::new());
        for (taken, added, kept) in &batches {
            tally.look(taken.as_bytes(), std::iter::once(added.as_bytes()));
            if *kept {
                tally.keep(1);
                input.push_str(taken);
                output.push_str(added);
            }
        }
        tally.end_of_input();
        prop_assert_eq!(tally.input(), flow(input.lines().count() as u64, input.len() as u64));
        let newlines = output.bytes().filter(|&byte| byte == b'\n').count() as u64;
        prop_assert_eq!(tally.outlet(0), flow(newlines, output.len() as u64));
    }
}
