//! What the sink makes of every kind of answer.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use harness::Random;
use mlog_ship::batch::Batch;
use mlog_ship::sink::otlp::Otlp;
use mlog_ship::sink::otlp::connection::agent;
use mlog_ship::sink::otlp::target::Target;
use mlog_ship::sink::{Answer, Attempt, Sink};

use super::batches::{Line, batch, line};
use super::receiver::{Act, Receiver, say};
use super::strict;

fn sink(url: &str) -> Otlp {
    sink_with(url, Duration::from_secs(20))
}

fn sink_with(url: &str, patience: Duration) -> Otlp {
    let target = Target::parse(OsStr::new(url)).unwrap();
    Otlp::new(&target, None, agent(&target, patience).unwrap()).unwrap()
}

fn three() -> Batch {
    batch(1, 0, &[line(1, "one"), line(2, "two"), line(3, "three")])
}

/// Delivers the three lines to a receiver that does these things.
fn deliver(acts: impl IntoIterator<Item = Act>) -> (Answer, Receiver) {
    let receiver = Receiver::new(acts);
    let answer = sink(&receiver.url()).deliver(&three(), Attempt::First);
    (answer, receiver)
}

fn taken() -> Answer {
    Answer::Taken { memory: String::new(), notice: None }
}

fn refused(records: &[usize], count: u64, reason: &str) -> Answer {
    Answer::Refused { records: records.to_vec(), count, reason: reason.to_owned() }
}

fn later(wait: Option<u64>, reason: &str, sent: Attempt) -> Answer {
    Answer::Later { wait: wait.map(Duration::from_secs), reason: reason.to_owned(), sent }
}

#[test]
fn a_batch_is_taken_with_a_200_and_the_request_says_what_it_is() {
    let receiver = Receiver::new([]);
    let url = format!("{}/a/v1/logs?x=1#json", receiver.url());
    assert_eq!(sink(&url).deliver(&three(), Attempt::First), taken());
    assert_eq!(sink(&receiver.url()).deliver(&three(), Attempt::First), taken());
    let asked = receiver.asked();
    assert_eq!((asked[0].path.as_str(), asked[1].path.as_str()), ("/a/v1/logs?x=1", "/v1/logs"));
    assert_eq!(asked[0].header("content-type"), "application/json");
    assert_eq!(asked[1].header("content-type"), "application/x-protobuf");
    assert_eq!(asked[1].header("content-encoding"), "gzip");
    assert!(asked[1].header("user-agent").starts_with("mlog-ship/"));
    assert_eq!(asked[0].records(), asked[1].records());
    strict::check(
        &asked
            .iter()
            .map(|asked| (asked.header("content-type").into(), asked.body.clone()))
            .collect::<Vec<_>>(),
    );
}

#[test]
fn every_kind_of_success_is_one() {
    for (status, extra) in [
        ("204 No Content", ""),
        ("200 OK", "Content-Type: text/html"),
        ("202 Accepted", ""),
        ("200 OK", "Content-Type: application/json\n\n{\"partialSuccess\":null}"),
        ("200 OK", "Content-Type: text/plain\n\nok"),
        ("200 OK", "X: y\n\n\u{1}\u{1}\u{1}"),
    ] {
        let (answer, _receiver) = deliver([Act::TakeAndSay(status.into(), extra.into())]);
        assert_eq!(answer, taken(), "{status} {extra}");
    }
}

#[test]
fn a_page_is_no_success() {
    let page = "Content-Type: text/html; charset=utf-8\n\n<html>It works!</html>";
    let (answer, _receiver) = deliver([Act::Say("200 OK".into(), page.into())]);
    let reason = "200 OK: with a page, so the path is that of something else";
    assert_eq!(answer, later(None, reason, Attempt::First));
}

