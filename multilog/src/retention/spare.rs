//! `min=`: on a full disk the oldest archives make room, and a number of archives is spared.

use std::io;
use std::time::Duration;

use super::{Reason, Retention, Rule, Stock};
use crate::logfs::{Archive, LogFs, Name};
use crate::script::Spared;

/// How many archives are spared.
#[derive(Clone, Copy, Debug)]
pub struct Spare(usize);

impl Spare {
    /// Spares what the script says.
    pub fn new(spared: Spared) -> Spare {
        Spare(spared.archives())
    }
}

impl Rule for Spare {
    fn doomed(&self, stock: &Stock) -> usize {
        stock.count.saturating_sub(self.0)
    }

    /// How full the disk is does not depend on this directory alone.
    fn keeps(&self, _: Duration) -> Duration {
        Duration::ZERO
    }
}

/// Whether a call has failed because there is no room on the disk.
pub fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Deletes the oldest finished archive, if the rules for a full disk let one go. What still has to be sealed is not an
/// archive yet. None: nothing was deleted.
pub fn make_room<F: LogFs>(fs: &F, retention: &Retention) -> io::Result<Option<Archive>> {
    if !retention.has_rule_for(Reason::Full) {
        return Ok(None);
    }
    let names = fs.names()?;
    let archives = names.iter().filter_map(|name| Archive::parse(name));
    let mut finished: Vec<Archive> =
        archives.filter(|archive| !archive.is_unsealed() && !archive.is_temporary()).collect();
    if retention.doomed(Reason::Full, &Stock { count: finished.len(), ..Stock::default() }) == 0 {
        return Ok(None);
    }
    finished.sort();
    for archive in finished {
        let name = Name::from(archive.clone());
        if fs.lookup(&name)?.is_some_and(|stat| stat.regular) {
            fs.remove(&name)?;
            return Ok(Some(archive));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spared_stays_on_a_full_disk() {
        for (spared, count, doomed) in [(0, 0, 0), (0, 3, 3), (2, 2, 0), (2, 3, 1), (usize::MAX, 3, 0)] {
            assert_eq!(
                Spare(spared).doomed(&Stock { count, ..Stock::default() }),
                doomed,
                "{spared} {count}"
            );
        }
    }
}
