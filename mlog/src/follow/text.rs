//! `Text`: the text of the generation in which a follower stands.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::Arc;

use crate::archive::{Damage, Segment, Stream, segments};
use crate::store::State;

/// Where text comes from.
pub(super) enum Text {
    /// Nowhere.
    Nothing,
    /// A file that may grow.
    Plain { file: Arc<File>, at: u64 },
    /// A file that does not, perhaps compressed.
    Archive { file: Arc<File>, segments: VecDeque<Segment>, stream: Option<Box<Stream>> },
}

/// Why nothing was read.
pub(super) enum Failed {
    Damage(Damage),
    Io(io::Error),
}

impl Text {
    pub(super) fn plain(file: Arc<File>, at: u64) -> Text {
        Text::Plain { file, at }
    }

    pub(super) fn archive(file: Arc<File>, state: State) -> io::Result<Text> {
        let size = file.metadata()?.len();
        let segments = segments(&file, size, state == State::Current)?.into();
        Ok(Text::Archive { file, segments, stream: None })
    }

    /// Reads on: how much, 0 at the end for now.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Failed> {
        match self {
            Text::Nothing => Ok(0),
            Text::Plain { file, at } => {
                let got = unix::file::read_at(&**file, buffer, *at).map_err(Failed::Io)?;
                *at += got as u64;
                Ok(got)
            }
            Text::Archive { segments, stream, .. } => loop {
                if stream.is_none() {
                    let Some(segment) = segments.pop_front() else { return Ok(0) };
                    *stream = Some(Box::new(Stream::new(&segment)));
                }
                let Some(reading) = stream else { return Ok(0) };
                match reading.read(buffer) {
                    Ok(0) => *stream = None,
                    Ok(got) => return Ok(got),
                    Err(damage) => {
                        *stream = None;
                        return Err(Failed::Damage(damage));
                    }
                }
            },
        }
    }

    /// The first bytes of an archive of which nothing was read.
    pub(super) fn start(mut self, most: usize) -> Vec<u8> {
        let mut start = vec![0; most];
        let mut filled = 0;
        while filled < most {
            match self.read(&mut start[filled..]) {
                Ok(0) | Err(_) => break,
                Ok(got) => filled += got,
            }
        }
        start.truncate(filled);
        start
    }

    /// How far a file that may grow was read.
    pub(super) fn at(&self) -> u64 {
        if let Text::Plain { at, .. } = self { *at } else { 0 }
    }

    /// From the start of a file that may grow.
    pub(super) fn rewind(&mut self) {
        if let Text::Plain { at, .. } = self {
            *at = 0;
        }
    }

    /// The open file.
    pub(super) fn file(&self) -> Option<Arc<File>> {
        match self {
            Text::Nothing => None,
            Text::Plain { file, .. } | Text::Archive { file, .. } => Some(file.clone()),
        }
    }
}
