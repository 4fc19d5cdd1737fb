//! `argv0`: a program under another name.

fn main() -> std::process::ExitCode {
    unix::tool::run("argv0", supervise_min::chain::argv0::main)
}
