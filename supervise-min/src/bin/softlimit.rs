//! `softlimit`: limits on resources.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("softlimit", supervise_min::chain::softlimit::main)
}
