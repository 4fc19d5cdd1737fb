//! What the author of a script may not have meant.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use multilog::pattern::{Pattern, Syntax};
use multilog::script::action::{Scope, find};
use multilog::script::{Action, LogConfig, Script};
use tai64tools::Stamp;

use super::steps::{shown, steps, syntax};

/// The mistakes of a script, in the order of its arguments where they have one.
pub(super) fn of(arguments: &[OsString], script: &Script) -> Vec<String> {
    let remarks =
        script.remarks.iter().map(|remark| String::from_utf8_lossy(remark.message().as_bytes()).into_owned());
    let mut found: Vec<String> = remarks.collect();
    found.extend(same_directory(script));
    found.extend(no_effect(arguments, &script.actions));
    found.extend(repeated(arguments));
    found.extend(replaced(arguments));
    found.extend(settings_without_directory(arguments));
    found.extend(script.logs.iter().filter_map(spares_all));
    found.extend(patterns(arguments, script.stamp));
    found
}

/// A second multilog can't lock a directory, and neither can this one twice.
fn same_directory(script: &Script) -> Option<String> {
    let mut seen = BTreeSet::new();
    let twice = script.logs.iter().find(|log| !seen.insert(plain(&log.path)))?;
    Some(format!("{} is there twice: multilog can't lock it a second time, and ends", shown(&twice.path)))
}

/// The path without dots and doubled slashes.
fn plain(path: &OsStr) -> PathBuf {
    Path::new(path).components().filter(|part| *part != Component::CurDir).collect()
}

/// What is known of all lines at some place of the script.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lines {
    AllSelected,
    NoneSelected,
    Some,
}

/// Steps that never change anything.
fn no_effect(arguments: &[OsString], actions: &[Action]) -> Vec<String> {
    let mut found = Vec::new();
    let mut lines = Lines::AllSelected;
    let last_outlet = actions.iter().rposition(|action| !changes_selection(action));
    for (at, (argument, action)) in steps(arguments).zip(actions).enumerate() {
        let shown = shown(argument);
        let nothing = match (action, lines) {
            (Action::Select(_) | Action::Deselect(_), _) if last_outlet.is_some_and(|last| last < at) => {
                "nothing comes after it that takes lines"
            }
            (Action::Select(_), Lines::AllSelected) => "all lines are selected there already",
            (Action::Deselect(_), Lines::NoneSelected) => "no line is selected there any more",
            (Action::Select(_) | Action::Deselect(_), _) => {
                lines = after(action, argument, lines);
                continue;
            }
            (_, Lines::NoneSelected) => "no line is selected there: it gets nothing",
            _ => continue,
        };
        found.push(format!("{shown} has no effect: {nothing}"));
    }
    found
}

fn changes_selection(action: &Action) -> bool {
    matches!(action, Action::Select(_) | Action::Deselect(_))
}

fn after(action: &Action, argument: &OsStr, lines: Lines) -> Lines {
    let everything = argument.as_bytes()[1..].iter().all(|&byte| byte == b'*') && argument.len() == 2;
    match action {
        Action::Select(_) if everything => Lines::AllSelected,
        Action::Deselect(_) if everything => Lines::NoneSelected,
        Action::Select(_) | Action::Deselect(_) => Lines::Some,
        _ => lines,
    }
}

/// Patterns that are there already, with none of the other sign since.
fn repeated(arguments: &[OsString]) -> Vec<String> {
    let mut now = Syntax::Star;
    let mut found = Vec::new();
    let mut since: Vec<(Syntax, &OsStr)> = Vec::new();
    for argument in arguments {
        now = syntax(argument).unwrap_or(now);
        let Some(sign @ (b'+' | b'-')) = argument.as_bytes().first() else { continue };
        since.retain(|(_, other)| other.as_bytes().first() == Some(sign));
        if since.contains(&(now, argument)) {
            found.push(format!("{} has no effect: the same pattern is before it", shown(argument)));
        }
        since.push((now, argument));
    }
    found
}

/// Settings that another one replaces before anything takes them.
fn replaced(arguments: &[OsString]) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting: Vec<(&str, &OsStr)> = Vec::new();
    for argument in arguments {
        waiting.retain(|(kind, _)| !takes(argument, kind));
        let Some(kind) = setting(argument) else { continue };
        if let Some((_, before)) = waiting.iter().find(|(other, _)| *other == kind) {
            found.push(format!("{} has no effect: {} replaces it", shown(before), shown(argument)));
        }
        waiting.retain(|(other, _)| *other != kind);
        waiting.push((kind, argument));
    }
    found
}

