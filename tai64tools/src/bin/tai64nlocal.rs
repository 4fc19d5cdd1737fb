//! `tai64nlocal`: labels at the start of lines as local time.

fn main() -> std::process::ExitCode {
    unix::tool::run("tai64nlocal", tai64tools::tai64nlocal::main)
}
