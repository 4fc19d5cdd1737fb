//! `multilog`: lines into automatically rotated log directories.

fn main() -> std::process::ExitCode {
    unix::tool::run("multilog", multilog::main)
}
