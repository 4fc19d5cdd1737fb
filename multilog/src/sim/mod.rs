//! The engine in simulation: every operation counted, failed, killed at, and cut off from its power.
//!
//! A run is deterministic: sealing happens in line, the clock counts, the input is a list of chunks.
//! So a workload is run once to count its operations, and then once for every operation and every
//! thing that can happen there (`exhaustive`), with every number of descriptors (`budgets`), and then at random
//! (`random`). `strangers` are others who change a directory, `poor` are file systems that lack something. `mutant` are
//! programs with one defect each, which the seam makes, and `mutants` shows that these checks find them.

mod budgets;
mod disk;
mod exhaustive;
mod files;
mod mutant;
mod mutants;
mod poor;
mod random;
mod strangers;
mod surroundings;
mod workload;
