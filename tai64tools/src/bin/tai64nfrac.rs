//! `tai64nfrac`: labels as seconds since the epoch.

fn main() -> std::process::ExitCode {
    unix::tool::run("tai64nfrac", tai64tools::tai64nfrac::main)
}
