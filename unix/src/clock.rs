//! The clock that no step changes.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long this run of the machine has lasted, with the time in which it slept (CLOCK_BOOTTIME).
pub fn running() -> Duration {
    let time = clock_gettime(ClockId::Boottime);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_goes_on() {
        let before = running();
        std::thread::sleep(Duration::from_millis(2));
        assert!(running() >= before + Duration::from_millis(2));
    }
}
