//! The lines that are written to a logger, and which of them are found in its log.

use std::path::Path;

use harness::{LogView, Random};

/// What kind of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Each its number.
    Numbered,
    /// All the same.
    Identical,
    /// Empty.
    Newlines,
    /// A number and 0 to 100,000 bytes.
    Mixed,
}

/// A line that is this number of lines off is another line.
const FAR: u64 = 300_000;

impl Kind {
    /// Line number `n`, with its newline. Lines of the same number are the same in every run.
    pub(crate) fn line(self, n: u64, into: &mut Vec<u8>) {
        match self {
            Kind::Identical => into.extend_from_slice(b"tick"),
            Kind::Newlines => {}
            Kind::Numbered => into.extend_from_slice(n.to_string().as_bytes()),
            Kind::Mixed => {
                into.extend_from_slice(format!("{n} ").as_bytes());
                let mut random = Random::new(n + 1);
                let length = match random.below(20) {
                    0 => random.below(100_000),
                    1..4 => 900 + random.below(300),
                    _ => random.below(80),
                };
                into.resize(into.len() + usize::try_from(length).unwrap(), b'x');
            }
        }
        into.push(b'\n');
    }

    /// How many lines there are at a time.
    pub(crate) fn burst(self, random: &mut Random) -> u64 {
        let most = if self == Kind::Mixed { 4 } else { 3000 };
        [1, 1, most / 50 + 1, most][usize::try_from(random.below(4)).unwrap()]
    }
}

/// What a logger made of its lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Account {
    pub(crate) written: u64,
    pub(crate) lost: u64,
    pub(crate) repeated: u64,
    /// Neither: torn, joined, or in the wrong order.
    pub(crate) damaged: u64,
}

impl Account {
    pub(crate) fn is_exact(&self) -> bool {
        self.lost + self.repeated + self.damaged == 0
    }
}

/// Compares the log in `directory` with the lines `0..written` for which `selected` holds.
pub(crate) fn account(directory: &Path, kind: Kind, written: u64, selected: impl Fn(u64) -> bool) -> Account {
    let log = LogView::of(directory).bytes();
    let mut found = log.split_inclusive(|&b| b == b'\n');
    let mut account = Account { written, ..Account::default() };
    if matches!(kind, Kind::Identical | Kind::Newlines) {
        let mut line = Vec::new();
        kind.line(0, &mut line);
        let (same, other): (Vec<_>, Vec<_>) = found.partition(|found| *found == line);
        let count = same.len() as u64;
        account.lost = written.saturating_sub(count);
        account.repeated = count.saturating_sub(written);
        account.damaged = other.len() as u64;
        return account;
    }
    // The next line that is expected; a line that is not it is one of before, one of after, or none.
    let mut expected = (0..written).filter(|&n| selected(n)).peekable();
    let mut line = Vec::new();
    for found in &mut found {
        let number = found.split(|b| !b.is_ascii_digit()).next().unwrap_or_default();
        let number = std::str::from_utf8(number).ok().and_then(|text| text.parse::<u64>().ok());
        line.clear();
        if let Some(number) = number {
            kind.line(number, &mut line);
        }
        // Two lines that were torn and joined may look like another one, far away.
        let near = |&number: &u64| expected.peek().is_none_or(|next| number.abs_diff(*next) < FAR);
        match number.filter(|_| line == found).filter(near) {
            None => account.damaged += 1,
            Some(number) => {
                while expected.next_if(|&next| next < number).is_some() {
                    account.lost += 1;
                }
                if expected.next_if_eq(&number).is_none() {
                    account.repeated += 1;
                }
            }
        }
    }
    account.lost += expected.count() as u64;
    account
}
