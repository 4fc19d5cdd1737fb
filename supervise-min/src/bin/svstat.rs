//! `svstat`: what services are doing.

fn main() -> std::process::ExitCode {
    unix::tool::run("svstat", supervise_min::svstat::main)
}
