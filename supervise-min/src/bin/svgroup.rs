//! `svgroup`: lets a group control services.

fn main() -> std::process::ExitCode {
    unix::tool::run("svgroup", supervise_min::svgroup::main)
}