#[test]
fn what_the_engine_refuses_for_now_comes_later_when_it_says() {
    let say_when =
        |status: &str, wait: &str| Act::Say(status.into(), format!("Retry-After: {wait}\n\nslow down"));
    for (status, sent) in [
        ("429 Too Many Requests", Attempt::First),
        ("502 Bad Gateway", Attempt::Again),
        ("503 Service Unavailable", Attempt::Again),
        ("504 Gateway Timeout", Attempt::Again),
    ] {
        let (answer, _receiver) = deliver([say_when(status, "7")]);
        assert_eq!(answer, later(Some(7), &format!("{status}: slow down"), sent));
        let (answer, _receiver) = deliver([say(status)]);
        assert_eq!(answer, later(None, status, sent));
    }
    let (answer, _receiver) = deliver([say_when("503 Service Unavailable", "Wed, 01 Jan 2098 00:00:00 GMT")]);
    assert_eq!(answer, later(Some(3600), "503 Service Unavailable: slow down", Attempt::Again));
}

#[test]
fn a_partial_success_is_counted() {
    let (answer, receiver) = deliver([Act::TakePartly(2)]);
    assert_eq!(answer, refused(&[0, 1, 2], 2, "some are wrong"));
    assert_eq!(receiver.asked().len(), 1);
    let (answer, _receiver) = deliver([Act::TakePartly(3)]);
    assert_eq!(answer, refused(&[0, 1, 2], 3, "some are wrong"));
    let (answer, _receiver) = deliver([Act::TakePartly(0)]);
    assert_eq!(answer, Answer::Taken { memory: String::new(), notice: Some("some are wrong".into()) });
    let json = r#"{"partialSuccess":{"rejectedLogRecords":"1"}}"#;
    let json = format!("Content-Type: application/json\n\n{json}");
    let (answer, _receiver) = deliver([Act::TakeAndSay("200 OK".into(), json)]);
    assert_eq!(answer, refused(&[0, 1, 2], 1, "refused without a reason"));
}

#[test]
fn what_the_engine_never_takes_is_refused() {
    for status in ["400 Bad Request", "422 Unprocessable Entity", "410 Gone"] {
        let bad = || Act::Say(status.into(), "Content-Type: text/plain\n\nentry too far behind".into());
        let (answer, _receiver) = deliver([bad(), bad()]);
        assert_eq!(answer, refused(&[0, 1, 2], 3, &format!("{status}: entry too far behind")));
    }
}

#[test]
fn what_is_not_the_fault_of_the_records_comes_later() {
    for status in [
        "401 Unauthorized",
        "403 Forbidden",
        "404 Not Found",
        "405 Method Not Allowed",
        "408 Request Timeout",
    ] {
        let (answer, _receiver) = deliver([say(status)]);
        assert_eq!(answer, later(None, status, Attempt::First));
    }
}

#[test]
fn a_redirect_is_not_followed_but_named() {
    let other = Receiver::new([]);
    for status in ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let (answer, _receiver) =
            deliver([Act::Say(status.into(), format!("Location: {}/v1/logs", other.url()))]);
        let reason = format!("{status}: to {}/v1/logs: name that, if it is right", other.url());
        assert_eq!(answer, later(None, &reason, Attempt::First));
    }
    assert!(other.asked().is_empty());
}

#[test]
fn an_engine_that_fails_is_tried_eight_times_before_records_are_refused() {
    let receiver = Receiver::new([]).otherwise(|| say("500 Internal Server Error"));
    let mut sink = sink(&receiver.url());
    for _ in 0..2 {
        for _ in 0..7 {
            let answer = sink.deliver(&three(), Attempt::First);
            assert_eq!(answer, later(None, "500 Internal Server Error", Attempt::Again));
        }
        assert_eq!(
            sink.deliver(&three(), Attempt::Again),
            refused(&[0, 1, 2], 3, "500 Internal Server Error")
        );
    }
    receiver.then(say("501 Not Implemented"));
    receiver.then(Act::Take);
    assert_eq!(sink.deliver(&three(), Attempt::First), later(None, "501 Not Implemented", Attempt::Again));
    assert_eq!(sink.deliver(&three(), Attempt::First), taken());
    assert_eq!(
        sink.deliver(&three(), Attempt::First),
        later(None, "500 Internal Server Error", Attempt::Again)
    );
}

