//! `Settled`: what the command line says, before anything is opened.

use std::path::PathBuf;
use std::time::Duration;

use mlog::store::Ahead;

use crate::sink::Settings;
use crate::source::Begin;

/// Where lines go.
pub(crate) type Sinks = Vec<Box<dyn Settings>>;

/// What the command line says.
pub(crate) struct Settled {
    /// The directories that were named.
    pub(crate) directories: Vec<PathBuf>,
    /// The scan directory.
    pub(crate) scan: Option<PathBuf>,
    /// Globs of services.
    pub(crate) units: Vec<Vec<u8>>,
    /// How far labels are ahead.
    pub(crate) ahead: Ahead,
    /// The state directory.
    pub(crate) state: PathBuf,
    /// Where a new lane begins.
    pub(crate) begin: Begin,
    /// How long a line waits.
    pub(crate) delay: Duration,
    /// The most bytes of a batch.
    pub(crate) batch: usize,
    /// The memory of all batches.
    pub(crate) memory: usize,
    /// The longest record.
    pub(crate) longest: Option<usize>,
    /// Where counters go.
    pub(crate) metrics: Option<PathBuf>,
    /// The name of this host.
    pub(crate) host: Option<Vec<u8>>,
    /// Where lines are kept that are refused.
    pub(crate) refused: PathBuf,
    /// Where lines go.
    pub(crate) sinks: Sinks,
}
