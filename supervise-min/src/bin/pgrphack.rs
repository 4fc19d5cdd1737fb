//! `pgrphack`: a process group of its own.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("pgrphack", supervise_min::chain::pgrphack::main)
}
