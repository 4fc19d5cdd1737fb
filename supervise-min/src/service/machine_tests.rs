//! The table of the rules, and services that live by them.

use super::*;
use Action::{Announce, Finish, Leave, Start};
use Command::{Continue, Down, Exit, Once, Pause, Up};
use proptest::prelude::*;

const NOW: Duration = Duration::from_secs(100);
const STARTED: Event = Event::Started(Rules::PLAIN);
const TERM: Action = Action::Signal(Target::Process, Signal::TERM);
const CONT: Action = Action::Signal(Target::Process, Signal::CONT);
const HUP: Action = Action::Signal(Target::Process, Signal::HUP);
const KILL: Action = Action::Signal(Target::Process, Signal::KILL);
const STOP: Action = Action::Signal(Target::Process, Signal::STOP);

fn down(want: Want) -> Machine {
    Machine::new(want)
}

fn up(want: Want) -> Machine {
    Machine { phase: Phase::Up, ..down(want) }
}

/// Every state that differs in its answers, with every event, and what is wanted afterwards.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn the_table() {
    let hup = Event::Command(Command::Signal(Signal::HUP));
    let once_due = Machine { once_due: true, ..down(Want::Once) };
    let leaving = Machine { leaving: true, ..up(Want::Up) };
    let finishing = |want, leaving| Machine { phase: Phase::Finishing, leaving, ..down(want) };
    let kill = Event::Command(Command::Signal(Signal::KILL));
    for (name, machine, rows) in [
        (
            "down",
            down(Want::Down),
            [
                (Event::Command(Up), &[Announce, Start][..], Want::Up),
                (Event::Command(Once), &[Announce, Start], Want::Once),
                (Event::Command(Down), &[Announce], Want::Down),
                (Event::Command(Exit), &[Announce, Leave], Want::Down),
                (Event::Command(Pause), &[Announce], Want::Down),
                (Event::Command(Continue), &[Announce], Want::Down),
                (hup, &[], Want::Down),
                (Event::NotStarted, &[], Want::Down),
                (Event::Due, &[], Want::Down),
                (STARTED, &[Announce], Want::Down),
            ],
        ),
        (
            "waiting for its start",
            down(Want::Up),
            [
                (Event::Command(Up), &[Announce, Start], Want::Up),
                (Event::Command(Once), &[Announce, Start], Want::Once),
                (Event::Command(Down), &[Announce], Want::Down),
                (Event::Command(Exit), &[Announce, Leave], Want::Up),
                (Event::Command(Pause), &[Announce, Start], Want::Up),
                (Event::Command(Continue), &[Announce, Start], Want::Up),
                (hup, &[Start], Want::Up),
                (Event::NotStarted, &[], Want::Up),
                (Event::Due, &[Start], Want::Up),
                (STARTED, &[Announce], Want::Up),
            ],
        ),
        (
            "waiting for its only start",
            once_due,
            [
                (Event::Command(Up), &[Announce, Start], Want::Up),
                (Event::Command(Once), &[Announce, Start], Want::Once),
                (Event::Command(Down), &[Announce], Want::Down),
                (Event::Command(Exit), &[Announce, Leave], Want::Once),
                (Event::Command(Pause), &[Announce, Start], Want::Once),
                (Event::Command(Continue), &[Announce, Start], Want::Once),
                (hup, &[Start], Want::Once),
                (Event::NotStarted, &[], Want::Once),
                (Event::Due, &[Start], Want::Once),
                (STARTED, &[Announce], Want::Once),
            ],
        ),
        (
            "up",
            up(Want::Up),
            [
                (Event::Command(Up), &[Announce], Want::Up),
                (Event::Command(Once), &[Announce], Want::Once),
                (Event::Command(Down), &[TERM, CONT, Announce], Want::Down),
                (Event::Command(Exit), &[Announce], Want::Up),
                (Event::Command(Pause), &[STOP, Announce], Want::Up),
                (Event::Command(Continue), &[CONT, Announce], Want::Up),
                (hup, &[HUP], Want::Up),
                (Event::Ended(Some(0)), &[Announce, Finish], Want::Up),
                (Event::Due, &[], Want::Up),
                (STARTED, &[Announce], Want::Up),
            ],
        ),
        (
            "up for once",
            up(Want::Once),
            [
                (Event::Command(Up), &[Announce], Want::Up),
                (Event::Command(Once), &[Announce], Want::Once),
                (Event::Command(Down), &[TERM, CONT, Announce], Want::Down),
                (Event::Command(Exit), &[Announce], Want::Once),
                (Event::Command(Pause), &[STOP, Announce], Want::Once),
                (Event::Command(Continue), &[CONT, Announce], Want::Once),
                (hup, &[HUP], Want::Once),
                (Event::Ended(Some(0)), &[Announce, Finish], Want::Once),
                (Event::Due, &[], Want::Once),
                (STARTED, &[Announce], Want::Once),
            ],
        ),
        (
            "leaving",
            leaving,
            [
                (Event::Command(Up), &[Announce], Want::Up),
                (Event::Command(Once), &[Announce], Want::Once),
                (Event::Command(Down), &[TERM, CONT, Announce], Want::Down),
                (Event::Command(Exit), &[Announce], Want::Up),
                (Event::Command(Pause), &[STOP, Announce], Want::Up),
                (Event::Command(Continue), &[CONT, Announce], Want::Up),
                (hup, &[HUP], Want::Up),
                (Event::Ended(Some(0)), &[Announce, Finish], Want::Up),
                (Event::Due, &[], Want::Up),
                (STARTED, &[Announce], Want::Up),
            ],
        ),
        (
            "finishing",
            finishing(Want::Up, false),
            [
                (Event::Command(Up), &[Announce], Want::Up),
                (Event::Command(Once), &[Announce], Want::Once),
                (Event::Command(Down), &[Announce], Want::Down),
                (Event::Command(Exit), &[Announce], Want::Up),
                (Event::Command(Pause), &[Announce], Want::Up),
                (kill, &[KILL], Want::Up),
                (hup, &[], Want::Up),
                (Event::Finished(Some(0)), &[Start], Want::Up),
                (Event::Finished(Some(NEVER_AGAIN)), &[Announce], Want::Down),
                (Event::Due, &[], Want::Up),
            ],
        ),
        (
            "finishing and leaving",
            finishing(Want::Up, true),
            [
                (Event::Command(Up), &[Announce], Want::Up),
                (Event::Command(Once), &[Announce], Want::Once),
                (Event::Command(Down), &[Announce], Want::Down),
                (Event::Command(Exit), &[Announce], Want::Up),
                (Event::Command(Continue), &[Announce], Want::Up),
                (kill, &[KILL], Want::Up),
                (hup, &[], Want::Up),
                (Event::Finished(Some(0)), &[Leave], Want::Up),
                (Event::Finished(None), &[Leave], Want::Up),
                (Event::Due, &[], Want::Up),
            ],
        ),
    ] {
        for (event, actions, want) in rows {
            let mut machine = machine;
            assert_eq!(machine.step(event, NOW), actions, "{name}: {event:?}");
            assert_eq!(machine.want, want, "{name}: {event:?}");
        }
    }
}

