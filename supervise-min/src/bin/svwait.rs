//! `svwait`: waits until services are up or down.

fn main() -> std::process::ExitCode {
    unix::tool::run("svwait", supervise_min::svwait::main)
}
