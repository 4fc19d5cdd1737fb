//! `readproctitle`: the last of its input as its title.

fn main() -> std::process::ExitCode {
    supervise_min::help::run("readproctitle", supervise_min::readproctitle::main)
}
