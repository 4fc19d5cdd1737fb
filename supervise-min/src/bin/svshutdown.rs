//! `svshutdown`: ends all services in order.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("svshutdown", supervise_min::svshutdown::main)
}