#[test]
fn two_starts_are_a_second_apart_and_after_a_longer_run_the_next_is_immediate() {
    let mut machine = down(Want::Up);
    assert_eq!(machine.step(Event::Due, NOW), [Start]);
    machine.step(STARTED, NOW);
    assert_eq!(machine.due(), None);
    assert_eq!(end(&mut machine, None, NOW), []);
    assert_eq!(machine.due(), Some(NOW + APART));
    assert_eq!(machine.step(Event::Command(Up), NOW), [Announce]);
    assert_eq!(machine.step(Event::Due, NOW + APART), [Start]);
    machine.step(STARTED, NOW + APART);
    assert_eq!(end(&mut machine, None, NOW + 3 * APART), [Start]);
}

#[test]
fn a_process_that_cannot_be_made_is_tried_again_after_1_2_4_up_to_60_seconds() {
    let mut machine = down(Want::Up);
    let mut waits = Vec::new();
    for _ in 0..8 {
        assert_eq!(machine.step(Event::NotStarted, NOW), []);
        waits.push((machine.due().unwrap() - NOW).as_secs());
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
    assert_eq!(machine.step(Event::Command(Down), NOW), [Announce]);
    assert_eq!(machine.due(), None);
}

fn with(rules: &[(&str, &str)], machine: Machine) -> Machine {
    let mut all = Rules::PLAIN;
    assert!(rules.iter().all(|(file, text)| all.take(file, text)));
    let mut machine = machine;
    machine.rules = all;
    machine
}

/// It ends, and nothing comes after it.
fn end(machine: &mut Machine, code: Option<u8>, now: Duration) -> Vec<Action> {
    assert_eq!(machine.step(Event::Ended(code), now), [Announce, Finish]);
    machine.step(Event::Finished(None), now)
}

#[test]
fn what_comes_after_the_end_is_killed_when_it_takes_too_long() {
    let mut machine = with(&[("timeout-finish", "1500")], up(Want::Up));
    machine.step(Event::Ended(Some(0)), NOW);
    let due = NOW + Duration::from_millis(1500);
    assert_eq!(machine.due(), Some(due));
    assert_eq!(machine.step(Event::Due, due), [KILL]);
    assert_eq!(machine.due(), None);
    assert_eq!(machine.step(Event::Finished(None), due), [Start]);
    let mut machine = with(&[("timeout-finish", "0")], up(Want::Up));
    machine.step(Event::Ended(Some(0)), NOW);
    assert_eq!(machine.due(), None);
}

#[test]
fn what_was_taken_over_is_given_its_time_again() {
    let mut rules = Rules::PLAIN;
    assert!(rules.take("timeout-kill", "2000"));
    for (phase, want, due) in [
        (Phase::Up, Want::Up, None),
        (Phase::Up, Want::Down, Some(Duration::from_secs(2))),
        (Phase::Finishing, Want::Up, Some(Duration::from_secs(5))),
    ] {
        let machine = Machine::adopted(want, phase, false, rules, NOW);
        assert_eq!(machine.due(), due.map(|due| NOW + due), "{phase:?} {want:?}");
    }
}

#[test]
fn signals_go_to_the_group_from_plus_to_equals() {
    let mut machine = up(Want::Up);
    let mut step = |byte| machine.step(Event::Command(Command::of(byte).unwrap()), NOW);
    assert_eq!(step(b'+'), []);
    assert_eq!(step(b'h'), [Action::Signal(Target::Group, Signal::HUP)]);
    let group = |signal| Action::Signal(Target::Group, signal);
    assert_eq!(step(b'd'), [group(Signal::TERM), group(Signal::CONT), Announce]);
    assert_eq!(step(b'='), []);
    assert_eq!(step(b'h'), [HUP]);
}

#[test]
fn what_does_not_go_down_in_time_is_killed() {
    let mut machine = with(&[("timeout-kill", "1500"), ("down-signal", "INT")], up(Want::Up));
    let int = Action::Signal(Target::Process, Signal::INT);
    assert_eq!(machine.step(Event::Command(Down), NOW), [int, CONT, Announce]);
    let due = NOW + Duration::from_millis(1500);
    assert_eq!(machine.due(), Some(due));
    // Being told again does not give it more time.
    assert_eq!(machine.step(Event::Command(Down), NOW + APART), [int, CONT, Announce]);
    assert_eq!(machine.step(Event::Due, due), [KILL]);
    assert_eq!(machine.due(), None);
    assert_eq!(end(&mut machine, None, due), []);
    assert_eq!(machine.due(), None);
}

#[test]
fn a_permanent_failure_is_down() {
    let mut machine = with(&[("permanent-failure", "100")], up(Want::Up));
    assert_eq!(end(&mut machine, Some(100), NOW), []);
    assert_eq!((machine.want, machine.due()), (Want::Down, None));
    let mut machine = with(&[("permanent-failure", "100")], up(Want::Up));
    assert_eq!(end(&mut machine, Some(1), NOW), [Start]);
}

#[test]
fn a_service_that_keeps_ending_waits_longer_and_longer() {
    let mut machine = with(&[("backoff", "5")], down(Want::Up));
    let started = Event::Started(machine.rules);
    let (mut now, mut waits) = (NOW, Vec::new());
    for _ in 0..5 {
        machine.step(started, now);
        now += Duration::from_secs(2);
        end(&mut machine, Some(1), now);
        waits.push((machine.due().unwrap() - now).as_secs());
        now = machine.due().unwrap();
    }
    assert_eq!(waits, [1, 2, 4, 5, 5]);
    machine.step(started, now);
    assert_eq!(end(&mut machine, Some(1), now + SOON), [Start]);
}

fn commands() -> impl Strategy<Value = Vec<(u8, u64)>> {
    let letter = prop::sample::select(&b"udopchaitkxq12w+="[..]);
    prop::collection::vec((letter, 0u64..1500), 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// A service that does what it is told: the last of `u`, `d` and `o` decides, a start comes only without a
    /// process and a second after the one before, and a signal only goes to a process.
    #[test]
    fn the_last_command_decides(commands in commands(), dies in prop::collection::vec(any::<bool>(), 60)) {
        let (mut machine, mut now, mut started) = (down(Want::Down), Duration::ZERO, None);
        let mut left = false;
        for ((letter, wait), dies) in commands.iter().zip(dies) {
            let mut events = vec![Event::Command(Command::of(*letter).unwrap())];
            now += Duration::from_millis(*wait);
            if machine.due().is_some_and(|due| due <= now) {
                events.insert(0, Event::Due);
            }
            match machine.phase {
                Phase::Up if dies => events.insert(0, Event::Ended(Some(1))),
                Phase::Finishing if dies => events.insert(0, Event::Finished(Some(0))),
                _ => {}
            }
            while let Some(event) = (!events.is_empty() && !left).then(|| events.remove(0)) {
                let ends = matches!(event, Event::Ended(_) | Event::Finished(_));
                let running = machine.phase != Phase::Down && !ends;
                for action in machine.step(event, now) {
                    match action {
                        Start => {
                            prop_assert!(!running && started.is_none_or(|last| now - last >= APART));
                            started = Some(now);
                            events.insert(0, STARTED);
                        }
                        Action::Signal(..) => prop_assert!(running),
                        Leave => left = true,
                        Announce | Finish => {}
                    }
                }
            }
            if left {
                break;
            }
        }
        let last = commands.iter().rev().find(|(letter, _)| b"udo".contains(letter)).filter(|_| !left);
        if let Some((letter, _)) = last {
            let want = [(b'u', Want::Up), (b'd', Want::Down), (b'o', Want::Once)];
            prop_assert!(want.contains(&(*letter, machine.want)));
        }
    }
}

#[test]
fn one_for_once_starts_once_and_again_only_when_its_process_could_not_be_made() {
    let mut machine = Machine::for_once();
    assert_eq!(machine.step(Event::Due, Duration::ZERO), [Action::Start]);
    assert_eq!(machine.step(Event::NotStarted, Duration::ZERO), []);
    assert_eq!(machine.step(Event::Due, APART), [Action::Start]);
    assert_eq!(machine.step(Event::Started(Rules::PLAIN), APART), [Action::Announce]);
    machine.step(Event::Ended(Some(0)), APART * 2);
    assert_eq!(machine.step(Event::Finished(None), APART * 2), []);
    assert_eq!((machine.due(), machine.want), (None, Want::Once));
}
