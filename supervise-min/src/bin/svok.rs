//! `svok`: whether supervise runs.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("svok", supervise_min::svok::main)
}
