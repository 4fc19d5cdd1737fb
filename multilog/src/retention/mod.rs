//! Retention: which archives of a directory go. The oldest always go first.
//!
//! Each rule of the script has a file of its own and is pure: a rule is told what there is ([`Stock`]) and answers how
//! many of the oldest files go. The greatest answer counts. The sealer deletes what goes (`sealer/prune.rs`); when the
//! disk is full, the foreground does ([`make_room`]).
//!
//! A new rule is a file and a row in [`Retention::new`]. What a rule has to know besides the number of files becomes a
//! field of [`Stock`], which the desk of the sealer fills in.

mod count;
mod inventory;
mod spare;

use std::fmt::Debug;
use std::time::Duration;

use crate::script::{LogConfig, Transform};
pub use count::Count;
pub use inventory::Inventory;

pub use spare::{Spare, is_full, make_room};

/// What there is: the files to which the rules apply.
#[derive(Clone, Copy, Debug)]
pub struct Stock {
    /// How many labels there are.
    pub count: usize,
}

/// Why archives may have to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// There may be more than the script keeps.
    Surplus,
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
}

impl Retention {
    /// The rules that the script gives a directory.
    pub fn new(config: &LogConfig) -> Retention {
        let mut rules: Vec<(Reason, Box<dyn Rule>)> =
            vec![(Reason::Surplus, Box::new(Count::new(config.keep)))];
        if let Some(spared) = config.spare {
            rules.push((Reason::Full, Box::new(Spare::new(spared))));
        }
        let scope = match config.transform {
            Transform::Process(_) => Scope::Archives,
            Transform::Keep | Transform::Compress(_) => Scope::Everything,
        };
        Retention::with(rules, scope)
    }

    pub(crate) fn with(rules: Vec<(Reason, Box<dyn Rule>)>, scope: Scope) -> Retention {
        Retention { rules, scope }
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
            Scope::Everything => self.doomed(Reason::Surplus, &Stock { count: waiting }),
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
        let stock = Stock { count: 12 };
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
        assert_eq!(retention.doomed(Reason::Surplus, &Stock { count: 7 }), 5);
        assert_eq!(retention.keeps(Duration::from_secs(1)), Duration::from_secs(2));
    }
}