#[test]
fn an_engine_that_refuses_gzip_is_not_asked_again() {
    let receiver = Receiver::new([]).otherwise(|| Act::RefuseGzip);
    let mut sink = sink(&receiver.url());
    for _ in 0..3 {
        assert_eq!(sink.deliver(&three(), Attempt::First), taken());
    }
    let encodings: Vec<_> =
        receiver.asked().iter().map(|asked| asked.header("content-encoding").to_owned()).collect();
    assert_eq!(encodings, ["gzip", "", "", ""]);
}

#[test]
fn an_engine_that_reads_gzip_is_not_asked_twice_for_a_400() {
    let receiver = Receiver::new([Act::Take, say("400 Bad Request"), say("400 Bad Request")]);
    let mut sink = sink(&receiver.url());
    assert_eq!(sink.deliver(&three(), Attempt::First), taken());
    assert_eq!(sink.deliver(&three(), Attempt::First), refused(&[0, 1, 2], 3, "400 Bad Request"));
    assert_eq!(receiver.asked().len(), 2);
    let receiver = Receiver::new([]).otherwise(|| say("415 Unsupported Media Type"));
    let mut sink = super::delivery::sink(&receiver.url());
    assert_eq!(sink.deliver(&three(), Attempt::First), refused(&[0, 1, 2], 3, "415 Unsupported Media Type"));
    assert_eq!(receiver.asked().len(), 2);
}

#[test]
fn gzip_that_is_refused_on_the_command_line_is_never_sent() {
    let receiver = Receiver::new([]);
    assert_eq!(sink(&format!("{}#gzip=no", receiver.url())).deliver(&three(), Attempt::First), taken());
    assert_eq!(receiver.asked()[0].header("content-encoding"), "");
}

#[test]
fn a_request_that_is_too_long_is_halved_until_it_is_not() {
    let lines: Vec<Line> = (1..=1000).map(|at| line(at, vec![b'x'; 500])).collect();
    let batch = batch(1, 0, &lines);
    let receiver = Receiver::new([]).otherwise(|| Act::RefuseLonger(100_000));
    let mut sink = sink(&receiver.url());
    assert_eq!(sink.deliver(&batch, Attempt::First), taken());
    let got: Vec<_> = receiver.taken().into_iter().map(|got| got.time).collect();
    assert_eq!(got, (1..=1000).collect::<Vec<u64>>());
    let before = receiver.asked().len();
    assert_eq!(sink.deliver(&batch, Attempt::First), taken());
    let refused = receiver.asked()[before..].iter().filter(|asked| !asked.taken).count();
    assert_eq!(refused, 0, "the length is remembered");
}

/// Of an engine that took 50,000 bytes, every second request was refused, for ever.
#[test]
fn what_an_engine_takes_at_once_is_remembered_however_little_it_is_and_more_is_tried_again() {
    let lines: Vec<Line> = (1..=3000).map(|at| line(at, vec![b'x'; 110])).collect();
    let batch = batch(1, 0, &lines);
    for most in [3000, 50_000] {
        let limit = Arc::new(AtomicUsize::new(most));
        let takes = limit.clone();
        let receiver = Receiver::new([]).otherwise(move || Act::RefuseLonger(takes.load(Ordering::SeqCst)));
        let mut sink = sink(&receiver.url());
        assert_eq!(sink.deliver(&batch, Attempt::First), taken());
        let before = receiver.asked().len();
        assert_eq!(sink.deliver(&batch, Attempt::First), taken());
        let asked = receiver.asked();
        let refused = asked[before..].iter().filter(|asked| !asked.taken).count();
        assert!(refused * 10 <= asked.len() - before, "{most}: {refused} of {}", asked.len() - before);
        // Whoever runs it takes more now.
        limit.store(usize::MAX, Ordering::SeqCst);
        (0..60).for_each(|_| assert_eq!(sink.deliver(&batch, Attempt::First), taken()));
        let before = receiver.asked().len();
        assert_eq!(sink.deliver(&batch, Attempt::First), taken());
        let requests = receiver.asked().len() - before;
        assert!(requests <= 3, "{most}: {requests}");
    }
}

