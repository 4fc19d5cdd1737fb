//! What a directory holds, for who asks for metrics.

use std::io;
use std::time::Duration;

use super::LogDir;
use crate::host::Host;
use crate::logfs::{Archive, Changed, LogFs};

/// A look at all archives may take this part of the time.
const SHARE: u32 = 100;

/// The last look at the archives.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stock {
    /// Bytes of everything but `current`.
    archived: u64,
    /// When the directory had last changed.
    seen: Option<Changed>,
    /// When the next look may come, on the clock of [`Host::uptime`].
    next: Duration,
}

impl<F: LogFs> LogDir<F> {
    /// Notes in the account how many files are on their way and how many bytes there are. What can't be found out is as
    /// it was at the last look, and so is what would take more than a hundredth of the time.
    pub fn take_stock(&mut self, host: &impl Host) {
        self.account.note_pending(self.crew.pending());
        let begun = host.uptime();
        let changed = self.fs.changed().ok();
        if begun >= self.stock.next && (changed.is_none() || changed != self.stock.seen) {
            if let Ok(archived) = self.archived() {
                let took = host.uptime().saturating_sub(begun);
                self.stock = Stock { archived, seen: changed, next: begun.saturating_add(took * SHARE) };
            }
        }
        self.account.note_held(self.stock.archived + self.length());
    }

    /// The bytes of everything with a label, each file once: a file on its way may have the name of its archive already.
    /// No name is kept, since there may be little memory and many names.
    fn archived(&self) -> io::Result<u64> {
        let (mut bytes, mut failed) = (0, None);
        self.fs.each_name(&mut |name| {
            let Some(archive) = Archive::parse(name) else { return };
            let is_unsealed = archive.is_unsealed();
            match self.fs.lookup(&archive.into()) {
                Ok(Some(stat)) if stat.regular && !(is_unsealed && stat.links > 1) => {
                    bytes += stat.size;
                }
                // One that has gone meanwhile holds nothing.
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
        })?;
        failed.map_or(Ok(bytes), Err)
    }
}
