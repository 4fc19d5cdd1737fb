//! What multilog knows of zones, beside what the C library says of them (through `tai64nlocal`).

use std::path::{Path, PathBuf};

use harness::{Scratch, is_original, tool};
use tai64tools::label::EPOCH;
use tai64tools::zone::TimeZone;

const FOLDER: &str = "/usr/share/zoneinfo";

/// Values of TZ that are no files.
const RULES: [&str; 13] = [
    "",
    ":",
    ":Europe/Berlin",
    "/usr/share/zoneinfo/Asia/Kolkata",
    "No/Such_Zone",
    "UTC0",
    "IST-5:30",
    "CET-1CEST,M3.5.0,M10.5.0/3",
    "AEST-10AEDT,M10.1.0,M4.1.0/3",
    "<-0330>3:30<-0230>,M3.2.0,M11.1.0",
    "AAA0BBB,J60/0,J300/0",
    "AAA0BBB-2,59/1:30:15,299/26",
    "WGT3WGST,M3.5.0/-2,M10.5.0/-1",
];

/// Each week, and the hours around the changes of many zones; also long after the last change that a file has.
fn moments() -> Vec<i64> {
    let weeks = (0..2000).map(|week| week * 604_800 * 2 + week * 3611);
    let changes = [
        1_774_742_400,
        1_792_886_400,
        1_772_953_200,
        1_775_314_800,
        78_796_790,
        1_483_228_790,
        4_100_000_000,
    ];
    let around = changes.into_iter().flat_map(|change| (0..60).map(move |n| change + n * 613 - 600 + n % 7));
    let leap = (0..60).flat_map(|n| [78_796_790 + n, 1_483_228_800 + n]);
    weeks.chain(around).chain(leap).collect()
}

/// All names of files below a folder.
fn names(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            names(&path, found);
        } else if std::fs::read(&path).is_ok_and(|bytes| bytes.starts_with(b"TZif")) {
            found.push(path);
        }
    }
}

/// A line of the C library, `2026-10-25T02:59:59.000000000+02:00`, and ours.
fn shown(zone: &TimeZone, unix: i64) -> String {
    let time = zone.time(unix);
    let (sign, minutes) = (if time.offset < 0 { '-' } else { '+' }, time.offset.unsigned_abs() / 60);
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.000000000{sign}{:02}:{:02}\n",
        time.year,
        time.month,
        time.day,
        time.hour,
        time.minute,
        time.second,
        minutes / 60,
        minutes % 60
    )
}

fn compare(here: &Scratch, value: &str, moments: &[i64], input: &str) {
    let run = here.run(&tool("tai64nlocal"), &["-i"]).with("TZ", value).over(input).quietly();
    let zone = TimeZone::named(Some(value.as_bytes()), FOLDER.as_bytes());
    let ours: Vec<String> = moments.iter().map(|&unix| shown(&zone, unix)).collect();
    let text = String::from_utf8(run.stdout).unwrap();
    let theirs: Vec<&str> = text.split_inclusive('\n').collect();
    assert_eq!(ours.len(), theirs.len());
    for ((ours, theirs), unix) in ours.iter().zip(theirs).zip(moments) {
        assert_eq!(ours, theirs, "{value:?} at {unix}");
    }
}

/// Every fifth file of the machine, and all of the values above. `ZONES=all` compares every file.
#[test]
fn every_zone_has_the_time_that_the_c_library_says() {
    if is_original() {
        return eprintln!("skipped: the original does not show offsets");
    }
    let (here, moments) = (Scratch::new(), moments());
    let input: String =
        moments.iter().map(|unix| format!("@{:016x}00000000\n", EPOCH as i64 + unix)).collect();
    let mut files = Vec::new();
    names(Path::new(FOLDER), &mut files);
    files.sort();
    let each = if std::env::var_os("ZONES").is_some() { 1 } else { 5 };
    let files = files.iter().step_by(each).map(|path| path.strip_prefix(FOLDER).unwrap().to_str().unwrap());
    for value in RULES.into_iter().chain(files) {
        compare(&here, value, &moments, &input);
    }
}
