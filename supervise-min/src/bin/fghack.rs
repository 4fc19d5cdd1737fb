//! `fghack`: keeps a program that goes into the background in the foreground.

fn main() -> std::process::ExitCode {
    unix::tool::run("fghack", supervise_min::chain::fghack::main)
}
