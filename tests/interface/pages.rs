//! The front page and the other documents: their links lead somewhere, and what one page repeats of another is the same.

use std::fs;
use std::path::Path;

use super::root;

fn page(name: &str) -> String {
    fs::read_to_string(root().join(name)).unwrap()
}

/// The documents of the repository, as paths from its root.
fn pages() -> Vec<String> {
    let folders = ["", "docs", "dist", "examples/service"];
    let names = folders.iter().flat_map(|folder| {
        let entries = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().file_name());
        entries.map(move |name| Path::new(folder).join(name).to_str().unwrap().to_string())
    });
    names.filter(|name| name.ends_with(".md")).collect()
}

/// What a heading is called in a link.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The targets of the links and of the pictures of a page.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let of =
        |begin, end| text.split(begin).skip(1).filter_map(move |rest: &str| Some(rest.split_once(end)?.0));
    of("](", ')').chain(of("<img src=\"", '"'))
}

#[test]
fn links_lead_to_a_file_and_to_a_heading_of_it() {
    let pages = pages();
    assert!(pages.len() > 12, "{pages:?}");
    let mut broken = Vec::new();
    for name in pages {
        let text = page(&name);
        for link in links(&text).filter(|link| !link.contains("://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let place = Path::new(&name).parent().unwrap().join(file);
            let target = if file.is_empty() { root().join(&name) } else { root().join(place) };
            let has = |text: String| {
                text.lines()
                    .filter(|line| line.starts_with('#'))
                    .any(|line| anchor(line.trim_start_matches(['#', ' '])) == heading)
            };
            if !target.exists() || !heading.is_empty() && !has(fs::read_to_string(&target).unwrap()) {
                broken.push(format!("{name}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn the_front_page_shows_commands_that_the_demonstration_runs() {
    let (readme, demo) = (page("README.md"), page("docs/demo.sh"));
    let shown: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("$ ")).collect();
    assert!(shown.len() > 3, "{shown:?}");
    for command in shown {
        assert!(demo.contains(&format!("echo '$ {command}'\n")), "{command}");
    }
}

/// The first column is in other words there.
#[test]
fn the_front_page_has_the_results_of_reliability() {
    let (readme, reliability) = (page("README.md"), page("docs/RELIABILITY.md"));
    let heading = "| scenario | multilog (ours) | multilog (Debian) | s6-log | svlogd |";
    let rows =
        readme.lines().skip_while(|line| *line != heading).skip(2).take_while(|line| line.starts_with('|'));
    let results: Vec<&str> = rows.map(|row| row[1..].split_once('|').unwrap().1).collect();
    assert_eq!(results.len(), 4);
    let known: Vec<&str> = reliability.lines().skip_while(|line| *line != heading).collect();
    for result in results {
        assert!(known.iter().any(|row| row.ends_with(&format!("|{result}"))), "{result}");
    }
}
