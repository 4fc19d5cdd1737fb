//! Damage of every kind to archives of every form: all lines before it are shown, and all lines of members and frames that
//! are whole; the file is named once, the exit status is 3, and other directories are not touched by it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr, reason = "tests fail by panicking")]

use std::io::{Read as _, Write as _};
use std::path::Path;

use harness::{Outcome, Scratch};

const LABEL: &str = "@400000006b00000100000000";

fn mlog(here: &Scratch, options: &[&str]) -> Outcome {
    here.run(Path::new(env!("CARGO_BIN_EXE_mlog")), options).over("")
}

/// Lines that can be told apart and don't pack too well; without stamps, which would be shown in another form.
fn text(from: usize, lines: usize) -> Vec<u8> {
    let mut state = from as u64 + 1;
    let mut line = |number: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("line {number} {:016x}\n", state)
    };
    (from..from + lines).flat_map(|number| line(number).into_bytes()).collect()
}

/// An archive, and what it was made of.
#[derive(Clone)]
struct Archive {
    form: &'static str,
    /// The end of its name.
    code: &'static str,
    bytes: Vec<u8>,
    /// The text of each member or frame, and where that begins and ends.
    pieces: Vec<(Vec<u8>, std::ops::Range<usize>)>,
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A member that says how long it is.
fn sized(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    let data = encoder.finish().unwrap();
    let mut out = b"\x1f\x8b\x08\x04\0\0\0\0\x02\0\x08\0MZ\x04\0".to_vec();
    out.extend(u32::try_from(data.len()).unwrap().to_le_bytes());
    out.extend(data);
    out.extend(crc32fast::hash(text).to_le_bytes());
    out.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
    out
}

fn frame(text: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.include_contentsize(true).unwrap();
    encoder.set_pledged_src_size(Some(text.len() as u64)).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A frame of many blocks that does not say how long its text is.
fn stream(text: &[u8]) -> Vec<u8> {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    for piece in text.chunks(1000) {
        encoder.write_all(piece).unwrap();
        encoder.flush().unwrap();
    }
    encoder.finish().unwrap()
}

/// The seek table of our logger.
fn table(pieces: &[(Vec<u8>, std::ops::Range<usize>)], bytes: &[u8]) -> Vec<u8> {
    let mut table = Vec::new();
    for (text, place) in pieces {
        table.extend(u32::try_from(place.len()).unwrap().to_le_bytes());
        table.extend(u32::try_from(text.len()).unwrap().to_le_bytes());
        table.extend(&bytes[place.end - 4..place.end]);
    }
    table.extend(u32::try_from(pieces.len()).unwrap().to_le_bytes());
    table.push(0x80);
    table.extend(0x8F92_EAB1u32.to_le_bytes());
    let length = u32::try_from(table.len()).unwrap().to_le_bytes();
    [&0x184D_2A5Eu32.to_le_bytes()[..], &length, &table].concat()
}

const FORMS: [(&str, &str); 7] = [
    ("plain", "s"),
    ("gzip, one member", "s"),
    ("gzip, members", "s"),
    ("gzip, members with lengths", "gz"),
    ("zstd, one frame", "zst"),
    ("zstd, frames", "s"),
    ("zstd, frames with a table", "zst"),
];

fn archive((form, code): (&'static str, &'static str), count: usize, lines: usize) -> Archive {
    let pack = match form {
        "plain" => <[u8]>::to_vec,
        "gzip, one member" | "gzip, members" => gzip,
        "gzip, members with lengths" => sized,
        "zstd, one frame" => stream,
        _ => frame,
    };
    let is_one = form.contains("one") || form == "plain";
    let texts: Vec<Vec<u8>> = (0..count).map(|piece| text(piece * lines, lines)).collect();
    let texts = if is_one { vec![texts.concat()] } else { texts };
    let (mut bytes, mut pieces) = (Vec::new(), Vec::new());
    for text in texts {
        let from = bytes.len();
        bytes.extend(pack(&text));
        pieces.push((text, from..bytes.len()));
    }
    if form.ends_with("table") {
        bytes.extend(table(&pieces, &bytes));
    }
    Archive { form, code, bytes, pieces }
}

/// Damage: what it is, and the bytes that are left.
type Damaged = (String, Vec<u8>);

/// The places of an archive where something begins or ends, or is in the middle of something.
fn places(archive: &Archive) -> Vec<usize> {
    let size = archive.bytes.len();
    let mut places: Vec<usize> = (0..24).chain(size - 24..size).collect();
    let last = archive.pieces.len() - 1;
    for number in [0, last / 2, last] {
        let (from, to) = (archive.pieces[number].1.start, archive.pieces[number].1.end);
        places.extend([from, from + 1, from + 5, from + 17, from + 40, (from + to) / 2, (3 * from + to) / 4]);
        places.extend([to - 9, to - 8, to - 4, to - 1, to, to + 1, to + 4, to + 9, to + 13]);
    }
    places.retain(|&place| place < size);
    places.sort_unstable();
    places.dedup();
    places
}

fn damages(archive: &Archive) -> Vec<Damaged> {
    let whole = &archive.bytes;
    let mut all = Vec::new();
    for place in places(archive) {
        all.push((format!("cut at {place}"), whole[..place].to_vec()));
        let mut flipped = whole.clone();
        flipped[place] ^= 1 << (place % 8);
        all.push((format!("bit {} of byte {place} turned", place % 8), flipped));
        for length in [4, 64, 512] {
            let mut zeros = whole.clone();
            zeros[place..(place + length).min(whole.len())].fill(0);
            all.push((format!("{length} zeros at {place}"), zeros));
        }
    }
    for (number, (_, place)) in archive.pieces.iter().enumerate() {
        let mut zeros = whole.clone();
        zeros[place.clone()].fill(0);
        all.push((format!("zeros in the place of piece {number}"), zeros));
    }
    for behind in [&b"junk\n"[..], b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"@", &[0xa5; 300], &[0; 300]] {
        all.push((format!("{} bytes behind it", behind.len()), [whole, behind].concat()));
    }
    all.push(("gzip behind it".into(), [&whole[..], &gzip(b"glued\n")].concat()));
    all.push(("zstd behind it".into(), [&whole[..], &frame(b"glued\n")].concat()));
    all.push(("twice".into(), [&whole[..], whole].concat()));
    all
}

/// The text of a damaged piece, read byte after byte, so what is before the damage is not lost with it.
fn naive(form: &str, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    if form.starts_with("gzip") {
        // The header of a member is ten bytes here.
        let mut inflate = flate2::Decompress::new(false);
        let mut room = vec![0; 1 << 16];
        for byte in bytes.get(10..).unwrap_or_default().chunks(1) {
            let before = inflate.total_out();
            let result = inflate.decompress(byte, &mut room, flate2::FlushDecompress::None);
            let got = usize::try_from(inflate.total_out() - before).unwrap();
            out.extend_from_slice(&room[..got]);
            if !matches!(result, Ok(flate2::Status::Ok | flate2::Status::BufError)) {
                break;
            }
        }
    } else {
        let mut decoder = zstd::stream::read::Decoder::with_buffer(OneByOne(bytes)).unwrap();
        let mut byte = [0; 1];
        while matches!(decoder.read(&mut byte), Ok(1)) {
            out.push(byte[0]);
        }
    }
    let whole = out.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    out.truncate(whole);
    out
}

struct OneByOne<'a>(&'a [u8]);

impl std::io::Read for OneByOne<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let most = out.len().min(1);
        self.0.read(&mut out[..most])
    }
}

