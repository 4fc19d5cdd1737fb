//! `supervise`: runs a service and runs it again.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("supervise", supervise_min::supervise::main)
}
