//! `envini`: variables from a file with sections.

fn main() -> std::process::ExitCode {
    unix::tool::run("envini", supervise_min::chain::envini::main)
}
