//! `envdir`: variables from a directory.

fn main() -> std::process::ExitCode {
    unix::tool::run("envdir", supervise_min::chain::envdir::main)
}
