//! multilog with a plain read in the place of its careful input. The difference is the cost of the journal and of
//! looking into the pipe before taking from it.
//!
//! Everything else is the same code. The pipe has the size that multilog settles on.

use std::ffi::OsString;
use std::sync::Arc;

use multilog::descriptors::{Hold, PENDING};
use multilog::host::System;
use multilog::intake::PlainIntake;
use multilog::logfs::RealFs;
use multilog::script::Script;
use multilog::sealer::Threading;
use multilog::start::{self, Circumstances};
use unix::diag::Message;
use unix::event::Bell;
use unix::tool::{Exit, Fatal};

const PIPE: usize = 1 << 20;
const INPUT: usize = 512 << 10;

/// Runs a script over standard input.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let misuse = |_| Fatal::misuse(Message::new("usage: plain-multilog action ..."));
    let script = Script::parse(arguments).map_err(misuse)?;
    let mut host = System::new(None)?;
    if script.output.is_some() {
        host.open_output()?;
    }
    host.open_statuses(&script.statuses, Hold::Open)?;
    let progress =
        Bell::new().map_err(|error| Fatal::system(Message::new("unable to watch the sealer"), &error))?;
    let threading = Threading::Thread { progress: Arc::new(progress), pending: PENDING };
    let filesystems =
        script.logs.iter().map(|log| RealFs::open(&log.path, log.mode)).collect::<Result<_, _>>()?;
    let stdin = unix::pipe::stdin();
    unix::pipe::set_capacity(stdin, PIPE).ok();
    let intake = Box::new(PlainIntake::new(stdin, INPUT));
    start::open(script, filesystems, intake, host, Circumstances { boot: None, threading })?.run()
}
