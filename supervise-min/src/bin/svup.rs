//! `svup`: whether services are up.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("svup", supervise_min::svup::main)
}
