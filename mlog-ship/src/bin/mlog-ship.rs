//! `mlog-ship`: ships log directories to the engine of a fleet.

fn main() -> std::process::ExitCode {
    unix::tool::run("mlog-ship", mlog_ship::main)
}