#[test]
fn a_record_that_is_too_long_alone_does_not_take_the_others_with_it() {
    let mut lines: Vec<Line> = (1..=20).map(|at| line(at, "short")).collect();
    lines[7].text = vec![b'y'; 1000];
    let short = batch(1, 0, &lines);
    let receiver = Receiver::new([]).otherwise(|| Act::RefuseLonger(1000));
    let answer = sink(&receiver.url()).deliver(&short, Attempt::First);
    assert_eq!(answer, refused(&[7], 1, "413 Payload Too Large"));
    assert_eq!(receiver.count(), 19);
}

#[test]
fn a_record_that_is_too_long_alone_is_split_where_it_is_long() {
    let mut lines: Vec<Line> = (1..=20).map(|at| line(at, "short")).collect();
    lines[7].text = vec![b'y'; 5000];
    let receiver = Receiver::new([]).otherwise(|| Act::RefuseLonger(5000));
    let mut sink = sink(&receiver.url());
    assert_eq!(sink.longest(), Some(256 << 10));
    let answer = sink.deliver(&batch(1, 0, &lines), Attempt::First);
    assert_eq!(answer, Answer::TooLong { reason: "413 Payload Too Large".into() });
    assert_eq!(sink.longest(), Some(2500));
}

#[test]
fn a_long_batch_is_several_requests() {
    let lines: Vec<Line> = (1..=30_000).map(|at| line(at, vec![b'x'; 8])).collect();
    let batch = batch(1, 0, &lines);
    let receiver = Receiver::new([Act::Take, say("503 Service Unavailable")]);
    let mut sink = sink(&format!("{}#json", receiver.url()));
    assert_eq!(sink.deliver(&batch, Attempt::First), later(None, "503 Service Unavailable", Attempt::Again));
    receiver.then(Act::Take);
    receiver.then(Act::TakePartly(3));
    receiver.then(Act::Take);
    let Answer::Refused { records, count: 3, .. } = sink.deliver(&batch, Attempt::Again) else { panic!() };
    let counted = &receiver.asked()[3];
    let times: Vec<u64> = counted.records().iter().map(|got| got.time).collect();
    assert_eq!(records.iter().map(|at| *at as u64 + 1).collect::<Vec<_>>(), times, "all of that request");
    let longest = receiver.asked().iter().map(|asked| asked.body.len()).max().unwrap();
    assert!(longest < 4 << 20, "{longest}");
}

#[test]
fn an_engine_that_hangs_up_may_have_the_batch() {
    for act in [Act::TakeAndHangUp, Act::HangUp, Act::HangUpEarly, Act::TakeAndBreakOff] {
        let (answer, _receiver) = deliver([act.clone()]);
        let Answer::Later { wait: None, sent: Attempt::Again, reason } = answer else {
            panic!("{act:?} {answer:?}")
        };
        assert!(!reason.is_empty() && !reason.contains('\n'), "{act:?} {reason}");
    }
}

#[test]
fn a_connection_that_ended_meanwhile_is_made_anew() {
    let receiver = Receiver::new([Act::Take, Act::TakeAndHangUp, Act::Take]);
    let mut sink = sink(&receiver.url());
    assert_eq!(sink.deliver(&three(), Attempt::First), taken());
    assert!(matches!(sink.deliver(&three(), Attempt::First), Answer::Later { .. }));
    assert_eq!(sink.deliver(&three(), Attempt::Again), taken());
}

