//! `envini`: variables from a file with sections.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("envini", supervise_min::chain::envini::main)
}