impl std::io::BufRead for OneByOne<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        Ok(&self.0[..self.0.len().min(1)])
    }

    fn consume(&mut self, amount: usize) {
        self.0 = &self.0[amount..];
    }
}

/// The lines that have to be shown.
fn wanted(archive: &Archive, damaged: &[u8]) -> Vec<Vec<u8>> {
    if archive.form == "plain" {
        return lines(damaged);
    }
    if let [(_, place)] = &archive.pieces[..] {
        let is_whole = damaged.get(place.clone()) == Some(&archive.bytes[place.clone()]);
        let begins = damaged.get(..10) == Some(&archive.bytes[..10]);
        let text = match (is_whole, begins) {
            (true, _) => archive.pieces[0].0.clone(),
            (_, true) => naive(archive.form, damaged),
            _ => Vec::new(),
        };
        return lines(&text);
    }
    let intact =
        |place: &std::ops::Range<usize>| damaged.get(place.clone()) == Some(&archive.bytes[place.clone()]);
    archive.pieces.iter().filter(|(_, place)| intact(place)).flat_map(|(text, _)| lines(text)).collect()
}

fn lines(text: &[u8]) -> Vec<Vec<u8>> {
    text.split_inclusive(|&byte| byte == b'\n')
        .map(|line| line.strip_suffix(b"\n").unwrap_or(line).to_vec())
        .collect()
}

/// Whether all of these lines are among others, in their order.
fn are_among(wanted: &[Vec<u8>], shown: &[Vec<u8>]) -> bool {
    let mut shown = shown.iter();
    wanted.iter().all(|line| shown.any(|other| other == line))
}

