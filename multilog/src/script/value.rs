//! The values in a script, with their limits settled: sizes, counts, codes, compression.

use std::fmt;
use std::time::Duration;

/// Why a value can't be understood, in words that end a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// How much of a value of the original's grammar means something. The original refuses none of them: it reads the
/// digits in front, and where there is none, 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Understood {
    /// All of it.
    Whole,
    /// The digits in front, if any.
    Digits,
}

/// When a file counts as full, in bytes. Between [`FileSize::LEAST`] and [`FileSize::MOST`], or less where the system
/// lets no file become that large.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileSize(u64);

impl FileSize {
    /// Below this the newline window would leave hardly a file.
    pub const LEAST: u64 = 4096;
    /// What daemontools-encore allows.
    pub const MOST: u64 = 2_147_483_647;
    /// What a directory without `s` gets.
    pub const DEFAULT: FileSize = FileSize(99_999);

    /// Reads digits with an optional `k`, `M` or `G`, and clamps. Anything else is what the original makes of it.
    pub fn parse(text: &[u8]) -> (FileSize, Understood) {
        let (bytes, understood) = or_as_original(scaled(text), text);
        (FileSize(bytes.clamp(Self::LEAST, Self::MOST)), understood)
    }

    /// The same, but not above what the system lets a file of this process become. A file below a block is none.
    pub fn within(self, limit: Option<u64>) -> FileSize {
        FileSize(self.0.min(limit.unwrap_or(Self::MOST).max(512)))
    }

    /// The size in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

/// How many files a directory keeps, `current` among them. At least 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileCount(usize);

impl FileCount {
    /// What a directory without `n` gets.
    pub const DEFAULT: FileCount = FileCount(10);

    /// Reads digits, and clamps. Anything else is what the original makes of it.
    pub fn parse(text: &[u8]) -> (FileCount, Understood) {
        let (count, understood) = or_as_original(digits(text), text);
        (FileCount(usize::try_from(count).unwrap_or(usize::MAX).max(2)), understood)
    }

    /// The number of files.
    pub fn files(self) -> usize {
        self.0
    }

    /// How many archives may stand beside `current`.
    pub fn archives(self) -> usize {
        self.0 - 1
    }
}

/// When `current` is brought to the disk, besides at rotation and at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// `rotate`: not before.
    #[default]
    Rotation,
    /// A span: at most so long after it was written to.
    Within(Duration),
    /// `always`: before what was written leaves the input.
    Always,
}

impl Durability {
    /// Reads `rotate`, `always`, or digits and `s`, `m`, `h`, `d` or `w`.
    pub fn parse(text: &[u8]) -> Result<Durability, Malformed> {
        match text {
            b"rotate" => Ok(Durability::Rotation),
            b"always" => Ok(Durability::Always),
            _ => span(text).map(Durability::Within),
        }
    }
}

/// How many archives `min=` spares when a full disk makes multilog delete some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spared(usize);

impl Spared {
    /// Reads digits.
    pub fn parse(text: &[u8]) -> Result<Spared, Malformed> {
        Ok(Spared(usize::try_from(digits(text)?).unwrap_or(usize::MAX)))
    }

    /// So many.
    pub fn archives(self) -> usize {
        self.0
    }
}

/// What stands after the label of a finished archive, without the dot: `s`, or the code given by `w`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code(Vec<u8>);

impl Code {
    /// So that a name stays below the 255 bytes of a file system, with room for the label.
    const LONGEST: usize = 200;

    /// The code of an archive as it is.
    pub fn plain() -> Code {
        Code(b"s".to_vec())
    }

    /// Reads the text after `w`. `u` and `t` are names of unfinished files.
    pub fn parse(text: &[u8]) -> Result<Code, Malformed> {
        match text {
            b"" => Err(Malformed("no code")),
            b"u" | b"t" => Err(Malformed("that code means an unfinished file")),
            _ if text.len() > Self::LONGEST => Err(Malformed("too long")),
            _ if text.iter().any(|b| matches!(b, b'/' | b'\n' | 0)) => {
                Err(Malformed("not part of a file name"))
            }
            _ => Ok(Code(text.to_vec())),
        }
    }

    /// The code as it stands in a name.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// How the sealer compresses an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Compression {
    /// gzip (RFC 1952), level 1 to 9.
    Gzip(u32),
    /// Zstandard (RFC 8878), level 1 to 22.
    Zstd(i32),
}

impl Compression {
    /// Reads `gzip`, `gzip:LEVEL`, `zstd` or `zstd:LEVEL`.
    pub fn parse(text: &[u8]) -> Result<Compression, Malformed> {
        let (method, level) = match text.iter().position(|&b| b == b':') {
            Some(colon) => (&text[..colon], Some(digits(&text[colon + 1..])?)),
            None => (text, None),
        };
        let level = |least: u64, most: u64, default: u8| match level {
            None => Ok(default),
            Some(level) if (least..=most).contains(&level) => u8::try_from(level).map_err(|_| LEVEL),
            Some(_) => Err(LEVEL),
        };
        match method {
            b"gzip" => Ok(Compression::Gzip(level(1, 9, 6)?.into())),
            b"zstd" => Ok(Compression::Zstd(level(1, 22, 1)?.into())),
            _ => Err(Malformed("not gzip or zstd")),
        }
    }

    /// The extension that the usual tools know it by.
    pub fn code(self) -> Code {
        match self {
            Compression::Gzip(_) => Code(b"gz".to_vec()),
            Compression::Zstd(_) => Code(b"zst".to_vec()),
        }
    }
}

