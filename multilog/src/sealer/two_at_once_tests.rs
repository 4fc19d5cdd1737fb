//! Two who seal at once: at the end of the input the foreground compresses beside the thread.

use std::collections::BTreeSet;
use std::ffi::OsString;

use super::*;
use crate::logfs::{How, RealFs, write_all};
use crate::script::Script;

/// Nothing may fail.
pub(super) struct NoPauses;

impl Pace for NoPauses {
    fn warn(&mut self, message: &Message) {
        panic!("{message:?}");
    }

    fn pause(&mut self, _: std::time::Duration) -> Pause {
        Pause::Stop
    }

    fn patience(&mut self) -> crate::host::Patience {
        crate::host::Patience::Endless
    }
}

/// The older of the last two files was finished after the newer one, and nobody asked retention again: the directory
/// was left with an archive more than the script allows.
#[test]
fn what_retention_allows_holds_when_an_older_file_is_finished_last() {
    let here = tempfile::tempdir().unwrap();
    let path = here.path().join("main").into_os_string();
    let words = ["s4096", "n3", "compress=gzip"].map(OsString::from);
    let script = Script::parse(words.into_iter().chain([path.clone()]).collect()).unwrap();
    let sealer =
        Sealer::new(Arc::new(RealFs::open(&path, None).unwrap()), script.logs[0].clone(), Arc::default());
    let labels: Vec<Label> =
        std::iter::successors(Some(Label::MIN.next()), |last| Some(last.next())).take(4).collect();
    for finished_last in 0..labels.len() {
        let desk = Desk::new(Label::MIN, Vec::new(), None);
        for &label in &labels {
            let file = sealer.fs.open(&Archive::unsealed(label).into(), How::New).unwrap();
            write_all(&*sealer.fs, &file, b"a line\n").unwrap();
            let job = Job { label, file: Some(file), length: 7, checksum: None, asked: Asked::NotYet };
            desk.state().hand_over(job);
        }
        // One worker has the files up to this one, and comes back when the other has done everything else.
        let early = desk.state().take(finished_last + 1);
        while !desk.state().jobs.is_empty() {
            assert_eq!(sealer.round(&desk, &mut NoPauses), Sealed::Done);
        }
        for job in early {
            assert_eq!(sealer.seal(vec![job], &desk, &mut NoPauses), Sealed::Done);
        }
        let mut left = BTreeSet::new();
        sealer
            .fs
            .each_name(&mut |name| left.extend(Archive::parse(name).map(|archive| archive.label)))
            .unwrap();
        assert_eq!(left, BTreeSet::from_iter(labels[2..].iter().copied()), "{finished_last}");
        for &label in &labels[2..] {
            sealer.fs.remove(&Archive::sealed(label, &sealer.config.code()).into()).unwrap();
        }
    }
}