/// What a setting for directories is about. None: it is something else.
fn setting(argument: &OsStr) -> Option<&'static str> {
    let (row, _) = find(argument.as_bytes()).filter(|(row, _)| row.word.scope == Scope::Directories)?;
    Some(row.word.head.text())
}

/// Whether a setting of this kind before it counts for this argument: `1` takes the prefix, and a directory all.
fn takes(argument: &OsStr, kind: &str) -> bool {
    matches!(argument.as_bytes().first(), Some(b'.' | b'/')) || (argument == "1" && kind == "prefix=")
}

/// Settings count for directories after them.
fn settings_without_directory(arguments: &[OsString]) -> Option<String> {
    let mut left: Vec<(&str, &OsStr)> = Vec::new();
    for argument in arguments {
        left.retain(|(kind, _)| !takes(argument, kind));
        left.extend(setting(argument).map(|kind| (kind, argument.as_os_str())));
    }
    let verb = if left.len() == 1 { "has" } else { "have" };
    let left: Vec<String> = left.into_iter().map(|(_, argument)| shown(argument)).collect();
    (!left.is_empty())
        .then(|| format!("{} {verb} no effect: a setting is for the directories after it", left.join(" ")))
}

/// Archives may go on a full disk, and there are never enough of them.
fn spares_all(log: &LogConfig) -> Option<String> {
    let (spared, most) = (log.spare?.archives(), log.keep()?.archives());
    let archives = if most == 1 { "1 archive".into() } else { format!("{most} archives") };
    (spared >= most)
        .then(|| format!("min={spared} has no effect: {} has never more than {archives}", shown(&log.path)))
}

/// What patterns match is not always what they look like.
fn patterns(arguments: &[OsString], stamp: Option<Stamp>) -> Vec<String> {
    let mut now = Syntax::Star;
    let mut found = Vec::new();
    for argument in arguments {
        now = syntax(argument).unwrap_or(now);
        let [b'+' | b'-', text @ ..] = argument.as_bytes() else { continue };
        let shown = shown(argument);
        if stamp.is_some_and(|stamp| misses_the_stamp(text, now, stamp)) {
            found.push(format!("{shown} matches no line: patterns see the stamp before the line"));
        } else if let Some(example) = (now == Syntax::Star).then(|| surprise(text)).flatten() {
            let example = example.escape_ascii();
            let why = "a star ends at the first byte like the one behind it";
            found.push(format!("{shown} does not match \"{example}\": {why}"));
        }
    }
    found
}

/// Whether a pattern asks for something else where the stamp begins.
fn misses_the_stamp(text: &[u8], syntax: Syntax, stamp: Stamp) -> bool {
    let text = match (syntax, text) {
        (Syntax::Regex, [b'^', rest @ ..]) => rest,
        (Syntax::Regex, _) => return false,
        _ => text,
    };
    match text.first() {
        // Whatever else is special may match a stamp.
        Some(first) if !first.is_ascii_alphanumeric() && *first != b'@' => false,
        Some(b'@') => stamp != Stamp::Tai64n,
        Some(first) => stamp == Stamp::Tai64n || !first.is_ascii_digit(),
        None => syntax != Syntax::Regex,
    }
}

/// A line that the pattern seems to match and does not. A star of the original ends at the first byte like the one behind
/// it, and never tries a later one.
fn surprise(text: &[u8]) -> Option<Vec<u8>> {
    let pattern = Pattern::new(Syntax::Star, text).ok()?;
    let stars = text.iter().enumerate().filter(|&(_, &byte)| byte == b'*').map(|(at, _)| at);
    let mut examples = stars.filter_map(|star| with_a_false_start(text, star));
    examples.find(|example| !pattern.matches(example))
}

/// The text of a pattern in which a star is filled with the byte behind it, if a word begins there. One byte alone is
/// found wherever it is first, and a blank or a colon is meant to divide a line.
fn with_a_false_start(text: &[u8], star: usize) -> Option<Vec<u8>> {
    let (before, behind) = (&text[..star], &text[star + 1..]);
    let word = behind.split(|&byte| byte == b'*').next().filter(|word| word.len() > 1)?;
    let begins_a_word = word[0].is_ascii_alphanumeric() || b"\"'[(<".contains(&word[0]);
    let filled = |text: &[u8]| -> Vec<u8> { text.iter().copied().filter(|&byte| byte != b'*').collect() };
    begins_a_word.then(|| [filled(before), vec![word[0], b' '], filled(behind)].concat())
}
