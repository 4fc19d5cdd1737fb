//! `svwait`: waits until services are up or down.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("svwait", supervise_min::svwait::main)
}
