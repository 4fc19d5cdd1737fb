//! Supervision for daemontools' service directories, and the chain-loading tools of which run scripts are made.
//!
//! ```text
//! svscan      runs a supervise for each directory, and for its log, and holds the pipe between them
//! supervise   runs a service: a loop around service::machine
//! svc         sends commands; svok, svstat, svup and svwait look at what is there; svgroup lets others do both
//! svctl       the command for people: names services, tells them, waits, and says what may be wrong
//! svshutdown  ends all services in order, with svscan or without
//! service/    what these share: commands, the 18 bytes of the status, the rules of a service's life
//! chain/      tools that change this process - variables, account, limits, locks - and become the next program
//! help        what all of them answer to --help and --version
//! ```

#![forbid(unsafe_code)]

pub mod chain;
pub mod help;
pub mod readproctitle;
pub mod service;
pub mod supervise;
pub mod svc;
pub mod svctl;
pub mod svgroup;
pub mod svok;
pub mod svscan;
pub mod svshutdown;
pub mod svstat;
pub mod svup;
pub mod svwait;
