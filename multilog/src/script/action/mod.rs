//! The actions: a file for each, or for a few that say one thing, and a row for each in [`ALL`].
//!
//! A file has the [`Word`], the value with its limits, and the rules of that value that are pure. It knows neither the
//! draft nor the other settings of a directory: a row says where the value goes. `word`, `value` and `number` are what
//! the files have in common.
//!
//! ```text
//! row(&durable::WORD, |draft, of| draft.or_misuse(of, |to, when| to.log.durability = when))
//!     the word                       a bad value   where a good one goes
//! ```

pub(super) mod age;
mod alert;
pub(super) mod cap;
pub(super) mod code;
pub(super) mod compress;
pub(super) mod count;
mod directory;
pub(super) mod durable;
pub(super) mod limit;
pub(super) mod maxline;
pub(super) mod metrics;
pub(super) mod min;
pub(super) mod mode;
mod number;
pub(super) mod prefix;
pub(super) mod processor;
pub(super) mod ready;
pub(super) mod rotate;
mod select;
pub(super) mod size;
mod stamp;
mod status;
mod stdout;
mod syntax;
pub(super) mod value;
mod word;

use tai64tools::Stamp;

use super::draft::{Action, Argument, Draft, Read};
use crate::pattern::Syntax;
use processor::Transform;
pub use word::{Head, Scope, Whose, Word};

/// An action, and what it does to the draft of a script.
#[derive(Debug)]
pub struct Row {
    /// How it is written.
    pub word: &'static Word,
    /// What it does.
    pub read: fn(&mut Draft, &Argument<'_>) -> Read,
}

const fn row(word: &'static Word, read: fn(&mut Draft, &Argument<'_>) -> Read) -> Row {
    Row { word, read }
}

/// Every action, in the order of `--help`. The name of the method says what becomes of a value that can't be
/// understood.
pub static ALL: &[Row] = &[
    row(&stamp::TAI64N, |draft, of| draft.stamp(of, Stamp::Tai64n)),
    row(&stamp::ACCUSTAMP, |draft, of| draft.stamp(of, Stamp::Accustamp)),
    row(&stamp::FORM, |draft, of| draft.stamp_of_form(of)),
    row(&select::SELECT, |draft, of| draft.pattern(of, Action::Select)),
    row(&select::DESELECT, |draft, of| draft.pattern(of, Action::Deselect)),
    row(&syntax::STAR, |draft, _| draft.syntax(Syntax::Star)),
    row(&syntax::GLOB, |draft, _| draft.syntax(Syntax::Glob)),
    row(&syntax::REGEX, |draft, _| draft.syntax(Syntax::Regex)),
    row(&alert::WORD, |draft, _| draft.step(Action::Alert)),
    row(&status::WORD, |draft, of| draft.status(of)),
    row(&stdout::WORD, |draft, of| draft.output(of)),
    row(&directory::HERE, |draft, of| draft.directory(of)),
    row(&directory::ROOT, |draft, of| draft.directory(of)),
    row(&size::WORD, |draft, of| draft.number(of, |to, size| to.log.size = size)),
    row(&count::WORD, |draft, of| draft.number(of, |to, count| to.log.keep = Some(count))),
    row(&rotate::WORD, |draft, of| draft.or_misuse(of, |to, cycle| to.log.cycle = Some(cycle))),
    row(&processor::WORD, |draft, of| {
        draft.text(of, |to, command| to.transform(Transform::Process(command)))
    }),
    row(&compress::WORD, |draft, of| draft.or_misuse(of, |to, how| to.transform(Transform::Compress(how)))),
    row(&code::WORD, |draft, of| draft.or_ignored(of, |to, code| to.log.code = Some(code))),
    row(&min::WORD, |draft, of| draft.or_misuse(of, |to, number| to.log.spare = Some(number))),
    row(&age::WORD, |draft, of| draft.or_misuse(of, |to, age| to.log.age = Some(age))),
    row(&cap::WORD, |draft, of| draft.or_misuse(of, |to, cap| to.log.cap = Some(cap))),
    row(&prefix::WORD, |draft, of| draft.or_misuse(of, |to, text| to.log.prefix = text)),
    row(&limit::WORD, |draft, of| draft.or_misuse(of, |to, rate| to.log.limit = rate)),
    row(&durable::WORD, |draft, of| draft.or_misuse(of, |to, when| to.log.durability = when)),
    row(&mode::WORD, |draft, of| draft.or_misuse(of, |to, mode| to.log.mode = Some(mode))),
    row(&maxline::WORD, |draft, of| draft.once_at_first(of, |to| &mut to.script.maxline)),
    row(&ready::WORD, |draft, of| draft.once(of, |to| &mut to.script.ready)),
    row(&metrics::WORD, |draft, of| draft.once(of, |to| &mut to.script.metrics)),
];

/// The action of `argument`, and its value. None: nobody knows it.
pub fn find(argument: &[u8]) -> Option<(&'static Row, &[u8])> {
    let fitting = ALL.iter().filter_map(|row| Some((row, row.word.head.value_of(argument)?)));
    fitting.max_by_key(|(row, _)| row.word.head.text().len())
}

#[cfg(test)]
mod documents_tests;

#[cfg(test)]
mod tests {
    use super::*;

    /// What an argument meant before there were heads that begin like others: a first byte of daemontools 0.76, a word
    /// of daemontools-encore, a `key=` of ours, in this order.
    fn naive(argument: &[u8]) -> Option<(&'static str, &[u8])> {
        let bytes = ["t", "+", "-", "e", "=", ".", "/", "s", "n", "!", "w"];
        let words = ["T", "S", "F", "R"];
        let keys = ["compress=", "min=", "durable=", "age=", "cap=", "mode=", "ready=", "metrics="];
        let behind = |head: &&'static str| Some((*head, argument.strip_prefix(head.as_bytes())?));
        let word = || words.into_iter().find(|word| word.as_bytes() == argument).map(|word| (word, &b""[..]));
        bytes.iter().find_map(behind).or_else(word).or_else(|| keys.iter().find_map(behind))
    }

    #[test]
    fn each_head_is_that_of_one_action() {
        for row in ALL {
            let head = row.word.head.text();
            assert_eq!(find(head.as_bytes()).map(|(found, _)| found.word.head.text()), Some(head));
            assert_eq!(ALL.iter().filter(|other| other.word.head.text() == head).count(), 1, "{head}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_argument_is_the_action_that_its_beginning_says(
            argument in "(t|t=|T|S|F|R|s|w|e|compress=|compress|min=|durable=|age=|cap=|min|[ -~]?)[ -~\u{e9}]{0,3}"
        ) {
            let argument = argument.as_bytes();
            let found = find(argument).map(|(row, value)| (row.word.head.text(), value));
            let longest = ALL.iter().map(|row| row.word.head).filter(|head| head.value_of(argument).is_some());
            let longest = longest.map(Head::text).max_by_key(|text| text.len());
            proptest::prop_assert_eq!(found.map(|(head, _)| head), longest);
            // Only a head that begins like another one may take an argument away from it.
            if let Some((head, value)) = naive(argument) {
                let (found, rest) = found.unwrap();
                let is_longer = found.len() > head.len() && found.starts_with(head);
                proptest::prop_assert!((found, rest) == (head, value) || is_longer);
            }
        }
    }
}
