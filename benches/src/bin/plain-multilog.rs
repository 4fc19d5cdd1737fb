//! `plain-multilog`: multilog without its care for the input, to measure what that costs.

fn main() -> std::process::ExitCode {
    unix::tool::run("plain-multilog", benches::plain::main)
}
