//! A member of a gzip archive, as LinkedIn's MiGz writes it: it has the length of its compressed data in an extra
//! field. Its numbers are little-endian:
//!
//! ```text
//! 1f 8b 08 04  time: 0 0 0 0  02 00     gzip, deflate, with an extra field, no name
//! 8 0  'M' 'Z'  4 0  length             20 bytes up to here; the next member begins at this length + 28
//! compressed data                       deflate
//! CRC-32 of the text  length of the text
//! ```

/// Length of the part before the compressed data, in bytes.
pub(in crate::sealer) const HEADER: usize = 20;
/// Length of the part after it, in bytes.
pub(in crate::sealer) const TRAILER: usize = 8;

/// What goes before compressed data of this length, in bytes.
pub(in crate::sealer) fn header(data: u32) -> [u8; HEADER] {
    let mut header = *b"\x1f\x8b\x08\x04\0\0\0\0\x02\0\x08\0MZ\x04\0\0\0\0\0";
    header[HEADER - 4..].copy_from_slice(&data.to_le_bytes());
    header
}

/// What goes after the compressed form of `text`, which is shorter than 4 GiB.
pub(in crate::sealer) fn trailer(text: &[u8]) -> [u8; TRAILER] {
    let [a, b, c, d] = crc32fast::hash(text).to_le_bytes();
    let [e, f, g, h] = u32::try_from(text.len()).unwrap_or(u32::MAX).to_le_bytes();
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
pub(in crate::sealer) mod tests {
    use super::*;

    /// The members of an archive, each found by the lengths before it alone.
    pub(in crate::sealer) fn members(archive: &[u8]) -> Vec<&[u8]> {
        let (mut members, mut left) = (Vec::new(), archive);
        while !left.is_empty() {
            assert_eq!(left[..HEADER - 4], header(0)[..HEADER - 4]);
            let data = u32::from_le_bytes(left[HEADER - 4..HEADER].try_into().unwrap());
            let (member, rest) = left.split_at(HEADER + data as usize + TRAILER);
            members.push(member);
            left = rest;
        }
        members
    }

    #[test]
    fn a_member_is_laid_out_as_migz_does() {
        assert_eq!(header(0x0102_0304), *b"\x1f\x8b\x08\x04\0\0\0\0\x02\0\x08\0MZ\x04\0\x04\x03\x02\x01");
        // The check value of CRC-32.
        assert_eq!(trailer(b"123456789"), *b"\x26\x39\xf4\xcb\x09\0\0\0");
        assert_eq!(trailer(b""), [0; 8]);
    }

    #[test]
    fn members_are_found_by_their_lengths() {
        let member = |data: &[u8]| [&header(data.len() as u32)[..], data, &trailer(b"x")].concat();
        let all = [member(b""), member(b"some data"), member(&[0x1f; 70_000])];
        assert_eq!(members(&all.concat()), all);
        assert!(members(b"").is_empty());
    }
}
