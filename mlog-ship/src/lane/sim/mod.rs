//! A lane between a model of a log directory, a model of an engine and a model of a disk, with a death at every operation on
//! the state, pairs of them, and long histories in which everything goes wrong.
//!
//! No line is lost that was not deleted before it was shipped, and what was deleted is said to be missing. An engine that
//! can tell what it has gets each line once and in order; one that can't has each at least once, and more often only where
//! an answer was lost or the process has died.

mod chance;
mod disk;
mod engine;
mod log;
mod world;

use std::time::Duration;

use disk::{Careless, Death};
use engine::Kind;
use world::{FILE, World};

use crate::state::{Files as _, replace};

/// Lines of several batches, one of which is longer than a batch.
fn write_some(world: &World) {
    for length in [5, 20, 30, 0, 260, 10, 70, 5] {
        world.written.borrow_mut().write(length);
    }
}

/// Ships in two lives and more, with deaths at these operations.
fn short(kind: Kind, careless: Careless, plan: &[(usize, Death)], seed: u64) -> (Result<(), String>, usize) {
    let mut world = World::new(seed, kind, careless);
    world.disk.state.borrow_mut().plan = plan.iter().copied().collect();
    write_some(&world);
    let shipped = world.ship_all().and_then(|()| {
        write_some(&world);
        world.ship_all()?;
        world.faults()
    });
    let operations = world.disk.state.borrow().operations;
    (shipped, operations)
}

fn every_death(kind: Kind, careless: Careless) -> Result<usize, String> {
    let (shipped, operations) = short(kind, careless, &[], 1);
    shipped?;
    let mut count = 0;
    for at in 0..operations + 5 {
        for death in Death::ALL {
            for seed in 0..4 {
                let found = short(kind, careless, &[(at, death)], seed).0;
                found.map_err(|fault| format!("{kind:?} {death:?} at {at} {seed}: {fault}"))?;
                count += 1;
            }
        }
    }
    Ok(count)
}

#[test]
fn a_death_at_every_operation_on_the_state() {
    for kind in Kind::ALL {
        let count = every_death(kind, Careless::Not).unwrap();
        assert!(count > 700, "{count}");
    }
}

fn every_pair_of_deaths(kind: Kind, careless: Careless) -> Result<usize, String> {
    let (operations, mut count) = (short(kind, careless, &[], 1).1, 0);
    for at in 0..operations {
        for apart in 1..9 {
            for (one, other) in [(0, 1), (1, 3), (1, 2), (3, 3), (2, 1)] {
                let plan = [(at, Death::ALL[one]), (at + apart, Death::ALL[other])];
                for seed in 0..4 {
                    let found = short(kind, careless, &plan, seed).0;
                    found.map_err(|fault| format!("{kind:?} {plan:?} {seed}: {fault}"))?;
                    count += 1;
                }
            }
        }
    }
    Ok(count)
}

#[test]
fn two_deaths_at_every_pair_of_operations() {
    for kind in Kind::ALL {
        let count = every_pair_of_deaths(kind, Careless::Not).unwrap();
        assert!(count > 6000, "{count}");
    }
}

/// Ships twice, and then with the state of the first time. The lane stops where the log is `another`.
fn restored(another: bool) -> (World, Result<(), String>) {
    let mut world = World::new(5, Kind::Conditional, Careless::Not);
    write_some(&world);
    world.ship_all().unwrap();
    let before = world.disk.read(FILE).unwrap();
    write_some(&world);
    world.ship_all().unwrap();
    replace(&world.disk, FILE, &before).unwrap();
    write_some(&world);
    if another {
        let mut written = world.written.borrow_mut();
        written.gone = written.text.len();
    }
    write_some(&world);
    let shipped = world.ship_all();
    (world, shipped)
}

#[test]
fn a_state_that_was_restored_goes_on_behind_what_the_engine_has() {
    let (world, shipped) = restored(false);
    shipped.and_then(|()| world.faults()).unwrap();
    assert!(world.said.iter().any(|said| said.contains("has more than the state says")), "{:?}", world.said);
}

#[test]
fn a_state_that_was_copied_from_another_directory_stops() {
    let (world, shipped) = restored(true);
    assert!(shipped.unwrap_err().contains("the lane has stopped"));
    assert!(world.said.iter().any(|said| said.contains("is the state a copy?")), "{:?}", world.said);
    // The next run says so again.
    assert!(world.start().unwrap().cursor().is_some());
}

/// What is wrong on purpose.
#[derive(Clone, Copy, Debug, Default)]
struct Mutant {
    careless: Careless,
    greedy: bool,
    hopeful: bool,
}

