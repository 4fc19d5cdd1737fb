//! The lane against an engine of a page, which loses requests and answers, delivers late, drops what it has, and is
//! written to by others.

use std::sync::{Arc, Mutex};

use mlog::follow::{Meant, Place};
use proptest::prelude::*;

use super::lane::{Engine, Lane, Last, Limits, Message, Published, Terms, Trouble};
use super::mark::Mark;
use super::subject::{Subject, Template};
use crate::batch::{Batch, Id};
use crate::bound::Bound;
use crate::identity::{Instance, Origin};
use crate::sink::{Answer, Attempt, Held, Sink};

/// A batch whose end says its number.
pub(super) fn batch(number: u64, lines: &[u8]) -> Batch {
    let place = |offset| Place { label: None, meant: Meant::After, offset, length: 0, crc: 0, last: None };
    let id = Id {
        instance: Instance("ab12".into()),
        number,
        first: Bound::between(place(number.wrapping_sub(1))),
        end: Bound::between(place(number)),
        crc: crc32fast::hash(lines),
    };
    Batch { id, origin: origin(), lines: lines.to_vec(), records: Vec::new() }
}

fn origin() -> Origin {
    Origin { directory: "/log".into(), host: b"h".to_vec(), service: b"s".to_vec() }
}

fn terms(adopt: Option<&str>) -> Terms {
    let subject = Template::parse("logs.{host}.{service}").unwrap().subject(&origin()).unwrap();
    let adopt = adopt.map(|adopt| Instance(adopt.into()));
    Terms { subject, instance: Instance("ab12".into()), level: None, adopt }
}

/// What the engine does with the next message.
#[derive(Clone, Copy, Debug)]
enum Whim {
    Store,
    LoseRequest,
    LoseAnswer,
    /// It is stored, if it still can be, after the next look or message.
    Late,
    Refuse,
    NoLook,
}

/// Names and values.
type Headers = Vec<(String, String)>;
/// The sequence, or the one that is expected before it, headers and body.
type Sent = (u64, Headers, Vec<u8>);

#[derive(Debug, Default)]
struct World {
    /// What was ever stored.
    ever: Vec<Sent>,
    /// From which of `ever` on it is still there.
    kept: usize,
    sequence: u64,
    late: Option<Sent>,
    whims: Vec<Whim>,
    asked: Vec<&'static str>,
}

impl World {
    fn last(&self) -> u64 {
        self.ever[self.kept..].last().map_or(0, |(sequence, _, _)| *sequence)
    }

    fn store(&mut self, expected: u64, headers: Headers, body: Vec<u8>) -> Published {
        if self.last() != expected {
            return Published::Conflict;
        }
        self.sequence += 3;
        self.ever.push((self.sequence, headers, body));
        Published::Stored(self.sequence)
    }

    fn arrive(&mut self) {
        if let Some((expected, headers, body)) = self.late.take() {
            self.store(expected, headers, body);
        }
    }

    fn foreign(&mut self, instance: &str, number: u64) {
        let mut headers: Headers = Vec::new();
        if !instance.is_empty() {
            let values = [
                ("Mlog-Instance", instance.into()),
                ("Mlog-Batch", number.to_string()),
                ("Mlog-Crc", "0".into()),
            ];
            headers.extend(values.map(|(name, value)| (name.into(), value)));
            headers.push(("Mlog-Bytes".into(), "1".into()));
        }
        self.store(self.last(), headers, Vec::new());
    }

    /// What is on its way arrives before: nothing is so late that it comes behind a purge.
    fn purge(&mut self) {
        self.arrive();
        self.kept = self.ever.len();
    }
}

#[derive(Clone, Debug, Default)]
struct Model(Arc<Mutex<World>>);

impl Engine for Model {
    fn limits(&mut self) -> Result<Limits, Trouble> {
        Ok(Limits { message: 1 << 20 })
    }

    fn known(&self) -> Option<Limits> {
        Some(Limits { message: 1 << 20 })
    }

