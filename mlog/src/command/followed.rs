//! `Show`: what a follower reads of one directory, as it is shown, and what has to be said of it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use tai64tools::Label;
use unix::diag::Message;

use crate::archive::Damage;
use crate::follow::{Gap, Reader};
use crate::pipeline::Context;
use crate::search::{Lines, Query};
use crate::show::{Painter, Skin};
use crate::store::shown;

/// Shows the lines of one directory.
pub(super) struct Show {
    query: Query,
    painter: Painter,
    context: Context,
    /// The lines that have not been written yet.
    pub(super) out: Vec<u8>,
    /// How many lines were found.
    pub(super) hits: u64,
    /// What has to be said before that.
    pub(super) said: Vec<Said>,
}

/// Lines are missing, or can't be read.
pub(super) enum Said {
    Gap(Gap),
    Damage(Message),
}

impl Show {
    pub(super) fn new(query: Query, skin: Arc<Skin>) -> Show {
        Show {
            query,
            painter: Painter::new(skin),
            context: Context::default(),
            out: Vec::new(),
            hits: 0,
            said: Vec::new(),
        }
    }
}

impl Said {
    /// The words for it; `place` is the directory.
    pub(super) fn words(self, place: &Path) -> Message {
        match self {
            Said::Gap(gap) => gap_words(place, gap),
            Said::Damage(message) => Message::new(shown(place)).and("/").and(message.as_bytes()),
        }
    }
}

impl Reader for Show {
    fn lines(&mut self, lines: &[u8]) {
        let mut found = Lines::default();
        self.query.search(lines, &mut self.painter, &mut found, usize::MAX);
        self.hits += found.hits;
        let Some(around) = self.query.context else {
            self.out.append(&mut found.bytes);
            return;
        };
        let batch = self.context.apply(&found.bytes, &found.entries, found.count, around);
        for entry in &batch.entries {
            self.out.extend_from_slice(&batch.bytes[entry.begin..entry.end]);
        }
    }

    fn gap(&mut self, gap: Gap) {
        self.said.push(Said::Gap(gap));
    }

    fn damage(&mut self, name: &OsStr, damage: &Damage) {
        let message = Message::new(name.as_bytes()).and(" can't be read ").and(&damage.0);
        self.said.push(Said::Damage(message));
    }
}

fn gap_words(place: &Path, gap: Gap) -> Message {
    let words = if gap.certain { ": lines are missing" } else { ": lines may be missing" };
    let mut message = Message::new(shown(place)).and(words);
    let mut add = |word: &str, label: Option<Label>| {
        if let Some(label) = label {
            message = message.clone().and(word).and(label.text());
        }
    };
    add(" after ", gap.after);
    add(" before ", gap.before);
    message
}
