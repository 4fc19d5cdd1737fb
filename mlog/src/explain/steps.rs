//! What becomes of a line: the actions in their order.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use multilog::pattern::Syntax;
use multilog::script::action::{Scope, find};
use multilog::script::{Action, LogConfig};

use super::words::{plain, put};

/// One line for each step, with the argument that it comes from.
pub(super) fn explain(
    text: &mut String,
    arguments: &[OsString],
    actions: &[Action],
    logs: &[LogConfig],
    statuses: &[OsString],
) {
    if actions.is_empty() {
        return put(text, format_args!("\nLines are read and thrown away."));
    }
    put(text, format_args!("\nEach line is selected at first. Then, in this order:"));
    for (argument, action) in steps(arguments).zip(actions) {
        let what = match action {
            Action::Select(_) => "selects lines that match".to_string(),
            Action::Deselect(_) => "deselects lines that match".to_string(),
            Action::Alert => "selected lines go to standard error, 200 bytes of each".to_string(),
            Action::Status(at) => {
                format!("each selected line replaces what is in {}", plain(&statuses[*at]))
            }
            Action::Output => "selected lines go to standard output".to_string(),
            Action::Log(at) => {
                format!("selected lines are appended to {}", current(&logs[*at].path))
            }
        };
        put(text, format_args!("  {:<20} {what}", shown(argument)));
    }
}

/// The arguments that are steps in the treatment of a line. There is one for each [`Action`].
pub(super) fn steps(arguments: &[OsString]) -> impl Iterator<Item = &OsStr> {
    let is_step = |argument: &&OsString| {
        let row = find(argument.as_bytes()).map(|(row, _)| row);
        row.is_some_and(|row| row.word.scope == Scope::Line && syntax(argument).is_none())
    };
    arguments.iter().filter(is_step).map(OsString::as_os_str)
}

/// How patterns are read after this argument, if it says that.
pub(super) fn syntax(argument: &OsStr) -> Option<Syntax> {
    match argument.as_bytes() {
        b"S" => Some(Syntax::Star),
        b"F" => Some(Syntax::Glob),
        b"R" => Some(Syntax::Regex),
        _ => None,
    }
}

fn current(directory: &OsStr) -> String {
    format!("{}/current", plain(directory).to_string().trim_end_matches('/'))
}

/// An argument as it would be typed.
pub(super) fn shown(argument: &OsStr) -> String {
    let escaped = argument.as_bytes().escape_ascii().to_string();
    let text = escaped.replace("\\\\", "\\").replace("\\\"", "\"").replace("\\'", "'\\''");
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"+-_./=:,@%".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) { text } else { format!("'{text}'") }
}

#[cfg(test)]
mod tests {
    use multilog::script::Script;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_argument_is_shown_as_it_would_be_typed() {
        for (argument, as_typed) in [
            ("./main", "./main"),
            ("-*", "'-*'"),
            ("+a b", "'+a b'"),
            ("+it's", "'+it'\\''s'"),
            ("", "''"),
            ("=\u{1b}[2J", "'=\\x1b[2J'"),
        ] {
            assert_eq!(shown(OsStr::new(argument)), as_typed);
        }
    }

    proptest! {
        #[test]
        fn each_step_of_a_script_has_its_argument(
            arguments in proptest::collection::vec("t|e|1|S|F|R|n5|=x|\\./a|/b|\\+\\*|-[a-z*]{0,4}|prefix=|Q", 0..8)
        ) {
            let arguments: Vec<OsString> = arguments.into_iter().map(OsString::from).collect();
            let parsed = Script::parse(arguments.clone());
            // A pattern may be no regular expression.
            prop_assume!(parsed.is_ok());
            let script = parsed.unwrap();
            prop_assert_eq!(steps(&arguments).count(), script.actions.len());
            for (argument, action) in steps(&arguments).zip(&script.actions) {
                let fits = match action {
                    Action::Select(_) => argument.as_bytes()[0] == b'+',
                    Action::Deselect(_) => argument.as_bytes()[0] == b'-',
                    Action::Alert => argument == "e",
                    Action::Status(_) => argument.as_bytes()[0] == b'=',
                    Action::Output => argument == "1",
                    Action::Log(at) => argument == script.logs[*at].path,
                };
                prop_assert!(fits, "{argument:?} {action:?}");
            }
        }
    }
}
