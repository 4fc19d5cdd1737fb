//! `softlimit`: limits on resources.

fn main() -> std::process::ExitCode {
    unix::tool::run("softlimit", supervise_min::chain::softlimit::main)
}
