//! `compare`: measures ours and its peers.

fn main() -> std::process::ExitCode {
    unix::tool::run("compare", benches::program::main)
}