    fn publish(&mut self, message: &Message<'_>) -> Result<Published, Trouble> {
        let mut world = self.0.lock().unwrap();
        world.asked.push("publish");
        let headers: Vec<_> =
            message.headers.iter().map(|(name, value)| (name.to_string(), value.clone())).collect();
        let (expected, body) = (message.expected, message.body.to_vec());
        let whim = world.whims.pop().unwrap_or(Whim::Store);
        let silent = Err(Trouble { reason: "silent".into(), sent: Attempt::Again });
        match whim {
            Whim::LoseRequest => silent,
            Whim::Late => {
                world.arrive();
                world.late = Some((expected, headers, body));
                silent
            }
            Whim::Refuse => Err(Trouble { reason: "full".into(), sent: Attempt::First }),
            Whim::LoseAnswer => {
                world.arrive();
                world.store(expected, headers, body);
                silent
            }
            Whim::Store | Whim::NoLook => {
                world.arrive();
                Ok(world.store(expected, headers, body))
            }
        }
    }

    fn is_complete(&mut self) -> Result<bool, Trouble> {
        Ok(self.with(|world| world.kept == 0))
    }

    fn last(&mut self, _: &Subject) -> Result<Option<Last>, Trouble> {
        let mut world = self.0.lock().unwrap();
        world.asked.push("last");
        if let Some(Whim::NoLook) = world.whims.last() {
            world.whims.pop();
            return Err(Trouble { reason: "no leader".into(), sent: Attempt::First });
        }
        let last = world.ever[world.kept..].last().map(|(sequence, headers, _)| {
            let get =
                |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| &value[..]);
            Last { sequence: *sequence, mark: Mark::read(get) }
        });
        world.arrive();
        Ok(last)
    }
}

fn lane(model: &Model, memory: &str) -> Lane<Model> {
    Lane::new(model.clone(), terms(None), memory)
}

fn taken(memory: &str, notice: Option<&str>) -> Answer {
    let notice = notice.map(|words| format!("logs.h.s: {words}"));
    Answer::Taken { memory: memory.into(), notice }
}

const REPEATED: &str = "lines are possibly repeated: the stream has no message any more that would tell";

impl Model {
    fn whims(&self, whims: &[Whim]) {
        self.0.lock().unwrap().whims = whims.iter().rev().copied().collect();
    }

    fn with<T>(&self, what: impl FnOnce(&mut World) -> T) -> T {
        what(&mut self.0.lock().unwrap())
    }

    fn stored(&self) -> Vec<String> {
        self.with(|world| {
            world.ever.iter().map(|(_, _, body)| String::from_utf8(body.clone()).unwrap()).collect()
        })
    }
}

#[test]
fn without_trouble_nothing_is_looked_up() {
    let model = Model::default();
    let mut one = lane(&model, "");
    assert_eq!(one.deliver(&batch(1, b"a\n"), Attempt::First), taken("3", None));
    assert_eq!(one.deliver(&batch(2, b"b\n"), Attempt::First), taken("6", None));
    assert_eq!(lane(&model, "6").deliver(&batch(3, b"c\n"), Attempt::First), taken("9", None));
    assert_eq!(model.with(|world| world.asked.clone()), ["last", "publish", "publish", "publish"]);
}

#[test]
fn a_batch_whose_answer_was_lost_is_found() {
    let model = Model::default();
    let mut one = lane(&model, "0");
    model.whims(&[Whim::LoseAnswer]);
    let silent = Answer::Later { wait: None, reason: "silent".into(), sent: Attempt::Again };
    assert_eq!(one.deliver(&batch(1, b"a\n"), Attempt::First), silent);
    assert_eq!(one.deliver(&batch(1, b"a\n"), Attempt::Again), taken("3", None));
    // The same by another process, which knows less.
    assert_eq!(lane(&model, "").deliver(&batch(1, b"a\n"), Attempt::Again), taken("3", None));
    assert_eq!(lane(&model, "").holds(&batch(1, b"a\n").id), Held::Yes { memory: "3".into() });
    assert_eq!(lane(&model, "").holds(&batch(2, b"a\n").id), Held::No);
    assert_eq!(model.stored(), ["a\n"]);
}

#[test]
fn what_arrives_late_is_not_stored_twice() {
    let model = Model::default();
    let mut one = lane(&model, "0");
    model.whims(&[Whim::Late]);
    one.deliver(&batch(1, b"a\n"), Attempt::First);
    assert_eq!(one.deliver(&batch(1, b"a\n"), Attempt::Again), taken("3", None));
    assert_eq!(model.stored(), ["a\n"]);
}

