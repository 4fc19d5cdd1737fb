//! The yardstick of `tai64nfrac`.

fn main() -> std::process::ExitCode {
    unix::tool::run("byte-loop", benches::byte_loop::main)
}
