//! The engine in simulation: every operation counted, failed, killed at, and cut off from its power.
//!
//! A run is deterministic: sealing happens in line, the clock counts, the input is a list of chunks. So each workload of
//! `workloads` is run once to count its operations. Then it is run once for every operation and every thing that can
//! happen there (`exhaustive`; `cuts` for the power), with every number of descriptors (`budgets`), and at random
//! (`random`). `outcome` looks at what is in the directories afterwards. `strangers` are others who change a directory,
//! `poor` are file systems that lack something. `mutant` are programs with one defect each, which the seam makes, and
//! `mutants` shows that these checks find them.

mod budgets;
mod cuts;
mod disk;
mod exhaustive;
mod files;
mod full;
mod host;
mod kept;
mod limited;
mod mutant;
mod mutants;
mod outcome;
mod poor;
mod power;
mod printed;
mod processor;
mod random;
mod strangers;
mod surroundings;
mod time;
mod trouble;
mod wall;
mod workload;
mod workloads;
