//! Retention: which archives of a directory go. The oldest always go first.
//!
//! Each rule of the script has a file of its own and is pure: a rule is told what there is ([`Stock`]) and answers how
//! many of the oldest files go. The greatest answer counts. The sealer deletes what goes (`sealer/prune.rs`); when the
//! disk is full, the foreground does ([`make_room`]).
//!
//! A new rule is a file and a row in [`Retention::new`]. What a rule has to know besides the number of files becomes a
//! field of [`Stock`], which the desk of the sealer fills in.

mod age;
mod cap;
mod caution;
mod count;
mod inventory;
mod spare;
mod weights;

use std::fmt::Debug;
use std::time::Duration;

use crate::script::{self, LogConfig, MaxAge, Transform};
use age::Age;
pub use age::moment;
use cap::Cap;
pub use caution::{Caution, Change, Due, HOUR, Mark, Ruling};
pub use count::Count;
pub use inventory::{Inventory, Weigh};
pub use spare::{Spare, is_full, make_room};
pub use weights::{Seen, Weights};

/// What there is: the files to which the rules apply.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stock {
    /// How many labels there are.
    pub count: usize,
    /// How old the oldest archive is. None: it does not go by its age now, or nobody asks.
    pub age: Option<Duration>,
    /// How many bytes all files have. 0 where nobody asks.
    pub bytes: u64,
}

/// Why archives may have to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There may be more than the script keeps.
    Surplus,
    /// Archives may be too old, or have too many bytes. Files on their way never go for that.
    Excess,
    /// The disk is full.
    Full,
}

/// To which files the rules apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// To archives and to files on their way.
    Everything,
    /// To archives alone: every byte of a file on its way has to go through a processor.
    Archives,
}

/// A rule of the script.
pub trait Rule: Debug + Send + Sync {
    /// How many of the oldest files go.
    fn doomed(&self, stock: &Stock) -> usize;

    /// How long a file is kept at least, when files come this far apart.
    fn keeps(&self, between: Duration) -> Duration;
}

/// The rules of one directory.
#[derive(Debug)]
pub struct Retention {
    rules: Vec<(Reason, Box<dyn Rule>)>,
    scope: Scope,
    /// How old an archive may become.
    span: Option<Duration>,
    /// How many bytes all files may have.
    cap: Option<u64>,
}

impl Retention {
    /// The rules that the script gives a directory.
    pub fn new(config: &LogConfig) -> Retention {
        let mut rules: Vec<(Reason, Box<dyn Rule>)> = Vec::new();
        if let Some(keep) = config.keep() {
            rules.push((Reason::Surplus, Box::new(Count::new(keep))));
        }
        if let Some(age) = config.age {
            rules.push((Reason::Excess, Box::new(Age::new(age))));
        }
        if let Some(cap) = config.cap {
            rules.push((Reason::Excess, Box::new(Cap::new(cap))));
        }
        if let Some(spared) = config.spare {
            rules.push((Reason::Full, Box::new(Spare::new(spared))));
        }
        let scope = match config.transform {
            Transform::Process(_) => Scope::Archives,
            Transform::Keep | Transform::Compress(_) => Scope::Everything,
        };
        let (span, cap) = (config.age.map(MaxAge::span), config.cap.map(script::Cap::bytes));
        Retention { rules, scope, span, cap }
    }

    #[cfg(test)]
    pub(crate) fn with(rules: Vec<(Reason, Box<dyn Rule>)>, scope: Scope) -> Retention {
        Retention { rules, scope, span: None, cap: None }
    }

    /// How old an archive may become.
    pub fn span(&self) -> Option<Duration> {
        self.span
    }

    /// How many bytes all files may have.
    pub fn cap(&self) -> Option<u64> {
        self.cap
    }

    /// How far two looks at the age of archives are apart at least. So an archive may become older than it should by
    /// this: by a small part of its age, and by an hour at most.
    pub fn rest(&self) -> Duration {
        self.span.map_or(HOUR, |span| (span / 24).clamp(Duration::from_secs(1), HOUR))
    }

    /// To which files the rules apply.
    pub fn scope(&self) -> Scope {
        self.scope
    }

    /// Whether any file may go for this reason.
    pub fn has_rule_for(&self, reason: Reason) -> bool {
        self.rules_for(reason).next().is_some()
    }

    /// How many of the oldest files go.
    pub fn doomed(&self, reason: Reason, stock: &Stock) -> usize {
        self.rules_for(reason).map(|rule| rule.doomed(stock)).max().unwrap_or(0)
    }

    /// How many of the oldest files would go if there were no others than these `waiting` ones, which are on their way.
    pub fn doomed_of_waiting(&self, waiting: usize) -> usize {
        match self.scope {
            Scope::Everything => self.doomed(Reason::Surplus, &Stock { count: waiting, ..Stock::default() }),
            Scope::Archives => 0,
        }
    }

    /// How long a file on its way is kept at least, when files come this far apart.
    pub fn keeps(&self, between: Duration) -> Duration {
        let rules = self.rules_for(Reason::Surplus).filter(|_| self.scope == Scope::Everything);
        rules.map(|rule| rule.keeps(between)).min().unwrap_or(Duration::MAX)
    }

    fn rules_for(&self, reason: Reason) -> impl Iterator<Item = &dyn Rule> {
        self.rules.iter().filter(move |(other, _)| *other == reason).map(|(_, rule)| &**rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Script;

    fn retention(words: &[&str]) -> Retention {
        let script = Script::parse(words.iter().chain(&["./main"]).map(Into::into).collect()).unwrap();
        Retention::new(&script.logs[0])
    }

    #[test]
    fn each_reason_has_rules_of_its_own() {
        let stock = Stock { count: 12, ..Stock::default() };
        for (words, surplus, full) in
            [(&["n4"][..], 9, 0), (&["n4", "min=10"], 9, 2), (&["n4", "min=2", "!true"], 9, 10), (&[], 3, 0)]
        {
            let retention = retention(words);
            let doomed = [Reason::Surplus, Reason::Full].map(|reason| retention.doomed(reason, &stock));
            assert_eq!(doomed, [surplus, full], "{words:?}");
            assert_eq!(retention.has_rule_for(Reason::Full), full > 0, "{words:?}");
        }
    }

    #[test]
    fn what_waits_for_a_processor_never_goes() {
        let second = Duration::from_secs(1);
        let plain = retention(&["n4"]);
        assert_eq!((plain.doomed_of_waiting(5), plain.keeps(second)), (2, 3 * second));
        let processing = retention(&["n4", "!true"]);
        assert_eq!((processing.doomed_of_waiting(5), processing.keeps(second)), (0, Duration::MAX));
    }

    #[test]
    fn the_rule_that_takes_most_decides() {
        let rule = |kept| (Reason::Surplus, Box::new(Count::of(kept)) as Box<dyn Rule>);
        let retention = Retention::with(vec![rule(5), rule(2), rule(9)], Scope::Everything);
        assert_eq!(retention.doomed(Reason::Surplus, &Stock { count: 7, ..Stock::default() }), 5);
        assert_eq!(retention.keeps(Duration::from_secs(1)), Duration::from_secs(2));
    }
}