const LEVEL: Malformed = Malformed("no such level");

fn digits(text: &[u8]) -> Result<u64, Malformed> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err(Malformed("not a number"));
    }
    Ok(digits_before(text))
}

/// The digits in front of anything else. Too large for a u64 is as large as can be: every caller clamps. (The original
/// wraps around, so that a size of 2^64 is its smallest.)
fn digits_before(text: &[u8]) -> u64 {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit());
    digits.fold(0u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')))
}

fn or_as_original(read: Result<u64, Malformed>, text: &[u8]) -> (u64, Understood) {
    match read {
        Ok(value) => (value, Understood::Whole),
        Err(_) => (digits_before(text), Understood::Digits),
    }
}

fn span(text: &[u8]) -> Result<Duration, Malformed> {
    let (number, seconds) = match text.split_last() {
        Some((b's', number)) => (number, 1),
        Some((b'm', number)) => (number, 60),
        Some((b'h', number)) => (number, 3600),
        Some((b'd', number)) => (number, 24 * 3600),
        Some((b'w', number)) => (number, 7 * 24 * 3600),
        _ => return Err(Malformed("not a span (1s, 5m, 2h, 1d, 1w)")),
    };
    match digits(number)?.saturating_mul(seconds) {
        0 => Err(Malformed("not a span (1s, 5m, 2h, 1d, 1w)")),
        seconds => Ok(Duration::from_secs(seconds)),
    }
}

fn scaled(text: &[u8]) -> Result<u64, Malformed> {
    let (number, factor) = match text.split_last() {
        Some((b'k', number)) => (number, 1 << 10),
        Some((b'M', number)) => (number, 1 << 20),
        Some((b'G', number)) => (number, 1 << 30),
        _ => (text, 1),
    };
    Ok(digits(number)?.saturating_mul(factor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durability_is_a_word_or_a_span() {
        for (text, expected) in [
            (&b"rotate"[..], Ok(Durability::Rotation)),
            (b"always", Ok(Durability::Always)),
            (b"1s", Ok(Durability::Within(Duration::from_secs(1)))),
            (b"2w", Ok(Durability::Within(Duration::from_secs(1_209_600)))),
            (b"99999999999999999999w", Ok(Durability::Within(Duration::from_secs(u64::MAX)))),
        ] {
            assert_eq!(Durability::parse(text), expected);
        }
        for text in [&b""[..], b"1", b"s", b"0s", b"1.5s", b"never"] {
            assert!(Durability::parse(text).is_err());
        }
    }

    #[test]
    fn sizes_are_clamped_and_never_wrap() {
        for (text, bytes) in [
            ("0", 4096),
            ("4095", 4096),
            ("4097", 4097),
            ("16777215", 16_777_215),
            ("16777216", 16_777_216),
            ("2147483648", 2_147_483_647),
            ("99999999999999999999999", 2_147_483_647),
            ("10k", 10_240),
            ("2M", 2 << 20),
            ("9G", 2_147_483_647),
        ] {
            let (size, understood) = FileSize::parse(text.as_bytes());
            assert_eq!((size.bytes(), understood), (bytes, Understood::Whole), "{text}");
        }
    }

    #[test]
    fn a_value_that_is_no_number_is_what_the_original_reads() {
        for (text, bytes, files) in [
            ("", 4096, 2),
            ("k", 4096, 2),
            ("tarting", 4096, 2),
            ("9999kk", 9999, 9999),
            ("5000 ", 5000, 5000),
            ("-1", 4096, 2),
            ("+5000", 4096, 2),
            ("0x5000", 4096, 2),
            ("1e9", 4096, 2),
            ("7000/2", 7000, 7000),
            ("99999999999999999999999x", 2_147_483_647, usize::MAX),
        ] {
            let (size, understood) = FileSize::parse(text.as_bytes());
            assert_eq!((size.bytes(), understood), (bytes, Understood::Digits), "{text}");
            let (count, understood) = FileCount::parse(text.as_bytes());
            assert_eq!((count.files(), understood), (files, Understood::Digits), "{text}");
        }
        assert_eq!(FileCount::parse(b"3k"), (FileCount(3), Understood::Digits));
    }

    #[test]
    fn a_count_leaves_room_for_current_and_one_archive_at_least() {
        for (text, archives) in [("0", 1), ("1", 1), ("2", 1), ("3", 2), ("10", 9)] {
            let (count, understood) = FileCount::parse(text.as_bytes());
            assert_eq!((count.archives(), understood), (archives, Understood::Whole));
        }
    }

    #[test]
    fn a_code_is_part_of_a_file_name_and_not_that_of_an_unfinished_file() {
        assert_eq!(Code::parse(b"gz").map(|c| c.as_bytes().to_vec()), Ok(b"gz".to_vec()));
        for text in [&b""[..], b"u", b"t", b"a/b", b"a\nb", b"\0", &[b'x'; 201]] {
            assert!(Code::parse(text).is_err(), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn compression_has_the_levels_of_its_tool() {
        assert_eq!(Compression::parse(b"gzip"), Ok(Compression::Gzip(6)));
        assert_eq!(Compression::parse(b"gzip:9"), Ok(Compression::Gzip(9)));
        assert_eq!(Compression::parse(b"zstd:19"), Ok(Compression::Zstd(19)));
        for text in ["", "gzip:", "gzip:0", "gzip:10", "zstd:23", "xz", "gzip9"] {
            assert!(Compression::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
