//! A service as JSON, for programs.

use std::fmt::Write;

use tai64tools::Label;
use unix::process::Ended;
use unix::spawn::Ending;

use super::seen::{Normally, Seen};
use super::state::State;
use super::status::Want;

/// What is said of a service whose supervise runs: an object.
pub fn line(directory: &[u8], seen: &Seen, ready: bool, state: Option<State>, now: Label) -> String {
    format!("{{\"dir\":{},{}}}", text(directory), members(seen, ready, state, now))
}

/// The same without its directory and its braces.
pub fn members(seen: &Seen, ready: bool, state: Option<State>, now: Label) -> String {
    let status = seen.status;
    let state = state.unwrap_or_default();
    let (code, signal) = match state.ended {
        Some(Ended(Some(Ending::Exited(code)))) => (code.to_string(), null()),
        Some(Ended(Some(Ending::Crashed(signal)))) => (null(), signal.to_string()),
        _ => (null(), null()),
    };
    let want = match status.want {
        Want::Up => "up",
        Want::Down => "down",
        Want::Once => "once",
    };
    format!(
        "\"up\":{},\"pid\":{},\"since\":\"{}\",\"seconds\":{},\"normally\":\"{}\",\"want\":\"{want}\",\
         \"paused\":{},\"ready\":{ready},\"finishing\":{},\"exit_code\":{code},\"signal\":{signal}",
        status.pid.is_some(),
        status.pid.map_or_else(null, |pid| pid.to_string()),
        String::from_utf8_lossy(&status.since.text()),
        now.seconds().saturating_sub(status.since.seconds()),
        if seen.normally == Normally::Up { "up" } else { "down" },
        status.pid.is_some() && status.paused,
        state.finishing.is_some(),
    )
}

/// What is said of one of which nothing is known.
pub fn trouble(directory: &[u8], words: &str) -> String {
    format!("{{\"dir\":{},\"error\":{}}}", text(directory), text(words.as_bytes()))
}

fn null() -> String {
    "null".to_string()
}

/// A string of JSON. What is not UTF-8 is replaced.
pub fn text(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for character in String::from_utf8_lossy(bytes).chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            // Writing to a string does not fail.
            '\0'..='\x1f' => drop(write!(text, "\\u{:04x}", u32::from(character))),
            _ => text.push(character),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::status::Status;

    #[test]
    fn a_line_has_everything() {
        let since = Label::new(1 << 62, 5).unwrap();
        let now = Label::new((1 << 62) + 7, 0).unwrap();
        let status = Status { since, pid: Some(12), paused: true, want: Want::Once };
        let seen = Seen { status, normally: Normally::Down };
        let ended = Some(Ended(Some(Ending::Crashed(9))));
        let state = State { ended, ..State::default() };
        assert_eq!(
            line(b"a\"\\\n\xff", &seen, true, Some(state), now),
            "{\"dir\":\"a\\\"\\\\\\u000a\u{fffd}\",\"up\":true,\"pid\":12,\"since\":\"@400000000000000000000005\",\"seconds\":7,\
             \"normally\":\"down\",\"want\":\"once\",\"paused\":true,\"ready\":true,\"finishing\":false,\"exit_code\":null,\
             \"signal\":9}"
        );
        let down = Seen { status: Status { pid: None, ..status }, normally: Normally::Up };
        let state = State { ended: Some(Ended(Some(Ending::Exited(1)))), finishing: Some(3), ready: None };
        let said = line(b"a", &down, false, Some(state), now);
        assert!(said.contains("\"pid\":null") && said.contains("\"paused\":false"), "{said}");
        assert!(said.contains("\"finishing\":true,\"exit_code\":1,\"signal\":null"), "{said}");
        assert_eq!(trouble(b"x", "no"), "{\"dir\":\"x\",\"error\":\"no\"}");
    }
}
