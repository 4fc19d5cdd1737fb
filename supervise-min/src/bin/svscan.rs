//! `svscan`: a supervise for each directory.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("svscan", supervise_min::svscan::main)
}
