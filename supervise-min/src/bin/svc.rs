//! `svc`: commands to services.

fn main() -> std::process::ExitCode {
    unix::tool::run("svc", supervise_min::svc::main)
}
