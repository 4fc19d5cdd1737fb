use super::*;

fn write(to: &OwnedFd, bytes: &[u8]) {
    assert_eq!(unix::file::write(to, bytes).unwrap(), bytes.len());
}

#[test]
fn what_was_not_consumed_is_still_in_the_pipe() {
    let (read, to) = pipe::new().unwrap();
    write(&to, b"one\ntwo\npart");
    {
        let mut intake = PipeIntake::new(read.as_fd()).unwrap();
        assert_eq!(intake.peek().unwrap(), Seen::More);
        assert_eq!(intake.visible(), b"one\ntwo\npart");
        intake.consume(4).unwrap();
        assert_eq!(intake.visible(), b"two\npart");
    }
    let mut next = PipeIntake::new(read.as_fd()).unwrap();
    next.peek().unwrap();
    assert_eq!(next.visible(), b"two\npart");
    drop(to);
}

#[test]
fn what_is_visible_stands_at_the_place_of_a_cache_line_that_it_is_for() {
    let (read, to) = pipe::new().unwrap();
    let mut intake = PipeIntake::new(read.as_fd()).unwrap();
    for place in [0, 37, 99_999] {
        write(&to, b"one\npart");
        intake.prepare_for(place);
        intake.peek().unwrap();
        assert_eq!(intake.visible().as_ptr().addr() as u64 % 64, place % 64, "{place}");
        assert_eq!(intake.visible(), b"one\npart");
        intake.consume(8).unwrap();
    }
}

/// The input is larger than what can be had: the rest stays in the pipe for the next look.
#[test]
fn a_look_is_as_long_as_there_is_memory_for() {
    let (read, to) = pipe::new().unwrap();
    let input: Vec<u8> = (0..60_000u32).map(|n| n.to_le_bytes()[0]).collect();
    write(&to, &input);
    for memory in [0, 20_000, usize::MAX] {
        let mut intake = PipeIntake::new(read.as_fd()).unwrap();
        unix::memory::with_at_most(memory, || {
            for _ in 0..2 {
                intake.peek().unwrap();
                let visible = intake.visible();
                assert!(input.starts_with(visible) && visible.len() >= 4000, "{}", visible.len());
                assert!(visible.len() <= memory.max(8 << 10));
                assert!(memory < usize::MAX || visible.len() == input.len());
            }
        });
    }
    let mut intake = PipeIntake::new(read.as_fd()).unwrap();
    unix::memory::with_at_most(0, || {
        let mut at = 0;
        while at < input.len() {
            intake.peek().unwrap();
            let count = intake.visible().len() / 2 + 1;
            assert!(intake.visible()[..count] == input[at..at + count]);
            intake.consume(count).unwrap();
            at += count;
        }
    });
}

#[test]
fn the_end_is_when_nobody_can_write_and_nothing_new_is_visible() {
    let (read, to) = pipe::new().unwrap();
    let (quiet, _keep) = pipe::new().unwrap();
    let mut intake = PipeIntake::new(read.as_fd()).unwrap();
    assert_eq!(intake.peek().unwrap(), Seen::Nothing);
    write(&to, b"part");
    drop(to);
    intake.wait(Some(quiet.as_fd()), None).unwrap();
    assert_eq!(intake.peek().unwrap(), Seen::More);
    intake.wait(Some(quiet.as_fd()), None).unwrap();
    assert_eq!(intake.peek().unwrap(), Seen::End);
    assert_eq!(intake.visible(), b"part");
}

#[test]
fn a_line_in_many_small_pieces_is_taken_out_before_the_pipe_is_full_of_them() {
    let (read, to) = pipe::new_in_packets().unwrap();
    let (quiet, _keep) = pipe::new().unwrap();
    let writer = std::thread::spawn(move || {
        (0..900).for_each(|_| write(&to, b"x"));
        write(&to, b"\n");
    });
    let mut intake = PipeIntake::new(read.as_fd()).unwrap();
    while !intake.visible().ends_with(b"\n") {
        if intake.wait(Some(quiet.as_fd()), None).unwrap().crowded {
            intake.hold(intake.visible().len() - intake.held()).unwrap();
        }
        intake.peek().unwrap();
    }
    writer.join().unwrap();
    assert_eq!(intake.visible().len(), 901);
    intake.consume(901).unwrap();
    assert_eq!((intake.held(), intake.visible().len()), (0, 0));
}

/// A packet that is read in part is gone as a whole.
#[test]
fn packets_are_seen_and_taken_out_whatever_their_size_and_the_memory() {
    for (size, memory) in [500, 1023, 3000, 4096].into_iter().flat_map(|size| [(size, 0), (size, usize::MAX)])
    {
        let (read, to) = pipe::new_in_packets().unwrap();
        let input: Vec<u8> = (0..=250).cycle().take(14 * size).collect();
        input.chunks(size).for_each(|packet| write(&to, packet));
        let mut intake = PipeIntake::new(read.as_fd()).unwrap();
        unix::memory::with_at_most(memory, || {
            let mut at = 0;
            while at < input.len() {
                intake.peek().unwrap();
                let count = intake.visible().len() / 2 + 1;
                assert!(intake.visible()[..count] == input[at..at + count], "{size} {memory}");
                intake.consume(count).unwrap();
                assert_eq!(intake.confirm().unwrap(), Taken::AsSeen, "{size} {memory}");
                at += count;
            }
        });
    }
}

#[test]
fn a_full_pipe_is_enlarged() {
    let (read, to) = pipe::new().unwrap();
    pipe::set_capacity(&read, 4096).unwrap();
    let mut intake = PipeIntake::new(read.as_fd()).unwrap();
    write(&to, &[b'\n'; 4096]);
    intake.peek().unwrap();
    intake.consume(4096).unwrap();
    assert!(pipe::capacity(&read).unwrap() > 4096);
    intake.shrink();
    assert_eq!(pipe::capacity(&read).unwrap(), 4096);
}

/// A look came right after bytes were taken out, when the writer had filled only the rest: no look ever saw a
/// full pipe, and it stayed as small as it was under the fastest of writers.
#[test]
fn a_pipe_that_is_filled_between_a_look_and_the_end_of_its_batch_is_enlarged() {
    let (read, to) = pipe::new().unwrap();
    let capacity = pipe::capacity(&read).unwrap();
    let mut intake = PipeIntake::new(read.as_fd()).unwrap();
    let (first, second) = (capacity / 2 - 100, capacity / 2);
    write(&to, &vec![b'\n'; first]);
    intake.peek().unwrap();
    write(&to, &vec![b'\n'; second]);
    assert_eq!(intake.visible().len(), first);
    intake.consume(first).unwrap();
    assert!(pipe::capacity(&read).unwrap() > capacity);
    intake.peek().unwrap();
    assert_eq!(intake.visible().len(), second);
}