#[test]
fn a_purged_subject_is_begun_anew() {
    let model = Model::default();
    let mut one = lane(&model, "0");
    one.deliver(&batch(1, b"a\n"), Attempt::First);
    model.with(World::purge);
    assert_eq!(one.deliver(&batch(2, b"b\n"), Attempt::First), taken("6", None));
    model.whims(&[Whim::LoseAnswer]);
    one.deliver(&batch(3, b"c\n"), Attempt::First);
    model.with(World::purge);
    assert_eq!(lane(&model, "6").holds(&batch(3, b"c\n").id), Held::Unknown);
    assert_eq!(one.deliver(&batch(3, b"c\n"), Attempt::Again), taken("12", Some(REPEATED)));
    assert_eq!(one.deliver(&batch(4, b"d\n"), Attempt::First), taken("15", None));
}

#[test]
fn nothing_is_said_of_a_first_batch_that_did_not_arrive() {
    let model = Model::default();
    model.whims(&[Whim::LoseRequest]);
    lane(&model, "").deliver(&batch(1, b"a\n"), Attempt::First);
    assert_eq!(lane(&model, "").deliver(&batch(1, b"a\n"), Attempt::Again), taken("3", None));
}

#[test]
fn what_has_to_be_said_waits_for_a_batch_that_is_taken() {
    let model = Model::default();
    let mut one = lane(&model, "99");
    model.whims(&[Whim::Refuse, Whim::Store]);
    let full = Answer::Later { wait: None, reason: "full".into(), sent: Attempt::Again };
    assert_eq!(one.deliver(&batch(3, b"c\n"), Attempt::Again), full);
    assert_eq!(one.deliver(&batch(3, b"c\n"), Attempt::Again), taken("3", Some(REPEATED)));
}

#[test]
fn somebody_else_on_the_subject_is_said() {
    for (instance, says) in [("cd34", "adopt=cd34"), ("", "was not sent by mlog-ship")] {
        let model = Model::default();
        let mut one = lane(&model, "0");
        one.deliver(&batch(1, b"a\n"), Attempt::First);
        model.with(|world| world.foreign(instance, 1));
        for attempt in [Attempt::First, Attempt::Again] {
            let Answer::Stop { reason } = one.deliver(&batch(2, b"b\n"), attempt) else { panic!() };
            assert!(reason.contains(says) && reason.contains("message 6"), "{reason}");
        }
        assert_eq!(one.holds(&batch(2, b"b\n").id), Held::Unknown);
        assert_eq!(model.stored().len(), 2);
    }
}

#[test]
fn the_past_of_another_instance_is_adopted_once() {
    let model = Model::default();
    model.with(|world| world.foreign("cd34", 7));
    let mut one = Lane::new(model.clone(), terms(Some("cd34")), "");
    assert_eq!(one.deliver(&batch(1, b"a\n"), Attempt::First), taken("6", None));
    model.with(|world| world.foreign("cd34", 8));
    assert!(matches!(one.deliver(&batch(2, b"b\n"), Attempt::First), Answer::Stop { .. }));
    let mut wrong = Lane::new(model, terms(Some("ee")), "");
    assert!(matches!(wrong.deliver(&batch(1, b"a\n"), Attempt::First), Answer::Stop { .. }));
}

#[test]
fn a_state_that_is_older_than_the_stream_is_told_where_to_go_on() {
    let model = Model::default();
    let mut one = lane(&model, "0");
    for number in 1..=3 {
        one.deliver(&batch(number, b"a\n"), Attempt::First);
    }
    let ahead = Answer::Ahead { number: 3, end: batch(3, b"").id.end, memory: "9".into() };
    assert_eq!(lane(&model, "3").deliver(&batch(2, b"a\n"), Attempt::First), ahead);
    assert_eq!(lane(&model, "3").deliver(&batch(2, b"a\n"), Attempt::Again), ahead);
    // Another cut of the last one.
    assert_eq!(lane(&model, "6").deliver(&batch(3, b"other\n"), Attempt::First), ahead);
    assert_eq!(lane(&model, "9").deliver(&batch(4, b"d\n"), Attempt::First), taken("12", None));
    assert_eq!(model.stored().len(), 4);
}