/// Whether nothing tells of damage: what is left ends where a member or frame does, or zeros follow that may be padding, or
/// it may be text, or nothing is left that is known.
fn is_hidden(archive: &Archive, damaged: &[u8]) -> bool {
    let rest = damaged.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let is_start = archive.bytes.starts_with(&damaged[..rest]);
    let ends = |at: usize| archive.pieces.iter().any(|(_, place)| (place.end..place.end + 4).contains(&at));
    let is_padded = archive.form == "gzip, members" && (rest..rest + 5).any(ends);
    let may_be_text = archive.code == "s" && [&b""[..], b"("].contains(&&damaged[..rest.min(2)]);
    let begins = damaged.iter().zip(&archive.bytes).take(3).filter(|(a, b)| a == b).count() > 1;
    let is_unknown = archive.pieces.len() == 1 && archive.code == "s" && !begins;
    is_start && (ends(damaged.len()) || is_padded) || may_be_text || is_unknown
}

const ELSEWHERE: &[u8] = b"@400000006b00000000000000 before\n@400000006b00100000000000 after\n";

fn check(archive: &Archive, (what, damaged): &Damaged, thorough: bool) {
    let here = Scratch::in_memory();
    let name = format!("log/{LABEL}.{}", archive.code);
    here.write(&name, damaged);
    here.write("log/current", "");
    here.write("other/current", ELSEWHERE);
    let about = format!("{}: {what}", archive.form);
    let options = ["-o", "tai64n", "--prefix", "never", "log"];
    let seen = mlog(&here, &options);
    let shown = lines(&seen.stdout);
    let wanted = wanted(archive, damaged);
    assert!(
        are_among(&wanted, &shown),
        "{about}: {} of {} lines, {:?} {}",
        shown.len(),
        wanted.len(),
        seen.code,
        seen.stderr
    );
    let all: Vec<Vec<u8>> = archive.pieces.iter().flat_map(|(text, _)| lines(text)).collect();
    let said = seen.stderr.lines().count();
    match seen.code {
        Some(3) => assert!(said == 1 && seen.stderr.contains(&name), "{about}: {}", seen.stderr),
        _ => {
            assert_eq!(said, 0, "{about}: {}", seen.stderr);
            let is_all = archive.form == "plain" || are_among(&all, &shown);
            assert!(
                is_all || is_hidden(archive, damaged),
                "{about}: lines are missing, and that is not said"
            );
        }
    }
    let verified = mlog(&here, &["verify", "log"]);
    if seen.code == Some(3) {
        assert_eq!(verified.code, Some(3), "{about}: {}", verified.stderr);
        assert!(verified.stderr.contains(&name), "{about}: {}", verified.stderr);
    } else if archive.form == "plain" && !damaged.is_empty() && !damaged.ends_with(b"\n") {
        assert_eq!(verified.code, Some(3), "{about}: {}", verified.stderr);
    }
    if thorough {
        other_ways(&here, &seen, &about);
    }
}

/// Other ways lead to the same lines, and other directories are not touched.
fn other_ways(here: &Scratch, seen: &Outcome, about: &str) {
    let options = ["-o", "tai64n", "--prefix", "never", "log"];
    let (mut sorted, said) = (lines(&seen.stdout), seen.stderr.lines().count());
    sorted.sort_unstable();
    for way in [&["--reverse"][..], &["--cursor-file", "cursor"], &["-n", "1000000"], &["-v", "no such text"]]
    {
        let again = mlog(here, &[way, &options].concat());
        let mut shown = lines(&again.stdout);
        shown.sort_unstable();
        assert!(shown == sorted, "{about}, {way:?}: {} of {} lines", shown.len(), sorted.len());
        if !sorted.is_empty() {
            assert_eq!(
                (again.code, again.stderr.lines().count()),
                (seen.code, said),
                "{about}, {way:?}: {}",
                again.stderr
            );
        }
    }
    for way in [&[][..], &["--reverse"]] {
        let both = mlog(here, &[way, &["-o", "tai64n", "--prefix", "never", "log", "other"]].concat());
        let both = lines(&both.stdout);
        let elsewhere = both.iter().filter(|line| lines(ELSEWHERE).contains(line)).count();
        assert_eq!((both.len(), elsewhere), (sorted.len() + 2, 2), "{about}, {way:?}");
    }
}

fn every_damage(form: usize) {
    let archive = archive(FORMS[form], 6, 60);
    for (number, damaged) in damages(&archive).iter().enumerate() {
        check(&archive, damaged, number % 7 == 0);
    }
}

#[test]
fn of_plain_archives() {
    every_damage(0);
}

#[test]
fn of_archives_that_are_one_member_of_gzip() {
    every_damage(1);
}

#[test]
fn of_members_of_gzip() {
    every_damage(2);
}

