//! `svc`: commands to services.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("svc", supervise_min::svc::main)
}
