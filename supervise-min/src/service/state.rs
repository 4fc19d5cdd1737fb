//! `State`: what is known of a service beyond the 18 bytes, as text in `supervise/state`.
//!
//! ```text
//! ended exited 1          or `killed 9`, or `unknown`: how its last process ended
//! ready 1234 @40000000... which process has said that it is ready, and when
//! finish 1235             which process runs `finish`
//! ```
//!
//! A line that does not apply is left out. The text is filled up with spaces, so it always has the same length and can
//! be written on a full disk.

use std::io;

use tai64tools::Label;
use unix::process::Ended;
use unix::spawn::Ending;

use super::folder::Folder;

/// Room for the longest text.
pub const LENGTH: usize = 100;

/// What is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// How its last process ended. None: none has.
    pub ended: Option<Ended>,
    /// The process that has said that it is ready, and when.
    pub ready: Option<(u32, Label)>,
    /// The process that comes after it.
    pub finishing: Option<u32>,
}

impl State {
    /// As it is in the file.
    pub fn text(&self) -> String {
        let mut text = String::new();
        if let Some(Ended(ending)) = self.ended {
            text += &match ending {
                Some(Ending::Exited(code)) => format!("ended exited {code}\n"),
                Some(Ending::Crashed(signal)) => format!("ended killed {signal}\n"),
                None => "ended unknown\n".to_string(),
            };
        }
        if let Some((pid, when)) = self.ready {
            text += &format!("ready {pid} {}\n", String::from_utf8_lossy(&when.text()));
        }
        if let Some(pid) = self.finishing {
            text += &format!("finish {pid}\n");
        }
        format!("{text:<width$}\n", width = LENGTH - 1)
    }

    /// From the file in a `supervise/`.
    pub fn read(folder: &Folder) -> io::Result<State> {
        folder.read("state", LENGTH).map(|text| State::of(&String::from_utf8_lossy(&text)))
    }

    /// From the text of the file. What is not understood is passed over.
    pub fn of(text: &str) -> State {
        let mut state = State::default();
        for line in text.lines() {
            let words: Vec<&str> = line.split_ascii_whitespace().collect();
            match words[..] {
                ["ended", "exited", code] => {
                    state.ended = code.parse().ok().map(|code| Ended(Some(Ending::Exited(code))));
                }
                ["ended", "killed", signal] => {
                    state.ended = signal.parse().ok().map(|signal| Ended(Some(Ending::Crashed(signal))));
                }
                ["ended", "unknown"] => state.ended = Some(Ended(None)),
                ["ready", pid, when] => {
                    state.ready = pid.parse().ok().zip(Label::parse(when.as_bytes()));
                }
                ["finish", pid] => state.finishing = pid.parse().ok(),
                _ => {}
            }
        }
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_for_people() {
        let when = Label::new(0x4000_0000_37c2_19bf, 0x2ef0_2e94).unwrap();
        let ended = Some(Ended(Some(Ending::Exited(1))));
        let state = State { ended, ready: Some((1234, when)), finishing: Some(1235) };
        let text = "ended exited 1\nready 1234 @4000000037c219bf2ef02e94\nfinish 1235\n";
        assert_eq!(state.text().trim_end().to_string() + "\n", text);
        assert_eq!(State::of("what\nended\nready 1\nended exited 256\nfinish x\n\n"), State::default());
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(
            ended in prop::option::of(prop_oneof![
                Just(None),
                any::<u8>().prop_map(|code| Some(Ending::Exited(code))),
                (0..=64i32).prop_map(|signal| Some(Ending::Crashed(signal))),
            ]),
            ready in prop::option::of((any::<u32>(), 0u64..1 << 63, 0u32..1_000_000_000)),
            finishing: Option<u32>,
        ) {
            let ready = ready.map(|(pid, seconds, nanos)| (pid, Label::new(seconds, nanos).unwrap()));
            let state = State { ended: ended.map(Ended), ready, finishing };
            prop_assert_eq!(state.text().len(), LENGTH);
            prop_assert_eq!(State::of(&state.text()), state);
        }
    }
}
