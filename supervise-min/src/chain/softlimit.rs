//! `softlimit`: runs a program with lower soft limits on resources, never above the hard ones.

use std::ffi::OsString;

use unix::diag::Message;
use unix::environment::Environment;
use unix::limit::{self, Limit, Resource};
use unix::tool::{Exit, Fatal};

use super::Command;
use unix::options::{Given, Names, Syntax, parse};

const SYNTAX: Syntax =
    Syntax { program: "softlimit", letters: "a:c:d:f:l:m:o:p:r:s:t:", names: Names::Some, usage: USAGE };
/// How it is used.
pub const USAGE: &str = "softlimit [-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] [-m membytes] \
            [-o openfiles] [-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs] child";

/// What a limit becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// A number, or the hard limit where that is less.
    Number(u64),
    /// `=`: the hard limit.
    Hard,
    /// `-`: none at all, the hard one included.
    Unlimited,
}

/// Runs a program with limits.
pub fn main(arguments: Vec<OsString>) -> Result<Exit, Fatal> {
    let (given, words) = parse(&SYNTAX, &arguments)?;
    let limits = limits(&given).ok_or_else(|| Fatal::usage(SYNTAX.usage))?;
    // The original sets limits before it looks for the program.
    for (resource, value) in limits {
        let new = value.over(limit::get(resource));
        limit::set(resource, new).map_err(|error| Fatal::system(Message::new("setrlimit failed"), &error))?;
    }
    let command = Command::new(words).ok_or_else(|| Fatal::usage(SYNTAX.usage))?;
    match command.run(Environment::inherited())? {}
}

/// All limits in their order. None: something is not understood.
fn limits(given: &[Given<'_>]) -> Option<Vec<(Resource, Value)>> {
    let mut limits = Vec::new();
    for option in given {
        let (resources, value) = match *option {
            Given::Value(letter, value) => (of_letter(letter)?, value),
            Given::Name(name, value) => (of_name(name)?, value),
            Given::Letter(_) => return None,
        };
        let value = Value::parse(value)?;
        limits.extend(resources.iter().map(|&resource| (resource, value)));
    }
    Some(limits)
}

impl Value {
    fn parse(text: &[u8]) -> Option<Value> {
        let (digits, unit) = match text {
            b"=" => return Some(Value::Hard),
            b"-" => return Some(Value::Unlimited),
            [digits @ .., b'k'] => (digits, 1 << 10),
            [digits @ .., b'M'] => (digits, 1 << 20),
            [digits @ .., b'G'] => (digits, 1 << 30),
            digits => (digits, 1),
        };
        // A suffix alone is no number, but nothing at all is 0, as in the original.
        if !digits.iter().all(u8::is_ascii_digit) || (digits.is_empty() && unit > 1) {
            return None;
        }
        let digit = |number: u64, byte: &u8| number.saturating_mul(10).saturating_add(u64::from(byte - b'0'));
        Some(Value::Number(digits.iter().fold(0, digit).saturating_mul(unit)))
    }

    /// The limit in the place of another.
    fn over(self, old: Limit) -> Limit {
        match self {
            Value::Hard => Limit { soft: old.hard, ..old },
            Value::Unlimited => Limit { soft: None, hard: None },
            Value::Number(number) => {
                let soft = old.hard.map_or(number, |hard| hard.min(number));
                // The largest number is what the kernel writes for "unlimited".
                Limit { soft: (soft != u64::MAX).then_some(soft), ..old }
            }
        }
    }
}

fn of_letter(letter: u8) -> Option<&'static [Resource]> {
    Some(match letter {
        b'a' => &[Resource::As],
        b'c' => &[Resource::Core],
        b'd' => &[Resource::Data],
        b'f' => &[Resource::Fsize],
        b'l' => &[Resource::Memlock],
        b'm' => &[Resource::Data, Resource::Stack, Resource::Memlock, Resource::As],
        b'o' => &[Resource::Nofile],
        b'p' => &[Resource::Nproc],
        b'r' => &[Resource::Rss],
        b's' => &[Resource::Stack],
        b't' => &[Resource::Cpu],
        _ => return None,
    })
}

/// By the names that prlimit(1) has.
fn of_name(name: &[u8]) -> Option<&'static [Resource]> {
    Some(match name {
        b"as" => &[Resource::As],
        b"core" => &[Resource::Core],
        b"cpu" => &[Resource::Cpu],
        b"data" => &[Resource::Data],
        b"fsize" => &[Resource::Fsize],
        b"locks" => &[Resource::Locks],
        b"memlock" => &[Resource::Memlock],
        b"msgqueue" => &[Resource::Msgqueue],
        b"nice" => &[Resource::Nice],
        b"nofile" => &[Resource::Nofile],
        b"nproc" => &[Resource::Nproc],
        b"rss" => &[Resource::Rss],
        b"rtprio" => &[Resource::Rtprio],
        b"rttime" => &[Resource::Rttime],
        b"sigpending" => &[Resource::Sigpending],
        b"stack" => &[Resource::Stack],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values() {
        for (text, value) in [
            ("", Some(Value::Number(0))),
            ("0", Some(Value::Number(0))),
            ("10", Some(Value::Number(10))),
            ("3k", Some(Value::Number(3072))),
            ("2M", Some(Value::Number(2 << 20))),
            ("1G", Some(Value::Number(1 << 30))),
            ("99999999999999999999999", Some(Value::Number(u64::MAX))),
            ("18446744073709551615k", Some(Value::Number(u64::MAX))),
            ("=", Some(Value::Hard)),
            ("-", Some(Value::Unlimited)),
            ("k", None),
            ("10x", None),
            ("-1", None),
            ("+1", None),
            ("1K", None),
            ("==", None),
        ] {
            assert_eq!(Value::parse(text.as_bytes()), value, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_number_never_raises_the_hard_limit_nor_passes_it(number: u64, hard: Option<u64>, soft: Option<u64>) {
            let new = Value::Number(number).over(Limit { soft, hard });
            prop_assert_eq!(new.hard, hard);
            prop_assert!(new.soft.unwrap_or(u64::MAX) <= hard.unwrap_or(u64::MAX));
            prop_assert_eq!(new.soft.unwrap_or(u64::MAX), number.min(hard.unwrap_or(u64::MAX)));
        }
    }
}
