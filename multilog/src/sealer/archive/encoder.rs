//! The encoders: a text becomes a member of gzip, or a frame of Zstandard. Each is whole by itself.

use std::io;

use flate2::{Compress, FlushCompress, Status};
use zstd::bulk::Compressor;

use super::member::{self, HEADER, TRAILER};
use super::seekable::SeekTable;

/// Makes the pieces of one archive.
pub(in crate::sealer) trait Encoder {
    /// The memory that it takes whatever its level and its texts, in bytes.
    const STATE: usize;
    /// The most bytes that a piece can have whose text has this many.
    fn bound(text: usize) -> usize;
    /// Writes the piece of a text to the start of `piece`, which is as long as `bound` says; its length. None: there is
    /// no memory.
    fn encode(&mut self, text: &[u8], piece: &mut [u8]) -> Option<usize>;
    /// What goes behind the last piece.
    fn finish(self) -> Vec<u8>;
}

/// gzip.
pub(in crate::sealer) struct Members(Compress);

impl Members {
    /// With a level from 1 to 9.
    pub(in crate::sealer) fn new(level: u32) -> Members {
        Members(Compress::new(flate2::Compression::new(level), false))
    }
}

impl Encoder for Members {
    const STATE: usize = 512 << 10;

    fn bound(text: usize) -> usize {
        // The fastest level has at most nine bits for a byte. All have some bytes for each block.
        HEADER + text + text / 8 + text / 64 + 64 + TRAILER
    }

    fn encode(&mut self, text: &[u8], piece: &mut [u8]) -> Option<usize> {
        self.0.reset();
        let data = piece.get_mut(HEADER..)?;
        let status = self.0.compress(text, data, FlushCompress::Finish).ok()?;
        let length = u32::try_from(self.0.total_out()).ok().filter(|_| status == Status::StreamEnd)?;
        let end = HEADER + length as usize;
        piece[..HEADER].copy_from_slice(&member::header(length));
        piece.get_mut(end..end + TRAILER)?.copy_from_slice(&member::trailer(text));
        Some(end + TRAILER)
    }

    fn finish(self) -> Vec<u8> {
        Vec::new()
    }
}

/// Zstandard.
pub(in crate::sealer) struct Frames {
    compressor: Compressor<'static>,
    table: SeekTable,
}

impl Frames {
    /// What a window has at most, as a power of two: a text. So a long line does not make the tables grow.
    const WINDOW: u32 = 20;

    /// With a level from 1 to 22.
    pub(in crate::sealer) fn new(level: i32) -> io::Result<Frames> {
        let mut compressor = Compressor::new(level)?;
        compressor.include_checksum(true)?;
        // The window of level 1 is smaller.
        if level > 1 {
            compressor.window_log(Self::WINDOW)?;
        }
        Ok(Frames { compressor, table: SeekTable::default() })
    }
}

impl Encoder for Frames {
    /// Besides the tables of the level. The library reports it when it did not get those.
    const STATE: usize = 256 << 10;

    fn bound(text: usize) -> usize {
        zstd::zstd_safe::compress_bound(text)
    }

    fn encode(&mut self, text: &[u8], piece: &mut [u8]) -> Option<usize> {
        // The library is told the length of the text, so its tables are not larger than what they are for.
        let length = self.compressor.compress_to_buffer(text, piece).ok()?;
        self.table.add(piece.get(..length)?, text.len());
        Some(length)
    }

    fn finish(self) -> Vec<u8> {
        self.table.finish()
    }
}