#[test]
fn a_slow_answer_is_waited_for_and_one_that_is_too_slow_is_none() {
    let receiver = Receiver::new([Act::TakeSlowly(300), Act::TakeSlowly(60_000)]);
    let mut sink = sink_with(&receiver.url(), Duration::from_secs(5));
    assert_eq!(sink.deliver(&three(), Attempt::First), taken());
    let start = Instant::now();
    assert_eq!(sink.deliver(&three(), Attempt::First), later(None, "no answer in time", Attempt::Again));
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn an_engine_that_is_not_there_has_nothing() {
    let port = Receiver::new([]).port;
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let free = listener.local_addr().unwrap().port();
    drop(listener);
    let answer = sink(&format!("http://127.0.0.1:{free}")).deliver(&three(), Attempt::First);
    assert_eq!(answer, later(None, "connection refused", Attempt::First), "{port}");
    let answer = sink("http://no-such-host.invalid:1").deliver(&three(), Attempt::Again);
    assert!(matches!(answer, Answer::Later { sent: Attempt::Again, .. }), "{answer:?}");
}

#[test]
fn headers_are_those_of_the_file_and_read_again_when_the_engine_does_not_know_us() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("headers");
    std::fs::write(&file, "X-Scope-OrgID: one\nAuthorization: Bearer old\n").unwrap();
    let receiver = Receiver::new([Act::Take, say("401 Unauthorized")]);
    let mut sink = sink(&format!("{}#headers={}", receiver.url(), file.display()));
    assert_eq!(sink.deliver(&three(), Attempt::First), taken());
    std::fs::write(&file, "Authorization: Bearer new\n").unwrap();
    assert!(matches!(sink.deliver(&three(), Attempt::First), Answer::Later { .. }));
    assert_eq!(sink.deliver(&three(), Attempt::First), taken());
    let asked = receiver.asked();
    let headers: Vec<_> = asked.iter().map(|asked| asked.header("authorization")).collect();
    assert_eq!(headers, ["Bearer old", "Bearer old", "Bearer new"]);
    assert_eq!((asked[0].header("x-scope-orgid"), asked[2].header("x-scope-orgid")), ("one", ""));
}

/// Any act, so that the deliveries come to an end.
fn any_act(random: &mut Random) -> Act {
    match random.below(14) {
        0 => say("429 Too Many Requests"),
        1 => Act::Say("503 Service Unavailable".into(), "Retry-After: 0".into()),
        2 => Act::TakeAndHangUp,
        3 => Act::TakeAndBreakOff,
        4 => Act::HangUp,
        5 => Act::HangUpEarly,
        6 => Act::TakeSlowly(20),
        7 => Act::RefuseLonger(2000),
        8 => Act::TakeAndSay("504 Gateway Timeout".into(), String::new()),
        9 => say("401 Unauthorized"),
        _ => Act::Take,
    }
}

#[test]
fn whatever_the_engine_does_every_line_arrives_and_no_identity_has_two_contents() {
    for seed in 0..8 {
        let mut random = Random::new(seed);
        let receiver = Receiver::new([]).otherwise(move || any_act(&mut random));
        let format = if seed % 2 == 0 { "#json" } else { "" };
        let mut sink = sink(&format!("{}{format}", receiver.url()));
        let mut offset = 0;
        let mut wanted = Vec::new();
        for number in 1..=30 {
            let lines: Vec<Line> = (0..20)
                .map(|at| line(number * 1000 + at, format!("line {number} {at} {}", "z".repeat(at as usize))))
                .collect();
            wanted.extend(lines.iter().map(|line| line.text.clone()));
            let batch = batch(number, offset, &lines);
            offset += batch.lines.len() as u64;
            let mut attempt = Attempt::First;
            while let Answer::Later { sent, .. } = sink.deliver(&batch, attempt) {
                attempt = sent;
            }
        }
        let mut contents = HashMap::new();
        let mut bodies = Vec::new();
        for got in receiver.taken() {
            match contents.insert(got.uid.clone(), got.clone()) {
                None => bodies.push(got.body),
                Some(before) => assert_eq!(before, got),
            }
        }
        assert_eq!(bodies, wanted, "seed {seed}: exactly once and in order without what came again");
    }
}
