//! `svstat`: what services are doing.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("svstat", supervise_min::svstat::main)
}
