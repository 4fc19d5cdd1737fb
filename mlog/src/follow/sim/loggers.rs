//! What each logger does to its directory, operation after operation, as strace shows it.

use std::collections::VecDeque;

use tai64tools::Label;
use tai64tools::label::EPOCH;

use super::world::Op;

/// How a logger rotates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Ours: `current` becomes `.u`, which gets its final name by a link.
    Ours,
    /// Ours where a rename may be two changes: `current` becomes `.u` by a link and an unlink.
    OursLinking,
    /// Ours with a sealer that is behind: the final name comes after the next rotation.
    OursLate,
    /// Ours, compressing: the final name is another file.
    OursPacked,
    /// Ours with a sealer that has much to do: what it seals is spared, and newer files are deleted.
    OursBusy,
    /// The same with two that compress.
    OursBusyPacked,
    /// daemontools 0.76 and encore: `previous` gets its label by a link. Newer versions of s6-log do the same.
    Djb,
    /// The same with a processor: `processed` gets the label after `previous` has gone.
    DjbProcessor,
    /// Older versions of s6-log: `previous` gets its label by a rename.
    S6,
    /// svlogd: `current` gets its label by a rename.
    Svlogd,
    /// The same with a processor.
    SvlogdProcessor,
}

impl Kind {
    pub(super) const ALL: [Kind; 9] = [
        Kind::Ours,
        Kind::OursLinking,
        Kind::OursLate,
        Kind::OursPacked,
        Kind::Djb,
        Kind::DjbProcessor,
        Kind::S6,
        Kind::Svlogd,
        Kind::SvlogdProcessor,
    ];
}

/// A logger whose clock may step.
pub(super) struct Logger {
    kind: Kind,
    /// How many archives are kept.
    keep: usize,
    stamped: bool,
    clock: u64,
    lines: usize,
    /// The archives, by their labels and the ends of their names.
    archives: Vec<(String, &'static str)>,
    late: VecDeque<Op>,
    /// What a busy sealer seals.
    in_work: Vec<String>,
    rotations: usize,
    pub(super) ops: Vec<Op>,
}

fn name(label: &str, end: &str) -> String {
    format!("{label}{end}")
}

impl Logger {
    pub(super) fn new(kind: Kind, keep: usize, stamped: bool) -> Logger {
        let mut logger = Logger {
            kind,
            keep,
            stamped,
            clock: 1000,
            lines: 0,
            archives: Vec::new(),
            late: VecDeque::new(),
            in_work: Vec::new(),
            rotations: 0,
            ops: Vec::new(),
        };
        logger.create("current");
        logger
    }

    fn create(&mut self, name: &str) {
        self.ops.push(Op::Create(name.into()));
    }

    fn label(&self) -> String {
        String::from_utf8(Label::new(EPOCH + self.clock, 0).unwrap().text().to_vec()).unwrap()
    }

    pub(super) fn write(&mut self) {
        self.clock += 1;
        let stamp = if self.stamped { self.label() + " " } else { String::new() };
        self.ops.push(Op::Write(format!("{stamp}{}\n", self.lines)));
        self.lines += 1;
    }

    /// The clock goes back so far.
    pub(super) fn step_back(&mut self, seconds: u64) {
        self.clock -= seconds;
    }

    pub(super) fn rotate(&mut self) {
        self.clock += 1;
        let label = self.label();
        match self.kind {
            Kind::Ours | Kind::OursLinking | Kind::OursLate | Kind::OursPacked | Kind::SvlogdProcessor => {
                self.rotate_unsealed(&label)
            }
            Kind::OursBusy | Kind::OursBusyPacked => self.rotate_busily(&label),
            Kind::Djb | Kind::DjbProcessor | Kind::S6 => self.rotate_previous(&label),
            Kind::Svlogd => {
                self.rename("current", &name(&label, ".s"));
                self.create("current");
                self.archives.push((label, ".s"));
                self.trim();
            }
        }
    }

    fn rename(&mut self, from: &str, to: &str) {
        self.ops.push(Op::Rename(from.into(), to.into()));
    }

