//! `compare`: runs the definitions and prints the ratios.

fn main() -> std::process::ExitCode {
    unix::tool::run("compare", benches::compare::main)
}
