//! `setuidgid`: another account, for good.

fn main() -> std::process::ExitCode {
    unix::tool::run("setuidgid", supervise_min::chain::setuidgid::main)
}
