//! `svscan`: a supervise for each directory.

fn main() -> std::process::ExitCode {
    unix::tool::run("svscan", supervise_min::svscan::main)
}
