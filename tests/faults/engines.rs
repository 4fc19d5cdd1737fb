//! The loggers that go through the same scenarios: ours and its peers, each with the same size and number of files.

use std::path::{Path, PathBuf};
use std::process::Command;

use harness::tool;

/// A logger.
#[derive(Clone, Debug)]
pub(crate) struct Engine {
    pub(crate) name: &'static str,
    program: PathBuf,
    dialect: Dialect,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    Multilog,
    S6,
    Runit,
}

impl Engine {
    /// Ours, or whatever is under test.
    pub(crate) fn ours() -> Engine {
        Engine { name: "multilog (ours)", program: tool("multilog"), dialect: Dialect::Multilog }
    }

    /// The peers that are installed.
    pub(crate) fn peers() -> Vec<Engine> {
        let peer = |name, program: &str, dialect| Engine { name, program: program.into(), dialect };
        let all = [
            peer("multilog (Debian)", "/usr/bin/multilog", Dialect::Multilog),
            peer("s6-log", "/usr/bin/s6-log", Dialect::S6),
            peer("svlogd", "/usr/bin/svlogd", Dialect::Runit),
        ];
        all.into_iter().filter(|engine| engine.program.exists()).collect()
    }

    /// A command that logs everything to `main` in `folder`, with files of `size` bytes.
    pub(crate) fn command(&self, folder: &Path, size: u64, processor: Option<&str>) -> Command {
        let mut command = Command::new(&self.program);
        command.current_dir(folder);
        let processor = processor.map(|what| format!("!{what}"));
        match self.dialect {
            Dialect::Multilog => {
                command.args([format!("s{size}"), "n1000".to_string()]);
                command.args(processor).arg("./main");
            }
            Dialect::S6 => {
                command.args([
                    "-b".to_string(),
                    "-l".to_string(),
                    "0".to_string(),
                    "--".to_string(),
                    format!("s{size}"),
                    "n1000".to_string(),
                ]);
                command.args(processor).arg("./main");
            }
            Dialect::Runit => {
                let main = folder.join("main");
                std::fs::create_dir_all(&main).unwrap();
                let processor = processor.map(|line| line + "\n").unwrap_or_default();
                std::fs::write(main.join("config"), format!("s{size}\nn1000\n{processor}")).unwrap();
                // Longer lines are cut otherwise.
                command.args(["-l", "150000", "-b", "200000", "./main"]);
            }
        }
        command
    }
}
