//! `fleet`: the table of docs/ship/fleet.md.

fn main() -> std::process::ExitCode {
    unix::tool::run("fleet", benches::fleet::main)
}
