//! `mlog`: reads, follows, searches and checks log directories.

fn main() -> std::process::ExitCode {
    unix::tool::run("mlog", mlog::main)
}
