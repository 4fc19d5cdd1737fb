//! Whose journal it is: a journal that another user may have written is not believed, not touched, and holds
//! nothing up.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Stdio;

use harness::{LogView, Running, Scratch, is_root};
use rustix::process::Signal;

/// Where the byte is that says whether the batch of the record has left the pipe.
const FLAG: usize = 1023;

/// What is done to a journal that would make the next multilog throw the line away that waits in the pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Forgery {
    /// None: a multilog of this user has left it there. That it is believed shows what a forged one would do.
    Genuine,
    OfSomebodyElse,
    OthersMayWrite,
    TheGroupMayWrite,
    HasAnotherName,
    IsALink,
}

/// The directory, its pipe, and a journal that says of the line in the pipe that it is logged already.
fn prepare(here: &Scratch) -> (harness::PipeReader, harness::PipeWriter) {
    let (reader, mut writer) = harness::pipe().unwrap();
    let mut running = start(here, &reader);
    let journal = here.path("main/.journal");
    writer.write_all(b"a line\n").unwrap();
    running.until("the line is consumed", || {
        LogView::of(here.path("main")).bytes() == b"a line\n" && flag(&journal) == Some(b'\n')
    });
    running.signal(Signal::KILL);
    running.wait();
    let mut bytes = fs::read(&journal).unwrap();
    bytes[FLAG] = !b'\n';
    fs::write(&journal, bytes).unwrap();
    writer.write_all(b"a line\n").unwrap();
    (reader, writer)
}

fn flag(journal: &Path) -> Option<u8> {
    fs::read(journal).ok()?.get(FLAG).copied()
}

fn start(here: &Scratch, reader: &harness::PipeReader) -> Running {
    here.multilog(&["./main"]).from(Stdio::from(reader.try_clone().unwrap())).start()
}

fn forge(here: &Scratch, forgery: Forgery) {
    let journal = here.path("main/.journal");
    let set_mode = |mode| fs::set_permissions(&journal, fs::Permissions::from_mode(mode)).unwrap();
    match forgery {
        Forgery::Genuine => {}
        Forgery::OfSomebodyElse => chown(&journal, Some(31_338), None).unwrap(),
        Forgery::OthersMayWrite => set_mode(0o602),
        Forgery::TheGroupMayWrite => set_mode(0o620),
        Forgery::HasAnotherName => fs::hard_link(&journal, here.path("another")).unwrap(),
        Forgery::IsALink => {
            fs::rename(&journal, here.path("another")).unwrap();
            symlink("../another", &journal).unwrap();
        }
    }
}

/// A forged one made root throw waiting lines away, cut `current`, and write into files outside of the directory.
#[test]
fn a_journal_that_somebody_else_may_have_written_is_not_believed() {
    use Forgery::{Genuine, HasAnotherName, IsALink, OfSomebodyElse, OthersMayWrite, TheGroupMayWrite};
    let all = [Genuine, OfSomebodyElse, OthersMayWrite, TheGroupMayWrite, HasAnotherName, IsALink];
    for forgery in all.into_iter().filter(|forgery| is_root() || *forgery != OfSomebodyElse) {
        let here = Scratch::new();
        let (reader, writer) = prepare(&here);
        forge(&here, forgery);
        let journal = here.path("main/.journal");
        let before = (fs::read(&journal).unwrap(), fs::metadata(&journal).unwrap());
        let running = start(&here, &reader);
        drop((reader, writer));
        let outcome = running.wait();
        assert_eq!(outcome.code, Some(0), "{forgery:?} {}", outcome.stderr);
        let logged = LogView::of(here.path("main")).text();
        if forgery == Genuine {
            assert_eq!((logged.as_str(), journal.exists()), ("a line\n", false));
            continue;
        }
        assert_eq!(logged, "a line\na line\n", "{forgery:?} {}", outcome.stderr);
        assert!(
            outcome.stderr.contains("unable to read ./main/.journal: "),
            "{forgery:?} {}",
            outcome.stderr
        );
        let after = (fs::read(&journal).unwrap(), fs::metadata(&journal).unwrap());
        let told =
            |(bytes, stat): (Vec<u8>, fs::Metadata)| (bytes, stat.mode(), stat.ino(), stat.mtime_nsec());
        assert_eq!(told(after), told(before), "{forgery:?}");
    }
}
