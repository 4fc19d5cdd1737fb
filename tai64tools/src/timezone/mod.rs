//! `TimeZone`: how far the local clock is from UTC, read once.
//!
//! The zone is the one that TZ names, as the C library understands it: a file of the zone database (RFC 8536), a rule
//! of POSIX such as `CET-1CEST,M3.5.0,M10.5.0/3`, or `/etc/localtime` where TZ is not set. What can't be understood is
//! UTC. The C library itself would need its formatted input and output for that, which the static multilog lacks.

mod file;
mod rule;

use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rule::Rule;

/// A file of a zone has some thousands of bytes.
const LONGEST: u64 = 1 << 20;

/// A zone's clock. The default is UTC.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeZone {
    /// The offset before the first change.
    first: i32,
    /// When the offset changes, in seconds since the epoch, and what it is from then on. In order.
    changes: Vec<(i64, i32)>,
    /// What follows the last change.
    rule: Option<Rule>,
    /// When the number of leap seconds changes, and what it is from then on. Only zones under `right/` have them.
    leaps: Vec<(i64, i32)>,
}

impl TimeZone {
    /// The zone of this process.
    pub fn of_process() -> TimeZone {
        TimeZone::named(std::env::var_os("TZ").as_deref(), std::env::var_os("TZDIR"))
    }

    /// The zone that is called `name`, in the database `directory`.
    fn named(name: Option<&OsStr>, directory: Option<OsString>) -> TimeZone {
        let Some(name) = name else { return read(Path::new("/etc/localtime")).unwrap_or_default() };
        let name = name.as_bytes();
        let name = name.strip_prefix(b":").unwrap_or(name);
        if name.is_empty() {
            return TimeZone::default();
        }
        let directory = directory.filter(|path| !path.is_empty());
        let directory = directory.map_or_else(|| PathBuf::from("/usr/share/zoneinfo"), PathBuf::from);
        read(&directory.join(OsStr::from_bytes(name))).or_else(|| TimeZone::by_rule(name)).unwrap_or_default()
    }

    /// The zone of a rule of POSIX. None: it is not one.
    pub fn by_rule(text: &[u8]) -> Option<TimeZone> {
        Some(TimeZone { rule: Some(Rule::parse(text)?), ..TimeZone::default() })
    }

    /// By how many seconds the local clock is ahead of the system clock when that shows `seconds` since the epoch.
    pub fn offset(&self, seconds: i64) -> i32 {
        let leaps = value_at(&self.leaps, seconds).unwrap_or(0);
        let is_last = self.changes.last().is_none_or(|&(last, _)| last <= seconds);
        let offset = match &self.rule {
            Some(rule) if is_last => rule.offset(seconds - i64::from(leaps)),
            _ => value_at(&self.changes, seconds).unwrap_or(self.first),
        };
        offset - leaps
    }
}

/// What the last change up to then has made of it.
fn value_at(changes: &[(i64, i32)], seconds: i64) -> Option<i32> {
    let passed = changes.partition_point(|&(at, _)| at <= seconds);
    passed.checked_sub(1).map(|last| changes[last].1)
}

fn read(path: &Path) -> Option<TimeZone> {
    // Opening anything but a file may wait or have effects.
    if !std::fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    std::fs::File::open(path).ok()?.take(LONGEST).read_to_end(&mut bytes).ok()?;
    file::parse(&bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::process::{Command, Stdio};

    use proptest::prelude::*;

    use super::*;

    /// What the C library says, through date(1). None: there is no such program.
    fn by_date(zone: &str, moments: &[i64]) -> Option<Vec<i32>> {
        let mut date = Command::new("date");
        date.env("TZ", zone).args(["-f", "-", "+%::z"]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut date = date.spawn().ok()?;
        let text: String = moments.iter().map(|at| format!("@{at}\n")).collect();
        date.stdin.take()?.write_all(text.as_bytes()).ok()?;
        let said = String::from_utf8(date.wait_with_output().ok()?.stdout).ok()?;
        let offset = |line: &str| {
            let parts: Vec<i32> = line[1..].split(':').map(|part| part.parse().unwrap()).collect();
            let seconds = parts[0] * 3600 + parts[1] * 60 + parts[2];
            if line.starts_with('-') { -seconds } else { seconds }
        };
        Some(said.lines().map(offset).collect())
    }

    const ZONES: [&str; 19] = [
        "Europe/Berlin",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "UTC",
        "America/New_York",
        "America/St_Johns",
        "Asia/Beirut",
        "Africa/Casablanca",
        "Europe/Dublin",
        "Pacific/Apia",
        "America/Nuuk",
        "",
        "Nowhere/Atall",
        "CET-1CEST,M3.5.0,M10.5.0/3",
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        "EST5EDT,J60,300/1:30:10",
        "XYZ-3:15:20",
        "IST-1GMT0,M10.5.0,M3.5.0/1",
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
    ];

    proptest! {
        #![proptest_config(ProptestConfig { cases: 30, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_zone_is_what_the_c_library_has(
            mut moments in prop::collection::vec(-2_000_000_000i64..6_000_000_000, 200)
        ) {
            if !Path::new("/usr/share/zoneinfo/Europe/Berlin").exists() {
                return Ok(());
            }
            for name in ZONES {
                let zone = TimeZone::named(Some(OsStr::new(name)), None);
                // The last second before a change and the first one after it.
                moments.truncate(200);
                moments.extend(zone.changes.iter().rev().take(40).flat_map(|&(at, _)| [at - 1, at]));
                let Some(expected) = by_date(name, &moments) else { return Ok(()) };
                // To the C library a rule has no summers before 1970.
                let is_known = |at: &i64| *at >= 0 || !zone.changes.is_empty();
                for (at, expected) in moments.iter().zip(expected).filter(|(at, _)| is_known(at)) {
                    prop_assert_eq!(zone.offset(*at), expected, "{} at {}", name, at);
                }
            }
        }

        #[test]
        fn no_bytes_of_a_file_and_no_rule_are_too_strange(
            bytes in prop::collection::vec(any::<u8>(), 0..200), rule in "[A-Z<>+,./:MJ0-9-]{0,30}", at in any::<i64>()
        ) {
            let file = [&b"TZif2"[..], &[0; 15], &bytes].concat();
            for zone in [file::parse(&file), file::parse(&bytes), TimeZone::by_rule(rule.as_bytes())] {
                zone.unwrap_or_default().offset(at);
            }
        }
    }

    #[test]
    fn a_zone_that_is_no_file_is_utc() {
        for name in ["/", "/dev/zero", "/etc", "Europe", "../../../etc/passwd", ":"] {
            assert_eq!(TimeZone::named(Some(OsStr::new(name)), None), TimeZone::default(), "{name}");
        }
    }

    #[test]
    fn leap_seconds_are_taken_off() {
        let zone = TimeZone { first: 3600, leaps: vec![(100, 1), (200, 2)], ..TimeZone::default() };
        assert_eq!([99, 100, 200].map(|at| zone.offset(at)), [3600, 3599, 3598]);
    }
}
