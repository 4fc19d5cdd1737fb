//! Sizes and times as they are written on the command line. Pure.

use std::ffi::OsString;
use std::time::Duration;

use clap::ArgMatches;

/// How long an answer is waited for: what `--timeout` says, or a minute.
pub fn timeout(given: &ArgMatches) -> Duration {
    let word = given.get_one::<OsString>("timeout").and_then(|word| word.to_str());
    word.and_then(span).unwrap_or(Duration::from_secs(60))
}

/// Reads a size: `4096`, `64K`, `64M`, `1G`. None: it is none.
pub fn size(word: &str) -> Option<usize> {
    let (digits, shift) = match word.as_bytes().last()? {
        b'K' | b'k' => (&word[..word.len() - 1], 10),
        b'M' | b'm' => (&word[..word.len() - 1], 20),
        b'G' | b'g' => (&word[..word.len() - 1], 30),
        _ => (word, 0),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<usize>().ok()?.checked_mul(1 << shift)
}

/// Reads a time: seconds, possibly with a fraction, or with `ms`, `s`, `m`, `h`. None: it is none.
pub fn span(word: &str) -> Option<Duration> {
    let (number, unit) = match () {
        () if word.ends_with("ms") => (&word[..word.len() - 2], 0.001),
        () if word.ends_with('s') => (&word[..word.len() - 1], 1.0),
        () if word.ends_with('m') => (&word[..word.len() - 1], 60.0),
        () if word.ends_with('h') => (&word[..word.len() - 1], 3600.0),
        () => (word, 1.0),
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * unit).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (word, expected) in [
            ("0", Some(0)),
            ("4096", Some(4096)),
            ("64K", Some(64 << 10)),
            ("64k", Some(64 << 10)),
            ("64M", Some(64 << 20)),
            ("1G", Some(1 << 30)),
            ("", None),
            ("K", None),
            ("-1", None),
            ("+1", None),
            ("1.5M", None),
            ("1T", None),
            ("99999999999999999999", None),
            ("99999999999999G", None),
            ("1\u{20ac}", None),
        ] {
            assert_eq!(size(word), expected, "{word}");
        }
    }

    #[test]
    fn spans() {
        let ms = |ms| Some(Duration::from_millis(ms));
        for (word, expected) in [
            ("5", ms(5000)),
            ("0.5", ms(500)),
            ("200ms", ms(200)),
            ("5s", ms(5000)),
            ("2m", ms(120_000)),
            ("0", ms(0)),
            ("", None),
            (".", None),
            ("s", None),
            ("-1", None),
            ("1e3", None),
            ("inf", None),
            ("1h", ms(3_600_000)),
            ("h", None),
            ("1d", None),
            ("1\u{20ac}", None),
        ] {
            assert_eq!(span(word), expected, "{word}");
        }
    }
}
