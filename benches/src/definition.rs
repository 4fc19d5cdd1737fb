//! What is compared: read from `definitions/*.json`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::corpus::Kind;

/// A piece of work and who does it.
#[derive(Clone, Debug)]
pub struct Definition {
    /// Its name.
    pub name: String,
    /// The work in a sentence.
    pub work: String,
    /// The input.
    pub kind: Kind,
    /// Bytes of input.
    pub bytes: u64,
    /// What makes the input the same every time.
    pub seed: u64,
    /// Bytes of stamp before each line of the output.
    pub stamp: usize,
    /// Who runs, in this order.
    pub entries: Vec<Entry>,
}

/// One engine in one definition.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name in the tables.
    pub engine: String,
    /// The program and its arguments. `{tools}` is where our binaries are.
    pub command: Vec<String>,
    /// Files to make before it runs.
    pub files: BTreeMap<String, String>,
    /// What ours has to reach against it: its time divided by ours. None: not a bar.
    pub bar: Option<f64>,
    /// Bytes of stamp, where they are not the definition's.
    pub stamp: Option<usize>,
}

impl Definition {
    /// Reads one file.
    pub fn read(path: &Path) -> Result<Definition, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let value: Value =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        Definition::from(&value).ok_or_else(|| format!("{}: a field is missing", path.display()))
    }

    fn from(value: &Value) -> Option<Definition> {
        let corpus = &value["corpus"];
        Some(Definition {
            name: text(&value["name"])?,
            work: text(&value["work"])?,
            kind: Kind::parse(corpus["kind"].as_str()?)?,
            bytes: corpus["bytes"].as_u64()?,
            seed: corpus["seed"].as_u64()?,
            stamp: usize::try_from(value["stamp"].as_u64()?).ok()?,
            entries: value["engines"].as_array()?.iter().map(Entry::from).collect::<Option<_>>()?,
        })
    }
}

impl Entry {
    fn from(value: &Value) -> Option<Entry> {
        let files = value["files"].as_object().map(|files| {
            files.iter().filter_map(|(name, content)| Some((name.clone(), text(content)?))).collect()
        });
        Some(Entry {
            engine: text(&value["engine"])?,
            command: value["command"].as_array()?.iter().map(text).collect::<Option<_>>()?,
            files: files.unwrap_or_default(),
            bar: value["bar"].as_f64(),
            stamp: value["stamp"].as_u64().and_then(|stamp| usize::try_from(stamp).ok()),
        })
    }
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_string)
}
