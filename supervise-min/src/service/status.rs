//! `Status`: the 18 bytes of `supervise/status`, daemontools' own.
//!
//! ```text
//! 0   8  seconds of the TAI64N label of the last start or end, big-endian
//! 8   4  its nanoseconds, big-endian
//! 12  4  process id, little-endian; 0: down
//! 16  1  1: paused
//! 17  1  what is wanted: `u`, `d`, or 0
//! ```

use tai64tools::Label;

/// How many bytes it has.
pub const LENGTH: usize = 18;

/// What is wanted of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// That it runs.
    Up,
    /// That it does not.
    Down,
    /// That it stays as it is: it runs, and will not be started again.
    Once,
}

/// The state of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status {
    /// When it was started or has ended.
    pub since: Label,
    /// Its process. None: it is down.
    pub pid: Option<u32>,
    /// Whether its process was stopped.
    pub paused: bool,
    /// What is wanted.
    pub want: Want,
}

impl Status {
    /// As it is in the file.
    pub fn bytes(&self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        bytes[..8].copy_from_slice(&self.since.seconds().to_be_bytes());
        bytes[8..12].copy_from_slice(&self.since.nanos().to_be_bytes());
        bytes[12..16].copy_from_slice(&self.pid.unwrap_or(0).to_le_bytes());
        bytes[16] = u8::from(self.paused && self.pid.is_some());
        bytes[17] = match self.want {
            Want::Up => b'u',
            Want::Down => b'd',
            Want::Once => 0,
        };
        bytes
    }

    /// From the file, which may be longer. None: it is too short, or has no time.
    pub fn of(bytes: &[u8]) -> Option<Status> {
        let (seconds, rest) = bytes.split_first_chunk()?;
        let (nanos, rest) = rest.split_first_chunk()?;
        let (pid, rest) = rest.split_first_chunk()?;
        let [paused, want, ..] = rest else { return None };
        Some(Status {
            since: Label::new(u64::from_be_bytes(*seconds), u32::from_be_bytes(*nanos))?,
            pid: Some(u32::from_le_bytes(*pid)).filter(|&pid| pid > 0),
            paused: *paused != 0,
            want: match want {
                b'u' => Want::Up,
                b'd' => Want::Down,
                _ => Want::Once,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_bytes_are_those_of_daemontools() {
        let since = Label::new(0x4000_0000_37c2_19bf, 0x2ef0_2e94).unwrap();
        let status = Status { since, pid: Some(0x0102_0304), paused: true, want: Want::Up };
        assert_eq!(status.bytes(), *b"\x40\0\0\0\x37\xc2\x19\xbf\x2e\xf0\x2e\x94\x04\x03\x02\x01\x01u");
        let down = Status { pid: None, want: Want::Down, ..status };
        assert_eq!(down.bytes()[12..], *b"\0\0\0\0\0d");
        assert_eq!(Status::of(&down.bytes()[..17]), None);
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(seconds in 0u64..1 << 63, nanos in 0u32..1_000_000_000, pid: u32, paused: bool, want in 0..3) {
            let want = [Want::Up, Want::Down, Want::Once][want as usize];
            let pid = Some(pid).filter(|&pid| pid > 0);
            let status = Status { since: Label::new(seconds, nanos).unwrap(), pid, paused: paused && pid.is_some(), want };
            prop_assert_eq!(Status::of(&[&status.bytes()[..], b"more"].concat()), Some(status));
        }

        #[test]
        fn any_bytes_are_read_or_not(bytes: Vec<u8>) {
            if let Some(status) = Status::of(&bytes) {
                prop_assert_eq!(&status.bytes()[..12], &bytes[..12]);
            }
        }
    }
}
