//! The input in simulation.

use std::io;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::disk::Disk;
use super::files::SimFile;
use super::mutant::Mutant;
use super::trouble::Trouble;
use super::wall;
use crate::intake::{Fate, Intake, Kind, Seen, Splice, Visible, Woken};
use crate::logfs::Identity;

/// How many chunks fit into the pipe when it does not join them.
const SLOTS: usize = 6;

/// What the input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// A pipe that has room for everything.
    Pipe,
    /// A pipe with few slots, one for each chunk.
    Packets,
    /// A file.
    File,
    /// A socket: what is seen was read.
    Socket,
}

impl Source {
    /// A pipe in the place of a file.
    pub(crate) fn without_files(self) -> Source {
        if self == Source::File { Source::Pipe } else { self }
    }
}

/// An input that somebody holds: what was not consumed outlives the process. Consuming is an operation
/// like those of the disk, so that things happen at it too.
#[derive(Clone, Debug)]
pub(crate) struct SimInput {
    disk: Disk,
    source: Source,
    /// The bytes of all chunks, and where each ends.
    bytes: Arc<Vec<u8>>,
    ends: Arc<Vec<usize>>,
    pipe: Arc<Mutex<Pipe>>,
    visible: Visible,
    mutant: Option<Mutant>,
}

#[derive(Debug, Default)]
struct Pipe {
    /// Chunks that the writer has written.
    written: usize,
    /// Bytes that were taken out.
    taken: usize,
}

impl SimInput {
    pub(crate) fn new(disk: Disk, source: Source, chunks: &[Vec<u8>]) -> SimInput {
        let mut end = 0;
        let ends = chunks.iter().map(|chunk| {
            end += chunk.len();
            end
        });
        let (ends, bytes) = (Arc::new(ends.collect()), Arc::new(chunks.concat()));
        let pipe = Arc::default();
        SimInput { disk, source, bytes, ends, pipe, visible: Visible::default(), mutant: None }
    }

    /// The same input for the next process.
    pub(crate) fn reopened(&self, mutant: Option<Mutant>) -> SimInput {
        SimInput { visible: Visible::default(), mutant, ..self.clone() }
    }

    /// How many bytes were taken out.
    pub(crate) fn taken(&self) -> usize {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner).taken
    }

    /// The power was cut: what was in the pipe is gone, and the writer begins with a new line.
    pub(crate) fn lose(&self) {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        let written = pipe.written.checked_sub(1).map_or(0, |last| self.ends[last]);
        let from = pipe.taken.max(written);
        let is_start = from == 0 || self.bytes[from - 1] == b'\n';
        let rest = memchr::memchr(b'\n', &self.bytes[from..]).map(|newline| newline + 1);
        pipe.taken = if is_start { from } else { rest.map_or(self.bytes.len(), |rest| from + rest) };
        while pipe.written < self.ends.len() && self.ends[pipe.written] <= pipe.taken {
            pipe.written += 1;
        }
    }

    /// Moves bytes to a file, unless that is to fail.
    fn move_bytes(&self, count: usize, trace: u64, offset: u64) -> io::Result<()> {
        let from = self.pipe.lock().unwrap_or_else(PoisonError::into_inner).taken;
        let (pipe, bytes) = (Arc::clone(&self.pipe), Arc::clone(&self.bytes));
        let leaves_trace = self.mutant != Some(Mutant::LeavesNoTrace);
        self.disk.operate("splice to the journal", move |state, trouble| {
            if matches!(trouble, Some(Trouble::Error(_))) {
                return Ok(());
            }
            if leaves_trace {
                let live = &mut state.inode(trace).live;
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                live.resize(live.len().max(start + count), 0);
                live[start..start + count].copy_from_slice(&bytes[from..from + count]);
            }
            pipe.lock().unwrap_or_else(PoisonError::into_inner).taken += count;
            Ok(())
        })
    }
}

impl Intake for SimInput {
    type Trace = SimFile;

    fn kind(&self) -> Kind {
        match self.source {
            Source::File => Kind::File(self.pipe.lock().unwrap_or_else(PoisonError::into_inner).taken as u64),
            Source::Pipe | Source::Packets => Kind::Pipe,
            Source::Socket => Kind::Stream,
        }
    }

