//! `readproctitle`: the last of its input as its title.

fn main() -> std::process::ExitCode {
    unix::tool::run("readproctitle", supervise_min::readproctitle::main)
}