#[test]
fn of_members_of_gzip_that_say_how_long_they_are() {
    every_damage(3);
}

#[test]
fn of_archives_that_are_one_frame_of_zstandard() {
    every_damage(4);
}

#[test]
fn of_frames_of_zstandard() {
    every_damage(5);
}

#[test]
fn of_frames_with_a_table() {
    every_damage(6);
}

/// Where the pieces are read by several workers.
#[test]
fn of_archives_with_many_segments() {
    for form in [2, 3, 5, 6] {
        let archive = archive(FORMS[form], 5, 12_000);
        let (_, second) = &archive.pieces[1];
        let middle = (second.start + second.end) / 2;
        let mut flipped = archive.bytes.clone();
        flipped[middle] ^= 4;
        flipped[archive.pieces[3].1.start + 3000] ^= 4;
        check(&archive, &("two bytes turned".into(), flipped), true);
        check(&archive, &("cut".into(), archive.bytes[..middle].to_vec()), true);
    }
}

/// Its content decides how a file is read, and its name only where that is neither text nor anything else.
#[test]
fn an_archive_with_the_name_of_another_form_is_read_by_its_content() {
    let whole = text(0, 100);
    for bytes in [whole.clone(), gzip(&whole), sized(&whole), frame(&whole)] {
        for code in ["s", "gz", "zst", "xz", "bz2"] {
            let here = Scratch::in_memory();
            here.write(&format!("log/{LABEL}.{code}"), &bytes);
            let seen = mlog(&here, &["-o", "tai64n", "log"]);
            assert_eq!((seen.code, &*seen.stderr, seen.stdout == whole), (Some(0), "", true), "{code}");
            assert_eq!(mlog(&here, &["verify", "log"]).code, Some(0), "{code}");
        }
    }
    for code in ["gz", "zst"] {
        for bytes in [&b""[..], &[0; 4096], b"\x1e\x8b\x08\0\0\0\0\0\0\x03 and so on\n"] {
            let here = Scratch::in_memory();
            here.write(&format!("log/{LABEL}.{code}"), bytes);
            for options in [&["log"][..], &["verify", "log"], &["ls", "log"]] {
                let seen = mlog(&here, options);
                assert_eq!(
                    (seen.code, seen.stderr.lines().count()),
                    (Some(3), 1),
                    "{code} {options:?}: {}",
                    seen.stderr
                );
            }
        }
    }
}

/// A table that does not fit costs no line, but is found out.
#[test]
fn a_wrong_table_is_named_by_verify() {
    for form in [3, 6] {
        let archive = archive(FORMS[form], 4, 50);
        let places: Vec<usize> = if form == 3 {
            archive.pieces.iter().map(|(_, place)| place.start + 16).collect()
        } else {
            (archive.pieces[3].1.end + 4..archive.bytes.len()).collect()
        };
        for place in places {
            let mut wrong = archive.bytes.clone();
            wrong[place] ^= 0x41;
            let here = Scratch::in_memory();
            here.write(&format!("log/{LABEL}.{}", archive.code), &wrong);
            let seen = mlog(&here, &["-o", "tai64n", "log"]);
            assert_eq!(lines(&seen.stdout).len(), 200, "{} {place}: {}", archive.form, seen.stderr);
            let verified = mlog(&here, &["verify", "log"]);
            assert_eq!(
                (verified.code, verified.stderr.lines().count()),
                (Some(3), 1),
                "{place}: {}",
                verified.stderr
            );
        }
    }
}

/// The place of a reader may be behind damage, and the reader gets there again.
#[test]
fn a_cursor_stands_behind_damage() {
    for form in FORMS {
        let archive = archive(form, 6, 60);
        let at = (archive.pieces[0].1.start + archive.pieces[0].1.end) / 2;
        let mut flipped = archive.bytes.clone();
        flipped[at] ^= 0x10;
        let here = Scratch::in_memory();
        here.write(&format!("log/{LABEL}.{}", archive.code), &flipped);
        let options = ["-o", "none", "--cursor-file", "cursor", "log"];
        let first = mlog(&here, &options);
        assert!(lines(&first.stdout).len() > 299 || archive.pieces.len() == 1, "{form:?}");
        let again = mlog(&here, &options);
        assert_eq!(
            (again.stderr.matches("missing").count(), again.stdout.len()),
            (0, 0),
            "{form:?}: {}",
            again.stderr
        );
        here.write("log/@400000006b00000200000000.s", "new\n");
        let new = mlog(&here, &options);
        assert_eq!((new.stderr.matches("missing").count(), &new.stdout[..]), (0, &b"new\n"[..]), "{form:?}");
    }
}
