//! The manual pages, and the commands in them and in other documents: the commands are run, and the output that is shown
//! is compared.

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{is_original, is_root, program};

use super::blocks::{Block, of_markdown, of_page};
use super::stage::{Stage, is};
use super::{root, tools};

fn pages() -> Vec<PathBuf> {
    let files = fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let is_page = |path: &PathBuf| path.extension().is_some_and(|section| section == "5" || section == "8");
    let mut pages: Vec<PathBuf> = files.filter(is_page).collect();
    pages.sort();
    pages
}

fn text(page: &PathBuf) -> String {
    fs::read_to_string(page).unwrap()
}

/// What belongs to the system.
const OTHERS: [&str; 7] = ["flock 2", "fnmatch 3", "sd_notify 3", "gzip 1", "prlimit 1", "ps 1", "zstd 1"];

#[test]
fn pages_refer_to_pages_that_are_there() {
    let name = |page: &PathBuf| page.file_name().unwrap().to_str().unwrap().replace('.', " ");
    let known: BTreeSet<String> = pages().iter().map(name).chain(OTHERS.map(str::to_string)).collect();
    for page in pages() {
        let text = text(&page);
        let links = text.lines().filter_map(|line| line.strip_prefix(".Xr "));
        let links: Vec<String> =
            links.map(|link| link.split(' ').take(2).collect::<Vec<_>>().join(" ")).collect();
        let behind = text.lines().skip_while(|line| *line != ".Sh SEE ALSO").nth(1).unwrap();
        assert!(behind.starts_with(".Xr "), "{}", page.display());
        for link in links {
            assert!(known.contains(&link) && link != name(&page), "{}: {link}", page.display());
        }
    }
}

/// The index of manual pages is made of this section.
#[test]
fn pages_have_names_that_apropos_finds() {
    for page in pages() {
        let text = text(&page);
        let lines: Vec<&str> = text.lines().skip_while(|line| *line != ".Sh NAME").skip(1).take(2).collect();
        let name = page.file_stem().unwrap().to_str().unwrap();
        assert_eq!(lines[0], format!(".Nm {name}"));
        let what = lines[1].strip_prefix(".Nd ").unwrap();
        assert!(what.len() > 15 && what.len() < 80 && !what.ends_with('.'), "{name}: {what}");
        if let Some(lexgrog) = program("lexgrog") {
            let found = Command::new(lexgrog).arg(&page).output().unwrap();
            let found = String::from_utf8(found.stdout).unwrap();
            assert!(found.contains(&format!("\"{name} - {what}\"")), "{found}");
        }
    }
}

#[test]
fn mandoc_has_nothing_to_say() {
    let Some(mandoc) = program("mandoc") else { return };
    let said = Command::new(mandoc).args(["-T", "lint", "-W", "warning"]).args(pages()).output().unwrap();
    assert!(said.stdout.is_empty(), "{}", String::from_utf8_lossy(&said.stdout));
}

/// The stage that the examples of a page need.
fn stage(page: &Path) -> Stage {
    let stage = Stage::new();
    match page.file_stem().unwrap().to_str().unwrap() {
        "svc" | "svstat" | "svup" | "svwait" | "svok" | "svgroup" | "svshutdown" => stage.running(),
        "svctl" => stage.enabling(),
        "svscan" | "svscanboot" | "readproctitle" | "mlog" => stage.with_services(),
        _ => stage,
    }
}

/// What can't be run here, and why.
fn obstacle(commands: &str) -> Option<&'static str> {
    let begins = |words: &str| commands.starts_with(words) || commands.starts_with(&format!("exec {words}"));
    if begins("setuidgid ") || begins("svgroup ") {
        return (!is_root()).then_some("needs root");
    }
    let needs = [("| jq ", "jq"), ("$(ps ", "ps"), ("flock -n", "flock"), ("/usr/bin/multilog", "multilog")];
    if needs.iter().any(|(words, needed)| commands.contains(words) && program(needed).is_none()) {
        return Some("that program is not installed");
    }
    if begins("make deb") {
        return Some("changes what is installed on the machine");
    }
    if begins("mlog-ship ") {
        return Some("needs a server");
    }
    begins("make ").then_some("compiles everything; .ci/run runs it")
}

/// What does not end by itself, and the file that shows that it works where that is not its output.
fn endless(commands: &str) -> Option<Option<&'static str>> {
    let supervised = Some("service/web/log/main/current");
    match commands {
        "exec svscan /service" | "exec svscan --main web /service" => Some(supervised),
        _ if commands.starts_with("svscan /service 2>&1 | ") => Some(supervised),
        _ if commands.starts_with("mkfifo ") => Some(Some("main/.journal")),
        _ if commands.starts_with("tail -F ") || commands.starts_with("mlog -f ") => Some(None),
        _ => None,
    }
}

fn run(stage: &Stage, block: &Block) {
    if let Some(why) = obstacle(&block.commands) {
        eprintln!("skipped: {}: {why}", block.commands);
    } else if let Some(file) = endless(&block.commands) {
        stage.goes_on(block, file);
    } else {
        let printed = stage.prints(block, 0);
        let shown = block.shown.as_deref().unwrap_or_default();
        assert!(block.shows(&printed), "{}:\n{printed}\nand not\n{shown}", block.commands);
    }
}

#[test]
fn the_examples_of_every_page_do_what_it_shows() {
    if is_original() {
        return;
    }
    assert!(pages().len() > tools().len());
    // What waitport waits for. Where the port is taken, something answers there.
    let _cache = TcpListener::bind("127.0.0.1:6379");
    for page in pages() {
        let blocks = of_page(&text(&page));
        assert!(!blocks.is_empty(), "{}", page.display());
        let stage = stage(&page);
        let _database = UnixListener::bind(stage.path("run/db.sock")).unwrap();
        if is(&page, &["multilog", "setuidgid"]) {
            stage.give_to_nobody();
        }
        eprintln!("{}", page.display());
        blocks.iter().for_each(|block| run(&stage, block));
    }
}

/// Blocks of code in `sh`. A block of `text` right behind one is its output.
#[test]
fn the_commands_of_other_documents_do_what_these_show() {
    if is_original() {
        return;
    }
    for document in ["README.md", "docs/MIGRATION.md"] {
        for block in of_markdown(&text(&root().join(document))) {
            run(&Stage::new(), &block);
        }
    }
}