/// A long history in which everything goes wrong.
fn long(kind: Kind, seed: u64, mutant: Mutant) -> Result<(), String> {
    let mut world = World::new(seed, kind, mutant.careless);
    let chance = world.chance.clone();
    world.written.borrow_mut().greedy = mutant.greedy;
    {
        let mut engine = world.engine.lock().unwrap();
        engine.hopeful = mutant.hopeful;
        engine.trouble = [0, 10, 40][seed as usize % 3];
        engine.most = if chance.of_hundred(20) { 80 } else { usize::MAX };
        engine.refused = (kind != Kind::Conditional && chance.of_hundred(30)).then_some("7 ");
    }
    world.written.borrow_mut().failing = chance.below(10);
    world.disk.state.borrow_mut().failing = [0, 0, 5][seed as usize / 3 % 3];
    for _ in 0..6 {
        live(&mut world)?;
    }
    world.engine.lock().unwrap().trouble = 0;
    world.written.borrow_mut().failing = 0;
    world.disk.state.borrow_mut().failing = 0;
    world.disk.state.borrow_mut().plan.clear();
    world.ship_all()?;
    world.faults()
}

/// One life of the process.
fn live(world: &mut World) -> Result<(), String> {
    let chance = world.chance.clone();
    let mut lane = world.start()?;
    if chance.of_hundred(70) {
        let mut disk = world.disk.state.borrow_mut();
        let at = disk.operations + chance.below(60) as usize;
        disk.plan.insert(at, Death::ALL[chance.below(4) as usize]);
    }
    for _ in 0..chance.below(80) {
        match chance.below(20) {
            0..6 => {
                let length = if chance.of_hundred(5) { 300 } else { chance.below(60) };
                world.written.borrow_mut().write(length as usize);
                lane.told(world.now);
            }
            6 if chance.of_hundred(20) && world.engine.lock().unwrap().refused.is_none() => {
                let length = world.written.borrow().text.len() as u64;
                world.written.borrow_mut().delete(chance.below(length) as usize);
            }
            7 if chance.of_hundred(20) && world.engine.lock().unwrap().refused.is_none() => {
                let length = world.written.borrow().text.len() as u64;
                world.written.borrow_mut().change(chance.below(length) as usize);
            }
            8 => lane.put_down(),
            9 => world.now += Duration::from_millis(chance.below(2000)),
            // Whoever runs the engine has raised its limit.
            10 if chance.of_hundred(10) => world.engine.lock().unwrap().most = usize::MAX,
            _ => {
                if !world.step(&mut lane).1 {
                    return Ok(());
                }
            }
        }
    }
    world.deaths += 1;
    Ok(())
}

fn histories() -> u64 {
    let times = std::env::var("SHIP_HISTORIES").ok().and_then(|times| times.parse().ok()).unwrap_or(1);
    2000 * times
}

#[test]
fn long_histories_in_which_everything_goes_wrong() {
    for kind in Kind::ALL {
        for seed in 0..histories() {
            long(kind, seed, Mutant::default()).unwrap_or_else(|fault| panic!("{kind:?} {seed}: {fault}"));
        }
    }
}

/// The lane holds what it reads again against the checksum that it has written down.
#[test]
fn a_source_that_reads_another_batch_again_is_noticed() {
    for kind in Kind::ALL {
        for seed in 0..300 {
            let greedy = Mutant { greedy: true, ..Mutant::default() };
            long(kind, seed, greedy).unwrap_or_else(|fault| panic!("{kind:?} {seed}: {fault}"));
        }
    }
}

/// Whether a history shows that something is wrong.
fn is_found(kind: Kind, mutant: Mutant) -> bool {
    every_death(kind, mutant.careless).is_err()
        || every_pair_of_deaths(kind, mutant.careless).is_err()
        || (0..histories()).any(|seed| long(kind, seed, mutant).is_err())
}

#[test]
fn what_is_wrong_on_purpose_is_found() {
    let careless = |careless| Mutant { careless, ..Mutant::default() };
    for (kind, mutant) in [
        (Kind::ByNumber, careless(Careless::NoIntent)),
        (Kind::ByNumber, careless(Careless::NoSync)),
        (Kind::ByNumber, careless(Careless::NoSyncOfNames)),
        (Kind::ByNumber, careless(Careless::NoSyncAtStart)),
        (Kind::Plain, careless(Careless::NoSync)),
        (Kind::ByNumber, careless(Careless::OneSlot)),
        (Kind::Plain, Mutant { hopeful: true, ..Mutant::default() }),
        (Kind::Conditional, Mutant { hopeful: true, ..Mutant::default() }),
    ] {
        assert!(is_found(kind, mutant), "{kind:?} {mutant:?}");
    }
}
