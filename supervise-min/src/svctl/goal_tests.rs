//! What is seen of a service after a command, and what is made of it.

use tai64tools::Label;

use super::*;
use crate::service::seen::{Normally, Seen};
use crate::service::state::State;
use crate::service::status::Status;
use Verdict::{Done, Going};

/// A service that is up with this process, or down, since this second.
fn seen(pid: Option<u32>, since: u64, want: Want) -> Sight {
    let status = Status { since: Label::new((1 << 62) + since, 0).unwrap(), pid, paused: false, want };
    let state = pid.is_none().then(|| State { ended: ended(7), ..State::default() });
    let seen = Seen { status, normally: Normally::Up };
    Sight { seen, state, ready: pid.is_some(), says_ready: false }
}

fn ended(code: u8) -> Option<Ended> {
    Some(Ended(Some(Ending::Exited(code))))
}

fn up(pid: u32, since: u64) -> Sight {
    seen(Some(pid), since, Want::Up)
}

fn down(since: u64, want: Want) -> Sight {
    seen(None, since, want)
}

const FAILED: Verdict = Verdict::Ended(Some(Ended(Some(Ending::Exited(7)))));

/// Looks are 600 ms apart, and the service was as it was for a minute.
fn verdicts(aim: Aim, before: Option<Sight>, after: &[Sight]) -> Vec<Verdict> {
    let mut goal = Goal::new(aim, before.map(|sight| (sight, Duration::from_secs(60))));
    let mut at = Duration::ZERO;
    let judge = |sight: &Sight| {
        at += Duration::from_millis(600);
        goal.judge(sight, at)
    };
    after.iter().map(judge).collect()
}

#[test]
fn a_start_counts_when_it_has_lived_for_a_second() {
    use Want::{Down, Up};
    let before = Some(down(1, Down));
    let start = |after: &[Sight]| verdicts(Aim::Up, before, after);
    // The command is not read yet; then it is up.
    assert_eq!(
        start(&[down(1, Down), down(1, Up), up(5, 2), up(5, 2), up(5, 2)]),
        [Going, Going, Going, Going, Done]
    );
    assert_eq!(start(&[up(5, 2), down(3, Up)]), [Going, FAILED]);
    assert_eq!(start(&[down(3, Up)]), [FAILED], "it was not seen up, but it was");
    assert_eq!(start(&[up(5, 2), up(6, 3)]), [Going, Verdict::Ended(None)], "it is another one");
    assert_eq!(verdicts(Aim::Up, Some(up(5, 1)), &[up(5, 1)]), [Done], "it was up before");
    let new = Goal::new(Aim::Up, Some((up(5, 1), Duration::ZERO))).judge(&up(5, 1), Duration::ZERO);
    assert_eq!(new, Going, "it had just been started");
}

#[test]
fn a_start_of_what_says_when_it_is_ready_counts_then() {
    let starting = Sight { says_ready: true, ready: false, ..up(5, 2) };
    let ready = Sight { ready: true, ..starting };
    let seen = verdicts(Aim::Up, Some(down(1, Want::Down)), &[starting, starting, starting, ready]);
    assert_eq!(seen, [Going, Going, Going, Done]);
}

#[test]
fn the_end_of_a_process_that_was_told_to_end_is_no_failure_of_a_start() {
    let ending = seen(Some(5), 1, Want::Down);
    let seen =
        verdicts(Aim::Up, Some(ending), &[ending, up(5, 1), down(2, Want::Up), up(6, 3), up(6, 3), up(6, 3)]);
    assert_eq!(seen, [Going, Going, Going, Going, Going, Done]);
}

#[test]
fn a_restart_needs_another_process() {
    let restart = |after: &[Sight]| verdicts(Aim::UpAgain, Some(up(5, 1)), after);
    let new = up(6, 3);
    assert_eq!(restart(&[up(5, 1), down(2, Want::Up), new, new, new]), [Going, Going, Going, Going, Done]);
    assert_eq!(restart(&[new, new, new]), [Going, Going, Done]);
    assert_eq!(restart(&[down(2, Want::Up), down(4, Want::Up)]), [Going, FAILED]);
    // Of what was down it is a start.
    assert_eq!(
        verdicts(Aim::UpAgain, Some(down(1, Want::Down)), &[up(5, 2), down(3, Want::Up)]),
        [Going, FAILED]
    );
}

#[test]
fn a_service_whose_supervise_comes_later_is_judged_from_its_first_look() {
    let of = |after: &[Sight]| verdicts(Aim::Up, None, after);
    // What ended before is of an earlier supervise.
    assert_eq!(of(&[down(1, Want::Up), up(5, 2), up(5, 2), up(5, 2)]), [Going, Going, Going, Done]);
    assert_eq!(of(&[down(1, Want::Up), down(2, Want::Up)]), [Going, FAILED]);
    assert_eq!(of(&[up(5, 2), down(3, Want::Up)]), [Going, FAILED]);
}

#[test]
fn once_is_a_start_that_may_end_well() {
    let once = |after: &[Sight]| verdicts(Aim::Ran, Some(down(1, Want::Down)), after);
    let well = Sight { state: Some(State { ended: ended(0), ..State::default() }), ..down(3, Want::Once) };
    let runs = seen(Some(5), 2, Want::Once);
    assert_eq!(once(&[runs, runs, runs]), [Going, Going, Done]);
    assert_eq!(once(&[runs, well]), [Going, Done]);
    assert_eq!(once(&[well]), [Done]);
    assert_eq!(once(&[down(3, Want::Once)]), [FAILED]);
}

#[test]
fn down_is_when_nothing_runs_and_nothing_is_wanted() {
    let stop = |after: &[Sight]| verdicts(Aim::Down, Some(up(5, 1)), after);
    let finishing =
        Sight { state: Some(State { finishing: Some(9), ..State::default() }), ..down(2, Want::Down) };
    assert_eq!(stop(&[up(5, 1), finishing, down(2, Want::Down)]), [Going, Going, Done]);
    assert_eq!(stop(&[down(2, Want::Up)]), [Going], "it keeps ending, and the command is not read yet");
}

#[test]
fn the_others_look_at_the_process() {
    let mut paused = up(5, 1);
    paused.seen.status.paused = true;
    assert_eq!(
        verdicts(Aim::Paused, Some(up(5, 1)), &[up(5, 1), paused, down(2, Want::Up)]),
        [Going, Done, FAILED]
    );
    assert_eq!(verdicts(Aim::Resumed, Some(paused), &[paused, up(5, 1)]), [Going, Done]);
    assert_eq!(
        verdicts(Aim::Gone, Some(up(5, 1)), &[up(5, 1), up(6, 2), down(2, Want::Up)]),
        [Going, Done, Done]
    );
    assert_eq!(verdicts(Aim::Told, Some(up(5, 1)), &[up(5, 1)]), [Done]);
}
