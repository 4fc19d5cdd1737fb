#!/bin/sh
# Runs every fuzz target for so many seconds. cargo-fuzz is installed where that is possible.
set -eu
seconds=$1
cd "$(dirname "$0")/.."
# The sanitizers' coverage is behind a flag that only nightly compilers take without this.
export RUSTC_BOOTSTRAP=1
if ! cargo fuzz --version >/dev/null 2>&1; then
    cargo install --quiet --locked cargo-fuzz || { echo "skipped: cargo-fuzz can't be installed"; exit 0; }
fi
cargo fuzz build
# One for each processor at a time: a target uses no more than one.
cargo fuzz list | xargs -P "$(nproc)" -I TARGET sh -c '
    echo "fuzzing TARGET for $0 seconds"
    exec cargo fuzz run TARGET -- -max_total_time="$0" -verbosity=0' "$seconds"
