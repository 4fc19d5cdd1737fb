//! A label as people read it: `YYYY-MM-DD HH:MM:SS.nnnnnnnnn` in the local zone.

use std::io::Write;

use crate::label::Label;

/// Writes the local time of `label`. False: the zone has no such time, and nothing was written.
pub fn write_local(label: Label, out: &mut Vec<u8>) -> bool {
    let Some(t) = unix::localtime::local(label.unix_seconds()) else {
        return false;
    };
    let date = (t.year, t.month, t.day);
    let time = (t.hour, t.minute, t.second);
    // Writing to a Vec can't fail.
    write!(out, "{}-{:02}-{:02} ", date.0, date.1, date.2).is_ok()
        && write!(out, "{:02}:{:02}:{:02}.{:09}", time.0, time.1, time.2, label.nanos()).is_ok()
}
