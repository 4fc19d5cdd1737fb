//! `Rules`: how a service directory wants its service to be treated. Each rule is in a file of its own, which may be
//! missing.
//!
//! ```text
//! down-signal         what `d` sends in the place of TERM: a name or a number
//! timeout-kill        milliseconds after which what does not go down is killed; 0: never
//! timeout-finish      milliseconds after which `finish` is killed; 0: never; 5000 where there is none
//! notification-fd     the descriptor that a service says a line to when it is ready
//! setsid              may be empty: a session and a process group of its own
//! permanent-failure   exit codes after which the service stays down
//! backoff             seconds: the longest wait for the next start of a service that keeps ending within ten
//! ```

use std::ops::RangeInclusive;
use std::os::fd::RawFd;
use std::time::Duration;

pub use unix::launch::Session;
use unix::signal::Signal;

/// How a service is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What it is told to end with.
    pub down_signal: Signal,
    /// After this time it is killed.
    pub timeout_kill: Option<Duration>,
    /// After this time `finish` is killed.
    pub timeout_finish: Option<Duration>,
    /// Where it says that it is ready.
    pub notification: Option<RawFd>,
    /// What it is started in.
    pub session: Session,
    /// After these exit codes it stays down: a bit for each.
    permanent: [u64; 4],
    /// The longest wait for its next start.
    pub backoff: Option<Duration>,
}

impl Rules {
    /// Those of a directory without any of the files.
    pub const PLAIN: Rules = Rules {
        down_signal: Signal::TERM,
        timeout_kill: None,
        timeout_finish: Some(Duration::from_secs(5)),
        notification: None,
        session: Session::Shared,
        permanent: [0; 4],
        backoff: None,
    };

    /// Whether the service stays down after this exit code.
    pub fn is_permanent(&self, code: u8) -> bool {
        self.permanent[usize::from(code / 64)] & 1 << (code % 64) != 0
    }

    /// Takes what a file says. False: that is not understood, and nothing has changed.
    pub fn take(&mut self, file: &str, text: &str) -> bool {
        let mut new = *self;
        let understood = new.understand(file, text.trim());
        if understood.is_some() {
            *self = new;
        }
        understood.is_some()
    }

    /// Whether a file's text would be understood.
    pub fn understands(file: &str, text: &str) -> bool {
        {
            let mut rules = Rules::PLAIN;
            rules.take(file, text)
        }
    }

    /// The files.
    pub const FILES: [&'static str; 7] = [
        "down-signal",
        "timeout-kill",
        "timeout-finish",
        "notification-fd",
        "setsid",
        "permanent-failure",
        "backoff",
    ];

    fn understand(&mut self, file: &str, text: &str) -> Option<()> {
        match file {
            "down-signal" => self.down_signal = signal(text)?,
            "timeout-kill" => self.timeout_kill = patience(text)?,
            "timeout-finish" => self.timeout_finish = patience(text)?,
            "notification-fd" => {
                self.notification = Some(text.parse().ok().filter(|number| OPEN_TO_ALL.contains(number))?);
            }
            "setsid" => self.session = Session::Own,
            "backoff" => self.backoff = Some(Duration::from_secs(text.parse().ok()?)),
            _ => {
                for word in text.split_ascii_whitespace() {
                    let code: u8 = word.parse().ok()?;
                    self.permanent[usize::from(code / 64)] |= 1 << (code % 64);
                }
            }
        }
        Some(())
    }
}

/// The numbers that a service may be given a descriptor at: not those that it has anyway.
const OPEN_TO_ALL: RangeInclusive<RawFd> = 3..=1023;

/// Milliseconds; 0 means for ever.
fn patience(text: &str) -> Option<Option<Duration>> {
    let milliseconds = text.parse().ok()?;
    Some((milliseconds > 0).then(|| Duration::from_millis(milliseconds)))
}

/// By its name, with SIG before it or without, or its number.
fn signal(text: &str) -> Option<Signal> {
    const KNOWN: [(&str, Signal); 13] = [
        ("HUP", Signal::HUP),
        ("INT", Signal::INT),
        ("QUIT", Signal::QUIT),
        ("ABRT", Signal::ABORT),
        ("KILL", Signal::KILL),
        ("USR1", Signal::USR1),
        ("USR2", Signal::USR2),
        ("ALRM", Signal::ALARM),
        ("TERM", Signal::TERM),
        ("CONT", Signal::CONT),
        ("STOP", Signal::STOP),
        ("WINCH", Signal::WINCH),
        ("PIPE", Signal::PIPE),
    ];
    let name = text.strip_prefix("SIG").unwrap_or(text);
    let number: Option<i32> = text.parse().ok();
    KNOWN
        .into_iter()
        .find(|&(known, signal)| known == name || Some(signal.as_raw()) == number)
        .map(|(_, signal)| signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_files_say() {
        let mut rules = Rules::PLAIN;
        for (file, text) in [
            ("down-signal", "SIGINT\n"),
            ("timeout-kill", "1500\n"),
            ("timeout-finish", "0"),
            ("notification-fd", "3\n"),
            ("setsid", ""),
            ("permanent-failure", "0 100\n255\n"),
            ("backoff", "60"),
        ] {
            assert!(rules.take(file, text), "{file}");
        }
        assert_eq!(rules.down_signal, Signal::INT);
        assert_eq!(
            (rules.timeout_kill, rules.backoff),
            (Some(Duration::from_millis(1500)), Some(Duration::from_secs(60)))
        );
        assert_eq!((rules.timeout_finish, rules.notification, rules.session), (None, Some(3), Session::Own));
        let permanent: Vec<u8> = (0..=255).filter(|&code| rules.is_permanent(code)).collect();
        assert_eq!(permanent, [0, 100, 255]);
        assert!(rules.take("timeout-kill", "0") && rules.timeout_kill.is_none());
        assert!(rules.take("down-signal", "15") && rules.down_signal == Signal::TERM);
    }

    #[test]
    fn what_is_not_understood_changes_nothing() {
        let mut rules = Rules::PLAIN;
        for (file, text) in [
            ("down-signal", ""),
            ("down-signal", "SIGNOTHING"),
            ("timeout-kill", "soon"),
            ("timeout-kill", "-1"),
            ("timeout-finish", "1.5"),
            ("notification-fd", "2"),
            ("notification-fd", "1024"),
            ("notification-fd", ""),
            ("permanent-failure", "1 256"),
            ("backoff", "1s"),
        ] {
            assert!(!rules.take(file, text), "{file}: {text}");
        }
        assert_eq!(rules, Rules::PLAIN);
    }
}
