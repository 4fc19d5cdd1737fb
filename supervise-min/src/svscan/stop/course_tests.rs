//! A world without processes: every kind of service with every kind of logger, supervises that live, have died or can't
//! be started, and every way of stopping. The world with processes is in tests/svscan/matrix.rs.

use super::*;
use world::{Kind, Reader, Supervises, TICK, World};

#[path = "course_world.rs"]
mod world;

/// How a stop went.
#[derive(Debug)]
struct Stop {
    took: Duration,
    service: Verdict,
    logger: Verdict,
    acts: Vec<(Stage, Act)>,
    world: World,
}

/// Runs one, for ten minutes at most; TERMs come at these times.
fn stop(mut world: World, limit: Option<Duration>, terms: &[Duration]) -> Stop {
    let mut clock = Clock::new(Duration::ZERO, limit);
    let (mut service, mut logger) = (ServiceCourse::new(Duration::ZERO), LoggerCourse::default());
    let mut ended = (Verdict::Going, Verdict::Going);
    let mut acts = Vec::new();
    while world.now < Duration::from_secs(600) {
        let moment = clock.at(world.now);
        if ended.0 == Verdict::Going {
            let (verdict, act) = service.step(world.service, moment);
            ended.0 = verdict;
            if let Some(act) = act {
                acts.push((moment.stage, act));
                if world.on_service(act) {
                    service.was_told(moment.stage);
                }
            }
        }
        let over = ended.0 != Verdict::Going;
        let (verdict, more) = logger.step(world.logger, world.pipe(), over, moment);
        ended.1 = verdict;
        for act in more {
            acts.push((moment.stage, act));
            if world.on_logger(act) {
                logger.was_told(moment.stage);
            }
        }
        if over && verdict != Verdict::Going {
            break;
        }
        world.live();
        clock.step(terms.contains(&world.now), world.now);
    }
    Stop { took: world.now, service: ended.0, logger: ended.1, acts, world }
}

fn every(mut check: impl FnMut(World)) {
    let workers = [Duration::from_secs(2), Duration::MAX];
    let kinds = [Kind::Ends, Kind::IgnoresTerm].into_iter().chain(workers.map(Kind::LeavesWorker));
    for kind in kinds {
        for reader in [Reader::Reads, Reader::Crawls, Reader::NeverReads, Reader::NeverEnds, Reader::Down] {
            for supervises in [Supervises::Live, Supervises::Dead, Supervises::Impossible] {
                for unread in [0, 7] {
                    check(World::new(kind, reader, supervises, unread));
                }
            }
        }
    }
}

fn is_kill(act: &Act) -> bool {
    match act {
        Act::Kill | Act::KillSupervise | Act::KillHolders | Act::KillShutdown => true,
        Act::Start(commands) | Act::Tell(commands) => commands.contains(&b'k'),
        Act::Term | Act::Continue => false,
    }
}

/// What svscan finds at the end is what the verdicts say.
fn is_true(stop: &Stop) -> bool {
    let World { service, logger, unread, .. } = stop.world;
    let left = logger.lives() || unread > 0 || stop.world.pipe().held;
    (stop.service == Verdict::Left) == service.lives() && (stop.logger == Verdict::Left) == left
}

#[test]
fn one_term_ends_everything_but_what_ignores_it_and_kills_nothing() {
    every(|world| {
        let stop = stop(world, None, &[]);
        assert!(stop.acts.iter().all(|(_, act)| !is_kill(act)), "{stop:?}");
        if world.kind == Kind::IgnoresTerm {
            return assert_eq!(stop.service, Verdict::Going, "{stop:?}");
        }
        // One that has nothing to read any more and goes on may have something to finish.
        let silent = world.reader == Reader::NeverReads && world.unread == 0;
        let limit = if silent || world.reader == Reader::NeverEnds { LONGEST } else { STUCK * 3 };
        assert!(stop.took < limit + APART * 5 && is_true(&stop), "{stop:?}");
    });
}

#[test]
fn with_a_limit_or_more_terms_everything_ends_whatever_it_does() {
    let seconds = Duration::from_secs;
    for (limit, terms) in [(Some(seconds(3)), [].as_slice()), (None, &[seconds(3), seconds(6)])] {
        every(|world| {
            let stop = stop(world, limit, terms);
            let early = stop.acts.iter().any(|(stage, act)| *stage == Stage::Waiting && is_kill(act));
            assert!(!early && is_true(&stop), "{limit:?} {stop:?}");
            assert!(stop.took <= seconds(9) && !stop.world.service.lives(), "{limit:?} {stop:?}");
            assert!(!stop.world.logger.lives() || stop.took <= seconds(6), "{limit:?} {stop:?}");
        });
    }
}

#[test]
fn what_can_be_read_is_read() {
    every(|world| {
        let stop = stop(world, None, &[]);
        let can = matches!(world.reader, Reader::Reads | Reader::NeverEnds)
            || (world.reader == Reader::Crawls && world.supervises != Supervises::Impossible);
        assert!(!can || stop.world.unread == 0, "{stop:?}");
    });
}

