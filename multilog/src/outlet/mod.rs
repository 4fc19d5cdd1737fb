//! Outlets: where the lines of a batch go.
//!
//! A route is a list of outlets by number, and each outlet has an [`crate::output::Output`] at the same index of
//! [`crate::assembly::Assembly::outputs`], so that every outlet has the fast ways. The directories of the script come
//! first, in its order, so that an outlet is a directory exactly if its number is that of one. Standard output (`1`) is
//! the outlet behind them; `engine/output.rs` writes to it.
//!
//! Alerts and status files are not outlets but asides: they show no more than the heads of lines, and a batch of a
//! script that has them is put together line by line.

mod alert;
mod status_file;

pub use alert::Alerts;
pub use status_file::Status;

/// What a batch shows besides the lines that outlets take.
#[derive(Debug, Default)]
pub struct Asides {
    /// The alerts of the batch.
    pub alerts: Alerts,
    /// One for each status file of the script.
    pub statuses: Vec<Status>,
}
