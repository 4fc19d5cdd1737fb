//! Each piece of an archive is found by the lengths alone, and decompressed by itself.

use std::io::Read;

use flate2::read::GzDecoder;
use proptest::prelude::*;
use zstd::bulk::decompress;

use super::*;
use crate::logfs::{How, Name, RealFs, read_part};
use crate::sealer::archive::{member, seekable};

/// The text of each piece.
type Texts = Vec<Vec<u8>>;

/// The archive of a text, and what came of its compression.
fn archive(how: Compression, text: &[u8]) -> (Compressed, Vec<u8>) {
    let here = tempfile::tempdir().unwrap();
    let fs = RealFs::open(here.path().join("main").as_os_str(), None).unwrap();
    let [input, output] = [Name::State, Name::NewState].map(|name| fs.open(&name, How::New).unwrap());
    write_all(&fs, &input, text).unwrap();
    let done = compress(&fs, how, &input, &output).unwrap();
    let mut bytes = vec![0; usize::try_from(fs.stat(&output).unwrap().size).unwrap()];
    read_part(&fs, &output, &mut bytes, 0).unwrap();
    (done, bytes)
}

fn members(archive: &[u8]) -> Texts {
    let inflated = |member: &[u8]| {
        let (mut text, mut decoder) = (Vec::new(), GzDecoder::new(member));
        decoder.read_to_end(&mut text).unwrap();
        assert!(decoder.into_inner().is_empty(), "the member ends where its length says");
        text
    };
    member::tests::members(archive).into_iter().map(inflated).collect()
}

fn frames(archive: &[u8]) -> Texts {
    let inflated = |(frame, length, checksum): (&[u8], u32, u32)| {
        assert_eq!(frame[frame.len() - 4..], checksum.to_le_bytes());
        let text = decompress(frame, length as usize).unwrap();
        assert_eq!(text.len(), length as usize);
        text
    };
    seekable::tests::frames(archive).into_iter().map(inflated).collect()
}

/// The texts of the pieces, by the lengths in the archive, after a reader that knows no lengths has read the same.
fn texts(how: Compression, archive: &[u8]) -> Texts {
    let mut whole = Vec::new();
    let texts = match how {
        Compression::Gzip(_) => {
            flate2::read::MultiGzDecoder::new(archive).read_to_end(&mut whole).unwrap();
            members(archive)
        }
        Compression::Zstd(_) => {
            whole = zstd::decode_all(archive).unwrap();
            frames(archive)
        }
    };
    assert!(texts.concat() == whole);
    texts
}

const BOTH: [Compression; 2] = [Compression::Gzip(6), Compression::Zstd(1)];

/// Lines of different lengths that compress like a log.
fn log(bytes: usize) -> Vec<u8> {
    let lines =
        (0u64..).map(|n| format!("{n} {} {}\n", n * n % 1009, "word ".repeat(n as usize % 9)).into_bytes());
    let mut left = bytes;
    lines
        .take_while(|line| left.checked_sub(line.len()).inspect(|rest| left = *rest).is_some())
        .flatten()
        .collect()
}

/// The same in one line.
fn one_line(bytes: usize) -> Vec<u8> {
    log(bytes).into_iter().map(|byte| if byte == b'\n' { b' ' } else { byte }).collect()
}

/// Bytes that can't be compressed.
fn noise(bytes: usize) -> Vec<u8> {
    let mut state = 1u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(bytes).collect()
}

#[test]
fn pieces_are_whole_lines_of_at_most_a_mebibyte() {
    let text = log(5 << 20);
    for how in BOTH {
        let (done, archive) = archive(how, &text);
        let texts = texts(how, &archive);
        assert_eq!((done, texts.len()), (Compressed::AsAsked, 6));
        assert!(texts.concat() == text);
        for piece in &texts[..5] {
            assert!(piece.ends_with(b"\n") && (1 << 20) - 100 < piece.len() && piece.len() <= 1 << 20);
        }
    }
}

#[test]
fn a_line_longer_than_a_piece_is_one_piece() {
    let text = [&b"first\n"[..], &one_line(3 << 20), b"\nlast\nwithout end"].concat();
    for how in BOTH {
        let texts = texts(how, &archive(how, &text).1);
        let lengths: Vec<usize> = texts.iter().map(Vec::len).collect();
        assert_eq!(lengths, [6, text.len() - 6 - 16, 16]);
        assert!(texts.concat() == text);
    }
}

#[test]
fn every_level_has_room_for_what_can_not_be_compressed() {
    let text = noise((1 << 20) + 70_000);
    let levels = (1..=9).map(Compression::Gzip).chain([1, 2, 3, 19, 22].map(Compression::Zstd));
    for how in levels {
        let (done, archive) = archive(how, &text);
        assert_eq!(done, Compressed::AsAsked, "{how:?}");
        assert!(texts(how, &archive).concat() == text, "{how:?}");
        // The fastest level of gzip has nine bits for a byte.
        assert!(archive.len() < text.len() + text.len() / 7, "{how:?}");
    }
}

#[test]
fn a_file_that_was_emptied_becomes_an_archive_of_nothing() {
    for how in BOTH {
        let (done, archive) = archive(how, b"");
        assert_eq!((done, texts(how, &archive)), (Compressed::AsAsked, vec![Vec::new()]));
    }
}

/// What other threads have in use is not what `with_at_most` refuses, so this refuses by size alone.
#[test]
fn pieces_are_smaller_where_memory_is_short() {
    let text = log(1 << 20);
    for how in BOTH {
        let (done, archive) = memory::with_at_most(800 << 10, || archive(how, &text));
        let texts = texts(how, &archive);
        assert_eq!((done, texts.len()), (Compressed::AsAsked, 5));
        assert!(texts.concat() == text && texts.iter().all(|piece| piece.len() <= 256 << 10));
        let (done, archive) = memory::with_at_most(200 << 10, || super::tests::archive(how, &text));
        assert_eq!((done, archive.len()), (Compressed::No, 0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn an_archive_is_its_text(
        lines in prop::collection::vec("[a-z ]{0,30}\n?", 0..60), level in 1u8..10, zstd in any::<bool>()
    ) {
        let text = lines.concat().into_bytes();
        let how = if zstd { Compression::Zstd(level.into()) } else { Compression::Gzip(level.into()) };
        let (done, archive) = archive(how, &text);
        prop_assert_eq!(done, Compressed::AsAsked);
        prop_assert_eq!(texts(how, &archive).concat(), text);
    }
}
