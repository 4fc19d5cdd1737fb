//! Nothing needs a newer compiler than the workspace promises. `make msrv` tries it with such a compiler; here is what shows
//! without one. The functions of the standard library are clippy's part.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use super::root;

/// Major and minor.
type Version = (u32, u32);

fn version(text: &str) -> Version {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap_or(0))
}

/// The value of `KEY = "VALUE"` in a file.
fn value(file: &str, key: &str) -> String {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let key = format!("{key} = \"");
    let line = text.lines().find_map(|line| line.strip_prefix(&key)).unwrap();
    line.trim_end_matches('"').to_string()
}

fn promised() -> Version {
    version(&value("Cargo.toml", "rust-version"))
}

/// What cargo knows of all crates for this machine.
fn metadata() -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--locked", "--offline", "--format-version", "1"]).current_dir(root());
    let machine = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = cargo.args(["--filter-platform", &machine]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Texts below `value` that have the name `name`.
fn texts<'a>(value: &'a Value, name: &'a str) -> impl Iterator<Item = &'a str> {
    value.as_array().unwrap().iter().map(move |entry| entry[name].as_str().unwrap())
}

/// Everything that `roots` need, also to be built and tested.
fn needed<'a>(metadata: &'a Value, roots: Vec<&'a str>) -> BTreeSet<&'a str> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let deps: BTreeMap<&str, &Value> =
        nodes.iter().map(|node| (node["id"].as_str().unwrap(), &node["deps"])).collect();
    let mut found = BTreeSet::new();
    let mut left = roots;
    while let Some(id) = left.pop() {
        if found.insert(id) {
            left.extend(texts(deps[id], "pkg"));
        }
    }
    found
}

#[test]
fn no_crate_needs_a_newer_compiler_than_the_workspace_promises() {
    let promised = promised();
    let metadata = metadata();
    let packages = metadata["packages"].as_array().unwrap();
    let of = |package: &Value| package["rust_version"].as_str().map(version);
    let ours = packages.iter().filter(|package| package["source"].is_null());
    // A crate of ours that promises another version does so in its own Cargo.toml.
    let roots: Vec<&str> = ours
        .filter(|package| of(package) == Some(promised))
        .map(|package| package["id"].as_str().unwrap())
        .collect();
    assert!(roots.len() > 5, "{roots:?}");
    let needed = needed(&metadata, roots);
    assert!(needed.len() > 30, "{needed:?}");
    for package in packages.iter().filter(|package| needed.contains(package["id"].as_str().unwrap())) {
        assert!(of(package).is_none_or(|least| least <= promised), "{} {:?}", package["name"], of(package));
    }
}

#[test]
fn clippy_and_the_documents_know_the_version() {
    let promised = value("Cargo.toml", "rust-version");
    assert_eq!(value("clippy.toml", "msrv"), promised);
    for file in ["HACKING.md", "README.md"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        assert!(text.contains(&format!("{promised} or newer")), "{file}");
    }
}

/// The text without comments, and with nothing in the place of each string and character.
fn bare(text: &str) -> String {
    let mut bare = String::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            'r' if rest.starts_with("r#\"") => rest.find("\"#").unwrap() + 2,
            '"' => string(rest),
            '\'' => character(rest),
            _ => {
                bare.push(letter);
                letter.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    bare
}

/// The length of the string that `text` begins with.
fn string(text: &str) -> usize {
    let mut escaped = false;
    let is_end = |letter: char| {
        let ends = letter == '"' && !escaped;
        escaped = letter == '\\' && !escaped;
        ends
    };
    1 + text[1..].find(is_end).unwrap() + 1
}

/// The length of the character that `text` begins with, or of the mark of a lifetime.
fn character(text: &str) -> usize {
    let mut letters = text[1..].char_indices();
    match (letters.next(), letters.next()) {
        (Some((_, '\\')), Some((at, _))) => 1 + at + 1 + text[1 + at + 1..].find('\'').unwrap() + 1,
        (_, Some((at, '\''))) => 1 + at + 1,
        _ => 1,
    }
}

/// Conditions of `if` and `while` that have a `let` beside something else.
fn chains(text: &str) -> Vec<String> {
    let bare = bare(text);
    let words = ["if ", "while ", "if\n", "while\n"];
    let starts = bare.char_indices().map(|(at, _)| &bare[at..]).zip(std::iter::once(' ').chain(bare.chars()));
    let conditions = starts
        .filter(|(_, before)| !before.is_alphanumeric() && *before != '_')
        .filter_map(|(rest, _)| words.iter().find_map(|word| rest.strip_prefix(word)));
    conditions.map(condition).filter(|condition| is_chain(condition)).collect()
}

/// Up to the block behind it, without what is in brackets.
fn condition(rest: &str) -> String {
    let mut depth = 0;
    let mut condition = String::new();
    for letter in rest.chars() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' | ';' if depth == 0 => break,
            _ if depth == 0 => condition.push(letter),
            _ => {}
        }
        if depth < 0 {
            break;
        }
    }
    condition
}

fn is_chain(condition: &str) -> bool {
    let mut parts = condition.split("&&").map(str::trim_start);
    let has_let = |part: &str| part.starts_with("let ");
    parts.clone().count() > 1 && parts.any(has_let)
}

/// Rust files below a folder, without what is built.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of = |path: PathBuf| match path.is_dir() {
        true if path.ends_with("target") || path.ends_with(".git") => Vec::new(),
        true => sources(&path),
        false => vec![path],
    };
    entries.flat_map(of).filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// 1.88 is the first version that has them, and no lint finds them.
#[test]
fn no_condition_is_a_let_chain() {
    if promised() >= (1, 88) {
        return;
    }
    let has_its_own = |path: &PathBuf| path.starts_with(root().join("mlog-ship"));
    let sources: Vec<PathBuf> = sources(&root()).into_iter().filter(|path| !has_its_own(path)).collect();
    assert!(sources.len() > 200);
    for path in sources {
        let found = chains(&fs::read_to_string(&path).unwrap());
        assert!(found.is_empty(), "{}: {found:?}", path.display());
    }
}

#[test]
fn a_let_chain_would_be_found() {
    for text in [
        "if a && let Some(b) = c {}",
        "if let Some(b) = c && a {}",
        "x();while let Some(b) = c\n && a\n {}",
        "else if a // why\n && let Ok(_) = b {}",
        "if '\"' == a && let b = c {}",
        "if a(\"{\") && let b = c {}",
    ] {
        assert_eq!(chains(text).len(), 1, "{text}");
    }
    for text in [
        "if a && b { let c = d && e; }",
        "if let Some(a) = (b && c).then(d) {}",
        "if let Some(a) = b { if c && d {} }",
        "// if a && let b = c {",
        "\"if a && let b = c {\"",
        "r#\"if a && let b = \"c\" {\"#",
        "if a { '\\'' } else { let b = &&c; }",
        "notif a && let b = c {}",
    ] {
        assert!(chains(text).is_empty(), "{text}");
    }
}
