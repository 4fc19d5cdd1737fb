//! Supervision for daemontools' service directories, and the chain-loading tools that run scripts are made of.
//!
//! ```text
//! chain/    tools that change this process - variables, account, limits, locks - and become the next program
//! options   words of the command line, as daemontools reads them
//! ```

#![forbid(unsafe_code)]

pub mod chain;
pub mod options;
