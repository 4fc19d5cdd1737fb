//! `argv0`: a program under another name.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("argv0", supervise_min::chain::argv0::main)
}
