//! `pgrphack`: a process group of its own.

fn main() -> std::process::ExitCode {
    unix::tool::run("pgrphack", supervise_min::chain::pgrphack::main)
}
