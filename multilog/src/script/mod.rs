//! The script: arguments become typed actions and directories, before anything is opened.
//!
//! The grammar is that of daemontools 0.76 and daemontools-encore, one action per argument; words of the form
//! `word=value` are ours. A script that the original runs is run: what nobody knows is ignored, a number is what the
//! original reads, and a remark for each goes to the caller.
//!
//! ```text
//! argument -> action::find (a row of action::ALL) -> its reader -> draft -> Script
//! ```

pub mod action;
mod config;
mod draft;
mod help;
mod remark;

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;

pub use action::age::MaxAge;
pub use action::cap::Cap;
pub use action::code::Code;
pub use action::compress::Compression;
pub use action::count::FileCount;
pub use action::durable::Durability;
pub use action::limit::Rate;
pub use action::maxline::MaxLine;
pub use action::metrics::MetricsFile;
pub use action::min::Spared;
pub use action::mode::FileMode;
pub use action::prefix::Prefix;
pub use action::processor::Transform;
pub use action::ready::ReadyFd;
pub use action::rotate::Cycle;
pub use action::size::FileSize;
pub use action::value::{Malformed, Number, Understood, Value};
pub use config::LogConfig;
pub use draft::{Action, Argument, Draft, Read, Script};
pub use help::Help;
pub use remark::Remark;

/// An argument whose value can't be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misuse {
    /// The argument.
    pub argument: OsString,
    /// What is wrong with it.
    pub reason: String,
}

impl Script {
    /// Reads the arguments of multilog.
    pub fn parse(arguments: Vec<OsString>) -> Result<Script, Misuse> {
        let mut draft = Draft::default();
        for argument in arguments {
            read(&mut draft, &argument).map_err(|reason| Misuse { argument, reason })?;
            draft.position += 1;
        }
        Ok(draft.finish())
    }
}

fn read(draft: &mut Draft, argument: &OsString) -> Read {
    match action::find(argument.as_bytes()) {
        Some((row, value)) => (row.read)(draft, &Argument { whole: argument, value }),
        None => draft.remark(Remark::Unknown(argument.clone())),
    }
}

#[cfg(test)]
mod tests {
    use tai64tools::Stamp;

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Script, Misuse> {
        Script::parse(arguments.iter().map(OsString::from).collect())
    }

    #[test]
    fn a_setting_is_for_the_directories_after_it() {
        let script =
            parse(&["./a", "s5000", "n3", "!gzip", "./b", "compress=zstd", "/c", "wx", "min=2", "./d"])
                .unwrap();
        let [a, b, c, d] = &script.logs[..] else { panic!("four directories") };
        assert_eq!(
            (a.size, a.keep(), &a.transform),
            (FileSize::default(), Some(FileCount::default()), &Transform::Keep)
        );
        assert_eq!((b.size.bytes(), b.archives()), (5000, 2));
        assert_eq!(b.transform, Transform::Process("gzip".into()));
        assert_eq!(
            (b.code().as_bytes(), c.code().as_bytes(), d.code().as_bytes()),
            (&b"s"[..], &b"zst"[..], &b"x"[..])
        );
        assert_eq!(c.transform, Transform::Compress(Compression::Zstd(1)));
        assert_eq!((c.spare, d.spare.map(Spared::archives)), (None, Some(2)));
    }

    #[test]
    fn a_stamp_is_the_first_argument_or_nothing() {
        assert_eq!(parse(&["t", "./a"]).unwrap().stamp, Some(Stamp::Tai64n));
        assert_eq!(parse(&["tfoo", "./a"]).unwrap().stamp, Some(Stamp::Tai64n));
        assert_eq!(parse(&["T", "./a"]).unwrap().stamp, Some(Stamp::Accustamp));
        assert_eq!(parse(&["t=iso", "./a"]).unwrap().stamp, Some(Stamp::Iso));
        assert_eq!(parse(&["tiso=", "./a"]).unwrap().stamp, Some(Stamp::Tai64n));
        let late = parse(&["./a", "t"]).unwrap();
        assert_eq!(late.stamp, None);
        assert_eq!(late.remarks, [Remark::LateStamp("t".into())]);
        let late = parse(&["t", "t=unix", "./a"]).unwrap();
        assert_eq!(
            (late.stamp, late.remarks),
            (Some(Stamp::Tai64n), vec![Remark::LateStamp("t=unix".into())])
        );
    }

    #[test]
    fn what_is_for_the_logger_may_be_anywhere_and_only_once() {
        let script = parse(&["./a", "ready=4", "./b", "metrics=x.prom"]).unwrap();
        assert_eq!(script.ready.map(ReadyFd::number), Some(4));
        assert_eq!(script.metrics.as_ref().map(MetricsFile::path), Some("x.prom".as_ref()));
        for twice in ["ready=4", "metrics=x.prom"] {
            let misuse = parse(&[twice, "./a", twice]).unwrap_err();
            assert_eq!(misuse.reason, "it was given before, and may be only once");
        }
    }

