//! Every line that docs/MIGRATION.md says to write here is run.

use std::fs;
use std::path::Path;

use harness::{Scratch, is_original, tool};

use super::root;

/// The commands of ours in the right columns of the tables.
fn commands(text: &str) -> Vec<String> {
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `").or_else(|| line.strip_prefix("| ")));
    let right = rows.filter_map(|row| row.rsplit_once(" | `").map(|(_, right)| right));
    right.filter_map(|right| right.strip_suffix("` |")).map(|command| command.replace("\\|", "|")).collect()
}

/// A log directory, and a service with one, that `mlog` can read.
fn place() -> Scratch {
    let here = Scratch::new();
    for directory in ["main", "web/log/main"] {
        here.write(&format!("{directory}/current"), "@400000006b00e05e2c8dfba4 fatal: example\n");
    }
    for script in ["web/run", "web/log/run"] {
        here.write(script, "#!/bin/sh\n");
    }
    here
}

#[test]
fn each_line_of_the_tables_runs_without_a_word() {
    if is_original() {
        return;
    }
    let text = fs::read_to_string(root().join("docs/MIGRATION.md")).unwrap();
    let commands = commands(&text);
    assert!(commands.len() > 40, "{commands:?}");
    let tools = tool("multilog").parent().unwrap().to_path_buf();
    for command in commands {
        let reads = command.starts_with("mlog ");
        assert!(reads || command.starts_with("multilog "), "{command}");
        let here = if reads { place() } else { Scratch::new() };
        // What follows a log would not end by itself.
        let once = command.replace(" -f ", " ");
        let script = format!("PATH={}:$PATH; exec 3>ready; {once}", tools.display());
        let outcome = here.run(Path::new("/bin/sh"), &["-c", &script]).over("a line\n");
        // A reader that finds no line of that time says 1.
        let codes = if reads { [Some(0), Some(1)] } else { [Some(0); 2] };
        assert!(codes.contains(&outcome.code) && outcome.stderr.is_empty(), "{command}: {outcome:?}");
        if !reads {
            assert!(fs::read_to_string(here.path("main/current")).unwrap().contains("a line"), "{command}");
        }
    }
}
