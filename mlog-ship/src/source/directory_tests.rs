//! Lines of real directories, by themselves.

use super::*;
use proptest::prelude::*;
use std::path::Path;
use tai64tools::{Label, label};

fn stamp(second: u64) -> String {
    let label = Label::new(label::EPOCH + 1_700_000_000 + second, 0).unwrap();
    String::from_utf8_lossy(&label.text()).into_owned()
}

/// Who knows of nothing.
struct Nobody;

impl Witness for Nobody {
    fn begin(&self) {}

    fn was_there(&self, _: &Doubt) -> bool {
        false
    }
}

fn logs(path: &Path) -> Logs {
    Logs::new(Store::new(path), Ahead::Said(Offset::Fixed), Begin::Start, Box::new(Nobody))
}

/// Takes all that is there.
fn rest(logs: &mut Logs) -> (String, Vec<Said>, Option<Bound>) {
    let (mut text, mut said, mut end) = (String::new(), Vec::new(), None);
    while let Some(mut cut) = logs.take(Amount::UpTo(1000)).unwrap() {
        text += std::str::from_utf8(&cut.lines).unwrap();
        said.append(&mut cut.said);
        end = cut.end;
    }
    (text, said, end)
}

/// Archives of these lines, and `current` of the last ones.
fn write(path: &Path, generations: &[Vec<String>]) {
    let (last, archives) = generations.split_last().unwrap();
    for (at, lines) in archives.iter().enumerate() {
        let name = format!("{}.s", stamp(1000 * (at as u64 + 1)));
        std::fs::write(path.join(name), lines.concat()).unwrap();
    }
    std::fs::write(path.join("current"), last.concat()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn cuts_are_the_log_and_each_is_found_again(
        lengths in prop::collection::vec(prop::collection::vec(0usize..40, 0..6), 1..4), most in 2usize..80,
        torn in any::<bool>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut number = 0;
        let mut line = |length: &usize| { number += 1; format!("{number} {}\n", "\u{e9}".repeat(*length)) };
        let mut generations: Vec<Vec<String>> =
            lengths.iter().map(|lengths| lengths.iter().map(&mut line).collect()).collect();
        let whole = generations.concat().concat();
        let (last, archives) = generations.split_last_mut().unwrap();
        for lines in archives.iter_mut().filter(|_| torn) {
            if let Some(line) = lines.last_mut() {
                line.pop();
            }
        }
        let open = "not whole yet".to_string();
        last.push(open);
        write(folder.path(), &generations);
        let mut first = logs(folder.path());
        first.go_to(None).unwrap();
        let mut before = None;
        let mut text = Vec::new();
        while let Some(cut) = first.take(Amount::UpTo(most)).unwrap() {
            prop_assert!(!cut.lines.is_empty() && cut.lines.len() <= most);
            // Another one that begins at the same bound takes the same bytes.
            let mut again = logs(folder.path());
            prop_assert!(again.go_to(before.as_ref()).unwrap());
            let same = again.take(Amount::Exactly(cut.lines.len())).unwrap().unwrap();
            prop_assert_eq!(&same.lines, &cut.lines);
            let at = |end: &Option<Bound>| end.as_ref().map(|end| (end.place.label, end.place.offset, end.within));
            prop_assert_eq!(at(&same.end), at(&cut.end));
            prop_assert!(cut.said.is_empty());
            text.extend_from_slice(&cut.lines);
            before = cut.end;
        }
        prop_assert_eq!(String::from_utf8(text).unwrap(), whole);
    }
}

fn lines(seconds: std::ops::Range<u64>) -> Vec<String> {
    seconds.map(|second| format!("{} {second}\n", stamp(second))).collect()
}

#[test]
fn text_that_a_processor_has_changed_goes_on_at_the_stamp() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[lines(0..10)]);
    let mut before = logs(folder.path());
    before.go_to(None).unwrap();
    let end = rest(&mut before).2.unwrap();
    let changed: Vec<String> = lines(0..20).iter().map(|line| line.replace('\n', " changed\n")).collect();
    write(folder.path(), &[changed.clone(), lines(20..25)]);
    let mut behind = logs(folder.path());
    assert!(!behind.go_to(Some(&end)).unwrap());
    let (text, said, _) = rest(&mut behind);
    assert_eq!(text, [&changed[9..], &lines(20..25)].concat().concat());
    assert_eq!(said, [Said::Changed]);
}

#[test]
fn what_retention_has_deleted_is_said_with_its_bounds() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[lines(0..10), lines(10..20), lines(20..30)]);
    let mut before = logs(folder.path());
    before.go_to(None).unwrap();
    let end = before.take(Amount::UpTo(60)).unwrap().unwrap().end.unwrap();
    std::fs::remove_file(folder.path().join(format!("{}.s", stamp(1000)))).unwrap();
    let mut behind = logs(folder.path());
    assert!(!behind.go_to(Some(&end)).unwrap());
    let (text, said, _) = rest(&mut behind);
    assert_eq!(text, lines(10..30).concat());
    let [Said::Gap(gap)] = &said[..] else { panic!("{said:?}") };
    let shown = |label: Option<Label>| label.map(|label| label.unix_seconds() - 1_700_000_000);
    assert_eq!((shown(gap.after), shown(gap.before)), (Some(1), Some(10)));
}

/// The original multilog gives earlier labels when the clock has been set back. The last line that was shipped is found in
/// such an archive, and it is said that others may have come between.
#[test]
fn an_archive_with_an_earlier_label_than_what_was_shipped_is_found() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[lines(0..10), lines(10..20)]);
    let mut before = logs(folder.path());
    before.go_to(None).unwrap();
    let end = rest(&mut before).2.unwrap();
    let earlier = |second: u64, from: &str| {
        let name = format!("{}.s", stamp(second));
        std::fs::rename(folder.path().join(from), folder.path().join(name)).unwrap();
    };
    let current = folder.path().join("current");
    std::fs::write(&current, lines(10..30).concat()).unwrap();
    earlier(500, "current");
    std::fs::write(&current, lines(30..40).concat()).unwrap();
    let mut behind = logs(folder.path());
    assert!(behind.go_to(Some(&end)).unwrap());
    let (text, said, _) = rest(&mut behind);
    assert_eq!(text, lines(20..40).concat());
    let [Said::Gap(gap)] = &said[..] else { panic!("{said:?}") };
    let shown = |label: Option<Label>| label.map(|label| label.unix_seconds() - 1_700_000_000);
    assert_eq!((shown(gap.after), shown(gap.before), gap.certain), (Some(19), Some(20), false));
}

#[test]
fn a_lane_that_begins_at_the_end_does_so_behind_whole_lines() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("current"), "one\ntw").unwrap();
    let mut logs = Logs { begin: Begin::End, ..logs(folder.path()) };
    logs.go_to(None).unwrap();
    assert_eq!(rest(&mut logs).0, "");
    std::fs::write(folder.path().join("current"), "one\ntwo\n").unwrap();
    assert_eq!(rest(&mut logs).0, "two\n");
}
