//! `Directory`: what is read of a log directory, and how it is looked at as it was at one moment while a logger changes it.
//!
//! A look at names is not of one moment: a name that is changed meanwhile may be missed under both names. What was rotated
//! before a look began changes its name once more at most, so it is missed by one of two looks at most. While `current`
//! is the same file before and behind two looks that show the same, nothing was rotated, and so they show everything.

use std::ffi::OsStr;
use std::io::{self, ErrorKind};

use tai64tools::Label;
use unix::file::{Identity, Stat};

use super::names::Names;
use super::{Content, Generation, Snapshot, State};

/// How often a follower looks while the logger rotates faster than that. It then goes on with what is sure.
const ROUNDS: usize = 3;
/// How often somebody looks who needs `current`.
const MANY_ROUNDS: usize = 100;
/// The label of a file is looked for among this number of the newest ones.
const NEWEST: usize = 4;

/// Names and files of a log directory: a real one, or one of a simulation.
pub trait Directory {
    /// An open file.
    type File: Content;

    /// Shows every name.
    fn each_name(&self, see: &mut dyn FnMut(&OsStr)) -> io::Result<()>;
    /// What is under a name.
    fn lookup(&self, name: &OsStr) -> io::Result<Option<Stat>>;
    /// Opens a regular file.
    fn open_name(&self, name: &OsStr) -> io::Result<Self::File>;
}

/// What a look has come to.
#[derive(Debug)]
pub struct Look<F> {
    /// The generations. Between those that are there none is missing that was not deleted.
    pub snapshot: Snapshot<F>,
    /// The label that `current` has got meanwhile.
    pub label: Option<Label>,
    /// Whether these are all. Otherwise there are later ones, and `current` is left out.
    pub settled: bool,
}

/// Looks at a directory as a follower does: some times at most.
pub fn look<D: Directory>(directory: &D) -> io::Result<Look<D::File>> {
    Looking { directory }.look(ROUNDS).map(|(look, _)| look)
}

/// All generations at one moment, for somebody who needs `current`.
pub(super) fn snapshot<D: Directory>(directory: &D) -> io::Result<Snapshot<D::File>> {
    let (look, is_log_directory) = Looking { directory }.look(MANY_ROUNDS)?;
    if !is_log_directory {
        return Err(io::Error::new(ErrorKind::InvalidInput, "not a log directory"));
    }
    Ok(look.snapshot)
}

/// The generations in order, without `current`.
pub(super) fn archives<D: Directory>(directory: &D) -> io::Result<Vec<Generation>> {
    let looking = Looking { directory };
    let mut names = looking.names()?;
    for _ in 0..MANY_ROUNDS {
        let again = looking.names()?;
        if again.is_like(&names) {
            if let Some((settled, _)) = looking.settle(again.clone())? {
                return Ok(settled.archives());
            }
        }
        names = again.with(&names);
    }
    Ok(names.archives())
}

