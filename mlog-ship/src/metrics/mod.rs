//! What is counted.

mod tally;

pub use tally::Tally;
