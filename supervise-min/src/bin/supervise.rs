//! `supervise`: runs a service and runs it again.

fn main() -> std::process::ExitCode {
    unix::tool::run("supervise", supervise_min::supervise::main)
}