    fn link(&mut self, from: &str, to: &str) {
        self.ops.push(Op::Link(from.into(), to.into()));
        self.ops.push(Op::Unlink(from.into()));
    }

    fn copy(&mut self, from: &str, to: &str, behind: &'static str) {
        self.create(to);
        self.ops.push(Op::Copy(from.into(), to.into(), behind));
    }

    fn rotate_previous(&mut self, label: &str) {
        self.rename("current", "previous");
        self.create("current");
        let sealed = name(label, ".s");
        match self.kind {
            Kind::S6 => self.rename("previous", &sealed),
            Kind::DjbProcessor => {
                self.copy("previous", "processed", " processed");
                self.ops.push(Op::Unlink("previous".into()));
                self.link("processed", &sealed);
            }
            _ => self.link("previous", &sealed),
        }
        self.archives.push((label.into(), ".s"));
        self.trim();
    }

    fn rotate_unsealed(&mut self, label: &str) {
        let (open, copy) = (name(label, ".u"), name(label, ".t"));
        match self.kind {
            Kind::OursLinking => self.link("current", &open),
            _ => self.rename("current", &open),
        }
        self.create("current");
        match self.kind {
            Kind::Ours | Kind::OursLinking => self.link(&open, &name(label, ".s")),
            Kind::OursLate => {
                let sealing = [Op::Link(open.clone(), name(label, ".s")), Op::Unlink(open)];
                let before = std::mem::replace(&mut self.late, sealing.into());
                self.ops.extend(before);
            }
            kind => {
                let (end, behind) = if kind == Kind::OursPacked { (".gz", "") } else { (".s", " processed") };
                self.copy(&open, &copy, behind);
                self.rename(&copy, &name(label, end));
                self.ops.push(Op::Unlink(open));
                self.archives.push((label.into(), end));
                return self.trim();
            }
        }
        self.archives.push((label.into(), ".s"));
        self.trim();
    }

    /// One file or two are sealed at once, and that takes three rotations. What is in work is not deleted, and counts only
    /// where it is newer than what is.
    fn rotate_busily(&mut self, label: &str) {
        self.rename("current", &name(label, ".u"));
        self.create("current");
        self.archives.push((label.into(), ".u"));
        self.rotations += 1;
        let at_once = if self.kind == Kind::OursBusyPacked { 2 } else { 1 };
        if self.rotations % 3 == 0 && !self.in_work.is_empty() {
            let done = self.in_work.remove(self.rotations % 2 % self.in_work.len());
            self.seal(&done);
        }
        for (label, end) in &self.archives {
            if *end == ".u" && !self.in_work.contains(label) && self.in_work.len() < at_once {
                self.in_work.push(label.clone());
            }
        }
        while let Some(at) = self.archives.iter().position(|(label, _)| !self.in_work.contains(label)) {
            if self.archives.len() - at <= self.keep {
                return;
            }
            let (label, end) = self.archives.remove(at);
            self.ops.push(Op::Unlink(name(&label, end)));
        }
    }

    fn seal(&mut self, label: &str) {
        let (open, copy) = (name(label, ".u"), name(label, ".t"));
        let end = if self.kind == Kind::OursBusyPacked { ".gz" } else { ".s" };
        if end == ".gz" {
            self.copy(&open, &copy, "");
            self.rename(&copy, &name(label, end));
            self.ops.push(Op::Unlink(open));
        } else {
            self.link(&open, &name(label, end));
        }
        self.archives.iter_mut().filter(|(known, _)| known == label).for_each(|known| known.1 = end);
    }

    /// Deletes the oldest by their names.
    fn trim(&mut self) {
        while self.archives.len() > self.keep {
            self.archives.sort();
            let (label, end) = self.archives.remove(0);
            let is_late = self
                .late
                .front()
                .is_some_and(|op| matches!(op, Op::Link(from, _) if *from == name(&label, ".u")));
            if is_late {
                let sealing = std::mem::take(&mut self.late);
                self.ops.extend(sealing);
            }
            self.ops.push(Op::Unlink(name(&label, end)));
        }
    }
}
