//! Ships log directories to the engine of a fleet, exactly once where the engine allows it.
//!
//! | module | promise |
//! |---|---|
//! | [`identity`] | who ships and what, the same after every restart |
//! | [`bound`] | where a batch begins or ends, found again after a rotation |
//! | [`batch`] | lines that are delivered together, and again with the same bytes |
//! | [`cut`] | what is cut is whole lines, and pieces where a line is too long |
//! | [`source`] | lines between two bounds, and what is missing of them |
//! | [`state`] | after a kill or a power cut a state is the old one or the new one |
//! | [`sink`] | an engine answers, or it is too late for an answer; nobody guesses |
//! | [`lane`] | no batch is sent whose bounds are not on the disk, and no cursor moves before the engine has it |
//! | [`letters`] | what an engine never takes is on the disk |
//! | [`memory`] | what all batches take, and whose turn it is |
//! | [`metrics`] | what is counted |
//! | [`room`] | an engine that refuses what is too long gets less, and more again |
//! | [`stopping`] | the program ends in two seconds |
//! | [`run`] | a thread for each lane, and one that wakes them |
//! | [`values`] | sizes and times as they are written |
//! | [`command`] | the command line |

#![forbid(unsafe_code)]

pub mod batch;
pub mod bound;
pub mod command;
pub mod cut;
pub mod identity;
pub mod lane;
pub mod letters;
pub mod memory;
pub mod metrics;
pub mod room;
pub mod run;
mod settled;
pub mod sink;
pub mod source;
pub mod state;
pub mod stopping;
pub mod values;

pub use command::main;
