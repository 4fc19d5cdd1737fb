//! `Members`: the text of gzip members in a row.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::input::{Input, Section, invalid, too_short};

/// Text that nobody wants is decoded in pieces of this size.
const ROOM: usize = 64 << 10;

/// Reads members.
pub(super) struct Members {
    input: Input,
    inflate: Decompress,
    stage: Stage,
    /// Where the member in hand begins.
    start: u64,
    crc: crc32fast::Hasher,
    length: u32,
    /// How long its data are, as its header says.
    said: Option<u64>,
    /// How many members said that, and how many did not, or wrongly.
    sized: u64,
    unsized_or_wrong: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Nothing was read.
    Begin,
    /// Within the data of a member.
    Data,
    /// Behind the data of a member.
    Check,
    /// Behind a member.
    Between,
    /// Nothing follows.
    Over,
}

impl Members {
    pub(super) fn new(section: Section) -> Members {
        Members {
            start: section.at,
            input: Input::new(section),
            inflate: Decompress::new(false),
            stage: Stage::Begin,
            crc: crc32fast::Hasher::new(),
            length: 0,
            said: None,
            sized: 0,
            unsized_or_wrong: 0,
        }
    }

    /// Whether some members say how long they are, and others don't, or wrongly.
    pub(super) fn is_odd(&self) -> bool {
        self.sized > 0 && self.unsized_or_wrong > 0
    }

    /// How much of the file was taken.
    pub(super) fn at(&self) -> u64 {
        self.input.at()
    }

    /// Reads text: how much, 0 at the end.
    ///
    /// # Errors
    ///
    /// The member in hand can't be read further.
    pub(super) fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.stage {
                Stage::Over => return Ok(0),
                Stage::Begin | Stage::Between => self.begin()?,
                Stage::Check => self.check()?,
                Stage::Data => match self.inflate(out)? {
                    0 => {}
                    got => return Ok(got),
                },
            }
        }
    }

    /// To the next member that is whole. False: there is none.
    pub(super) fn resume(&mut self) -> bool {
        let from = if self.stage == Stage::Between { self.input.at() } else { self.start + 1 };
        let found =
            self.input.section(from).first_whole(&[0x1f, 0x8b, 8], |at| self.is_whole(at)).unwrap_or(None);
        self.stage = if found.is_some() { Stage::Between } else { Stage::Over };
        if let Some(found) = found {
            self.input.go_to(found);
        }
        found.is_some()
    }

    /// Whether a whole member begins here.
    fn is_whole(&self, from: u64) -> bool {
        let mut member = Members::new(self.input.section(from));
        let mut room = vec![0; ROOM];
        if member.begin().is_err() {
            return false;
        }
        while member.stage == Stage::Data {
            if member.inflate(&mut room).is_err() {
                return false;
            }
        }
        member.check().is_ok()
    }

    /// Into the next member. Zeros behind the last one are padding, but no writer of members with lengths pads.
    fn begin(&mut self) -> io::Result<()> {
        let zeros = if self.stage == Stage::Between { self.skip_zeros()? } else { 0 };
        let ahead = self.input.ahead(3)?;
        match (self.stage, ahead) {
            (Stage::Between, []) if zeros == 0 || self.sized == 0 => {
                self.stage = Stage::Over;
                return Ok(());
            }
            (Stage::Begin, []) => return Err(too_short()),
            (Stage::Between, _) if zeros > 0 => return Err(invalid("zeros are where a member was")),
            (_, [0x1f, 0x8b, 8, ..]) => {}
            (Stage::Between, _) => return Err(invalid("something follows that is not gzip")),
            _ => return Err(invalid("it does not begin as gzip does")),
        }
        (self.start, self.stage) = (self.input.at(), Stage::Begin);
        self.header()?;
        self.inflate.reset(false);
        (self.crc, self.length, self.stage) = (crc32fast::Hasher::new(), 0, Stage::Data);
        Ok(())
    }

    fn skip_zeros(&mut self) -> io::Result<u64> {
        let from = self.input.at();
        loop {
            let zeros = self.input.ahead(1)?.iter().take_while(|&&byte| byte == 0).count();
            if zeros == 0 {
                return Ok(self.input.at() - from);
            }
            self.input.take(zeros);
        }
    }

    /// Takes the header of a member.
    fn header(&mut self) -> io::Result<()> {
        let mut crc = crc32fast::Hasher::new();
        let fixed: [u8; 10] = self.input.exactly()?;
        crc.update(&fixed);
        let flags = fixed[3];
        if flags & 0xe0 != 0 {
            return Err(invalid("its header has flags that nobody knows"));
        }
        self.said = None;
        if flags & 4 != 0 {
            let length: [u8; 2] = self.input.exactly()?;
            let extra = self.input.ahead(usize::from(u16::from_le_bytes(length)))?;
            let extra = extra.get(..usize::from(u16::from_le_bytes(length))).ok_or_else(too_short)?;
            crc.update(&length);
            crc.update(extra);
            if let [b'M', b'Z', 4, 0, a, b, c, d] = extra {
                self.said = Some(u64::from(u32::from_le_bytes([*a, *b, *c, *d])));
            }
            let length = extra.len();
            self.input.take(length);
        }
        // A name and a comment end with a zero.
        for _ in 0..(flags & 8) / 8 + (flags & 16) / 16 {
            loop {
                let byte: [u8; 1] = self.input.exactly()?;
                crc.update(&byte);
                if byte == [0] {
                    break;
                }
            }
        }
        if flags & 2 != 0 {
            let known: [u8; 2] = self.input.exactly()?;
            if u32::from(u16::from_le_bytes(known)) != crc.finalize() & 0xffff {
                return Err(invalid("the checksum of its header does not fit"));
            }
        }
        Ok(())
    }

    /// Reads text of the member in hand: what there is before damage as well.
    fn inflate(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ahead = self.input.ahead(1)?;
        let (taken, given) = (self.inflate.total_in(), self.inflate.total_out());
        let result = self.inflate.decompress(ahead, out, FlushDecompress::None);
        let is_end = ahead.is_empty();
        let taken = usize::try_from(self.inflate.total_in() - taken).unwrap_or(0);
        let got = usize::try_from(self.inflate.total_out() - given).unwrap_or(0);
        self.input.take(taken);
        self.crc.update(&out[..got]);
        self.length = self.length.wrapping_add(got as u32);
        match result {
            Ok(Status::StreamEnd) => self.stage = Stage::Check,
            // It comes again when there is no text before it.
            _ if got > 0 => {}
            Err(_) => return Err(invalid("its data is damaged")),
            Ok(_) if is_end => return Err(too_short()),
            Ok(_) if taken == 0 => return Err(invalid("its data is damaged")),
            Ok(_) => {}
        }
        Ok(got)
    }

    /// Takes what is behind the data.
    fn check(&mut self) -> io::Result<()> {
        let [a, b, c, d, e, f, g, h] = self.input.exactly()?;
        let crc = std::mem::replace(&mut self.crc, crc32fast::Hasher::new()).finalize();
        if u32::from_le_bytes([a, b, c, d]) != crc || u32::from_le_bytes([e, f, g, h]) != self.length {
            return Err(invalid("the checksum does not fit"));
        }
        match self.said {
            Some(said) if said == self.inflate.total_in() => self.sized += 1,
            _ => self.unsized_or_wrong += 1,
        }
        self.stage = Stage::Between;
        Ok(())
    }
}
