//! multilog: reads lines, selects, stamps, and writes them to automatically rotated log directories.
//!
//! The way of a line, module by module; `engine` takes one step after the other:
//!
//! ```text
//! intake -> assembly -> output -> logdir -> `current` -> rotation -> sealer -> archive
//!           |           '- copied, align: stamps and lines, put together in memory
//!           |- newlines: where nearly every line ends; framer: long lines, and the last one
//!           |- selection, pattern: the route of a line, which is the outlets that take it
//!           '- outlet: alerts and status files
//! intake <- consumed only after every directory has written the batch, and standard output has it
//! ```
//!
//! Invariants that everything here keeps:
//! 1. Whole lines that were read are in files before the process waits for input.
//! 2. Lines keep their order; none is joined, and none is torn except one that reaches the size of a file.
//! 3. The boundaries of files depend on the bytes only, never on how they arrived.
//! 4. `.s` and mode 0744 are given only after an fsync that succeeded.
//! 5. Nothing leaves the input before every directory has it, and standard output if lines go there.
//! 6. After the start no failure is fatal, and every wait can be interrupted.
//! 7. Memory does not grow with the length of a line or the size of the input. Only a compressor has a whole line in
//!    memory, of 16 MiB at most.

#![forbid(unsafe_code)]

pub mod align;
pub mod assembly;
pub mod copied;
pub mod descriptors;
pub mod engine;
pub mod framer;
pub mod host;
pub mod intake;
pub mod journal;
pub mod limit;
pub mod lines;
pub mod logdir;
pub mod logfs;
pub mod metrics;
pub mod newlines;
pub mod outlet;
pub mod output;
pub mod pattern;
pub mod program;
pub mod retention;
pub mod script;
pub mod sealer;
pub mod selection;
#[cfg(test)]
mod sim;
pub mod start;
pub mod tally;
pub mod waker;

pub use program::main;
