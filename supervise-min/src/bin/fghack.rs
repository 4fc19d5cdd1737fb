//! `fghack`: keeps a program that goes into the background in the foreground.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("fghack", supervise_min::chain::fghack::main)
}
