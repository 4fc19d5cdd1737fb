//! The engine in simulation: every operation counted, failed, killed at, and cut off from its power.
//!
//! A run is deterministic: sealing happens in line, the clock counts, the input is a list of chunks.
//! So a workload is run once to count its operations, and then once for every operation and every
//! thing that can happen there (`exhaustive`), with every number of descriptors (`budgets`), and then at random
//! (`random`). `mutants` shows that these checks would find what they look for.

mod budgets;
mod disk;
mod exhaustive;
mod files;
mod mutants;
mod random;
mod surroundings;
mod workload;
