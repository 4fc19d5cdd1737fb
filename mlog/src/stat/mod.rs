//! Files and lines in numbers: what an archive holds and whether it is sound, and how many lines there are over time.

mod histogram;
mod summary;

pub use histogram::{Histogram, Unit, svg};
pub use summary::{Summary, summarize};