#[test]
fn a_stream_that_lost_or_doubled_batches_is_reported() {
    let model = Model::default();
    let mut one = lane(&model, "0");
    for number in 1..=3 {
        one.deliver(&batch(number, b"a\n"), Attempt::First);
    }
    model.with(|world| world.ever.truncate(1));
    let lost = "the stream has lost what it acknowledged: batches 2 to 3";
    assert_eq!(one.deliver(&batch(4, b"d\n"), Attempt::First), taken("12", Some(lost)));
    model.with(|world| {
        let (_, headers, body) = world.ever[1].clone();
        world.ever.push((50, headers, body));
    });
    assert_eq!(
        one.deliver(&batch(5, b"e\n"), Attempt::First),
        taken("15", Some("the stream has batch 4 twice"))
    );
}

#[test]
fn what_is_too_long_for_the_stream_is_cut_anew() {
    let model = Model::default();
    let mut one = lane(&model, "0");
    let long = batch(1, &[b'x'; 1 << 20]);
    assert!(matches!(one.deliver(&long, Attempt::First), Answer::TooLong { .. }));
    let most = one.most().unwrap();
    assert!(most > 1_000_000 && most < (1 << 20) - 1000);
    assert_eq!(one.deliver(&batch(1, &vec![b'x'; most]), Attempt::First), taken("3", None));
    // Its words fit when they are compressed.
    let mut packed = Lane::new(Model::default(), Terms { level: Some(1), ..terms(None) }, "0");
    assert_eq!(packed.deliver(&long, Attempt::First), taken("3", None));
}

fn whim() -> impl Strategy<Value = Whim> {
    prop_oneof![
        4 => Just(Whim::Store), 1 => Just(Whim::LoseRequest), 2 => Just(Whim::LoseAnswer), 2 => Just(Whim::Late),
        1 => Just(Whim::Refuse), 1 => Just(Whim::NoLook),
    ]
}

#[derive(Clone, Copy, Debug)]
enum Event {
    /// A try.
    Deliver(Whim, Whim, Whim),
    /// The shipper is killed before it writes down what it was told.
    Kill,
    Purge,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        12 => (whim(), whim(), whim()).prop_map(|(one, two, three)| Event::Deliver(one, two, three)),
        3 => Just(Event::Kill),
        1 => Just(Event::Purge),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    /// Every batch that was taken was stored, in order; twice only where that was said.
    #[test]
    fn whatever_happens_each_batch_is_stored_once_and_in_order(events in prop::collection::vec(event(), 1..60)) {
        let model = Model::default();
        let (mut lane, mut memory) = (self::lane(&model, ""), String::new());
        let (mut number, mut attempt, mut said, mut taken) = (1, Attempt::First, 0, 0);
        let finish = [Event::Deliver(Whim::Store, Whim::Store, Whim::Store); 3];
        for event in events.into_iter().chain(finish) {
            match event {
                Event::Purge => model.with(World::purge),
                Event::Kill => {
                    // What had to be said may be forgotten: the next process finds a batch that is there.
                    said += usize::from(attempt == Attempt::Again);
                    lane = self::lane(&model, &memory);
                }
                Event::Deliver(one, two, three) => {
                    model.whims(&[one, two, three]);
                    let answer = lane.deliver(&batch(number, format!("{number}\n").as_bytes()), attempt);
                    match answer {
                        Answer::Taken { memory: kept, notice } => {
                            said += usize::from(notice.is_some());
                            taken = number;
                            // Every third time it is killed before it can write that down.
                            if number % 3 == 0 && attempt == Attempt::First {
                                (attempt, lane) = (Attempt::Again, self::lane(&model, &memory));
                                continue;
                            }
                            (memory, number, attempt) = (kept, number + 1, Attempt::First);
                        }
                        Answer::Later { sent, .. } => {
                            prop_assert!(attempt == Attempt::First || sent == Attempt::Again);
                            attempt = sent;
                        }
                        other => prop_assert!(false, "{other:?}"),
                    }
                }
            }
        }
        let stored: Vec<u64> = model.stored().iter().map(|body| body.trim().parse().unwrap()).collect();
        prop_assert!(stored.is_sorted(), "{stored:?}");
        let mut once = stored.clone();
        once.dedup();
        let mut doubled: Vec<u64> = stored.windows(2).filter(|two| two[0] == two[1]).map(|two| two[0]).collect();
        doubled.dedup();
        prop_assert!(doubled.len() <= said, "{stored:?}, {said} said");
        prop_assert!(once.iter().copied().eq(1..=once.len() as u64), "{stored:?}");
        prop_assert!(once.len() as u64 >= taken, "{stored:?}, {taken} taken");
    }
}
