//! Why a service can't be seen or told, for people: what was looked at, and what to do.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use unix::diag::Message;
use unix::file::effective_user;
use unix::held;

use super::scan::ScanDirectory;
use super::select::Named;
use super::sight::Blind;
use crate::service::hold::Hold;

/// In a word or two, for a table.
pub(super) fn briefly(blind: &Blind) -> &str {
    match blind {
        Blind::NoSupervise => "no supervise",
        Blind::NoRight => "no right to look",
        Blind::Gone => "not there",
        Blind::Trouble(words) => words,
    }
}

/// In full.
pub(super) fn explain(scan: &ScanDirectory, named: &Named, blind: &Blind) -> Message {
    let message = named.shown().and(": ");
    let place = named.place();
    let path = place.as_os_str().as_bytes();
    match blind {
        Blind::Trouble(words) => message.and("unable to look at ").and(path).and("/supervise: ").and(words),
        Blind::Gone => gone(&place, message.and(path)),
        Blind::NoRight => no_right(named, message.and("no right to use ").and(path).and("/supervise")),
        Blind::NoSupervise => {
            let message = message.and("no supervise runs in ").and(path);
            let message = match survivor(named) {
                Some(pid) => message.and(", although its process runs, pid ").and(pid.to_string()),
                None => message,
            };
            no_svscan(scan, named, message)
        }
    }
}

fn gone(place: &Path, message: Message) -> Message {
    match fs::read_link(place) {
        Ok(target) => message
            .and(" is a link to ")
            .and(target.as_os_str().as_bytes())
            .and(", which is not there: svctl disable removes the link"),
        Err(_) => message.and(" is not there any more"),
    }
}

fn no_right(named: &Named, message: Message) -> Message {
    let owner = match held::look_through(&named.place().join("supervise")) {
        Ok(look) => format!(", which belongs to user number {}", look.owner),
        Err(_) => String::new(),
    };
    let own = format!(" (this is user number {})", effective_user());
    let advice = ": use its owner's rights, or let the owner give them to a group: svctl group GROUP ";
    message.and(owner).and(own).and(advice).and(named.name.as_bytes())
}

/// Why there is no supervise, as far as that is svscan's doing.
fn no_svscan(scan: &ScanDirectory, named: &Named, message: Message) -> Message {
    if !named.is_in(scan) {
        return message.and(": start one, or link the directory into a scan directory (svctl enable)");
    }
    match scan.svscan() {
        Some(pid) => message
            .and("; svscan does, pid ")
            .and(pid.to_string())
            .and(", so supervise was told to leave or can't begin: svctl check ")
            .and(named.name.as_bytes())
            .and(" may say why; svscan starts it again within some seconds"),
        None => message
            .and(", and no svscan can be seen in ")
            .and(scan.named().as_bytes())
            .and(": start one: svscan ")
            .and(scan.path().as_os_str().as_bytes()),
    }
}

/// The process of a service without a supervise.
fn survivor(named: &Named) -> Option<u32> {
    Some(Hold::open(&named.place()).ok()?.process()?.process.pid())
}
