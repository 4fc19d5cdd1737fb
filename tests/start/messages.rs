//! Names with control characters: the author of a name can't control the terminal that shows a message.

use harness::{Scratch, ours_only};

use crate::{TOOLS, folder};

/// ESC, a line end, BEL, DEL, the control sequence introducer of ISO 8859-1 and that of UTF-8, and two letters that are none.
const ODD: &[u8] = b"odd\x1b]0;x\x07\r\x7f\x9b1m\xc2\x9b1m\xc3\xa4\xe2\x82\xac/none";

#[test]
fn no_tool_passes_a_control_character_into_a_message() {
    use std::ffi::{OsStr, OsString};
    use std::os::unix::ffi::OsStrExt;
    if !ours_only("Messages") {
        return;
    }
    let odd = OsStr::from_bytes(ODD);
    for (tool, arguments) in TOOLS {
        // In the place of each argument, and as the only one.
        let words: Vec<OsString> = arguments.split_whitespace().map(OsString::from).collect();
        let mut all = vec![vec![odd.to_owned()]];
        for at in 0..words.len() {
            let mut changed = words.clone();
            changed[at] = odd.to_owned();
            all.push(changed);
        }
        // A path that multilog takes for one.
        if tool == "multilog" {
            all.push(
                vec![[b"./", ODD].concat()]
                    .into_iter()
                    .map(|path| OsStr::from_bytes(&path).to_owned())
                    .collect(),
            );
        }
        for words in all {
            let here = Scratch::new();
            std::fs::create_dir(here.path("env")).unwrap();
            here.write("ini", "A=1\n");
            let mut command = std::process::Command::new(folder().join(tool));
            command.args(&words).current_dir(here.path(".")).stdin(std::process::Stdio::null());
            let said = command.output().unwrap().stderr;
            let text = String::from_utf8_lossy(&said);
            assert!(
                !text.chars().any(|letter| letter.is_control() && letter != '\n'),
                "{tool} {words:?}: {text:?}"
            );
            assert!(!said.contains(&0x9b) || text.contains('\u{9b}'), "{tool} {words:?}: {said:?}");
        }
    }
}

#[test]
fn letters_beyond_ascii_stay_readable() {
    let here = Scratch::new();
    let outcome = here.multilog(&["\u{e4}\u{20ac}", "./main"]).over("a\n");
    if ours_only("Messages") {
        assert_eq!(outcome.stderr, "multilog: warning: ignoring unknown action \u{e4}\u{20ac}\n");
    }
}
