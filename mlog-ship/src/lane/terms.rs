//! What a lane is made of.

use std::sync::Arc;

use super::Outage;
use crate::identity::{Instance, Origin};
use crate::letters::Letters;
use crate::metrics::Tally;
use crate::sink::Sink;
use crate::source::Source;
use crate::state::{Files, Kept};

/// What a lane is, and what is settled of it.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Its number among the lanes of its sink.
    pub number: usize,
    /// The name of its sink.
    pub sink: String,
    /// The name of its state file.
    pub file: String,
    /// Who ships.
    pub instance: Instance,
    /// What.
    pub origin: Origin,
    /// The most bytes of a batch.
    pub most: usize,
    /// The longest record, if the user says so.
    pub longest: Option<usize>,
}

/// What the lanes of a sink, and who reads the counters, have in common with a lane.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    /// The outage of the sink.
    pub outage: Arc<Outage>,
    /// What is counted.
    pub tally: Arc<Tally>,
}

/// What a lane is made of.
pub struct Parts<S: Source, F: Files> {
    /// What is settled.
    pub terms: Terms,
    /// What it shares.
    pub shared: Shared,
    /// Where lines come from.
    pub source: S,
    /// Where they go.
    pub sink: Box<dyn Sink>,
    /// The state directory.
    pub files: F,
    /// Where lines go that are refused.
    pub letters: Box<dyn Letters>,
    /// What it says of the lane.
    pub kept: Kept,
}
