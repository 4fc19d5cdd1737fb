//! Which lines are wanted: raw bytes are searched first, and lines are looked at where something was found.
//!
//! Patterns see a line without its stamp. The whole of a block is searched with patterns that can't see beyond a line and
//! that have lost their anchors, so they find every line that matches, and some that don't; each line that is found is
//! matched again by itself.

mod lines;
mod part;
mod query;

pub use lines::Selected;
pub use part::{FEW, LONGEST, Part, Reading, Worker};
pub use query::{Entry, Lines, Query, Tracker, Wanted};
