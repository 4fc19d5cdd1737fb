//! `waitport`: a program when others accept connections.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("waitport", supervise_min::chain::waitport::main)
}
