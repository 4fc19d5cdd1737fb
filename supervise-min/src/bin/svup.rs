//! `svup`: whether services are up.

fn main() -> std::process::ExitCode {
    unix::tool::run("svup", supervise_min::svup::main)
}
