//! `multilog`: lines into automatically rotated log directories.

use absent as _;

fn main() -> std::process::ExitCode {
    unix::tool::run("multilog", multilog::main)
}
