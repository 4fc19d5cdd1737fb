//! The table of SCRIPT.md, the manual page and DIFFERENCES have the actions of [`ALL`], and no others.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;

fn document(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap()
}

/// The lines after the line `start`.
fn after<'a>(text: &'a str, start: &str) -> impl Iterator<Item = &'a str> {
    text.lines().skip_while(move |line| *line != start).skip(1)
}

/// What is between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The part of an action that is always written the same: its head, and what comes before the name of its value.
fn literal(word: &Word) -> String {
    let name = word.value.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(word.value.len());
    format!("{}{}", word.head.text(), &word.value[..name])
}

/// The action that a document shows as `text`: a `key=` with any value; everything else as `--help` has it, or without
/// the value.
fn shown(text: &str) -> Option<&'static Word> {
    let is_it = |word: &&Word| {
        let (literal, whole) = (literal(word), format!("{}{}", word.head.text(), word.value));
        text == literal || text == whole || literal.ends_with('=') && text.starts_with(&literal)
    };
    ALL.iter().map(|row| row.word).find(is_it)
}

/// Which actions are missing among `texts`, and which texts are no action.
fn faults<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut missing: BTreeSet<String> = ALL.iter().map(|row| literal(row.word)).collect();
    let mut faults = Vec::new();
    for text in texts {
        match shown(text) {
            Some(word) => drop(missing.remove(&literal(word))),
            None => faults.push(format!("{text} is no action")),
        }
    }
    faults.extend(missing.into_iter().map(|action| format!("{action} is missing")));
    faults
}

/// The first column of the table of SCRIPT.md.
fn of_table(text: &str) -> Vec<&str> {
    let rows = after(text, "| action | meaning |").skip(1).take_while(|line| line.starts_with('|'));
    rows.filter_map(|row| row.split('|').nth(1)).flat_map(quoted).collect()
}

/// The literal words (`Cm`) of the items in the manual page.
fn of_manual(text: &str) -> Vec<&str> {
    let items = after(text, ".Sh ACTIONS").take_while(|line| !line.starts_with(".Sh "));
    items.filter_map(|line| line.strip_prefix(".It ")).flat_map(literals).collect()
}

fn literals(item: &str) -> Vec<&str> {
    let (mut literal, mut found) = (false, Vec::new());
    for word in item.split_whitespace() {
        match word {
            "Cm" => literal = true,
            "Ar" | "Ns" | "Op" => literal = false,
            "," | "|" => {}
            _ if literal => found.push(word.trim_start_matches("\\&")),
            _ => {}
        }
    }
    found
}

/// The title and the text of each section of DIFFERENCES about the script.
fn sections_of_differences(text: &str) -> Vec<(String, String)> {
    let part: Vec<&str> = after(text, "## The script").take_while(|line| !line.starts_with("## ")).collect();
    let part = part.join("\n");
    let sections = part.split("### ").skip(1).filter_map(|section| section.split_once('\n'));
    sections.map(|(title, text)| (title.to_string(), text.to_string())).collect()
}

/// What is wrong in DIFFERENCES: an action that its heading does not explain, and one that is explained under a heading
/// and is not in the table with it.
fn faults_of_differences(text: &str) -> Vec<String> {
    let sections = sections_of_differences(text);
    let words = ALL.iter().map(|row| row.word);
    let unexplained = words.filter(|word| {
        let under = |heading| sections.iter().filter(move |(title, _)| title == heading);
        let explains = |(_, text): &(String, String)| {
            quoted(text).into_iter().filter_map(shown).any(|found| found.head == word.head)
        };
        word.whose.heading().is_some_and(|heading| !under(heading).any(explains))
    });
    let unexplained = unexplained.map(|word| format!("{} is missing", literal(word)));
    unexplained.chain(sections.iter().flat_map(|(title, text)| foreign(title, text))).collect()
}

/// What this section explains as an action though it is none of that heading: each `key=`, what is ours only, and
/// everything that is daemontools-encore's.
fn foreign(title: &str, text: &str) -> Vec<String> {
    let quoted = quoted(text);
    let is_key = |text: &str| text.starts_with(|c: char| c.is_ascii_lowercase()) && text.contains('=');
    let alone = quoted.first().filter(|_| text.starts_with("* Ours only: `"));
    let is_explained =
        |text: &&&str| Whose::Encore.heading() == Some(title) || is_key(text) || Some(*text) == alone;
    let is_foreign = |text: &&&str| shown(text).and_then(|word| word.whose.heading()) != Some(title);
    let foreign = quoted.iter().filter(is_explained).filter(is_foreign);
    foreign.map(|text| format!("{text} is no action")).collect()
}

#[test]
fn the_documents_have_every_action_and_no_other() {
    let [table, manual, differences] = ["docs/SCRIPT.md", "docs/multilog.8", "docs/DIFFERENCES.md"];
    let found = [
        (table, faults(of_table(&document(table)))),
        (manual, faults(of_manual(&document(manual)))),
        (differences, faults_of_differences(&document(differences))),
    ];
    assert!(found.iter().all(|(_, faults)| faults.is_empty()), "{found:#?}");
}

/// What is wrong in a document.
type Check = fn(&str) -> Vec<String>;

/// A document that has each action, one a line.
fn with_each_action(before: &str, line: impl Fn(&Word) -> String, after: &str) -> String {
    let lines: String = ALL.iter().map(|row| line(row.word)).collect();
    format!("{before}\n{lines}{after}\n")
}

#[test]
fn an_action_that_a_document_lacks_or_has_too_many_is_found() {
    let row = |word: &Word| format!("| `{}{}` | what it does |\n", word.head.text(), word.value);
    let table = with_each_action("| action | meaning |\n|---|---|", row, "");
    let item = |word: &Word| format!(".It Cm {} Ns Ar value\n", literal(word));
    let manual = with_each_action(".Sh ACTIONS", item, ".Sh PATTERNS\n.It Cm y\n");
    let heading = |word: &Word| match word.whose {
        Whose::Original => String::new(),
        Whose::Encore => format!("### Actions of daemontools-encore\n`{}`\n", literal(word)),
        Whose::Ours(title) => format!("### {title}\n* Ours only: `{}`, by `s`.\n", literal(word)),
    };
    let differences = with_each_action("## The script", heading, "## Lines\n### Others\n* Ours only: `y`.");
    let checks: [(&str, Check, &str, &str); 3] = [
        (&table, |text| faults(of_table(text)), "`min=NUMBER`", "`min=NUMBER` `since=TIME` `Q`"),
        (&manual, |text| faults(of_manual(text)), "Cm min=", "Cm min= , since= , Q"),
        (&differences, faults_of_differences, "`min=`", "`min=` `since=TIME`\n### More\n* Ours only: `Q`"),
    ];
    for (text, check, shown, more) in checks {
        assert_eq!(check(text), [""; 0]);
        assert_eq!(check(&text.replace(shown, "")), ["min= is missing"]);
        let found = check(&text.replace(shown, more));
        assert!(
            found.len() == 2 && found[0].starts_with("since=") && found[1] == "Q is no action",
            "{found:?}"
        );
    }
}
