//! `bare-loop`: the least that a stamping logger has to do.

fn main() -> std::process::ExitCode {
    unix::tool::run("bare-loop", benches::bare_loop::main)
}
