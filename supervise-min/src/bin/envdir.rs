//! `envdir`: variables from a directory.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("envdir", supervise_min::chain::envdir::main)
}
