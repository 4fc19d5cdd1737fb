//! `svok`: whether supervise runs.

fn main() -> std::process::ExitCode {
    unix::tool::run("svok", supervise_min::svok::main)
}
