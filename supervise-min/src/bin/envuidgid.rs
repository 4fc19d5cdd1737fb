//! `envuidgid`: an account's numbers as variables.

fn main() -> std::process::ExitCode {
    unix::tool::run("envuidgid", supervise_min::chain::envuidgid::main)
}