    fn identity(&self) -> io::Result<Identity> {
        Ok(Identity { device: 2, inode: self.disk.state().boots.into() })
    }

    fn peek(&mut self) -> io::Result<Seen> {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        let written = match (self.source, pipe.written.checked_sub(1)) {
            (Source::File, _) => self.bytes.len(),
            (_, None) => 0,
            (_, Some(last)) => self.ends[last],
        };
        let before = self.visible.len();
        let written = written.max(pipe.taken);
        let rest = &self.bytes[pipe.taken..written];
        self.visible.reserve(rest.len(), rest.len());
        self.visible.move_to(0);
        // As the real ones: a look is as long as there is memory for.
        let room = self.visible.room();
        let seen = rest.len().min(room.len());
        room[..seen].copy_from_slice(&rest[..seen]);
        self.visible.add(seen);
        if self.source == Source::Socket || self.mutant == Some(Mutant::ConsumesFirst) {
            pipe.taken += seen;
            self.visible.hold_all();
        }
        Ok(match self.visible.len() > before {
            true => Seen::More,
            false if written == self.bytes.len() => Seen::End,
            false => Seen::Nothing,
        })
    }

    fn visible(&self) -> &[u8] {
        self.visible.bytes()
    }

    fn consume(&mut self, count: usize) -> io::Result<()> {
        let taken = self.visible.consume(count);
        if taken > 0 {
            let pipe = Arc::clone(&self.pipe);
            // splice(2) of bytes that are there to /dev/null does not fail.
            let consumed = self.disk.operate("splice", |_, _| {
                pipe.lock().unwrap_or_else(PoisonError::into_inner).taken += taken;
                Ok(())
            });
            consumed.ok();
        }
        Ok(())
    }

    fn pipe(&mut self) -> io::Result<&mut dyn Splice<Trace = SimFile>> {
        let is_pipe = matches!(self.source, Source::Pipe | Source::Packets);
        if is_pipe { Ok(self) } else { Err(io::ErrorKind::Unsupported.into()) }
    }

    fn held(&self) -> usize {
        self.visible.held()
    }

    fn waiting(&self) -> u64 {
        let pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        let written =
            pipe.written.checked_sub(1).map_or(0, |last| self.ends[last]).saturating_sub(pipe.taken);
        match self.source {
            Source::File => u64::MAX,
            Source::Pipe | Source::Packets | Source::Socket => (self.visible.held() + written) as u64,
        }
    }

    fn resume(&mut self, held: Vec<u8>) {
        self.visible.resume(held);
    }

    fn wait(&mut self, _: Option<BorrowedFd<'_>>, _: Option<Duration>) -> io::Result<Woken> {
        if self.disk.state().wait() == wall::End::Alarm {
            return Ok(Woken { signalled: true, quiet: false, crowded: false });
        }
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        let used = self.ends[..pipe.written].iter().filter(|&&end| end > pipe.taken).count();
        let crowded = self.source == Source::Packets && used >= SLOTS && !self.visible.in_source().is_empty();
        if self.source != Source::Packets || used < SLOTS {
            pipe.written = (pipe.written + 1).min(self.ends.len());
        }
        Ok(Woken { signalled: false, quiet: false, crowded })
    }
}

impl Splice for SimInput {
    type Trace = SimFile;

    fn move_into(&mut self, count: usize, fate: Fate, trace: &SimFile, offset: u64) -> io::Result<usize> {
        self.move_bytes(count, trace.number, offset)?;
        match fate {
            Fate::Consumed => drop(self.visible.consume(count)),
            Fate::Held => self.visible.hold(count),
        }
        Ok(count)
    }

    fn rehearse(&mut self, byte: u8, trace: &SimFile, offset: u64) -> io::Result<()> {
        self.disk.operate("rehearse", |state, _| {
            state.inode(trace.number).live[usize::try_from(offset).unwrap_or(usize::MAX)] = byte;
            Ok(())
        })
    }

    fn hold(&mut self, count: usize) -> io::Result<()> {
        self.pipe.lock().unwrap_or_else(PoisonError::into_inner).taken += count;
        self.visible.hold(count);
        Ok(())
    }
}