    #[test]
    fn lines_are_split_for_all_directories_so_the_size_is_said_before_the_first() {
        let script = parse(&["t", "-x", "maxline=8k", "1", "./a", "./b"]).unwrap();
        assert_eq!(script.maxline.map(MaxLine::bytes), Some(8192));
        for arguments in [&["./a", "maxline=8k"][..], &["./a", "maxline=8k", "./b"]] {
            let misuse = parse(arguments).unwrap_err();
            assert_eq!(misuse.reason, "it has to be before the first directory");
        }
        for arguments in [&["maxline=8k", "maxline=9k", "./a"][..], &["maxline=999", "./a"]] {
            assert!(parse(arguments).unwrap_err().argument.as_bytes().starts_with(b"maxline="));
        }
    }

    #[test]
    fn what_nobody_knows_is_ignored_and_remembered() {
        let script = parse(&["Q", "", "Q=1", "./a", "rotate"]).unwrap();
        assert_eq!(script.logs.len(), 1);
        assert_eq!(script.remarks.len(), 4);
    }

    #[test]
    fn options_are_patterns() {
        let script = parse(&["--help", "./a"]).unwrap();
        assert!(matches!(script.actions[..], [Action::Deselect(_), Action::Log(0)]));
    }

    /// Scripts with a pattern that lost its quotes ended the program, and they ran under the original.
    #[test]
    fn what_the_original_reads_as_a_number_is_that_number() {
        let script = parse(&["+x", "starting", "not", "wa/b", "w", "./a", "n3k", "s9999x", "./b"]).unwrap();
        let [a, b] = &script.logs[..] else { panic!("two directories") };
        assert_eq!((a.size.bytes(), a.archives(), a.code().as_bytes()), (4096, 1, &b"s"[..]));
        assert_eq!((b.size.bytes(), b.archives()), (9999, 2));
        let read = |argument: &str, meaning: &str| Remark::ReadAs(argument.into(), meaning.into());
        assert_eq!(script.remarks[..2], [read("starting", "s4096"), read("not", "n2")]);
        assert!(matches!(script.remarks[2..4], [Remark::Ignored(..), Remark::Ignored(..)]));
        assert_eq!(script.remarks[4..], [read("n3k", "n3"), read("s9999x", "s9999")]);
    }

    #[test]
    fn a_number_of_files_counts_beside_age_and_cap_only_when_it_is_given() {
        for (words, archives) in [
            (&[][..], 9),
            (&["n5"], 4),
            (&["age=30d"], usize::MAX),
            (&["cap=10G"], usize::MAX),
            (&["age=30d", "cap=10G", "n5"], 4),
            (&["n10", "age=30d"], 9),
        ] {
            let script = parse(&[words, &["./main"]].concat()).unwrap();
            assert_eq!(script.logs[0].archives(), archives, "{words:?}");
        }
    }

    #[test]
    fn compression_and_a_processor_are_not_for_the_same_directory() {
        for arguments in [
            &["compress=gzip", "!cat", "./a"][..],
            &["!cat", "compress=zstd:3", "./a"],
            &["!cat", "n3", "compress=gzip", "!cat", "+x", "./a"],
            &["!cat", "./b", "compress=gzip", "!", "./a", "./c"],
        ] {
            let misuse = parse(arguments).unwrap_err();
            assert_eq!(misuse.argument, "./a");
            assert!(misuse.reason.contains("compress= and !command"), "{}", misuse.reason);
        }
    }

    #[test]
    fn a_cap_below_the_size_of_a_file_is_refused_with_the_directory() {
        assert!(parse(&["cap=4k", "s4096", "./a"]).is_ok());
        let misuse = parse(&["cap=50k", "s4096", "./a", "s60k", "./b"]).unwrap_err();
        assert_eq!(misuse.argument, "./b");
        assert!(misuse.reason.contains("cap=51200") && misuse.reason.contains("s61440"), "{misuse:?}");
    }

    #[test]
    fn what_comes_later_replaces_what_is_done_with_full_files() {
        let (gzip, process) =
            (Transform::Compress(Compression::Gzip(6)), |command: &str| Transform::Process(command.into()));
        for (arguments, transforms) in [
            (
                &["compress=gzip", "./a", "!cat", "./b", "./c"][..],
                vec![gzip.clone(), process("cat"), process("cat")],
            ),
            (&["!cat", "./a", "compress=gzip", "./b"], vec![process("cat"), gzip.clone()]),
            (&["!a", "!b", "./a"], vec![process("b")]),
            (&["compress=zstd", "compress=gzip", "./a"], vec![gzip.clone()]),
            (&["./a", "compress=gzip", "!cat"], vec![Transform::Keep]),
        ] {
            let script = parse(arguments).unwrap();
            let found: Vec<_> = script.logs.into_iter().map(|log| log.transform).collect();
            assert_eq!(found, transforms, "{arguments:?}");
        }
    }

    #[test]
    fn a_malformed_value_names_its_argument() {
        for argument in [
            "compress=lz4",
            "compress=gzip:77",
            "compress=",
            "min=x",
            "durable=5",
            "age=30",
            "cap=1T",
            "t=",
            "t=foo",
            "t=ISO",
        ] {
            assert_eq!(parse(&["./a", argument]).unwrap_err().argument, argument);
        }
        assert_eq!(parse(&["R", "+("]).unwrap_err().argument, "+(");
    }
}
