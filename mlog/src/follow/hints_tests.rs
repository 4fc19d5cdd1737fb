//! What is told of real directories.

use super::*;
use tai64tools::label;

fn at(second: u64) -> Label {
    Label::new(label::EPOCH + second, 0).unwrap()
}

fn doubt(after: u64, before: u64) -> Doubt {
    Doubt { after: Some(at(after)), before: at(before), is_likely: false }
}

fn touch(folder: &Path, second: u64) {
    let name = format!("{}.s", String::from_utf8_lossy(&at(second).text()));
    std::fs::write(folder.join(&name), "").unwrap();
    std::fs::remove_file(folder.join(name)).unwrap();
}

#[test]
fn whoever_follows_a_directory_is_told_of_it_even_if_others_do_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let mut hints = Hints::new([folder.path().to_owned(), folder.path().to_owned()].into_iter());
    let mut told = [Told::Nothing; 2];
    touch(folder.path(), 5);
    for directory in 0..2 {
        assert!(hints.confirm(directory, &doubt(1, 9), &mut told));
        assert!(!hints.confirm(directory, &doubt(5, 9), &mut told));
        assert!(!hints.confirm(directory, &doubt(1, 5), &mut told));
    }
    assert_eq!(told, [Told::Changed; 2]);
}

/// Of such a directory a gap was said that there was not.
#[test]
fn of_a_directory_that_comes_later_all_is_known_since_its_follower_has_begun() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("later");
    let mut hints = Hints::new(std::iter::once(path.clone()));
    let mut told = [Told::Nothing];
    hints.begin(0);
    assert!(hints.confirm(0, &doubt(1, 9), &mut told));
    std::fs::create_dir(&path).unwrap();
    touch(&path, 5);
    hints.begin(0);
    touch(&path, 7);
    for (after, before, was_there) in [(1, 7, false), (5, 8, true), (7, 9, false)] {
        assert_eq!(hints.confirm(0, &doubt(after, before), &mut told), was_there, "{after} {before}");
    }
    // Another one in its place is no beginning.
    std::fs::rename(&path, folder.path().join("moved")).unwrap();
    hints.take(&mut told, true);
    std::fs::create_dir(&path).unwrap();
    hints.begin(0);
    assert!(hints.confirm(0, &doubt(7, 9), &mut told));
}

#[test]
fn archives_of_long_ago_are_forgotten_and_those_of_now_are_known() {
    let folder = tempfile::tempdir().unwrap();
    let mut hints = Hints::new(std::iter::once(folder.path().to_owned()));
    let mut told = [Told::Nothing];
    let last = LABELS as u64 + 10;
    for second in 1..=last {
        touch(folder.path(), second);
        if second % 1000 == 0 {
            hints.take(&mut told, true);
        }
    }
    for (after, before, is_there) in
        [(5, 7, true), (9, 10, true), (10, 11, false), (last, last + 9, false), (last - 2, last, true)]
    {
        let doubt = doubt(after, before);
        assert_eq!(hints.confirm(0, &doubt, &mut told), is_there, "{after} {before}");
    }
}
