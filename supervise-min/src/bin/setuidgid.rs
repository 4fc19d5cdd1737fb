//! `setuidgid`: another account, for good.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("setuidgid", supervise_min::chain::setuidgid::main)
}