#[test]
fn who_has_lost_his_supervise_gets_one_and_is_signalled_where_none_lives() {
    let acts = |supervises| {
        let world = World::new(Kind::IgnoresTerm, Reader::Reads, supervises, 0);
        let acts = stop(world, Some(Duration::from_secs(5)), &[]).acts;
        let about_service =
            |act: &Act| !matches!(act, Act::Start(b"") | Act::Tell(b"cx" | b"cxk") | Act::Continue);
        acts.into_iter().filter(|(_, act)| about_service(act)).collect::<Vec<_>>()
    };
    let (waiting, killing) = (Stage::Waiting, Stage::Killing);
    assert_eq!(acts(Supervises::Live), [(waiting, Act::Tell(b"dx")), (killing, Act::Tell(b"dxk"))]);
    assert_eq!(acts(Supervises::Dead), [(waiting, Act::Start(b"dx")), (killing, Act::Tell(b"dxk"))]);
    let impossible = [
        (waiting, Act::Start(b"dx")),
        (waiting, Act::Start(b"dx")),
        (waiting, Act::Term),
        (killing, Act::Kill),
    ];
    assert_eq!(acts(Supervises::Impossible), impossible);
    let (mut alone, clock) = (ServiceCourse::alone(Duration::ZERO), Clock::new(Duration::ZERO, None));
    let dead = Seen { supervise: false, process: true, shutdown: false };
    let all = [0, 1, 2].map(|second| alone.step(dead, clock.at(Duration::from_secs(second))).1);
    assert_eq!(all, [Some(Act::Term), None, None]);
}

#[test]
fn a_shutdown_has_five_seconds_and_the_service_is_told_afterwards() {
    let (mut course, clock) = (ServiceCourse::new(Duration::ZERO), Clock::new(Duration::ZERO, None));
    let runs = Seen { supervise: true, process: false, shutdown: true };
    let mut at = |seen, millis| course.step(seen, clock.at(Duration::from_millis(millis))).1;
    assert_eq!(at(runs, 0), None);
    assert_eq!(at(runs, 4999), None);
    assert_eq!(at(runs, 5000), Some(Act::KillShutdown));
    assert_eq!(at(Seen { shutdown: false, ..runs }, 5100), Some(Act::Tell(b"dx")));
    let mut impatient = Clock::new(Duration::ZERO, None);
    assert!(impatient.step(true, AGAIN));
    assert_eq!(course.step(runs, impatient.at(AGAIN)).1, Some(Act::KillShutdown));
}

/// It would leave without having read what its service says last.
#[test]
fn a_logger_that_has_just_been_started_is_not_told_before_it_runs() {
    let mut course = LoggerCourse::default();
    let clock = Clock::new(Duration::ZERO, None);
    let pipe = Pipe { unread: 7, held: false };
    let mut at = |supervise, process, millis| {
        let seen = Seen { supervise, process, shutdown: false };
        course.step(seen, pipe, true, clock.at(Duration::from_millis(millis))).1
    };
    assert_eq!(at(false, false, 0), [Act::Start(b"")]);
    assert_eq!(at(true, false, 100), []);
    assert_eq!(at(true, true, 200), [Act::Tell(b"cx")]);
    assert_eq!(at(true, false, 1000), [Act::Tell(b"cx")]);
}

/// On a busy machine loggers were named as left that had not had a moment to read, to leave or to die.
#[test]
fn who_had_no_time_is_not_given_up() {
    let seconds = Duration::from_secs;
    let unread = Pipe { unread: 7, held: false };
    let verdict = |seen: Seen, limit: Option<Duration>, looks: &[Duration]| {
        let (mut course, mut clock) = (LoggerCourse::default(), Clock::new(Duration::ZERO, limit));
        course.was_told(Stage::Waiting);
        let mut verdicts = looks.iter().map(|&now| {
            clock.step(false, now);
            course.step(seen, unread, true, clock.at(now)).0
        });
        verdicts.by_ref().last()
    };
    let every_100_ms = |end: u32| (0..=end * 10).map(|n| TICK * n).collect::<Vec<_>>();
    let runs = Seen { supervise: true, process: true, shutdown: false };
    assert_eq!(verdict(runs, None, &every_100_ms(5)), Some(Verdict::Left));
    // svscan itself did not get to look.
    assert_eq!(verdict(runs, None, &[seconds(0), seconds(30)]), Some(Verdict::Going));
    // Its supervise is about to leave.
    let leaves = Seen { process: false, ..runs };
    assert_eq!(verdict(leaves, None, &every_100_ms(6)), Some(Verdict::Going));
    assert_eq!(verdict(leaves, None, &every_100_ms(7)), Some(Verdict::Left));
    // It was killed at 4.8.
    let limit = Some(Duration::from_millis(2400));
    assert_eq!(verdict(runs, limit, &every_100_ms(6)), Some(Verdict::Going));
    assert_eq!(verdict(runs, limit, &every_100_ms(7)), Some(Verdict::Left));
}

/// `svscan -t 18446744073709551615` added up to more than there is, and panicked when it was told to stop.
#[test]
fn the_stage_changes_by_the_limit_or_by_a_term_that_is_not_the_same() {
    let second = Duration::from_secs(1);
    let mut clock = Clock::new(second, Some(Duration::from_secs(u64::MAX)));
    assert!(!clock.step(true, second + AGAIN / 2) && clock.at(second).stage == Stage::Waiting);
    assert!(clock.step(true, second + AGAIN) && !clock.step(true, second + AGAIN));
    assert!(clock.step(true, second * 3) && !clock.step(true, second * 9));
    assert_eq!(clock.at(second * 4).into, second);
    let mut limited = Clock::new(second, Some(second * 2));
    let changes = [1, 2, 3, 4, 5, 9].map(|at| limited.step(false, second * at));
    assert_eq!(changes, [false, false, true, false, true, false]);
}
