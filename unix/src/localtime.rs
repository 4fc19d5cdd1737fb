//! Broken-down local time through the C library, so that every zone that TZ can name works.

/// A moment in the local zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The year of our Lord, not since 1900.
    pub year: i64,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60: a zone under `right/` shows leap seconds.
    pub second: u8,
    /// Seconds east of UTC.
    pub offset: i32,
}

impl LocalTime {
    /// Seconds since midnight by this clock.
    pub fn second_of_day(&self) -> u32 {
        u32::from(self.hour) * 3600 + u32::from(self.minute) * 60 + u32::from(self.second)
    }
}

/// The local time of `seconds` since the epoch, or None where the C library has none for it.
pub fn local(seconds: i64) -> Option<LocalTime> {
    // SAFETY: tzset has no arguments; the environment is not changed while the program runs, as
    // nothing in the toolchain sets a variable of its own process after start.
    unsafe { tzset() };
    broken_down(seconds, libc::localtime_r)
}

/// The same in UTC, whatever TZ says.
pub fn utc(seconds: i64) -> Option<LocalTime> {
    broken_down(seconds, libc::gmtime_r)
}

/// `localtime_r` or `gmtime_r`.
type Convert = unsafe extern "C" fn(*const libc::time_t, *mut libc::tm) -> *mut libc::tm;

fn broken_down(seconds: i64, convert: Convert) -> Option<LocalTime> {
    // SAFETY: an all-zero tm is a valid value (integers and a pointer that may be null) for the
    // conversion to overwrite; both pointers are to live values of this frame.
    let tm = unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        if convert(&raw const seconds, &raw mut tm).is_null() {
            return None;
        }
        tm
    };
    Some(LocalTime {
        year: i64::from(tm.tm_year) + 1900,
        month: u8::try_from(tm.tm_mon + 1).ok()?,
        day: u8::try_from(tm.tm_mday).ok()?,
        hour: u8::try_from(tm.tm_hour).ok()?,
        minute: u8::try_from(tm.tm_min).ok()?,
        second: u8::try_from(tm.tm_sec).ok()?,
        offset: i32::try_from(tm.tm_gmtoff).ok()?,
    })
}

unsafe extern "C" {
    /// Reads TZ and loads the zone; localtime_r need not do it by itself.
    fn tzset();
}
