//! The seek table of the Zstandard seekable format, behind the frames of an archive. Its numbers are little-endian:
//!
//! ```text
//! 0x184D2A5E  length of the rest                                    a skippable frame, which other readers pass over
//!   length of the frame  length of its text  XXH64 of its text      for each frame: three numbers of 4 bytes
//! number of frames  0x80  0x8F92EAB1                                9 bytes; 0x80: there are checksums
//! ```

const SKIPPABLE: u32 = 0x184D_2A5E;
const MAGIC: u32 = 0x8F92_EAB1;
const HAS_CHECKSUMS: u8 = 0x80;
/// Length of the footer, in bytes.
const FOOTER: u32 = 9;
/// Length of an entry, in bytes.
const ENTRY: u32 = 12;

/// The frames so far.
#[derive(Clone, Debug, Default)]
pub(in crate::sealer) struct SeekTable {
    frames: u32,
    entries: Vec<u8>,
}

impl SeekTable {
    /// A frame with a checksum at its end, and the length of its text. Both are shorter than 4 GiB.
    pub(in crate::sealer) fn add(&mut self, frame: &[u8], text: usize) {
        self.frames += 1;
        self.entries.extend(number(frame.len()));
        self.entries.extend(number(text));
        // The lower half of XXH64, which a frame ends with, is what the table has as well.
        self.entries.extend(frame.last_chunk::<4>().unwrap_or(&[0; 4]));
    }

    /// The skippable frame that goes behind the last frame.
    pub(in crate::sealer) fn finish(mut self) -> Vec<u8> {
        let mut table = SKIPPABLE.to_le_bytes().to_vec();
        table.extend((self.frames * ENTRY + FOOTER).to_le_bytes());
        table.append(&mut self.entries);
        table.extend(self.frames.to_le_bytes());
        table.push(HAS_CHECKSUMS);
        table.extend(MAGIC.to_le_bytes());
        table
    }
}

fn number(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes()
}

#[cfg(test)]
pub(in crate::sealer) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number_at(bytes: &[u8], at: usize) -> u32 {
        u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
    }

    /// The frames of an archive, each found by the table alone, with the length and the checksum of its text. The frames
    /// and the table are all of the archive.
    pub(in crate::sealer) fn frames(archive: &[u8]) -> Vec<(&[u8], u32, u32)> {
        let footer = archive.len() - FOOTER as usize;
        assert_eq!((number_at(archive, footer + 5), archive[footer + 4]), (MAGIC, HAS_CHECKSUMS));
        let entries = footer - (number_at(archive, footer) * ENTRY) as usize;
        assert_eq!(number_at(archive, entries - 8), SKIPPABLE);
        assert_eq!(number_at(archive, entries - 4) as usize, archive.len() - entries);
        let (mut frames, mut at) = (Vec::new(), 0);
        for entry in (entries..footer).step_by(ENTRY as usize) {
            let end = at + number_at(archive, entry) as usize;
            frames.push((&archive[at..end], number_at(archive, entry + 4), number_at(archive, entry + 8)));
            at = end;
        }
        assert_eq!(at, entries - 8);
        frames
    }

    #[test]
    fn a_table_is_laid_out_as_the_format_says() {
        assert_eq!(SeekTable::default().finish(), b"\x5e\x2a\x4d\x18\x09\0\0\0\0\0\0\0\x80\xb1\xea\x92\x8f");
        let mut table = SeekTable::default();
        table.add(b"frame 1234", 0x0102_0304);
        assert_eq!(
            table.finish(),
            b"\x5e\x2a\x4d\x18\x15\0\0\0\x0a\0\0\0\x04\x03\x02\x011234\x01\0\0\0\x80\xb1\xea\x92\x8f"
        );
    }

    proptest! {
        #[test]
        fn what_the_table_says_is_what_was_added(
            added in prop::collection::vec((prop::collection::vec(any::<u8>(), 4..40), any::<u32>()), 0..20)
        ) {
            let (mut archive, mut table) = (Vec::new(), SeekTable::default());
            for (frame, text) in &added {
                archive.extend(frame);
                table.add(frame, *text as usize);
            }
            archive.extend(table.finish());
            let expected: Vec<_> =
                added.iter().map(|(frame, text)| (&frame[..], *text, number_at(frame, frame.len() - 4))).collect();
            prop_assert_eq!(frames(&archive), expected);
        }
    }
}
