//! `tai64n`: a label before each line.

fn main() -> std::process::ExitCode {
    unix::tool::run("tai64n", tai64tools::tai64n::main)
}
