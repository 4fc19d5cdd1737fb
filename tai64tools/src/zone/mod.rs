//! `TimeZone`: the local time of a zone that was read once, so that no file is opened later.
//!
//! The C library could tell the local time as well (`unix::localtime` asks it for the filters). multilog does not use
//! it for two reasons. Without TZ the C library looks at `/etc/localtime` again for each answer, and its functions need
//! formatted input and output, which the static multilog leaves out (`unix/absent`). What TZ means is what it means
//! there, and a test compares the zones of the machine. One value differs: a summer time without a rule, such as
//! `CET-1CEST`, has the present rule of the United States, where the C library may also have its history.

pub mod civil;
mod file;
mod rule;

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::sync::OnceLock;

use unix::file::{here, read_start};
use unix::localtime::LocalTime;

use civil::local_time;
use file::Transitions;
use rule::Rule;

/// The zone of a process without TZ.
const DEFAULT: &[u8] = b"/etc/localtime";
/// Where the files of zones are, unless TZDIR says otherwise.
const FOLDER: &[u8] = b"/usr/share/zoneinfo";
/// Files of zones have a few kB. More of a file is not read.
const LARGEST: usize = 1 << 18;

/// A zone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeZone {
    transitions: Transitions,
    /// What applies after the last transition. None: the offset stays.
    rule: Option<Rule>,
}

/// The zone of this process.
static OF_PROCESS: OnceLock<TimeZone> = OnceLock::new();

impl TimeZone {
    /// The zone that TZ names, or else that of `/etc/localtime`. It is read at the first call, which takes a descriptor
    /// for a moment. A zone that can't be read or understood is UTC, as in the C library.
    pub fn of_process() -> &'static TimeZone {
        OF_PROCESS.get_or_init(|| {
            let (zone, folder) = (std::env::var_os("TZ"), std::env::var_os("TZDIR"));
            let folder = folder.unwrap_or_else(|| OsString::from_vec(FOLDER.to_vec()));
            let zone = zone.as_ref().map(|zone| zone.as_bytes());
            TimeZone::named(zone, folder.as_bytes())
        })
    }

    /// The zone of this value of TZ; the files of zones are in `folder`. Without a value it is that of
    /// `/etc/localtime`, and an empty value means UTC. A name that has no file may be a rule as POSIX has it.
    pub fn named(value: Option<&[u8]>, folder: &[u8]) -> TimeZone {
        let value = value.unwrap_or(DEFAULT);
        let value = value.strip_prefix(b":").unwrap_or(value);
        let path = match value {
            [] => return TimeZone::default(),
            [b'/', ..] => value.to_vec(),
            name => [folder, b"/", name].concat(),
        };
        let read = read_start(here(), &OsString::from_vec(path), LARGEST).ok();
        read.and_then(|bytes| TimeZone::of_file(&bytes)).unwrap_or_else(|| TimeZone::of_rule(value))
    }

    /// The zone of a file (TZif, RFC 8536). None: it is no such file.
    pub fn of_file(bytes: &[u8]) -> Option<TimeZone> {
        let (transitions, rule) = file::parse(bytes)?;
        Some(TimeZone { transitions, rule: Rule::parse(rule) })
    }

    fn of_rule(text: &[u8]) -> TimeZone {
        TimeZone { transitions: Transitions::default(), rule: Rule::parse(text) }
    }

    /// The local time at `unix` seconds since the epoch.
    pub fn time(&self, unix: i64) -> LocalTime {
        let leap = self.transitions.leap(unix);
        let time = local_time(unix - leap.before, self.offset(unix));
        LocalTime { second: time.second + leap.within, ..time }
    }

    /// The same for a text that has no seconds of the offset: where the offset is not of whole minutes, the time is that
    /// of a place where it is.
    pub fn time_by_the_minute(&self, unix: i64) -> LocalTime {
        let time = self.time(unix);
        let seconds = time.offset % 60;
        if seconds == 0 { time } else { local_time(unix, time.offset - seconds) }
    }

    /// By how many seconds the local clock is ahead of one that counts `unix` seconds since the epoch. Under `right/` the
    /// leap seconds are taken off, which that clock counts.
    pub fn ahead(&self, unix: i64) -> i64 {
        i64::from(self.offset(unix)) - self.transitions.leap(unix).before
    }

    fn offset(&self, unix: i64) -> i32 {
        match &self.rule {
            Some(rule) if self.transitions.are_over(unix) => rule.offset(unix),
            _ => self.transitions.offset(unix),
        }
    }
}

/// The time in UTC at `unix` seconds since the epoch.
pub fn utc(unix: i64) -> LocalTime {
    local_time(unix, 0)
}
