//! `svgroup`: lets a group control services.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("svgroup", supervise_min::svgroup::main)
}