/// Opens the file of a generation, under the name that it has now if it got another one. None: it was deleted.
pub(super) fn open<D: Directory>(
    directory: &D,
    generation: &Generation,
) -> io::Result<Option<(D::File, State)>> {
    let mut tried = generation.clone();
    for _ in 0..8 {
        match directory.open_name(&tried.name) {
            Ok(opened) => return Ok(Some((opened, tried.state))),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let Some(found) = renamed(directory, generation)? else { return Ok(None) };
        tried = found;
    }
    Ok(None)
}

/// What a generation is, under the name that it has now.
pub(super) fn lookup<D: Directory>(directory: &D, generation: &Generation) -> io::Result<Option<Stat>> {
    if let Some(stat) = directory.lookup(&generation.name)? {
        return Ok(Some(stat));
    }
    let Some(found) = renamed(directory, generation)? else { return Ok(None) };
    directory.lookup(&found.name)
}

/// The name that a generation has now. One look may miss it.
fn renamed<D: Directory>(directory: &D, generation: &Generation) -> io::Result<Option<Generation>> {
    for _ in 0..2 {
        let names = Looking { directory }.names()?;
        if let Some(found) = names.archives().into_iter().find(|other| other.label == generation.label) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

struct Looking<'a, D> {
    directory: &'a D,
}

impl<D: Directory> Looking<'_, D> {
    fn names(&self) -> io::Result<Names> {
        let mut names = Names::default();
        self.directory.each_name(&mut |name| names.see(name))?;
        Ok(names)
    }

    fn look(&self, rounds: usize) -> io::Result<(Look<D::File>, bool)> {
        let mut before: Option<Names> = None;
        let mut sure = Names::default();
        for _ in 0..rounds {
            let current = match self.directory.open_name(OsStr::new("current")) {
                Ok(current) => Some((current.stat()?, current)),
                Err(error) if error.kind() == ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            let own = current.as_ref().map(|(stat, _)| stat.identity);
            let (first, second) = (self.names()?, self.names()?);
            let of_a_logger = second.is_log_directory();
            let mut settled = if second.is_like(&first) { self.settle(second.clone())? } else { None };
            if own.is_none() {
                settled = settled.map(|settled| self.without_current(settled)).transpose()?.flatten();
            }
            let now = self.directory.lookup(OsStr::new("current"))?;
            let is_same = now.as_ref().map(|stat| stat.identity) == own;
            let found = match (settled, own) {
                (Some((names, unlabelled)), _) if is_same => Some((names, unlabelled, None)),
                (_, Some(own)) if !is_same => {
                    let all = second.clone().with(&first);
                    self.before(own, before.as_ref(), all)?.map(|(names, label)| (names, None, Some(label)))
                }
                _ => None,
            };
            if let Some((names, unlabelled, label)) = found {
                let archives = names.archives();
                let is_archive = match now {
                    Some(stat) if is_same && stat.links > 1 => self.is_archive(stat.identity, &archives)?,
                    _ => false,
                };
                let current = current.filter(|_| !is_archive).map(|(stat, file)| (file, stat.size));
                let snapshot = Snapshot { archives, unlabelled, current };
                return Ok((Look { snapshot, label, settled: true }, of_a_logger));
            }
            // What had a label before `current` was opened is before that, and so is all that is earlier. After a step of the
            // clock other labels are earlier as well.
            if let Some(before) = before {
                let all = second.clone().with(&first).with(&before).up_to(before.newest());
                if all.labels.keys().eq(before.labels.keys()) {
                    sure = all;
                }
            }
            before = Some(second);
        }
        let snapshot = Snapshot { archives: sure.archives(), unlabelled: None, current: None };
        Ok((Look { snapshot, label: None, settled: false }, true))
    }

    /// Opens what has no label, and forgets it if it has one as well: it gets that by a link and an unlink. None: it has
    /// another name by now.
    fn settle(&self, mut names: Names) -> io::Result<Option<(Names, Option<D::File>)>> {
        let Some(name) = names.unlabelled() else { return Ok(Some((names, None))) };
        let file = match self.directory.open_name(name) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if is_odd(&error) => {
                // No logger has made it.
                names.forget_unlabelled();
                return Ok(Some((names, None)));
            }
            Err(error) => return Err(error),
        };
        let stat = file.stat()?;
        if stat.links > 1 {
            let label = self.label_of(stat.identity, &names, usize::MAX)?;
            names.forget_unlabelled();
            return Ok(label.map(|_| (names, None)));
        }
        let is_still = self.directory.lookup(name)?.is_some_and(|now| now.identity == stat.identity);
        Ok(is_still.then_some((names, Some(file))))
    }

    /// Whether the names hold that were found while there was no `current`: there may have been one in between. While
    /// `previous` is the same file nothing was rotated. What has a label was seen in the right order.
    fn without_current(
        &self,
        found: (Names, Option<D::File>),
    ) -> io::Result<Option<(Names, Option<D::File>)>> {
        let (_, Some(file)) = &found else { return Ok(Some(found)) };
        let (first, second) = (self.names()?, self.names()?);
        let again = if second.is_like(&first) { self.settle(second)? } else { None };
        let own = file.stat()?.identity;
        let now = again.as_ref().and_then(|(_, now)| now.as_ref()).map(Content::stat).transpose()?;
        Ok(again.filter(|_| now.is_some_and(|now| now.identity == own)))
    }

    /// What is before the file that was opened as `current`, if that has got the only label since an earlier look, and this
    /// label.
    fn before(
        &self,
        own: Identity,
        earlier: Option<&Names>,
        mut all: Names,
    ) -> io::Result<Option<(Names, Label)>> {
        let Some(earlier) = earlier else { return Ok(None) };
        if all.unlabelled().or(earlier.unlabelled()).is_some() {
            return Ok(None);
        }
        let Some(label) = self.label_of(own, &all, NEWEST)? else { return Ok(None) };
        all.labels.remove(&label);
        let is_only = all.labels.keys().all(|label| earlier.labels.contains_key(label));
        Ok(is_only.then_some((all, label)))
    }

    /// Whether `current` is one of the newest archives: a logger links the new name, syncs the directory, and only then
    /// removes the old one. Nothing is written in between, so the generation is behind `current` already.
    fn is_archive(&self, own: Identity, archives: &[Generation]) -> io::Result<bool> {
        for archive in archives.iter().rev().take(NEWEST) {
            if lookup(self.directory, archive)?.is_some_and(|stat| stat.identity == own) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The label of a file among the newest ones.
    fn label_of(&self, own: Identity, names: &Names, most: usize) -> io::Result<Option<Label>> {
        for (label, (name, _)) in names.labels.iter().rev().take(most) {
            if self.directory.lookup(name)?.is_some_and(|stat| stat.identity == own) {
                return Ok(Some(*label));
            }
        }
        Ok(None)
    }
}

/// Whether something has the name of a file of a log directory and will never be read, rather than not at the moment.
pub fn is_odd(error: &io::Error) -> bool {
    [ErrorKind::Other, ErrorKind::IsADirectory, ErrorKind::PermissionDenied].contains(&error.kind())
}
