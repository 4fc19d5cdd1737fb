//! `age=SPAN`: how old an archive may become.

use std::time::Duration;

use super::number::span;
use super::value::{Malformed, Value};
use super::word::{Head, Scope, Whose, Word};

/// How it is written.
pub(super) const WORD: Word = Word {
    head: Head::Prefix("age="),
    value: "SPAN",
    help: "archives older than SPAN (12h, 30d, 4w) go",
    scope: Scope::Directories,
    whose: Whose::Ours("Retention by age and size"),
};

/// How old an archive may become. At least [`MaxAge::LEAST`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaxAge(Duration);

impl MaxAge {
    /// A shorter span says more about seconds that pass in the sealer than about the age of a log.
    pub const LEAST: Duration = Duration::from_secs(60);

    /// The age as a length of time.
    pub fn span(self) -> Duration {
        self.0
    }
}

impl Value for MaxAge {
    /// Reads digits and `s`, `m`, `h`, `d` or `w`.
    fn parse(text: &[u8]) -> Result<Self, Malformed> {
        const ALLOWED: Malformed = Malformed("not an age of a minute or more (30m, 12h, 30d, 4w)");
        match span(text) {
            Ok(span) if span >= Self::LEAST => Ok(MaxAge(span)),
            _ => Err(ALLOWED),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_a_span_of_a_minute_or_more() {
        for (text, seconds) in [
            ("60s", 60),
            ("1m", 60),
            ("12h", 43_200),
            ("30d", 2_592_000),
            ("1w", 604_800),
            ("99999999999999999999w", u64::MAX),
        ] {
            assert_eq!(MaxAge::parse(text.as_bytes()).map(MaxAge::span), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "59s", "0d", "30", "d", "-1d", "1.5d", "1d12h", "1D", " 1d", "30days"] {
            assert!(MaxAge::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
