//! `envuidgid`: an account's numbers as variables.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("envuidgid", supervise_min::chain::envuidgid::main)
}
