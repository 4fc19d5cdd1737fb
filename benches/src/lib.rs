//! The comparison of multilog, the filters and mlog with their peers.
//!
//! Definitions are data (`definitions/*.json`): a corpus, and the arguments of each engine. The engines
//! (`engines.json`) run in turn, several rounds of all of them, over the same input from the page cache, and the output
//! of every run is checked. Results are ratios of medians. Absolute times are only written down.
//!
//! ```text
//! definition, corpus -> compare -> measure -> record (JSON) -> report (tables), plot (SVG), gate
//! ```

#![forbid(unsafe_code)]

pub mod bare_loop;
pub mod byte_loop;
pub mod compare;
pub mod corpus;
pub mod definition;
pub mod fleet;
pub mod front;
pub mod layout;
pub mod measure;
pub mod plain;
pub mod plot;
pub mod program;
pub mod record;
pub mod report;
pub mod short;
