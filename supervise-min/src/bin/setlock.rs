//! `setlock`: a program while a file is locked.

fn main() -> std::process::ExitCode {
    unix::tool::run("setlock", supervise_min::chain::setlock::main)
}
