//! `waitport`: a program when others accept connections.

fn main() -> std::process::ExitCode {
    unix::tool::run("waitport", supervise_min::chain::waitport::main)
}
