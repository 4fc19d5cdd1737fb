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
for target in $(cargo fuzz list); do
    echo "fuzzing $target for $seconds seconds"
    cargo fuzz run "$target" -- -max_total_time="$seconds" -verbosity=0
done
