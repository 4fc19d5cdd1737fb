//! The program: arguments to script, script to open directories, directories to engine.

use std::ffi::OsString;
use std::sync::Arc;

use tai64tools::zone::TimeZone;
use unix::about::About;
use unix::diag::{self, Message};
use unix::event::Bell;
use unix::memory;
use unix::readiness::Readiness;
use unix::tool::{Exit, Fatal};

use crate::descriptors::{self, Hold, Plan};
use crate::host::{PROGRAM, System};
use crate::intake::{self, Care};
use crate::logfs::RealFs;
use crate::metrics::Metrics;
use crate::script::{Help, Misuse, ReadyFd, Script};
use crate::sealer::Threading;
use crate::start::{self, Circumstances};

/// Waits for memory as for room on a full disk.
#[global_allocator]
static ALLOCATOR: memory::Patient = memory::Patient;

const ABOUT: About<Help> =
    About { name: PROGRAM, version: env!("CARGO_PKG_VERSION"), usage: "multilog action ...", what: Help };

/// Runs multilog.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    memory::prepare(PROGRAM);
    if let Some(answered) = ABOUT.answer(&arguments)? {
        return Ok(answered);
    }
    let script = Script::parse(arguments).map_err(|misuse| refuse(&misuse))?;
    script.remarks.iter().for_each(|remark| diag::warn(PROGRAM, &remark.message()));
    run(script)
}

fn run(mut script: Script) -> Result<Exit, Fatal> {
    // Before anything is opened, or another file could have its number.
    let readiness = script.ready.map(readiness).transpose()?;
    unix::file::set_umask(0o022);
    unix::limit::raise_descriptors();
    // The zone's file is read now, while there is a descriptor for it. Later stamps open nothing.
    if let Some(stamp) = script.stamp {
        stamp.prepare();
    }
    if script.has_cycle() {
        TimeZone::of_process();
    }
    let mut host = System::new(readiness)?;
    if script.output.is_some() {
        host.open_output()?;
    }
    let (plan, alarm) = plan(&script);
    host.open_statuses(&script.statuses, plan.statuses)?;
    host.open_alarm(alarm);
    let mut filesystems = Vec::with_capacity(script.logs.len());
    for config in &mut script.logs {
        config.size = config.size.within(unix::file::size_limit());
        filesystems.push(RealFs::open(&config.path, config.mode)?);
    }
    if let Some(file) = &script.metrics {
        host.count(Metrics::new(file.path(), script.logs.iter().map(|config| &*config.path)));
    }
    let boot = unix::file::boot_id().ok();
    let intake = intake::open(plan.care, warn_blind);
    if plan.care == Care::Read && !filesystems.is_empty() {
        warn_blind(&unix::errno::too_many_open());
    }
    let circumstances = Circumstances { boot, threading: threading(plan.pending) };
    let opened = start::open(script, filesystems, intake, host, circumstances)?;
    memory::be_patient();
    opened.run()
}

fn readiness(descriptor: ReadyFd) -> Result<Readiness, Fatal> {
    let number = descriptor.number();
    let failed =
        |error| Fatal::system(Message::new("unable to use descriptor ").and(number.to_string()), &error);
    Readiness::take(number).map_err(failed)
}

/// What each descriptor is used for, and whether there are any for an alarm.
fn plan(script: &Script) -> (Plan, Hold) {
    let (directories, statuses) = (script.logs.len(), script.statuses.len());
    let wanted = descriptors::wanted(directories, statuses);
    if script.has_cycle() {
        let free = unix::limit::free_descriptors(wanted + descriptors::ALARM);
        return descriptors::plan_with_alarm(free, directories, statuses);
    }
    let free = unix::limit::free_descriptors(wanted);
    let mut plan = descriptors::plan(free, directories, statuses);
    if directories == 0 && script.output.is_some() {
        plan.care = descriptors::care_for_output(free, statuses);
    }
    (plan, Hold::Closed)
}

fn threading(pending: usize) -> Threading {
    match (pending > 0).then(Bell::new) {
        Some(Ok(progress)) => Threading::Thread { progress: Arc::new(progress), pending },
        _ => Threading::Caller { behind: 0 },
    }
}

fn warn_blind(error: &std::io::Error) {
    let said = Message::new("unable to look into the input, a kill may lose lines");
    diag::warn(PROGRAM, &said.because(error));
}

fn refuse(misuse: &Misuse) -> Fatal {
    let message = Message::new("unable to understand ").and(misuse.argument.as_encoded_bytes());
    Fatal::misuse(message.and(": ").and(&misuse.reason))
}
