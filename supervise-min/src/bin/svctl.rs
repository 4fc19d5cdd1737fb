//! `svctl`: the command for people.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("svctl", supervise_min::svctl::main)
}
