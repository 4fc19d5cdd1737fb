//! `ScanDirectory`: which directory has the services, what is in it, and which svscan runs there.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use unix::diag::Message;
use unix::file::{self, Identity};
use unix::tool::Fatal;

use super::groups::{self, Groups};
use crate::service::scanner::{self, Trust};

/// Where services are looked for when nobody says where.
const USUAL: [&str; 3] = ["/service", "/etc/service", "/var/service"];
/// The most that is read of the file of groups.
const LONGEST: usize = 1 << 20;

/// Who has named a scan directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    Option,
    Variable,
    Custom,
}

/// A scan directory that is there.
#[derive(Debug)]
pub(super) struct ScanDirectory {
    path: PathBuf,
    origin: Origin,
}

impl ScanDirectory {
    /// The directory of `-d`, of SVDIR, or the first usual one that is there.
    pub(super) fn find(given: Option<&Path>) -> Result<ScanDirectory, Fatal> {
        let variable = std::env::var_os("SVDIR").filter(|value| !value.is_empty());
        let (path, origin) = match (given, variable) {
            (Some(path), _) => (path.to_path_buf(), Origin::Option),
            (None, Some(path)) => (PathBuf::from(path), Origin::Variable),
            (None, None) => {
                let there = USUAL.iter().find(|path| Path::new(path).is_dir());
                (PathBuf::from(there.ok_or_else(nowhere)?), Origin::Custom)
            }
        };
        ScanDirectory { path, origin }.checked()
    }

    /// This directory, whoever has named it.
    pub(super) fn at(path: &Path) -> Result<ScanDirectory, Fatal> {
        ScanDirectory { path: path.to_path_buf(), origin: Origin::Custom }.checked()
    }

    fn checked(self) -> Result<ScanDirectory, Fatal> {
        match fs::read_dir(&self.path) {
            Ok(_) if self.path.join("run").is_file() => Err(Fatal::misuse(
                self.named().and(" is a service directory, since it has a run: name the directory it is in"),
            )),
            Ok(_) => Ok(self),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                Err(Fatal::system(Message::new("unable to read ").and(self.named().as_bytes()), &error))
            }
            Err(error) => Err(Fatal::misuse(
                self.named().and(" is no scan directory").because(&error).and(": name one with -d"),
            )),
        }
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Its path, for messages, and where that is from.
    pub(super) fn named(&self) -> Message {
        let origin = match self.origin {
            Origin::Option => " (from -d)",
            Origin::Variable => " (from $SVDIR)",
            Origin::Custom => "",
        };
        Message::new(self.path.as_os_str().as_bytes()).and(origin)
    }

    /// The names of its services in the order of their bytes: what begins with no dot and is a directory, or a link to
    /// one or to nothing.
    pub(super) fn services(&self) -> Result<Vec<OsString>, Fatal> {
        let unable = |error: io::Error| {
            Fatal::system(Message::new("unable to read ").and(self.named().as_bytes()), &error)
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path).map_err(unable)? {
            let name = entry.map_err(unable)?.file_name();
            if !name.as_bytes().starts_with(b".") && self.is_service(&name) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Refuses a directory in which nothing could be a service and no svscan runs. One that is empty may be one.
    pub(super) fn must_have_services(&self) -> Result<(), Fatal> {
        let names = self.services()?;
        let may_be = |name: &OsString| {
            let place = self.path.join(name);
            // What can't be looked at, as a link that leads nowhere, is worth a word of its own.
            let is_file = |file: &str| match fs::metadata(place.join(file)) {
                Ok(stat) => stat.is_file(),
                Err(error) => error.kind() == ErrorKind::PermissionDenied,
            };
            is_file("run") || is_file("log/run") || is_file("supervise/lock") || fs::metadata(&place).is_err()
        };
        if names.is_empty() || names.iter().any(may_be) || self.svscan().is_some() {
            return Ok(());
        }
        let message =
            self.named().and(" is no scan directory: none of the directories in it has a run, and no svscan");
        Err(Fatal::misuse(message.and(" can be seen in it: name one with -d")))
    }

    fn is_service(&self, name: &OsStr) -> bool {
        match fs::metadata(self.path.join(name)) {
            Ok(stat) => stat.is_dir(),
            // Something that can't be looked at is worth a word.
            Err(_) => true,
        }
    }

    /// The groups that its file names.
    pub(super) fn groups(&self) -> Result<Groups, Fatal> {
        let path = Message::new(self.path.join(groups::FILE).as_os_str().as_bytes());
        let unable =
            |error: io::Error| Fatal::system(Message::new("unable to read ").and(path.as_bytes()), &error);
        let directory = file::open_directory(&self.path).map_err(unable)?;
        let text = match file::read_start(&directory, OsStr::new(groups::FILE), LONGEST) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Groups::default()),
            Err(error) => return Err(unable(error)),
        };
        Groups::parse(&text).map_err(|line| {
            let place = path.clone().and(", line ").and(line.to_string());
            Fatal::misuse(place.and(": not understood; a line is GROUP: SERVICE ..."))
        })
    }

    /// The svscan that runs there, as far as that can be known.
    pub(super) fn svscan(&self) -> Option<u32> {
        let open = file::open_directory(&self.path).ok()?;
        match scanner::lock_holder(&open) {
            Some((pid, Trust::Svscan)) => Some(pid),
            _ => scanner::svscan_in(Identity::of(&open).ok()?).map(|svscan| svscan.pid()),
        }
    }
}

fn nowhere() -> Fatal {
    let looked = USUAL.join(", ");
    Fatal::misuse(
        Message::new("no scan directory: SVDIR is not set, and none of these is there: ")
            .and(looked)
            .and(": name one with -d"),
    )
}
