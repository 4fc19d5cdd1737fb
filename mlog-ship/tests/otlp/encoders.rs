//! What is written, by the golden file and by the strict decoder.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;

use mlog_ship::batch::{Batch, Piece};
use mlog_ship::sink::otlp::encode::{Encode, request};
use mlog_ship::sink::otlp::entry::{Common, entries};
use mlog_ship::sink::otlp::json::Json;
use mlog_ship::sink::otlp::level::Levels;
use mlog_ship::sink::otlp::protobuf::Protobuf;
use proptest::prelude::*;

use super::batches::{Line, batch, line};
use super::decode::{Got, decode};
use super::strict;

const NOW: u64 = 1_795_000_000_000_000_000;

fn encoded<E: Encode>(
    batch: &Batch,
    levels: Option<&Levels>,
    from: usize,
    most: usize,
) -> (usize, String, Vec<u8>) {
    let common = Common { version: "1.2.3", ..Common::of(&batch.origin) };
    let request = request::<E>(&common, entries(batch, levels, from, NOW), most);
    (request.records, E::MEDIA.to_owned(), request.body)
}

/// A batch with every kind of record.
fn every_kind() -> Batch {
    let piece = |at: Option<u64>, text: &str, piece| Line { at, text: text.into(), piece };
    batch(
        7,
        8190,
        &[
            line(1_794_000_000_123_456_789, "GET /index.html \"200\" \\ \u{e4}\t\u{1}"),
            line(1_794_000_000_123_456_790, b"\xff raw bytes \x00"),
            line(1_794_000_000_123_456_791, ""),
            line(1_794_000_001_000_000_000, "level=error no such file"),
            line(1_794_000_001_000_000_001, "level=odd what is that"),
            piece(Some(1_794_000_002_000_000_000), "the first ", Piece::Part(0)),
            Line { at: None, text: b"the second ".to_vec(), piece: Piece::Part(1) },
            Line { at: None, text: b"the last".to_vec(), piece: Piece::Last(2) },
            Line { at: None, text: b"a line without a stamp".to_vec(), piece: Piece::Whole },
        ],
    )
}

fn levels() -> Levels {
    Levels::new(r"level=(\w+)").unwrap()
}

#[test]
fn a_batch_with_every_kind_of_record_is_written_as_in_the_golden_files() {
    let batch = every_kind();
    let (_, protobuf_media, protobuf) = encoded::<Protobuf>(&batch, Some(&levels()), 0, usize::MAX);
    let (_, json_media, json) = encoded::<Json>(&batch, Some(&levels()), 0, usize::MAX);
    assert_eq!(decode(&protobuf_media, &protobuf), decode(&json_media, &json));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let hex: String = protobuf.chunks(32).map(hex_line).collect();
    let indented: serde_json::Value = serde_json::from_slice(&json).unwrap();
    let indented = serde_json::to_string_pretty(&indented).unwrap() + "\n";
    for (name, text) in [("logs.pb.hex", hex), ("logs.json", indented)] {
        let path = folder.join(name);
        if std::env::var_os("WRITE_GOLDEN").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let golden = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text, golden, "{name}");
    }
    strict::check(&[(protobuf_media, protobuf), (json_media, json)]);
}

fn hex_line(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>() + "\n"
}

#[test]
fn each_record_has_what_its_line_says() {
    let batch = every_kind();
    let (_, media, body) = encoded::<Protobuf>(&batch, Some(&levels()), 0, usize::MAX);
    let got = decode(&media, &body);
    let first = &got[0];
    assert_eq!(first.time, 1_794_000_000_123_456_789);
    assert_eq!(first.observed, first.time);
    assert_eq!((first.service.as_str(), first.host.as_str()), ("web", "web1.example"));
    assert_eq!(first.path, "/var/log/web/current");
    let bodies: Vec<_> = got.iter().map(|got| (got.string, &got.body[..])).collect();
    assert_eq!(bodies[0].1, "GET /index.html \"200\" \\ \u{e4}\t\u{1}".as_bytes());
    assert_eq!(bodies[1], (false, &b"\xff raw bytes \x00"[..]));
    assert_eq!(bodies[2], (true, &b""[..]));
    let severities: Vec<_> = got.iter().map(|got| (got.number, got.severity.as_str())).collect();
    assert_eq!(severities[2..6], [(0, ""), (17, "error"), (0, "odd"), (0, "")]);
    let pieces: Vec<_> = got.iter().map(|got| (got.piece, got.last)).collect();
    assert_eq!(
        pieces[4..],
        [(None, None), (Some(0), Some(false)), (Some(1), Some(false)), (Some(2), Some(true)), (None, None)]
    );
    assert_eq!((got[8].time, got[8].observed), (0, NOW));
    let different: HashSet<_> = got.iter().map(|got| &got.uid).collect();
    assert_eq!(different.len(), got.len());
}

