//! `Word`: how an action is known, and what `--help` and the documents say about it.

/// An action as it is written.
#[derive(Debug)]
pub struct Word {
    /// How it is known.
    pub head: Head,
    /// The name of its value, which `--help` shows behind the head. Empty where there is no value.
    pub value: &'static str,
    /// What it does, in a line of `--help`.
    pub help: &'static str,
    /// What it is said of.
    pub scope: Scope,
    /// Which programs have it.
    pub whose: Whose,
}

/// How an action is known. Where two heads fit, the longer one counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Head {
    /// By a first byte or a `key=`: the value is what follows.
    Prefix(&'static str),
    /// By the whole argument: there is no value.
    Whole(&'static str),
}

impl Head {
    /// The bytes that it consists of.
    pub fn text(self) -> &'static str {
        match self {
            Head::Prefix(text) | Head::Whole(text) => text,
        }
    }

    /// The value of `argument`. None: it has another head.
    pub fn value_of(self, argument: &[u8]) -> Option<&[u8]> {
        let value = argument.strip_prefix(self.text().as_bytes())?;
        matches!(self, Head::Prefix(_)).then_some(value).or_else(|| value.is_empty().then_some(value))
    }
}

/// What an action is said of. `--help` shows the actions in these groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All lines: it counts as the first argument only.
    First,
    /// Each line, in its turn.
    Line,
    /// The directories after it.
    Directories,
    /// The logger: it is there once, and counts wherever it is.
    Logger,
}

/// Which programs have an action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// daemontools 0.76 and everything that descends from it.
    Original,
    /// daemontools-encore and ours.
    Encore,
    /// Ours alone. The heading in `docs/DIFFERENCES.md` under which it is explained.
    Ours(&'static str),
}

impl Whose {
    /// The heading in `docs/DIFFERENCES.md` under which the action is explained. None for the original's.
    pub fn heading(self) -> Option<&'static str> {
        match self {
            Whose::Original => None,
            Whose::Encore => Some("Actions of daemontools-encore"),
            Whose::Ours(heading) => Some(heading),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_what_follows_a_prefix_and_a_whole_word_has_none() {
        for (head, argument, value) in [
            (Head::Prefix("s"), &b"s10k"[..], Some(&b"10k"[..])),
            (Head::Prefix("s"), b"s", Some(b"")),
            (Head::Prefix("s"), b"", None),
            (Head::Prefix("min="), b"min=2=3", Some(b"2=3")),
            (Head::Prefix("min="), b"min", None),
            (Head::Whole("T"), b"T", Some(b"")),
            (Head::Whole("T"), b"TT", None),
            (Head::Whole("T"), b"", None),
        ] {
            assert_eq!(head.value_of(argument), value, "{head:?}");
        }
    }
}
