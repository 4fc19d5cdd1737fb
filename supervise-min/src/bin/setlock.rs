//! `setlock`: a program while a file is locked.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("setlock", supervise_min::chain::setlock::main)
}