#[test]
fn a_stamped_line_has_the_same_identity_in_any_batch_and_another_line_has_not() {
    let lines = [line(5_000_000_000, "a"), line(5_000_000_000, "a"), line(5_000_000_001, "b")];
    let whole = batch(3, 100, &lines);
    let second = whole.records[1].bytes.start as u64;
    let cut = batch(4, 100 + second, &lines[1..]);
    let uids = |batch: &Batch| -> Vec<String> {
        entries(batch, None, 0, NOW).map(|entry| entry.uid.to_string()).collect()
    };
    assert_eq!(uids(&whole)[1..], uids(&cut)[..]);
    assert_ne!(uids(&whole)[0], uids(&whole)[1]);
    let mut elsewhere = whole.clone();
    elsewhere.origin.host = b"web2".to_vec();
    assert_ne!(uids(&whole), uids(&elsewhere));
    let unstamped = [Line { at: None, text: b"started".to_vec(), piece: Piece::Whole }];
    assert_ne!(uids(&batch(1, 0, &unstamped)), uids(&batch(9, 0, &unstamped)));
    assert_eq!(uids(&batch(1, 0, &unstamped)), uids(&batch(1, 0, &unstamped)));
}

#[test]
fn names_that_are_not_utf_8_are_written_with_percent_signs() {
    let mut batch = batch(1, 0, &[line(1, "a")]);
    batch.origin.service = b"a\xff.\xe4b \"c".to_vec();
    batch.origin.directory = std::path::PathBuf::from(
        <std::ffi::OsString as std::os::unix::ffi::OsStringExt>::from_vec(b"/log/\xfe".to_vec()),
    );
    for (_, media, body) in
        [encoded::<Protobuf>(&batch, None, 0, usize::MAX), encoded::<Json>(&batch, None, 0, usize::MAX)]
    {
        let got = &decode(&media, &body)[0];
        assert_eq!((got.service.as_str(), got.path.as_str()), ("a%FF.%E4b \"c", "/log/%FE/current"));
    }
}

#[test]
fn a_request_is_cut_behind_the_record_with_which_it_is_long_enough() {
    let lines: Vec<Line> = (0..100).map(|at| line(at + 1, vec![b'x'; 100])).collect();
    let batch = batch(1, 0, &lines);
    for most in [0, 1, 1000, 5000] {
        let mut from = 0;
        let mut got = Vec::new();
        while from < 100 {
            let (records, media, body) = encoded::<Protobuf>(&batch, None, from, most);
            assert!(records > 0 && (records == 1 || body.len() < most + 700), "{records} {}", body.len());
            got.extend(decode(&media, &body));
            from += records;
        }
        let (_, media, body) = encoded::<Json>(&batch, None, 0, usize::MAX);
        assert_eq!(got, decode(&media, &body));
    }
}

/// Requests of the property test, which the strict decoder gets all at once.
static REQUESTS: Mutex<Vec<(String, Vec<u8>)>> = Mutex::new(Vec::new());

fn any_line() -> impl Strategy<Value = Line> {
    let text = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        any::<String>().prop_map(String::into_bytes),
        "level=[a-z]{0,6} [a-z]{0,9}".prop_map(String::into_bytes),
    ];
    let text = text.prop_map(|text| text.into_iter().filter(|&byte| byte != b'\n').collect());
    let piece = prop_oneof![
        3 => Just(Piece::Whole),
        1 => any::<u32>().prop_map(Piece::Part),
        1 => any::<u32>().prop_map(Piece::Last),
    ];
    let at = prop::option::weighted(0.8, 1..=i64::MAX as u64);
    (at, text, piece).prop_map(|(at, text, piece)| Line { at, text, piece })
}

fn any_batch() -> impl Strategy<Value = Batch> {
    let names = (any::<Vec<u8>>(), any::<Vec<u8>>(), "[^\0]{0,20}");
    (any::<u64>(), 0..u64::MAX / 2, prop::collection::vec(any_line(), 1..12), names).prop_map(
        |(number, offset, lines, (host, service, directory))| {
            let mut batch = batch(number, offset, &lines);
            (batch.origin.host, batch.origin.service) = (host, service);
            batch.origin.directory = directory.into();
            batch
        },
    )
}

#[test]
fn what_is_written_is_what_the_strict_decoder_reads() {
    proptest!(ProptestConfig::with_cases(400), |(batch in any_batch(), with in any::<bool>())| {
        let levels = levels();
        let levels = with.then_some(&levels);
        let (records, media, body) = encoded::<Protobuf>(&batch, levels, 0, usize::MAX);
        prop_assert_eq!(records, batch.records.len());
        let (_, json_media, json) = encoded::<Json>(&batch, levels, 0, usize::MAX);
        let got = decode(&media, &body);
        prop_assert_eq!(&got, &decode(&json_media, &json));
        for (got, record) in got.iter().zip(&batch.records) {
            check_record(&batch, got, record)?;
        }
        REQUESTS.lock().unwrap().extend([(media, body), (json_media, json)]);
    });
    strict::check(&REQUESTS.lock().unwrap());
}

fn check_record(batch: &Batch, got: &Got, record: &mlog_ship::batch::Record) -> Result<(), TestCaseError> {
    let text = &batch.lines[record.bytes.clone()][record.stamp..];
    prop_assert_eq!(&got.body, text);
    prop_assert_eq!(got.string, std::str::from_utf8(text).is_ok());
    prop_assert_eq!(got.time, record.at.unwrap_or(0));
    prop_assert_eq!(got.observed, record.at.unwrap_or(NOW));
    let piece = match record.piece {
        Piece::Whole => None,
        Piece::Part(number) | Piece::Last(number) => Some(u64::from(number)),
    };
    prop_assert_eq!(got.piece, piece);
    Ok(())
}
