//! `svshutdown`: ends all services in order.

fn main() -> std::process::ExitCode {
    unix::tool::run("svshutdown", supervise_min::svshutdown::main)
}
